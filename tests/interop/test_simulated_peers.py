"""dicom3tools finds no error in a simulated recording, dcmtk shows it as it was, and SimpleITK reads its sequence."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK
from peers import run
from PIL import Image

pytestmark = [pytest.mark.interop, pytest.mark.slow]

UNAVOIDABLE = {
    "marked as simulated": r"Unrecognized defined term <SIMULATED> for value 3 of attribute <Image Type>",
    "nobody was scanned on any day": r"needed to build DICOMDIR - Study (Date|Time|ID)",
}
"""Warnings of dciodvfy that stay, and why."""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("simulated")
    command = [
        sys.executable,
        "-m",
        "echospine",
        "simulate",
        "needle-good",
        "--out",
        str(out),
        "--frames",
        "40:43",
        "--json",
    ]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert answer.returncode == 0, answer.stderr
    return out, json.loads(answer.stdout)


def test_dciodvfy_has_nothing_to_say(written):
    said = run("dciodvfy", written[0] / "needle-good.dcm").stderr.splitlines()
    assert not [line for line in said if line.startswith("Error")], said
    warnings = [line for line in said if line.startswith("Warning")]
    assert not [line for line in warnings if not any(re.search(one, line) for one in UNAVOIDABLE.values())], said


def test_dcmtk_shows_the_pixels_that_simpleitk_reads(written, tmp_path):
    out, _ = written
    sequence = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(out / "needle-good.igs.mha")))
    assert sequence.shape == (3, 512, 512)
    for index in range(3):
        picture = tmp_path / f"{index}.pgm"
        plain = tmp_path / f"{index}.dcm"
        assert run("dcmdjpls", out / "needle-good.dcm", plain).returncode == 0
        assert run("dcml2pnm", "--frame", str(index + 1), "--no-windowing", plain, picture).returncode == 0
        assert np.array_equal(np.asarray(Image.open(picture)), sequence[index])
