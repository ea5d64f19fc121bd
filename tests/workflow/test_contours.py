"""From drawn lines to one row per column."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Method
from echospine.workflow.exam import by_hand, contour_rows

WIDTH, HEIGHT = 60, 40


@st.composite
def lines(draw):
    """Lines that run left to right, share no column, and cover one each at least."""
    edges = draw(st.lists(st.integers(0, WIDTH - 1), min_size=4, max_size=8, unique=True).map(sorted))
    pairs = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if b - a >= 2]
    made = []
    for a, b in pairs:
        inner = draw(st.lists(st.integers(a * 8 + 1, b * 8 - 1), max_size=4, unique=True).map(sorted))
        xs = [float(a), *(x / 8 for x in inner), float(b)]
        made.append(tuple((x, draw(st.floats(0, HEIGHT - 1))) for x in xs))
    return tuple(made)


@given(lines())
def test_the_contour_passes_through_every_point_on_a_column_and_nowhere_else(drawn):
    rows = contour_rows(drawn, WIDTH, HEIGHT)
    covered = {c for line in drawn for c in range(int(line[0][0]), int(line[-1][0]) + 1)}
    assert set(np.flatnonzero(np.isfinite(rows))) == covered
    for line in drawn:
        for x, y in line:
            if x.is_integer():
                assert rows[int(x)] == pytest.approx(y, abs=1e-9)
        columns = range(int(line[0][0]), int(line[-1][0]) + 1)
        low, high = min(y for _, y in line), max(y for _, y in line)
        assert all(low - 1e-9 <= rows[c] <= high + 1e-9 for c in columns)


@given(lines())
def test_the_direction_of_drawing_does_not_matter(drawn):
    back = tuple(line[::-1] for line in drawn)
    np.testing.assert_array_equal(contour_rows(drawn, WIDTH, HEIGHT), contour_rows(back, WIDTH, HEIGHT))


def test_between_points_the_line_is_straight():
    rows = contour_rows([[(10.0, 4.0), (14.0, 12.0)]], WIDTH, HEIGHT)
    assert rows[10:15].tolist() == [4, 6, 8, 10, 12]


def test_no_lines_mean_no_bone():
    assert np.isnan(contour_rows([], WIDTH, HEIGHT)).all()


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        ([[(1, 1)]], "two points"),
        ([[]], "two points"),
        ([[(1, 1), (WIDTH, 1)]], "outside the picture"),
        ([[(1, 1), (5, HEIGHT - 0.5)]], "outside the picture"),
        ([[(-0.1, 1), (5, 1)]], "outside the picture"),
        ([[(1, 1), (5, float("nan"))]], "outside the picture"),
        ([[(1, 1), (float("inf"), 3)]], "outside the picture"),
        ([[(1, 1), (9, 1), (5, 1), (12, 1)]], "turns back"),
        ([[(3, 1), (3, 9)]], "turns back"),
        ([[(3.2, 1), (3.8, 9)]], "too short"),
        ([[(1, 1), (9, 1)], [(9, 5), (20, 5)]], "column 9"),
        ([[(1, 1), (9, 1)], [(20, 5), (4, 5)]], "column 4"),
        ([[(x / 1000, 1) for x in range(25_000)]], "at most"),
    ],
)
def test_what_is_no_contour_is_refused_in_words(drawn, said):
    with pytest.raises(GeometryError, match=said) as refused:
        contour_rows(drawn, WIDTH, HEIGHT)
    assert "\n" not in str(refused.value)


def test_a_method_in_which_a_person_had_a_part_says_so_once():
    once = by_hand(Method("finder", "3"))
    assert (once.name, once.version) == ("finder with drawn contour", "3")
    assert by_hand(once) == once
