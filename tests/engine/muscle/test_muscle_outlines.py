"""Thickness and area of what is known exactly: drawn layers under linear and curved probes, and people of the twin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echospine.domain.errors import InputError, UncalibratedError
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.labels import BONES, Sector, Structure
from echospine.engine.muscle.outlines import (
    Asymmetry,
    along_beams,
    asymmetry,
    contraction_ratio,
    fascia_thickness,
    fat_thickness,
    halves,
    midline_px,
    over_bone,
    percent_change,
    perimuscular_zone,
    preferential_activation,
    repeated,
    section,
)

WIDTH, HEIGHT, STEP = 400, 400, 0.15
FACE = 8


def flat() -> tuple[np.ndarray, ImageGeometry, Sector]:
    """Fat to 8 mm, fascia to 10, muscle to 30, two domes of facets at 30 mm and a vessel in between."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    depth = (np.arange(HEIGHT) - FACE) * STEP
    for structure, first, last in (
        (Structure.SUBCUTANEOUS, 2.0, 8.0),
        (Structure.FASCIA, 8.0, 10.0),
        (Structure.MULTIFIDUS, 10.0, 38.0),
    ):
        labels[(depth >= first) & (depth < last)] = structure
    for middle in (120, 280):
        x = (np.arange(WIDTH) - middle) * STEP
        top = 30.0 + x**2 / 12.0
        bone = (depth[:, None] >= top) & (depth[:, None] < top + 2.0) & (np.abs(x) < 7.0)
        labels[(depth[:, None] >= top) & (np.abs(x) < 7.0)] = 0
        labels[bone] = Structure.ARTICULAR_PROCESS
    sector = Sector(np.full(WIDTH, float(FACE)), np.full(WIDTH, HEIGHT - 1.0))
    return labels, ImageGeometry.uniform(WIDTH, HEIGHT, STEP, STEP, Spacing.USER), sector


def test_muscle_over_each_facet_of_a_drawn_picture() -> None:
    rays = along_beams(*flat())
    found = over_bone(rays, Structure.MULTIFIDUS, {Structure.ARTICULAR_PROCESS})
    assert len(found) == 2
    for one in found:
        assert one.value_mm == pytest.approx(20.0, abs=0.15)
        (x0, y0), (x1, y1) = one.ends_px
        assert (x0, (y1 - y0) * STEP) == (pytest.approx(x1), pytest.approx(one.value_mm, abs=0.2))


def test_fat_and_fascia_of_a_drawn_picture() -> None:
    rays = along_beams(*flat())
    fat, fascia, zone = fat_thickness(rays), fascia_thickness(rays), perimuscular_zone(rays)
    assert fat is not None
    assert fascia is not None
    assert zone is not None
    assert zone.value_mm == pytest.approx(2.0, abs=0.1)
    assert (fat.value_mm, fascia.value_mm) == (pytest.approx(8.0, abs=0.1), pytest.approx(2.0, abs=0.1))


def test_fascia_that_runs_askew_is_measured_square_to_its_course() -> None:
    labels, geometry, sector = flat()
    labels[:] = 0
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    across = (rows - 120) * STEP * math.cos(0.35) - (columns - 200) * STEP * math.sin(0.35)
    labels[(across >= 0) & (across < 2.5)] = Structure.FASCIA
    labels[(across >= 2.5) & (across < 12.0)] = Structure.MULTIFIDUS
    found = fascia_thickness(along_beams(labels, geometry, sector))
    assert found is not None
    assert found.value_mm == pytest.approx(2.5, abs=0.12)


def test_layers_that_follow_a_curved_probe_have_one_thickness() -> None:
    """Everything is concentric with the face: the same along every beam, whatever the form of the pixels."""
    step = (0.3, 0.2)
    apex = np.array([200.0, -100.0])
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    radius = np.hypot((columns - apex[0]) * step[0], (rows - apex[1]) * step[1])
    angle = np.arctan2((columns - apex[0]) * step[0], (rows - apex[1]) * step[1])
    depth = np.where(np.abs(angle) < 0.5, radius - 50.0, np.nan)
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for structure, first, last in (
        (Structure.SUBCUTANEOUS, 1.0, 9.0),
        (Structure.FASCIA, 9.0, 11.0),
        (Structure.MULTIFIDUS, 11.0, 28.0),
        (Structure.LAMINA, 28.0, 30.0),
    ):
        labels[(depth >= first) & (depth < last)] = structure
    inside = np.isfinite(depth) & (depth >= 0)
    top = np.where(inside.any(axis=0), inside.argmax(axis=0), np.nan)
    bottom = np.where(inside.any(axis=0), HEIGHT - 1.0 - inside[::-1].argmax(axis=0), np.nan)
    geometry = ImageGeometry.uniform(WIDTH, HEIGHT, *step, Spacing.USER)
    rays = along_beams(labels, geometry, Sector(top, bottom, (float(apex[0]), float(apex[1]))))
    fat, fascia = fat_thickness(rays), fascia_thickness(rays)
    (muscle,) = over_bone(rays, Structure.MULTIFIDUS, BONES)
    assert fat is not None
    assert fascia is not None
    assert fat.value_mm == pytest.approx(9.0, abs=0.2)
    assert fascia.value_mm == pytest.approx(2.0, abs=0.15)
    assert muscle.value_mm == pytest.approx(17.0, abs=0.2)


