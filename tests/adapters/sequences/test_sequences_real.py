"""The readers on public recordings: PLUS's own results, and other libraries' reading of the same bytes."""

from __future__ import annotations

import av
import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import map_coordinates
from sequences_kit import opened

from echospine.domain.errors import UnsupportedError
from echospine.domain.frames import TimeSource
from echospine.domain.images import Spacing

BONE = "BoneUltrasound_L14"
SPINE = "SpinePhantomFreehand.igs.mha"
SPINE_CONFIG = "PlusDeviceSet_SpinePhantomFreehandReconstructionOnly.xml"


@pytest.fixture(scope="session")
def plus(shared_data):
    return shared_data / "plus"


def test_the_bone_recording_is_read_with_its_calibration_times_and_poses(plus):
    with opened(plus / f"{BONE}.igs.mha", plus / f"{BONE}_config.xml") as source:
        header = source.header
        assert (header.n_frames, header.geometry.width, header.geometry.height) == (21, 820, 616)
        region = header.geometry.main_region()
        assert region.spacing == Spacing.IMAGE_TO_PROBE
        assert region.step_mm == pytest.approx((0.0854354, 0.0854351), abs=1e-7)
        assert header.time_source == TimeSource.TIMESTAMP
        assert header.times_s[1] == pytest.approx(232.628014 - 232.542071, abs=1e-9)
        assert header.frame_rate_hz == pytest.approx(11.634, abs=1e-3)
        frame = source.frame(0)
        np.testing.assert_allclose(frame.pose("Tracker", "Probe").matrix[:3, 3], (257.956, -52.6852, 25.5612))
        assert frame.status == "OK"
        assert header.tracked and header.notes == ()


def test_without_its_configuration_it_is_uncalibrated(plus):
    with opened(plus / f"{BONE}.igs.mha") as source:
        assert not source.header.geometry.calibrated


def test_the_skin_is_at_the_top(plus):
    with opened(plus / f"{BONE}.igs.mha") as source:
        grey = source.frame(0).grey.astype(float)
    assert grey[:60].mean() > 3 * grey[-60:].mean()


def test_the_chain_of_poses_gives_the_origin_of_the_volume_that_plus_made(plus):
    with opened(plus / SPINE, plus / SPINE_CONFIG) as source:
        corners = [(0, 0, 0), (819, 0, 0), (0, 615, 0), (819, 615, 0)]
        placed = [frame.pose("Reference", "Image").apply(corners) for frame in source]
    lowest = np.concatenate(placed).min(axis=0)
    np.testing.assert_allclose(lowest, (-74.5217, 165.573, 29.072), atol=1e-3)


def test_pixels_are_anisotropic_and_other_transforms_come_along(plus):
    with opened(plus / SPINE, plus / SPINE_CONFIG) as source:
        assert source.header.geometry.main_region().step_mm == pytest.approx((0.0854209, 0.0790038), abs=1e-7)
        phantom = source.frame(3).pose("Reference", "Phantom")
        np.testing.assert_allclose(phantom.matrix[:3, 3], (11.9823, -37.1153, -85.3543))


def test_scan_lines_stored_as_rows_become_the_picture_that_plus_converted_them_to(plus):
    """FM to MF by transposition, proven by scan conversion; geometry from the configuration beside it."""
    with (
        opened(plus / "UltrasonixCurvilinearBrightnessData.igs.mha") as lines,
        opened(plus / "UltrasonixCurvilinearScanConvertedData.igs.mha") as pictures,
    ):
        scan = lines.frame(0).pixels.astype(float)
        truth = pictures.frame(0).pixels.astype(float)
    assert scan.shape == (3640, 96)  # samples from near to far are rows, scan lines are columns
    rows, columns = np.mgrid[: truth.shape[0], : truth.shape[1]]
    y_mm, x_mm = (rows - (87 - 10 / 0.15)) * 0.15, (columns - 410) * 0.15
    radius, angle = np.hypot(x_mm, y_mm), np.degrees(np.arctan2(x_mm, y_mm))
    sample, line = (radius - 10) / (82 - 10) * 3639, (angle + 75) / 150 * 95
    inside = (sample >= 0) & (sample <= 3639) & (line >= 0) & (line <= 95) & (y_mm > 0)
    found = map_coordinates(scan, [sample[inside], line[inside]], order=1)
    mirrored = map_coordinates(scan[:, ::-1], [sample[inside], line[inside]], order=1)
    assert np.corrcoef(found, truth[inside])[0, 1] > 0.95
    assert np.corrcoef(mirrored, truth[inside])[0, 1] < 0.8


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["SpinePhantomFreehandReconstructed.mha"], "volume of 147 x 106 x 104 voxels"),
        (["BkCurvilinearRfData.igs.mhd", "BkCurvilinearRfData.zraw"], "holds RF lines (RF_IQ_LINE), not B-mode"),
    ],
)
def test_what_is_no_recording_of_pictures_is_refused_by_its_name(plus, names, what):
    with pytest.raises(UnsupportedError) as error:
        opened(*(plus / name for name in names))
    assert names[0] in str(error.value) and what in str(error.value)


