"""Files of real scanners: read as pydicom and dcmtk read them, with their known geometry and pitfalls."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import deid_data
import numpy as np
import pydicom
import pytest
from dicom_kit import by_pydicom, opened, stack
from PIL import Image
from pydicom import examples

from echospine.adapters.dicom import is_dicom
from echospine.domain.errors import InputError, UncalibratedError, UnsupportedError
from echospine.domain.frames import TimeSource

PACKAGED = Path(deid_data.__file__).parent / "data" / "ultrasounds"


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> dict[str, Path]:
    """Return the ultrasound files that come with packages, unpacked, by name."""
    folder = tmp_path_factory.mktemp("real")
    found = {path.stem: path for path in PACKAGED.glob("*.dcm")}
    for packed in PACKAGED.glob("*.zip"):
        with zipfile.ZipFile(packed) as bundle:
            bundle.extractall(folder)
    found |= {path.stem: path for path in folder.rglob("*.dcm")}
    found |= {
        path.stem: path for path in map(Path, (examples.get_path("ybr_color"), examples.get_path("palette_color")))
    }
    return found


ALL = ["GREYSCALE_IMAGE", "RGB_IMAGE", "GREYSCALE_CINE", "RGB_CINE", "examples_ybr_color", "examples_palette"]


@pytest.mark.parametrize("name", ALL)
def test_every_pixel_is_the_one_that_pydicom_sees(real, name):
    found, peer = stack(opened(real[name])), by_pydicom(real[name])
    assert found.shape == peer.shape
    assert all(np.abs(ours.astype(np.int16) - theirs).max() <= 1 for ours, theirs in zip(found, peer, strict=True))


@pytest.mark.interop
@pytest.mark.parametrize("name", ALL)
def test_the_first_and_last_frame_are_the_ones_that_dcmtk_sees(real, name, tmp_path):
    tool = shutil.which("dcmj2pnm") or shutil.which("dcm2img")
    if tool is None:
        pytest.skip("dcmtk is not installed: apt install dcmtk")
    with opened(real[name]) as source:
        for index in {0, len(source) - 1}:
            target = tmp_path / "frame.ppm"
            subprocess.run(
                [tool, "--frame", str(index + 1), "+op", real[name], target], check=True, capture_output=True
            )
            peer = np.asarray(Image.open(target)).astype(int)
            found = source.frame(index).pixels
            difference = np.abs(found.astype(int) - (peer if peer.ndim == found.ndim else peer[..., None]))
            # dcmtk repeats halved colour, libjpeg smooths it: large differences at edges of colour alone.
            assert difference.mean() < 1.0
            assert np.median(difference) == 0


def relabelled(name: str, target: Path) -> Path:
    """Write a test picture of pydicom as a secondary capture of ultrasound; its pixels stay as they are."""
    dataset = pydicom.dcmread(Path(examples.get_path("ybr_color")).with_name(name))
    dataset.SOPClassUID, dataset.Modality = "1.2.840.10008.5.1.4.1.1.7", "US"
    dataset.save_as(target)
    return target


@pytest.mark.parametrize(
    "name",
    [
        "SC_jpeg_no_color_transform.dcm",
        "SC_jpeg_no_color_transform_2.dcm",
        "SC_rgb_dcmtk_+eb+cr.dcm",
        "SC_rgb_dcmtk_+eb+cy+n1.dcm",
        "SC_rgb_dcmtk_+eb+cy+np.dcm",
        "SC_rgb_dcmtk_+eb+cy+s2.dcm",
        "SC_rgb_dcmtk_+eb+cy+s4.dcm",
        "SC_rgb_jpeg_app14_dcmd.dcm",
        "SC_rgb_jpeg_lossy_gdcm.dcm",
        "SC_rgb_gdcm_KY.dcm",
        "SC_rgb_jls_lossy_line.dcm",
        "SC_rgb_jls_lossy_sample.dcm",
        "SC_rgb_rle_2frame.dcm",
        "SC_rgb_small_odd_big_endian.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
        "JPEGLSNearLossless_08.dcm",
        "image_dfl.dcm",
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # of the peer, on what these files are made to test
def test_pictures_by_other_writers_agree_with_pydicom(name, tmp_path):
    path = relabelled(name, tmp_path / name)
    assert np.abs(stack(opened(path)).astype(int) - by_pydicom(path)).max() <= 1


def test_the_philips_still(real):
    with opened(real["GREYSCALE_IMAGE"]) as source:
        header = source.header
        assert (header.format, header.n_frames, header.colour) == ("DICOM ultrasound image", 1, False)
        assert (header.geometry.width, header.geometry.height) == (1024, 768)
        assert header.geometry.length_mm([(100, 100), (100, 200)]) == pytest.approx(6.4904689685088305, rel=1e-12)
        assert header.dicom is not None
        assert header.dicom.sop_instance_uid == "1.2.840.113663.1500.1.392075967.3.4.20170302.172457.342"
        assert (header.dicom.manufacturer, header.dicom.model_name) == ("Philips Medical Systems", "EPIQ 5G")
        assert (header.dicom.patient_birth_date, header.dicom.patient_sex) == ("19510829", "M")
        assert (header.dicom.study_date, header.dicom.lossy) == ("20170302", "00")
        assert header.notes == ()


def test_the_philips_cine(real):
    with opened(real["GREYSCALE_CINE"]) as source:
        assert (source.header.n_frames, source.header.time_source) == (27, TimeSource.FRAME_TIME)
        assert source.header.frame_rate_hz == pytest.approx(30.0003)
        assert source.frame(26).time_s == pytest.approx(26 * 0.033333)
        assert source.header.geometry.length_mm([(100, 100), (200, 100)]) == pytest.approx(8.307800279691304)


def test_halved_pixels_with_a_scale_for_whole_ones_are_not_trusted(real):
    with opened(real["examples_ybr_color"]) as source:
        assert (source.header.n_frames, source.header.colour) == (30, True)
        assert not source.header.geometry.calibrated
        assert "(84, 31) to (595, 414) reaches past the picture of 320 x 240 pixels" in source.header.notes[0]
        with pytest.raises(UncalibratedError):
            source.header.geometry.length_mm([(100, 100), (200, 100)])
    with opened(real["examples_ybr_color"], spacing_mm=1.02) as source:  # somebody knows better
        assert source.header.geometry.length_mm([(100, 100), (200, 100)]) == pytest.approx(102)


def test_a_cropped_palette_picture_is_not_trusted(real):
    with opened(real["examples_palette"]) as source:
        assert source.header.colour
        assert not source.header.geometry.calibrated
        assert len(source.header.notes) == 2


def test_the_shared_copies_are_read_too(shared_data):
    folder = shared_data / "dicom"
    with zipfile.ZipFile(folder / "GREYSCALE_CINE.zip") as bundle:
        assert len(bundle.namelist()) == 1
    for path in sorted(folder.glob("*.dcm")):
        assert is_dicom(path)
        with opened(path) as source:
            assert sum(1 for _ in source) == source.header.n_frames


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "test-SR.dcm", "DICOMDIR"])
def test_other_objects_are_named(name):
    path = Path(examples.get_path("ybr_color")).with_name(name)
    path = path if path.exists() else path.with_name("dicomdirtests") / name
    if not path.exists():
        pytest.skip(f"{name} does not come with this pydicom")
    with pytest.raises(UnsupportedError, match=rf"^{name}: is .*"):
        opened(path)


def test_each_file_of_pydicom_is_read_or_refused_in_one_line():
    """Hundreds of odd files: none may end in anything but frames or one line of the tree."""
    folder = Path(examples.get_path("ybr_color")).parent
    counts = {"read": 0, "refused": 0}
    for path in sorted(folder.rglob("*.dcm")):
        try:
            with opened(path) as source:
                for _ in source:
                    pass
            counts["read"] += 1
        except InputError as error:
            counts["refused"] += 1
            assert str(error).startswith(f"{path.name}: ")
            assert "\n" not in str(error)
    assert counts["read"] >= 2
    assert counts["refused"] > 10
