"""What is drawn lies within half a pixel of what was found, in far fewer points."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from echospine.apps.server.answers.outlines import polyline, runs, sector_outline, simplify
from echospine.apps.server.answers.pictures import matches, png
from echospine.domain.labels import Sector

ROWS = arrays.arrays(
    np.float64, st.integers(1, 120), elements=st.one_of(st.just(np.nan), st.floats(0, 600, allow_nan=False, width=32))
)


@given(ROWS)
def test_runs_are_exactly_the_found_columns(rows):
    covered = [column for run in runs(rows) for column in range(run.start, run.stop)]
    assert covered == np.flatnonzero(np.isfinite(rows)).tolist()
    for before, after in zip(runs(rows)[:-1], runs(rows)[1:], strict=True):
        assert before.stop < after.start


@given(ROWS)
def test_no_found_point_lies_farther_than_half_a_pixel_from_its_line(rows):
    for run in runs(rows):
        line = np.array(polyline(rows, run))
        assert len(line) >= 2
        assert (line[0, 0], line[-1, 0]) == (run.start, run.stop - 1)
        for column in range(run.start, run.stop):
            assert distance((column, rows[column]), line) <= 0.5 + 0.011  # and the rounding to 0.01 px


def distance(point, line) -> float:
    """Return the distance of a point from the nearest segment."""
    starts, steps = line[:-1], np.diff(line, axis=0)
    length2 = np.maximum((steps**2).sum(axis=1), 1e-12)
    along = np.clip(((point - starts) * steps).sum(axis=1) / length2, 0, 1)
    return float(np.min(np.linalg.norm(starts + along[:, None] * steps - point, axis=1)))


def test_a_smooth_curve_becomes_few_points():
    rows = 300 + 60 * np.sin(np.arange(800) / 100)
    assert len(polyline(rows, slice(0, 800))) < 40


def test_a_straight_line_becomes_two_points():
    points = np.column_stack((np.arange(100.0), np.arange(100.0) * 0.3))
    assert len(simplify(points)) == 2


def test_a_single_column_is_still_drawn():
    rows = np.array([np.nan, 7.0, np.nan])
    assert [polyline(rows, run) for run in runs(rows)] == [[(1.0, 7.0), (1.0, 7.0)]]


def test_a_sector_is_one_polygon():
    top, bottom = np.full(10, np.nan), np.full(10, np.nan)
    top[2:8], bottom[2:8] = 1.0, 9.0
    assert sector_outline(Sector(top, bottom)) == [(2, 1), (7, 1), (7, 9), (2, 9)]
    assert sector_outline(Sector(np.full(5, np.nan), np.full(5, np.nan))) == []


@given(st.data(), st.booleans())
def test_a_png_holds_the_very_same_values(data, colour):
    height, width = data.draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    pixels = data.draw(arrays.arrays(np.uint8, (height, width, 3) if colour else (height, width)))
    read = Image.open(BytesIO(png(pixels)))
    read.verify()
    assert np.array_equal(np.asarray(Image.open(BytesIO(png(pixels)))), pixels)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", False),
        ('"a-1"', True),
        ('W/"a-1"', True),
        ('"b", "a-1"', True),
        ("*", True),
        ('"a-12"', False),
        ("a-1", False),
    ],
)
def test_if_none_match_is_read_as_the_standard_says(header, expected):
    assert matches(header, '"a-1"') is expected
