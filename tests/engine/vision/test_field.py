"""The image field comes back on simulated screens, and on real ones whose geometry is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from echospine.adapters.dicom import open_dicom
from echospine.adapters.sequences import open_sequence
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Box, Field, Sector
from echospine.engine.vision.bone import BoneFinder
from echospine.ports import LocalFile, RecordingPlan
from phantoms import Scene, beams, curved, dome

SURVEY = BoneFinder().survey
COURIER = np.array([[1, 1, 1, 0, 1], [1, 0, 1, 0, 1], [1, 1, 1, 0, 1], [1, 0, 0, 0, 1], [1, 0, 0, 0, 1]], np.uint8)
"""A few strokes that stand for two letters."""


def write(pixels: np.ndarray, x: int, y: int, colour: tuple[int, ...] | int = 230, letters: int = 6) -> Box:
    """Put letters into the picture; return where."""
    stamp = np.kron(np.tile(np.pad(COURIER, ((0, 0), (0, 1))), letters), np.ones((2, 2), np.uint8)).astype(bool)
    pixels[y : y + stamp.shape[0], x : x + stamp.shape[1]][stamp] = colour
    return Box(x, y, x + stamp.shape[1] - 3, y + stamp.shape[0] - 1)


def screen(colour: bool = False) -> tuple[np.ndarray, list[Box]]:
    """A linear field, columns 150 to 529 and rows 70 to 469, with writing, a depth scale and a grey bar around it."""
    pixels = np.zeros((540, 720), np.uint8)
    pixels[70:470, 150:530] = np.maximum(beams(Scene(dome(380)), depth_mm=40.0), 6)
    pixels[70:470:40, 560:566] = 200
    pixels[150:350, 20:34] = np.linspace(250, 0, 200)[:, None]
    if colour:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    return pixels, [write(pixels, 30, 20), write(pixels, 400, 16), write(pixels, 545, 490, letters=3)]


def frame(pixels: np.ndarray, index: int = 0) -> Frame:
    return Frame(pixels, ImageGeometry(pixels.shape[1], pixels.shape[0]), index)


def edges(sector: Sector) -> tuple[int, int, float, float]:
    columns = np.flatnonzero(np.isfinite(sector.top_px))
    return int(columns[0]), int(columns[-1]), float(np.nanmin(sector.top_px)), float(np.nanmax(sector.bottom_px))


def covers(boxes: tuple[Box, ...], wanted: Box) -> bool:
    return any(
        b.x0 <= wanted.x0 + 2 and b.y0 <= wanted.y0 + 2 and b.x1 >= wanted.x1 - 2 and b.y1 >= wanted.y1 - 2
        for b in boxes
    )


@pytest.mark.parametrize("colour", [False, True])
def test_a_linear_field_is_told_from_the_screen_around_it(colour: bool) -> None:
    pixels, writing = screen(colour)
    field = SURVEY([frame(pixels)])
    assert field.sector.apex_px is None
    np.testing.assert_allclose(edges(field.sector), (150, 529, 70, 469), atol=3)
    assert all(covers(field.text_boxes, box) for box in writing)


def test_writing_in_any_colour_is_found() -> None:
    """A name in colour is still a name."""
    pixels, _ = screen(colour=True)
    written = write(pixels, 200, 500, colour=(40, 90, 230))
    assert covers(SURVEY([frame(pixels)]).text_boxes, written)


def test_a_curved_field_has_its_apex_where_the_beams_meet() -> None:
    picture, _, apex = curved(Scene(dome(300, 26.0, 8.0)))
    pixels = np.zeros((picture.pixels.shape[0] + 60, picture.pixels.shape[1] + 120), np.uint8)
    pixels[50:-10, 60:-60] = picture.pixels
    written = write(pixels, 8, 10)
    field = SURVEY([frame(pixels)])
    assert field.sector.apex_px is not None
    off = np.array(field.sector.apex_px) - apex - (60, 50)
    assert np.hypot(*off) < 8
    assert field.text_boxes
    assert covers(field.text_boxes, written)
    truth = pixels.copy()
    truth[:50] = 0
    seen = field.sector.mask(pixels.shape[0])
    both = (seen & (truth > 0)).sum()
    assert both / (seen | (truth > 0)).sum() > 0.95


def test_a_phased_field_is_a_wedge() -> None:
    rows, columns = np.mgrid[:300, :400]
    reach, angle = np.hypot(columns - 200, rows - 10), np.arctan2(columns - 200, rows - 10)
    speckle = np.random.default_rng(3).integers(20, 120, rows.shape)
    pixels = np.where((reach > 15) & (reach < 270) & (np.abs(angle) < 0.7), speckle, 0).astype(np.uint8)
    sector = SURVEY([frame(pixels)]).sector
    assert sector.apex_px is not None
    np.testing.assert_allclose(sector.apex_px, (200, 10), atol=4)
    seen = sector.mask(300)
    assert (seen & (pixels > 0)).sum() / (seen | (pixels > 0)).sum() > 0.95


def test_lost_contact_at_both_ends_does_not_make_a_wedge() -> None:
    pixels, _ = screen()
    for i in range(60):
        pixels[70 : 250 - 3 * i, 150 + i] = pixels[70 : 250 - 3 * i, 529 - i] = 0
    assert SURVEY([frame(pixels)]).sector.apex_px is None


def test_a_field_that_fills_the_picture_is_the_picture() -> None:
    pixels = np.random.default_rng(2).integers(10, 200, (200, 300)).astype(np.uint8)
    field = SURVEY([frame(pixels)])
    assert edges(field.sector) == (0, 299, 0.0, 199.0)
    assert field.text_boxes == ()


def test_samples_of_another_size_are_left_out() -> None:
    pixels, _ = screen()
    odd = frame(np.full((50, 50), 200, np.uint8), 1)
    assert edges(SURVEY([frame(pixels), odd]).sector) == edges(SURVEY([frame(pixels)]).sector)


def surveyed(shared: Path, names: tuple[str, ...]) -> Field:
    files = tuple(LocalFile(name, shared / "plus" / name) for name in names)
    with open_sequence(RecordingPlan(names[0], files)) as source:
        return SURVEY([source.frame(0)])


@pytest.mark.parametrize(
    ("name", "apex"),
    [
        # Apex by the scan conversion's own configuration: face row less RadiusStartMm in pixels of 0.15 mm.
        ("UltrasonixCurvilinearScanConvertedData.igs.mha", (410.0, 87 - 10 / 0.15)),
        ("BkCurvilinearScanConvertedData.igs.mha", (300.0, 53 - 10 / 0.15)),
    ],
)
def test_real_curved_fields_have_the_apex_that_their_configuration_says(
    shared_data: Path, name: str, apex: tuple[float, float]
) -> None:
    field = surveyed(shared_data, (name,))
    assert field.sector.apex_px is not None
    np.testing.assert_allclose(field.sector.apex_px, apex, atol=1.5)
    assert field.text_boxes == ()


def test_a_real_still_with_patient_data_around_a_linear_field(shared_data: Path) -> None:
    """Field by eye: columns 127 to 896, rows 90 to 709; the region of the header also holds writing."""
    path = shared_data / "dicom" / "GREYSCALE_IMAGE.dcm"
    with open_dicom(RecordingPlan(path.name, (LocalFile(path.name, path),))) as source:
        field = SURVEY([source.frame(0)])
    np.testing.assert_allclose(edges(field.sector), (127, 896, 90, 709), atol=7)
    assert covers(field.text_boxes, Box(392, 8, 680, 18)), "date of birth"
    assert covers(field.text_boxes, Box(16, 29, 135, 41)), "name of the programme"


def test_a_real_cardiac_cine_is_a_wedge() -> None:
    """pydicom's packaged example, a phased probe: its straight edges meet at about column 169, row 10, by eye."""
    from pydicom.data import get_testdata_file

    path = Path(str(get_testdata_file("examples_ybr_color.dcm")))
    with open_dicom(RecordingPlan(path.name, (LocalFile(path.name, path),))) as source:
        sector = SURVEY([source.frame(i) for i in range(0, 30, 4)]).sector
    assert sector.apex_px is not None
    np.testing.assert_allclose(sector.apex_px, (169, 10), atol=6)
    assert edges(sector)[3] == pytest.approx(205, abs=4)
