"""Millimetres are exact or refused: regions, priority, callipers."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from echospine.domain.errors import GeometryError, UncalibratedError
from echospine.domain.images import ImageGeometry, Region, RegionUnit, Spacing, polygon_area
from echospine.domain.measures import CaliperKind, measure_caliper
from echospine.domain.units import Unit

WIDTH, HEIGHT = 640, 480
CM = RegionUnit.CM

steps_mm = st.floats(1e-3, 5.0)
xs = st.floats(-0.5, WIDTH - 0.5, exclude_max=True)
ys = st.floats(-0.5, HEIGHT - 0.5, exclude_max=True)
points = st.tuples(xs, ys)


def region(box, delta=(0.01, 0.01), units=(CM, CM), **options):
    return Region(*box, *units, *delta, **options)


def geometry(*regions):
    return ImageGeometry(WIDTH, HEIGHT, regions)


@st.composite
def scaled(draw):
    """A picture with one scale all over, and its steps."""
    step_x, step_y = draw(steps_mm), draw(steps_mm)
    return ImageGeometry.uniform(WIDTH, HEIGHT, step_x, step_y, Spacing.USER), step_x, step_y


@given(scaled(), st.lists(points, min_size=2, max_size=8))
def test_a_length_is_the_sum_of_its_steps_in_mm(picture, path):
    found, step_x, step_y = picture
    by_hand = sum(math.hypot((b[0] - a[0]) * step_x, (b[1] - a[1]) * step_y) for a, b in pairwise(path))
    assert found.length_mm(path) == pytest.approx(by_hand, rel=1e-9, abs=1e-9)


@given(scaled(), points, points, points)
def test_a_detour_is_never_shorter(picture, a, b, c):
    found = picture[0]
    assert found.length_mm([a, c]) <= found.length_mm([a, b, c]) + 1e-9
    assert found.length_mm([a, b]) == pytest.approx(found.length_mm([b, a]), rel=1e-12)


@given(scaled(), points, st.floats(0, math.tau), st.floats(0.05, math.pi - 0.05), st.floats(1, 100), st.floats(1, 100))
def test_an_angle_is_the_one_it_was_drawn_with(picture, vertex, turn, angle, one, two):
    """Drawn in mm, where angles are real, and put into pixels of unequal steps."""
    found, step_x, step_y = picture

    def at(direction, length_mm):
        return vertex[0] + length_mm * math.cos(direction) / step_x, vertex[1] + length_mm * math.sin(
            direction
        ) / step_y

    first, last = at(turn, one), at(turn + angle, two)
    assume(all(-0.5 <= x < WIDTH - 0.5 and -0.5 <= y < HEIGHT - 0.5 for x, y in (first, last)))
    assert found.angle_deg([first, vertex, last]) == pytest.approx(math.degrees(angle), abs=1e-4)


@given(scaled(), st.integers(3, 24), st.floats(5, 100), points)
def test_the_area_of_a_regular_polygon(picture, corners, radius_px, middle):
    found, step_x, step_y = picture
    turns = [math.tau * i / corners for i in range(corners)]
    outline = [(320 + radius_px * math.cos(turn), 240 + radius_px * math.sin(turn)) for turn in turns]
    by_hand = 0.5 * corners * radius_px**2 * math.sin(math.tau / corners) * step_x * step_y
    assert found.area_mm2(outline) == pytest.approx(by_hand, rel=1e-9)
    assert found.area_mm2(outline[::-1]) == pytest.approx(by_hand, rel=1e-9)


@given(st.lists(points, min_size=3, max_size=9), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_an_area_does_not_depend_on_where_it_lies(outline, dx, dy):
    moved = [(x + dx, y + dy) for x, y in outline]
    assert polygon_area(moved) == pytest.approx(polygon_area(outline), rel=1e-6, abs=1e-3)


def test_an_outline_that_crosses_itself_has_no_area():
    found = ImageGeometry.uniform(WIDTH, HEIGHT, 1, 1, Spacing.USER)
    with pytest.raises(GeometryError, match="crosses itself"):
        found.area_mm2([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert found.area_mm2([(0, 0), (10, 0), (10, 10), (0, 10)]) == pytest.approx(100)


@given(points, points)
def test_without_regions_nothing_has_a_length(a, b):
    with pytest.raises(UncalibratedError, match="uncalibrated"):
        geometry().length_mm([a, b])
    assert not geometry().calibrated
    assert geometry().main_region() is None


@pytest.mark.parametrize("unit", [unit for unit in RegionUnit if unit is not CM])
def test_only_centimetres_are_lengths(unit):
    for units in ((unit, CM), (CM, unit)):
        found = geometry(region((0, 0, 99, 99), units=units))
        assert not found.calibrated
        with pytest.raises(UncalibratedError):
            found.length_mm([(1, 1), (2, 2)])
        with pytest.raises(UncalibratedError):
            _ = found.regions[0].step_mm


@pytest.mark.parametrize("delta", [0.0, math.nan, math.inf, -math.inf])
def test_a_step_that_is_none_is_not_spatial(delta):
    assert not region((0, 0, 9, 9), (delta, 0.01)).spatial
    assert not region((0, 0, 9, 9), (0.01, delta)).spatial


def test_the_sign_of_a_step_does_not_matter():
    up, down = (geometry(region((0, 0, 99, 99), (0.01, sign * 0.02))) for sign in (1, -1))
    assert up.length_mm([(1, 1), (4, 5)]) == down.length_mm([(1, 1), (4, 5)]) == pytest.approx(math.hypot(0.3, 0.8))


@pytest.mark.parametrize(
    ("point", "inside"),
    [
        ((9.5, 20), True),
        ((9.499, 20), False),
        ((30.499, 20), True),
        ((30.5, 20), False),
        ((10, 19.5), True),
        ((10, 40.49), True),
        ((10, 40.5), False),
    ],
)
def test_a_region_ends_with_its_last_pixel(point, inside):
    assert region((10, 20, 30, 40)).contains(point) is inside


@given(st.integers(-5, 645), st.integers(-5, 485), st.integers(0, 50), st.integers(0, 50))
def test_a_region_is_trusted_only_inside_the_picture(x0, y0, width, height):
    one = region((x0, y0, x0 + width, y0 + height))
    found = geometry(one)
    fits = x0 >= 0 and y0 >= 0 and x0 + width < WIDTH and y0 + height < HEIGHT
    assert found.regions == ((one,) if fits else ())
    assert found.distrusted == (() if fits else (one,))
    assert found.calibrated is fits


class TestOverlap:
    low = region((0, 0, 399, 399), (0.01, 0.01), high_priority=False)
    high = region((100, 100, 199, 199), (0.02, 0.02), high_priority=True)
    doppler = region((100, 100, 199, 199), units=(RegionUnit.SECONDS, RegionUnit.CM_PER_SECOND), high_priority=True)

    def test_the_one_on_top_counts(self):
        found = geometry(self.low, self.high)
        assert found.length_mm([(110, 110), (120, 110)]) == pytest.approx(2.0)
        assert found.length_mm([(10, 10), (20, 10)]) == pytest.approx(1.0)
        assert found.owners((150, 150)) == (self.high,)

    def test_a_line_across_its_edge_is_refused(self):
        with pytest.raises(UncalibratedError, match="different scale"):
            geometry(self.low, self.high).length_mm([(50, 50), (150, 150)])

    def test_what_is_no_length_covers_the_scale_below(self):
        with pytest.raises(UncalibratedError, match="not lengths"):
            geometry(self.low, self.doppler).length_mm([(150, 150), (160, 150)])

    @pytest.mark.parametrize("priority", [True, False])
    def test_equals_that_contradict_each_other_are_refused(self, priority):
        one, two = (region((0, 0, 99, 99), (step, step), high_priority=priority) for step in (0.01, 0.02))
        with pytest.raises(UncalibratedError):
            geometry(one, two).length_mm([(1, 1), (2, 2)])

    def test_equals_that_agree_are_one(self):
        """B-mode and colour flow of the same place: the line may run from one into the other."""
        colour = region((100, 100, 199, 199), (0.01, 0.01), high_priority=True, data_type=2)
        assert geometry(self.low, colour).length_mm([(50, 150), (150, 150)]) == pytest.approx(10.0)


def test_two_regions_of_the_same_scale_are_still_two_places():
    left, right = region((0, 0, 99, 99)), region((200, 0, 299, 99))
    with pytest.raises(UncalibratedError, match="different regions"):
        geometry(left, right).length_mm([(50, 50), (250, 50)])


def test_the_main_region_is_the_largest_of_tissue():
    tissue, colour = region((0, 0, 99, 99)), region((0, 0, 300, 300), data_type=2)
    strip = region((0, 400, 639, 479), units=(RegionUnit.SECONDS, CM))
    assert geometry(colour, tissue, strip).main_region() == tissue
    assert geometry(strip).main_region() is None


@given(st.tuples(st.integers(0, 300), st.integers(0, 200)), st.lists(st.tuples(xs, ys), min_size=1, max_size=5))
def test_places_in_mm_count_from_the_corner_of_the_region(corner, path):
    found = geometry(region((*corner, 639, 479), (0.02, 0.05)))
    inside = [p for p in path if p[0] >= corner[0] - 0.5 and p[1] >= corner[1] - 0.5]
    assume(inside)
    expected = [((x - corner[0]) * 0.2, (y - corner[1]) * 0.5) for x, y in inside]
    np.testing.assert_allclose(found.to_mm(inside), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bad", [(math.nan, 1.0), (1.0, math.inf)])
def test_points_must_be_numbers(bad):
    with pytest.raises(GeometryError, match="not a finite number"):
        geometry(region((0, 0, 99, 99))).length_mm([(1, 1), bad])


@pytest.mark.parametrize(
    ("kind", "count"), [(CaliperKind.LENGTH, 1), (CaliperKind.ANGLE, 2), (CaliperKind.ANGLE, 4), (CaliperKind.AREA, 2)]
)
def test_a_calliper_needs_its_points(kind, count):
    with pytest.raises(GeometryError, match="needs"):
        measure_caliper(
            kind, tuple((float(i), float(i * i)) for i in range(count)), geometry(region((0, 0, 99, 99))), 0
        )


def test_an_angle_needs_three_places():
    with pytest.raises(GeometryError, match="three different points"):
        geometry(region((0, 0, 99, 99))).angle_deg([(1, 1), (1, 1), (2, 2)])


@pytest.mark.parametrize(
    ("kind", "path", "value", "unit"),
    [
        (CaliperKind.LENGTH, ((0.0, 0.0), (3.0, 4.0)), math.hypot(0.3, 0.8), Unit.MM),
        (CaliperKind.ANGLE, ((10.0, 0.0), (0.0, 0.0), (0.0, 10.0)), 90.0, Unit.DEGREE),
        (CaliperKind.AREA, ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)), 2.0, Unit.MM2),
    ],
)
def test_callipers_say_what_and_where_they_measured(kind, path, value, unit):
    found = measure_caliper(kind, path, geometry(region((0, 0, 99, 99), (0.01, 0.02))), frame=7)
    assert found.value == pytest.approx(value, rel=1e-12)
    assert (found.unit, found.frame, found.points_px) == (unit, 7, path)


def test_what_cannot_be_is_refused_at_birth():
    with pytest.raises(GeometryError, match="inside out"):
        region((10, 10, 9, 20))
    with pytest.raises(GeometryError, match="has no content"):
        ImageGeometry(0, 10)
    for step in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(GeometryError, match="finite and above zero"):
            ImageGeometry.uniform(10, 10, step, 1.0, Spacing.USER)
