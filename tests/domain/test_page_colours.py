"""The page draws structures in the domain's colours."""

from __future__ import annotations

import json
from pathlib import Path

from echospine.domain.colours import colours_by_label

PAGE = Path(__file__).resolve().parents[2] / "web" / "src" / "shared" / "structure-colours.json"


def test_the_page_has_the_domain_s_colours():
    """When this fails, write `json.dumps(colours_by_label(), indent=2)` to that file."""
    assert json.loads(PAGE.read_text(encoding="utf-8")) == colours_by_label()
