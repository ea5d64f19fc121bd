"""Millimetres: exact in a spatial region, refused outside, never guessed; per instance and per frame."""

from __future__ import annotations

import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from dicom_kit import header_of, opened, written
from hypothesis import given, settings
from hypothesis import strategies as st
from make import make_dicom, picture, region, write_dicom
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from echospine.domain.errors import InputError, UncalibratedError
from echospine.domain.images import RegionUnit, Spacing

WIDTH, HEIGHT = 320, 240
BLANK = np.zeros((1, HEIGHT, WIDTH), np.uint8)
CINE = picture(rows=24, columns=32, frames=3)
TOLERANCE = 1e-6


def deltas():
    return st.builds(
        lambda size, sign: size * sign,
        st.floats(1e-4, 1.0, allow_nan=False),
        st.sampled_from([1.0, -1.0]),
    )


@st.composite
def tiled_regions(draw):
    """Regions in the cells of a grid, so that they never overlap; some have axes that are not lengths."""
    found = []
    for column, row in draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=6, unique=True)):
        x0, y0 = 80 * column + draw(st.integers(0, 20)), 80 * row + draw(st.integers(0, 20))
        box = (x0, y0, x0 + draw(st.integers(2, 59)), y0 + draw(st.integers(2, 59)))
        units = draw(st.sampled_from([(3, 3), (3, 3), (3, 3), (4, 3), (3, 7), (4, 0), (99, 3)]))
        found.append((box, (draw(deltas()), draw(deltas())), units, draw(st.integers(0, 3))))
    return found


def inside(draw, box):
    x = draw(st.floats(box[0] - 0.5, box[2] + 0.499, allow_nan=False))
    y = draw(st.floats(box[1] - 0.5, box[3] + 0.499, allow_nan=False))
    return x, y


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_lengths_agree_with_those_worked_out_by_hand(data):
    """Over generated files with many regions, read back; outside a spatial region: uncalibrated."""
    regions = data.draw(tiled_regions())
    with TemporaryDirectory() as folder:
        items = [region(box, delta, units=units, flags=flags) for box, delta, units, flags in regions]
        geometry = header_of(Path(folder), BLANK, regions=items).geometry
    assert len(geometry.regions) == len(regions)
    for box, (delta_x, delta_y), units, _ in regions:
        first, second = inside(data.draw, box), inside(data.draw, box)
        if units != (3, 3):
            with pytest.raises(UncalibratedError, match="uncalibrated"):
                geometry.length_mm([first, second])
            continue
        by_hand = math.sqrt(((second[0] - first[0]) * delta_x * 10) ** 2 + ((second[1] - first[1]) * delta_y * 10) ** 2)
        assert geometry.length_mm([first, second]) == pytest.approx(by_hand, rel=TOLERANCE, abs=1e-12)
    x, y = data.draw(st.floats(-50, 400)), data.draw(st.floats(-50, 300))
    if not any(box[0] - 0.5 <= x < box[2] + 0.5 and box[1] - 0.5 <= y < box[3] + 0.5 for box, *_ in regions):
        with pytest.raises(UncalibratedError, match="uncalibrated"):
            geometry.length_mm([(x, y), (x, y)])


def test_a_line_from_one_region_into_another_is_refused(tmp_path):
    items = [region((0, 0, 99, 99), (0.01, 0.01)), region((100, 0, 199, 99), (0.01, 0.02))]
    geometry = header_of(tmp_path, BLANK, regions=items).geometry
    with pytest.raises(UncalibratedError):
        geometry.length_mm([(50, 50), (150, 50)])


def test_a_region_is_read_exactly_as_written(tmp_path):
    item = region((14, 38, 310, 200), (0.0064904689685088305, -0.0071), flags=3, data_type=2, units=(3, 4))
    (found,) = header_of(tmp_path, BLANK, regions=[item]).geometry.regions
    assert (found.x0, found.y0, found.x1, found.y1) == (14, 38, 310, 200)
    assert (found.delta_x, found.delta_y) == (0.0064904689685088305, -0.0071)
    assert (found.unit_x, found.unit_y) == (RegionUnit.CM, RegionUnit.SECONDS)
    assert (found.high_priority, found.data_type, found.spacing) == (True, 2, Spacing.DICOM_REGION)


