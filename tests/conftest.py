"""What every test may use: where the public example data lie; and how far hypothesis looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# A gate tries the same examples for everybody, so that red is the change's own fault; at a desk they are new each
# time, and what failed is kept and tried first. No deadline in either: compiling a kernel may fall into an example.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

# Most pictures here are made by hand, with truth that is known exactly, and show what no network has learned: they are
# read by the finder, which needs no training. What is tried with the shipped network says so.
os.environ.setdefault("ECHOSPINE_MODEL", "finder")


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
