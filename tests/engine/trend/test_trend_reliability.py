"""Reliability against the published tables, and what must not matter: units, and the order of subjects."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from echospine.domain.errors import InputError
from echospine.domain.trends import SemKind
from echospine.engine.trend.reliability import IccForm, icc, mean_squares, sem

SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
"""Shrout and Fleiss 1979, table 2: six targets, four judges."""


def test_the_mean_squares_are_those_of_the_published_table() -> None:
    ms = mean_squares(SHROUT_FLEISS)
    assert (ms.subjects, ms.within, ms.raters, ms.residual) == pytest.approx((11.24, 6.26, 32.49, 1.02), abs=0.005)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (IccForm.ONE_1, 0.17),
        (IccForm.TWO_1, 0.29),
        (IccForm.THREE_1, 0.71),
        (IccForm.ONE_K, 0.44),
        (IccForm.TWO_K, 0.62),
        (IccForm.THREE_K, 0.91),
    ],
)
def test_the_coefficients_are_those_of_the_published_table(form: IccForm, value: float) -> None:
    assert icc(SHROUT_FLEISS, form).value == pytest.approx(value, abs=0.005)


@pytest.mark.parametrize(
    ("form", "low", "high"),
    [
        # the same table through psych::ICC of R, as its manual prints it
        (IccForm.ONE_1, -0.13, 0.72),
        (IccForm.TWO_1, 0.019, 0.76),
        (IccForm.THREE_1, 0.34, 0.95),
        (IccForm.ONE_K, -0.88, 0.91),
        (IccForm.TWO_K, 0.071, 0.93),
        (IccForm.THREE_K, 0.68, 0.99),
    ],
)
def test_the_intervals_are_those_that_others_print(form: IccForm, low: float, high: float) -> None:
    found = icc(SHROUT_FLEISS, form)
    assert found.low == pytest.approx(low, abs=0.006)
    assert found.high == pytest.approx(high, abs=0.006)


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    true_icc, held = 0.8, 0
    for _ in range(400):
        subjects = rng.normal(0, math.sqrt(true_icc), (30, 1))
        raters = rng.normal(0, math.sqrt(0.05), (1, 3))
        ratings = subjects + raters + rng.normal(0, math.sqrt(0.15), (30, 3))
        found = icc(ratings, IccForm.TWO_1)
        held += found.low <= true_icc <= found.high
    assert held / 400 >= 0.92


def test_the_error_of_measurement_comes_back() -> None:
    rng = np.random.default_rng(3)
    subjects, raters = rng.normal(30, 5, (4000, 1)), np.array([[0.0, 1.0, -1.0]])
    ratings = subjects + raters + rng.normal(0, 0.7, (4000, 3))
    assert sem(ratings, SemKind.CONSISTENCY).value == pytest.approx(0.7, rel=0.03)
    assert sem(ratings, SemKind.AGREEMENT).value == pytest.approx(math.sqrt(0.49 + 1.0), rel=0.03)
    assert sem(ratings, SemKind.WITHIN).value == pytest.approx(math.sqrt(0.49 + 1.0), rel=0.03)


def test_the_smallest_detectable_change_is_weirs_where_subjects_are_many() -> None:
    ratings = np.random.default_rng(4).normal(0, 1, (5000, 2))
    error = sem(ratings, SemKind.CONSISTENCY)
    assert error.mdc() == pytest.approx(1.96 * math.sqrt(2) * error.value, rel=1e-3)


tables = arrays(np.float64, (6, 3), elements=st.floats(-50, 50).map(lambda v: round(v, 2)))


@given(tables, st.floats(0.01, 100), st.floats(-1000, 1000), st.randoms())
def test_neither_units_nor_order_matter(table: np.ndarray, scale: float, shift: float, random) -> None:
    if np.ptp(table, axis=0).min() < 0.1 or np.ptp(table, axis=1).min() < 0.1:
        return
    order = list(range(6))
    random.shuffle(order)
    for form in IccForm:
        one, other = icc(table, form), icc(scale * table[order] + shift, form)
        assert other.value == pytest.approx(one.value, rel=1e-6, abs=1e-7)
    assert sem(scale * table, SemKind.WITHIN).value == pytest.approx(scale * sem(table, SemKind.WITHIN).value)


@pytest.mark.parametrize(
    ("ratings", "says"),
    [
        ([[1, 2]], "two subjects"),
        ([[1], [2]], "two subjects"),
        ([[1, np.nan], [2, 3]], "missing"),
        ([[2, 2]] * 3, "equal"),
    ],
)
def test_what_cannot_be_told_is_refused_in_words(ratings: list[list[float]], says: str) -> None:
    with pytest.raises(InputError, match=says):
        icc(ratings, IccForm.TWO_1)