@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.JPEGLSLossless])
def test_regions_are_the_same_in_every_transfer_syntax(tmp_path, syntax):
    item = region((1, 2, 300, 200), (0.0123, 0.0045))
    geometry = header_of(tmp_path, BLANK, regions=[item], syntax=syntax).geometry
    assert geometry.length_mm([(10, 10), (13, 14)]) == pytest.approx(math.hypot(0.369, 0.18), rel=1e-12)


def test_where_regions_overlap_the_one_of_high_priority_counts(tmp_path):
    items = [region((0, 0, 319, 239), (0.01, 0.01)), region((100, 100, 199, 199), (0.03, 0.03), flags=1)]
    geometry = header_of(tmp_path, BLANK, regions=items).geometry
    assert geometry.length_mm([(110, 110), (120, 110)]) == pytest.approx(3.0)
    assert geometry.length_mm([(10, 10), (20, 10)]) == pytest.approx(1.0)


def test_no_regions_is_uncalibrated_even_with_pixel_spacing(tmp_path):
    with written(tmp_path, BLANK, attributes={"PixelSpacing": [0.1, 0.1]}) as source:
        assert not source.header.geometry.calibrated
        assert source.header.notes[0].startswith("Pixel Spacing is present but not used")


@pytest.mark.parametrize("box", [(84, 31, 595, 414), (0, 0, 320, 239), (0, 0, 319, 240), (0, 0, 2**32 - 1, 9)])
def test_a_region_that_reaches_past_the_picture_is_not_trusted(tmp_path, box):
    header = header_of(tmp_path, BLANK, regions=[region(box)])
    assert not header.geometry.calibrated
    assert len(header.geometry.distrusted) == 1
    assert "reaches past the picture of 320 x 240 pixels and is not trusted" in header.notes[0]


def test_a_good_region_beside_a_distrusted_one_still_counts(tmp_path):
    header = header_of(tmp_path, BLANK, regions=[region((0, 0, 99, 99)), region((0, 100, 400, 199))])
    assert header.geometry.length_mm([(0, 0), (10, 0)]) == pytest.approx(1.0)
    assert len(header.notes) == 1


def test_regions_that_cannot_be_are_left_out_with_a_note(tmp_path):
    inside_out, placeless = region((50, 50, 40, 60)), region((0, 0, 9, 9))
    del placeless.RegionLocationMaxX1
    endless = region((0, 0, 9, 9), (math.nan, 0.01))
    header = header_of(tmp_path, BLANK, regions=[inside_out, placeless, endless, region((0, 0, 99, 99))])
    assert len(header.geometry.regions) == 1
    assert "inside out" in header.notes[0]
    assert "region 2 is left out: its location is missing" in header.notes[1]
    assert "region 3 is left out: PhysicalDeltaX is nan" in header.notes[2]


@pytest.mark.parametrize("delta", [(0.0, 0.01), (0.01, 0.0)])
def test_a_step_of_zero_is_no_length(tmp_path, delta):
    assert not header_of(tmp_path, BLANK, regions=[region((0, 0, 99, 99), delta)]).geometry.calibrated


def test_a_users_spacing_fills_in_where_the_file_has_none(tmp_path):
    geometry = header_of(tmp_path, BLANK, 0.2, regions=[region((0, 0, 99, 99), units=(4, 0))]).geometry
    assert geometry.length_mm([(150, 150), (160, 150)]) == pytest.approx(2.0)
    assert geometry.regions[-1].spacing is Spacing.USER
    with pytest.raises(UncalibratedError):  # the Doppler strip stays what it is
        geometry.length_mm([(50, 50), (60, 50)])