def test_a_section_of_an_ellipse_with_a_septum() -> None:
    labels, geometry, sector = flat()
    labels[:] = 0
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    x, y = (columns - 200) * STEP, (rows - 200) * STEP
    labels[(x / 18.0) ** 2 + (y / 12.0) ** 2 <= 1.0] = Structure.MULTIFIDUS
    labels[(np.abs(x - y) < 0.6) & (labels > 0)] = 0
    found = section(labels, Structure.MULTIFIDUS, geometry, sector)
    assert found is not None
    assert found.area_mm2 == pytest.approx(math.pi * 18.0 * 12.0, rel=0.01)
    assert (found.width_mm, found.height_mm) == (pytest.approx(36.0, abs=0.3), pytest.approx(24.0, abs=0.3))
    assert found.shape_ratio == pytest.approx(1.5, abs=0.02)
    assert not found.cut


def test_a_muscle_that_the_field_cuts_says_so_and_what_is_not_there_is_none() -> None:
    labels, geometry, sector = flat()
    found = section(labels, Structure.MULTIFIDUS, geometry, sector)
    assert found is not None
    assert found.cut
    assert section(labels, Structure.PSOAS, geometry, sector) is None
    assert over_bone(along_beams(labels, geometry, sector), Structure.PSOAS, BONES) == ()


def test_sides_are_told_by_the_spinous_process() -> None:
    labels, _, _ = flat()
    assert midline_px(labels, ()) is None
    labels[200:204, 180:190] = Structure.SPINOUS_PROCESS
    column_px = midline_px(labels, ())
    assert column_px is not None
    left, right = halves(labels, column_px)
    assert left is not None
    assert right is not None
    assert np.array_equal(left + right, labels)
    assert not left[:, 190:].any()
    assert not right[:, :180].any()


def test_without_millimetres_nothing_is_measured() -> None:
    labels, _, sector = flat()
    with pytest.raises(UncalibratedError, match="no millimetres"):
        along_beams(labels, ImageGeometry(WIDTH, HEIGHT), sector)
    with pytest.raises(UncalibratedError, match="no millimetres"):
        section(labels, Structure.MULTIFIDUS, ImageGeometry(WIDTH, HEIGHT), sector)


POSITIVE = st.floats(1.0, 100.0)


@given(rest=POSITIVE, contracted=POSITIVE, unit=st.sampled_from((0.1, 25.4)))
def test_changes_do_not_depend_on_the_unit(rest: float, contracted: float, unit: float) -> None:
    here = percent_change((rest, 0.4), (contracted, 0.5))
    there = percent_change((rest * unit, 0.4 * unit), (contracted * unit, 0.5 * unit))
    assert (there.value, there.sd) == (pytest.approx(here.value, abs=1e-9), pytest.approx(here.sd))
    assert here.value == pytest.approx(100.0 * (contraction_ratio((rest, 0.4), (contracted, 0.5)).value - 1.0))


@given(left=POSITIVE, right=POSITIVE)
def test_sides_change_places(left: float, right: float) -> None:
    one, other = asymmetry((left, 0.3), (right, 0.3)), asymmetry((right, 0.3), (left, 0.3))
    assert one == other
    signed = asymmetry((left, 0.3), (right, 0.3), Asymmetry.OF_MEAN)
    turned = asymmetry((right, 0.3), (left, 0.3), Asymmetry.OF_MEAN)
    assert signed.value == pytest.approx(-turned.value)


def test_doubt_of_a_comparison_is_that_of_many_trials() -> None:
    rng = np.random.default_rng(2)
    rest, contracted = rng.normal(20.0, 0.4, 40_000), rng.normal(25.0, 0.6, 40_000)
    wall = [rng.normal(mean, sd, 40_000) for mean, sd in ((4.0, 0.1), (7.0, 0.2), (6.0, 0.2))]
    contracted_wall = [rng.normal(mean, sd, 40_000) for mean, sd in ((6.0, 0.1), (8.0, 0.2), (6.0, 0.2))]
    assert percent_change((20.0, 0.4), (25.0, 0.6)).sd == pytest.approx(
        np.std(100.0 * (contracted / rest - 1.0)), rel=0.03
    )
    assert asymmetry((20.0, 0.4), (25.0, 0.6)).sd == pytest.approx(np.std(100.0 * (1.0 - rest / contracted)), rel=0.03)
    trials = contracted_wall[0] / sum(contracted_wall) - wall[0] / sum(wall)
    found = preferential_activation(((4.0, 0.1), (7.0, 0.2), (6.0, 0.2)), ((6.0, 0.1), (8.0, 0.2), (6.0, 0.2)))
    assert found.value == pytest.approx(6.0 / 20.0 - 4.0 / 17.0)
    assert found.sd == pytest.approx(np.std(trials), rel=0.03)


def test_repeated_frames_have_a_mean_and_its_spread() -> None:
    assert repeated([(20.0, 0.3)]) == (20.0, 0.3)
    value, sd = repeated([(20.0, 0.3), (22.0, 0.3), (21.0, 0.3)])
    assert (value, sd) == (21.0, pytest.approx(math.hypot(1.0 / math.sqrt(3.0), 0.3)))
    with pytest.raises(InputError, match="at least one"):
        repeated([])


def test_what_cannot_be_compared_is_one_clear_line() -> None:
    with pytest.raises(InputError, match="at rest"):
        percent_change((0.0, 0.1), (1.0, 0.1))
    with pytest.raises(InputError, match="on the left"):
        asymmetry((-1.0, 0.1), (1.0, 0.1))