def test_a_single_picture_with_a_configuration_that_has_no_probe_stays_uncalibrated(plus):
    with opened(
        plus / "BkCurvilinearScanConvertedData.igs.mha",
        plus / "PlusDeviceSet_fCal_BkProFocus_OpenIGTLinkTracker.xml",
    ) as source:
        assert (len(source), source.header.geometry.calibrated) == (1, False)
        assert "says nothing of Image to Probe" in source.header.notes[-1]
        assert source.frame(0).pose("Stylus", "StylusTip").matrix[0, 3] == 210


@pytest.mark.parametrize(
    "name",
    [
        f"{BONE}.igs.mha",
        SPINE,
        "UltrasonixCurvilinearScanConvertedData.igs.mha",
        "BkCurvilinearScanConvertedData.igs.mha",
    ],
)
def test_every_pixel_is_what_simpleitk_reads(plus, name):
    sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed (it serves only as a peer here)")
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(plus / name)))
    truth = truth.reshape(-1, *truth.shape[-2:])
    with opened(plus / name) as source:
        found = np.stack([frame.pixels for frame in source])
        for index in np.random.default_rng(0).permutation(len(source)):
            np.testing.assert_array_equal(source.frame(int(index)).pixels, truth[index])
    np.testing.assert_array_equal(found, truth)


@pytest.mark.parametrize("name", ["clarius-ocular-short.mp4", "butterfly-ocular-phantom_first10s.mp4"])
def test_video_frames_are_the_same_in_any_order_and_as_a_plain_decode_gives_them(shared_data, name):
    path = shared_data / "itkpocus" / name
    with av.open(str(path)) as container:
        wanted = {0, 1, 7, 23, 40, 41, 48, 49}
        truth = {
            index: (frame.to_ndarray(format="rgb24"), float(frame.time))
            for index, frame in enumerate(container.decode(video=0))
            if index in wanted
        }
    with opened(path) as source:
        assert len(source) == {"c": 50, "b": 129}[name[0]]
        assert source.header.colour and source.header.time_source == TimeSource.CONTAINER
        for index in (40, 7, 49, 0, 48, 1, 23, 41):
            frame = source.frame(index)
            np.testing.assert_array_equal(frame.pixels, truth[index][0])
            assert frame.time_s == pytest.approx(truth[index][1] - truth[0][1], abs=1e-9)


def test_a_folder_of_pictures_is_one_recording_in_the_given_order(shared_data):
    paths = sorted((shared_data / "timtrack" / "dataset2_gastrocnemius").glob("*.jpg"))
    with opened(*paths, spacing_mm=0.06) as source:
        assert len(source) == 33
        assert (source.header.geometry.width, source.header.geometry.height) == (800, 600)
        assert source.header.geometry.main_region().step_mm == pytest.approx((0.06, 0.06))
        with Image.open(paths[20]) as picture:
            np.testing.assert_array_equal(source.frame(20).pixels, np.asarray(picture))


def test_two_data_sets_of_different_size_do_not_make_one_recording(shared_data):
    small = sorted((shared_data / "timtrack" / "dataset1_vastus_lateralis").glob("*.jpg"))[0]
    large = sorted((shared_data / "timtrack" / "dataset2_gastrocnemius").glob("*.jpg"))[:2]
    with pytest.raises(Exception, match=small.name):
        opened(*large, small)