def test_a_users_spacing_never_overrules_the_file(tmp_path):
    header = header_of(tmp_path, BLANK, 0.5, regions=[region((0, 0, 99, 99))])
    assert header.geometry.length_mm([(0, 0), (10, 0)]) == pytest.approx(1.0)
    assert header.notes == ("The pixel spacing given was not used: the file has its own scale.",)


@pytest.mark.parametrize("spacing_mm", [0.0, -1.0, math.nan])
def test_a_users_spacing_must_be_a_length(tmp_path, spacing_mm):
    path = write_dicom(tmp_path / "scan.dcm", BLANK)
    with pytest.raises(InputError, match=r"scan\.dcm: pixel spacing"):
        opened(path, spacing_mm=spacing_mm)


def group(*, regions=(), macro=False, spacing=None):
    """Return a functional group with regions in it, or in a macro of it, or with pixel measures."""
    found = Dataset()
    holder = found
    if macro:
        holder = Dataset()
        found.USImageDescriptionSequence = Items([holder])
    if regions:
        holder.SequenceOfUltrasoundRegions = Items(regions)
    if spacing:
        measures = Dataset()
        measures.PixelSpacing = list(spacing)
        found.PixelMeasuresSequence = Items([measures])
    return found


@pytest.mark.parametrize("macro", [False, True], ids=["direct", "in a macro"])
def test_each_frame_may_have_its_own_regions(tmp_path, macro):
    """A sweep in which the depth was changed: the second frame's group is empty, so the instance's counts."""
    near, far, instance = (region((0, 0, 31, 23), (step, step)) for step in (0.01, 0.02, 0.05))
    groups = [group(regions=[near], macro=macro), group(), group(regions=[far], macro=macro)]
    attributes = {"PerFrameFunctionalGroupsSequence": Items(groups)}
    with written(tmp_path, CINE, regions=[instance], attributes=attributes) as source:
        lengths = [frame.geometry.length_mm([(0, 0), (10, 0)]) for frame in source]
        assert source.header.geometry == source.frame(0).geometry
    assert lengths == pytest.approx([1.0, 5.0, 2.0])


def test_shared_groups_come_before_the_instance(tmp_path):
    attributes = {"SharedFunctionalGroupsSequence": Items([group(regions=[region((0, 0, 31, 23), (0.03, 0.03))])])}
    header = header_of(tmp_path, CINE, regions=[region((0, 0, 31, 23))], attributes=attributes)
    assert header.geometry.length_mm([(0, 0), (10, 0)]) == pytest.approx(3.0)


def test_a_volume_has_its_scale_in_pixel_measures(tmp_path):
    """Row spacing comes first: 0.4 mm between rows, 0.25 mm between columns (PS3.3 C.7.6.16.2.1)."""
    attributes = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.2",
        "SharedFunctionalGroupsSequence": Items([group(spacing=(0.4, 0.25))]),
    }
    header = header_of(tmp_path, CINE, attributes=attributes)
    assert header.format == "DICOM enhanced ultrasound volume"
    assert header.geometry.length_mm([(0, 0), (4, 0)]) == pytest.approx(1.0)
    assert header.geometry.length_mm([(0, 0), (0, 5)]) == pytest.approx(2.0)
    assert header.geometry.regions[0].spacing is Spacing.PIXEL_MEASURES


def test_pixel_measures_count_in_volumes_only(tmp_path):
    attributes = {"SharedFunctionalGroupsSequence": Items([group(spacing=(0.4, 0.25))])}
    assert not header_of(tmp_path, CINE, attributes=attributes).geometry.calibrated


def test_frames_with_equal_regions_share_one_geometry(tmp_path):
    """What 20,000 frames would otherwise cost in memory."""
    frames = picture(rows=4, columns=4, frames=50)
    groups = [group(regions=[region((0, 0, 3, 3), (0.01 * (1 + i // 25),) * 2)]) for i in range(50)]
    path = tmp_path / "scan.dcm"
    path.write_bytes(make_dicom(frames, attributes={"PerFrameFunctionalGroupsSequence": Items(groups)}))
    with opened(path) as source:
        assert len({id(frame.geometry) for frame in source}) == 2
