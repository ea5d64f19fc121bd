"""What the numbers in label maps mean."""

from __future__ import annotations

import json

from echospine.domain.labels import Structure


def labels_json() -> bytes:
    """Return `labels.json`, the name of each id in a label map: `{"0": "background", ..., "18": "bone"}`."""
    return json.dumps({str(structure.value): structure.label for structure in Structure}, indent=2).encode()
