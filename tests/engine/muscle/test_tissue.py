"""Depth, thickness and grey level of tissue over bone, from surfaces that are known exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from echospine.domain.errors import UncalibratedError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Structure, Surface
from echospine.domain.measures import Measurement, Quantity
from echospine.domain.units import Floats
from echospine.engine.muscle import depth_profile_mm, measure_tissue, summarise

QUALITY = Quality(1, 0, 0, 1)


def interpretation(rows: Floats, sector: Sector, index: int = 0) -> Interpretation:
    surface = Surface(Structure.BONE, rows, np.ones(rows.size))
    return Interpretation(index, Method("truth", "1"), Field(sector), (surface,), QUALITY)


def linear_case(
    step: tuple[float, float] = (0.2, 0.1), width: int = 200, height: int = 400
) -> tuple[Frame, Interpretation]:
    """Face at row 10, bone at rows 210 to 310, tissue of grey level 60 over it."""
    pixels = np.full((height, width), 60, np.uint8)
    rows = np.linspace(210, 310, width)
    sector = Sector(np.full(width, 10.0), np.full(width, height - 1.0))
    geometry = ImageGeometry.uniform(width, height, *step, Spacing.USER)
    return Frame(pixels, geometry, 0), interpretation(rows, sector)


def values(measured: tuple[Measurement, ...]) -> dict[Quantity, Measurement]:
    return {one.quantity: one for one in measured}


def test_depths_under_a_linear_probe_are_those_of_the_surface() -> None:
    frame, seen = linear_case()
    found = values(measure_tissue(frame, seen))
    assert found[Quantity.BONE_DEPTH_MIN].value == pytest.approx(20.0, abs=0.15)
    assert found[Quantity.BONE_DEPTH_MIDLINE].value == pytest.approx(25.0, abs=0.1)
    assert found[Quantity.TISSUE_THICKNESS].value == pytest.approx(25.0, abs=0.01)
    assert found[Quantity.TISSUE_GREY].value == 60.0


@pytest.mark.parametrize("step", [(0.1, 0.1), (0.2, 0.1), (0.08, 0.15)])
def test_depths_under_a_curved_probe_run_along_the_beam(step: tuple[float, float]) -> None:
    """A cortex that is concentric with the probe has one depth, whatever the shape of the pixels."""
    width, height, radius_mm, depth_mm = 401, 500, 30.0, 12.0
    apex = (200.0, -15.0 / step[1])
    x_mm = (np.arange(width) - apex[0]) * step[0]
    inside = np.abs(x_mm) < 0.4 * radius_mm
    with np.errstate(invalid="ignore"):
        top = np.where(inside, apex[1] + np.sqrt(radius_mm**2 - x_mm**2) / step[1], np.nan)
        rows = np.where(inside, apex[1] + np.sqrt((radius_mm + depth_mm) ** 2 - x_mm**2) / step[1], np.nan)
    sector = Sector(top, np.where(inside, height - 1.0, np.nan), apex)
    geometry = ImageGeometry.uniform(width, height, *step, Spacing.USER)
    depth = depth_profile_mm(geometry, interpretation(rows, sector))
    np.testing.assert_allclose(depth[inside], depth_mm, atol=0.05)


def test_zeros_count_in_the_grey_level() -> None:
    frame, seen = linear_case()
    half = frame.pixels.copy()
    half[:, ::2] = 0
    found = values(measure_tissue(replace(frame, pixels=half), seen))
    assert found[Quantity.TISSUE_GREY].value == pytest.approx(30.0, abs=0.5)


def test_without_a_scale_there_are_no_millimetres_but_a_grey_level() -> None:
    frame, seen = linear_case()
    bare = replace(frame, geometry=ImageGeometry(200, 400))
    found = values(measure_tissue(bare, seen))
    lengths = [found[q] for q in (Quantity.BONE_DEPTH_MIN, Quantity.BONE_DEPTH_MIDLINE, Quantity.TISSUE_THICKNESS)]
    assert all(one.value is None and one.note.startswith("uncalibrated") for one in lengths)
    assert found[Quantity.TISSUE_GREY].value == 60.0
    with pytest.raises(UncalibratedError):
        depth_profile_mm(bare.geometry, seen)


def test_no_bone_is_said_and_not_measured() -> None:
    frame, seen = linear_case()
    empty = interpretation(np.full(200, np.nan), seen.field.sector)
    assert all(one.value is None and one.note == "no bone seen" for one in measure_tissue(frame, empty))
    bare = replace(seen, surfaces=())
    assert all(one.note == "no bone seen" for one in measure_tissue(frame, bare))


def test_bone_beside_the_midline_gives_no_depth_at_the_midline() -> None:
    frame, seen = linear_case()
    rows = seen.surfaces[0].row_px.copy()
    rows[80:120] = np.nan
    found = values(measure_tissue(frame, interpretation(rows, seen.field.sector)))
    assert found[Quantity.BONE_DEPTH_MIDLINE].value is None
    assert "midline" in found[Quantity.BONE_DEPTH_MIDLINE].note
    assert found[Quantity.BONE_DEPTH_MIN].value is not None


def test_one_stray_column_is_no_minimum() -> None:
    frame, seen = linear_case()
    rows = seen.surfaces[0].row_px.copy()
    rows[100] = 60
    found = values(measure_tissue(frame, interpretation(rows, seen.field.sector)))
    assert found[Quantity.BONE_DEPTH_MIN].value == pytest.approx(20.0, abs=0.15)


def test_mirroring_the_picture_changes_nothing() -> None:
    frame, seen = linear_case()
    turned = interpretation(seen.surfaces[0].row_px[::-1], seen.field.sector)
    for one, other in zip(measure_tissue(frame, seen), measure_tissue(frame, turned), strict=True):
        assert one.value == pytest.approx(other.value)


def test_a_recording_is_summed_up_by_median_spread_and_its_best_frame() -> None:
    frame, seen = linear_case()
    rows = seen.surfaces[0].row_px
    per_frame = [
        measure_tissue(replace(frame, index=i), interpretation(rows + shift, seen.field.sector, i))
        for i, shift in enumerate((0, 10, 20, 30, 100))
    ]
    found = values(summarise(per_frame))
    thickness = found[Quantity.TISSUE_THICKNESS]
    assert thickness.value == pytest.approx(27.0, abs=0.01)
    assert thickness.frame == 2
    assert thickness.n_frames == 5
    assert thickness.uncertainty == pytest.approx(1.4826, rel=0.1)


def test_frames_without_bone_do_not_count_and_none_at_all_says_why() -> None:
    frame, seen = linear_case()
    empty = interpretation(np.full(200, np.nan), seen.field.sector)
    mixed = values(summarise([measure_tissue(frame, empty), measure_tissue(frame, seen), ()]))
    assert mixed[Quantity.TISSUE_THICKNESS].n_frames == 1
    nothing = values(summarise([measure_tissue(frame, empty)] * 3))
    assert nothing[Quantity.TISSUE_THICKNESS].value is None
    assert nothing[Quantity.TISSUE_THICKNESS].note == "no bone seen"
    assert summarise([]) == ()
