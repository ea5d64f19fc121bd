"""Fixtures that every test may use: where the public example data lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared_data_folder() -> Path | None:
    """Return the folder of public example data: ECHOSPINE_DATA, or `shared/data` beside the checkout."""
    named = os.environ.get("ECHOSPINE_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = shared_data_folder()
    if folder is None:
        pytest.skip("public example data not found: set ECHOSPINE_DATA, or see `echospine data list`")
    return folder
