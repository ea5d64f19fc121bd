"""A cine is followed and measured: what was drawn comes back, and what cannot be told is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import moving_cine as drawn
from echospine.domain.errors import GeometryError, InputError, UncalibratedError
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.labels import Sector, Structure
from echospine.domain.measures import NAMELESS, Naming, Quantity
from echospine.engine.muscle.motion import (
    Follower,
    Matching,
    Moved,
    contraction_of,
    fascia_layers,
    field_grid,
    layer_matching,
    line_points,
    measure_motion,
    shear_curve,
    thickness_curve,
    troubles,
)
from echospine.engine.muscle.motion.curve import Marks
from echospine.engine.muscle.motion.measuring import MARKED_METHOD
from echospine.engine.muscle.motion.shear import LANGEVIN_2011, MAXIMUM, maximum_shear_percent

GEOMETRY = ImageGeometry.uniform(drawn.WIDTH, drawn.HEIGHT, drawn.STEP_MM, drawn.STEP_MM, Spacing.USER)
SECTOR = Sector(np.zeros(drawn.WIDTH), np.full(drawn.WIDTH, drawn.HEIGHT - 1.0))
OF = Naming(Structure.MULTIFIDUS), Naming(Structure.FASCIA)


def follow_all(pictures: list[np.ndarray | None]) -> Moved:
    layers = fascia_layers(drawn.LAYERS, GEOMETRY)
    followers = [
        Follower(field_grid(SECTOR, GEOMETRY)[::4]),
        Follower(line_points(drawn.LINE), Matching(neighbours=0)),
        Follower(layers.points_px, layer_matching(GEOMETRY, drawn.LAYERS)),
    ]
    for picture in pictures:
        for one in followers:
            one.miss() if picture is None else one.see(picture)
    field, ends, sheared = (one.followed() for one in followers)
    times = tuple(n / drawn.HZ for n in range(len(pictures)))
    step = (drawn.STEP_MM, drawn.STEP_MM)
    return Moved(times, step, field, drawn.LINE, ends, layers.points_px, sheared)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return drawn.pictures()


@pytest.fixture(scope="module")
def moved(pictures) -> Moved:
    return follow_all(list(pictures))


def values(moved: Moved, marks: Marks | None = None) -> dict[Quantity, object]:
    return {one.quantity: one for one in measure_motion(moved, *OF, marks)}


def test_a_drawn_contraction_comes_back(moved):
    found = values(moved)
    assert found[Quantity.THICKNESS_AT_REST].value == pytest.approx(drawn.REST_MM, abs=0.05)
    assert found[Quantity.THICKNESS_CHANGE].value == pytest.approx(drawn.CHANGE_PERCENT, abs=1.0)
    assert found[Quantity.CONTRACTION_ONSET].value == pytest.approx(0.7, abs=0.11)
    assert found[Quantity.CONTRACTION_HOLD].value == pytest.approx(0.9, abs=0.3)
    assert found[Quantity.CONTRACTION_RETURN].value == pytest.approx(2.3, abs=0.11)
    assert found[Quantity.THICKNESS_CHANGE].structure is Structure.MULTIFIDUS
    lift = np.array([drawn.activation(t) for t in moved.times_s]) * drawn.LIFT_PX * drawn.STEP_MM
    assert np.abs(thickness_curve(moved) - drawn.REST_MM - lift).max() < 0.15


def test_shear_of_each_definition_and_displacement_and_drift(moved):
    found = values(moved)
    langevin = found[Quantity.SHEAR_LANGEVIN_2011]
    assert (langevin.method, langevin.structure) == (LANGEVIN_2011, Structure.FASCIA)
    assert langevin.value == pytest.approx(drawn.SHEAR_PERCENT, rel=0.1)
    assert found[Quantity.SHEAR_PEAK_TO_PEAK].value == pytest.approx(drawn.SHEAR_PERCENT, rel=0.15)
    assert found[Quantity.SHEAR_CUMULATED].value == pytest.approx(2 * drawn.SHEAR_PERCENT, rel=0.35)
    assert found[Quantity.SHEAR_MAXIMUM].method == MAXIMUM
    assert found[Quantity.PEAK_DISPLACEMENT].value == pytest.approx(
        np.hypot(drawn.LIFT_PX, drawn.GLIDE_PX) * drawn.STEP_MM, abs=0.25
    )
    assert found[Quantity.TRACKING_DRIFT].value < 0.05
    assert abs(shear_curve(moved)[-1]) < 0.1 * drawn.SHEAR_PERCENT
    assert troubles(moved) == ()


def test_maximum_shear_does_not_hang_on_how_the_probe_is_turned():
    y, x = (one.ravel().astype(float) for one in np.mgrid[0:3, 0:8])
    points, gradient = np.stack([x, y], axis=-1), np.array([[0.02, 0.3], [0.0, -0.04]])
    plain = maximum_shear_percent(points, points @ gradient.T)
    turn = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    assert maximum_shear_percent(points @ turn.T, points @ gradient.T @ turn.T) == pytest.approx(plain)
    assert plain == pytest.approx(100 * np.hypot(0.02 + 0.0002 - (-0.04 + 0.0458), 0.3 * 1.02), rel=0.01)
    with pytest.raises(InputError, match="three points"):
        maximum_shear_percent(points[:8], points[:8])


def test_marks_of_a_person_count_and_say_so(moved):
    marks = Marks(0.5, 1.4, 2.5)
    found = values(moved, marks)
    assert found[Quantity.CONTRACTION_ONSET].value == 0.5
    assert found[Quantity.CONTRACTION_RETURN].method == MARKED_METHOD
    assert found[Quantity.THICKNESS_CHANGE].value == pytest.approx(drawn.CHANGE_PERCENT, abs=1.0)
    with pytest.raises(InputError, match="before its peak"):
        Marks(1.0, 0.5)
    with pytest.raises(InputError, match="outside"):
        contraction_of(moved, Marks(0.5, 9.0))


def test_without_a_scale_shares_and_times_are_given_and_no_millimetres(moved):
    found = values(replace(moved, step_mm=None))
    assert found[Quantity.THICKNESS_CHANGE].value == pytest.approx(drawn.CHANGE_PERCENT, abs=1.0)
    assert found[Quantity.CONTRACTION_ONSET].value is not None
    for quantity in (Quantity.THICKNESS_AT_REST, Quantity.PEAK_DISPLACEMENT, Quantity.SHEAR_LANGEVIN_2011):
        assert found[quantity].value is None and "uncalibrated" in found[quantity].note
    with pytest.raises(UncalibratedError):
        fascia_layers(drawn.LAYERS, ImageGeometry(drawn.WIDTH, drawn.HEIGHT))


def test_one_frame_no_times_no_line_each_says_what_it_cannot_do(pictures, moved):
    still = values(follow_all([pictures[0]]))
    assert {one.note for one in still.values()} == {"one frame only: nothing can be followed"}
    timeless = values(replace(moved, times_s=()))
    assert "times" in timeless[Quantity.CONTRACTION_ONSET].note
    assert timeless[Quantity.SHEAR_LANGEVIN_2011].value is not None
    alone = {one.quantity: one for one in measure_motion(replace(moved, line_px=None, ends=None), NAMELESS, NAMELESS)}
    assert "no line" in alone[Quantity.THICKNESS_CHANGE].note
    assert alone[Quantity.PEAK_DISPLACEMENT].value is not None


def test_dropped_frames_are_told_and_the_rest_is_done(moved):
    times = (*moved.times_s[:20], *(t + 0.3 for t in moved.times_s[20:]))
    (said,) = troubles(replace(moved, times_s=times))
    assert "dropped at 1 place" in said and "after frame 20" in said
    assert values(replace(moved, times_s=times))[Quantity.CONTRACTION_RETURN].value == pytest.approx(2.6, abs=0.12)


def test_a_frame_that_cannot_be_read_is_stepped_over(pictures, moved):
    some: list[np.ndarray | None] = list(pictures)
    some[18] = None
    found = follow_all(some)
    assert np.isnan(thickness_curve(found)[18])
    assert values(found)[Quantity.THICKNESS_CHANGE].value == pytest.approx(drawn.CHANGE_PERCENT, abs=1.0)
    assert "Frame 19 cannot be decoded" in troubles(found, [18])[0]


def test_tissue_that_is_too_fast_is_told_and_what_is_lost_has_no_value(pictures):
    other = drawn.pictures(12, seed=9)
    found = follow_all([*pictures[:8], *other[:12]])
    (said,) = troubles(found)
    assert "too fast" in said and "after frame 8" in said
    assert np.isnan(thickness_curve(found)[-1])
    assert "lost" in values(found)[Quantity.SHEAR_CUMULATED].note
    back = follow_all([*pictures[:8], *other[:3], *pictures[:8]])
    assert thickness_curve(back)[-1] == pytest.approx(drawn.REST_MM, abs=0.1), "found again in the first frame's place"


def test_places_that_are_none_are_refused():
    with pytest.raises(GeometryError, match="two ends"):
        line_points(((5.0, 5.0), (5.0, 5.0)))
    with pytest.raises(GeometryError, match="no field"):
        field_grid(Sector(np.full(8, np.nan), np.full(8, np.nan)), ImageGeometry(8, 8))
    with pytest.raises(UncalibratedError):
        fascia_layers((2.0, 50.0), GEOMETRY)
