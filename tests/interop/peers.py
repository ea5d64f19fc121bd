"""Real programs that read what EchoSpine writes. A missing one is a failure that says what to install."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGES = {
    "dciodvfy": "dicom3tools",
    "dcmdump": "dcmtk",
    "dsrdump": "dcmtk",
    "dcml2pnm": "dcmtk",
    "dcmj2pnm": "dcmtk",
    "dcmconv": "dcmtk",
    "dcmcjpeg": "dcmtk",
    "dcmdjpeg": "dcmtk",
    "dcmdjpls": "dcmtk",
    "pdftotext": "poppler-utils",
    "pdftoppm": "poppler-utils",
    "pdfinfo": "poppler-utils",
    "pdffonts": "poppler-utils",
}


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a peer and return what it said; fail the test when it is not installed."""
    if shutil.which(program) is None:
        pytest.fail(f"{program} is not installed; on Debian: apt-get install {PACKAGES[program]}", pytrace=False)
    return subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, errors="replace", timeout=60, check=False
    )
