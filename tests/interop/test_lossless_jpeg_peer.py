"""What dcmtk compresses as lossless JPEG is read as the very pixels of the uncompressed file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from peers import run
from pydicom import examples

from echospine.adapters.dicom import open_dicom
from echospine.ports import LocalFile, RecordingPlan

pytestmark = pytest.mark.interop


def frames_of(path: Path) -> np.ndarray:
    with open_dicom(RecordingPlan(path.name, (LocalFile(path.name, path),))) as source:
        return np.stack([frame.pixels for frame in source])


@pytest.mark.parametrize("options", [["+e1"], *(["+el", "+sv", str(value)] for value in range(1, 8))], ids=" ".join)
@pytest.mark.parametrize("name", ["ybr_color", "palette_color"])
def test_every_predictor_of_dcmtk(name, options, tmp_path):
    plain, coded = tmp_path / "plain.dcm", tmp_path / "coded.dcm"
    assert run("dcmdjpeg", examples.get_path(name), plain).returncode == 0
    assert run("dcmcjpeg", *options, plain, coded).returncode == 0
    assert (
        pydicom.dcmread(coded).file_meta.TransferSyntaxUID
        == f"1.2.840.10008.1.2.4.{'70' if '+e1' in options else '57'}"
    )
    np.testing.assert_array_equal(frames_of(coded), frames_of(plain))
