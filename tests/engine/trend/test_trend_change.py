"""Noise is not called a change, a true change is; and what cannot be compared is said to be so."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from echospine.domain.errors import InputError
from echospine.domain.trends import SemKind, VisitError
from echospine.engine.trend import (
    ErrorSource,
    KnownError,
    Reading,
    Sem,
    Verdict,
    judge,
    limits_of_agreement,
    reliable_change_index,
)

PEAK_FLOW_WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
PEAK_FLOW_MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
"""Bland and Altman 1986, table 1: first reading by the large and by the mini meter, l/min."""

READING = Reading(30.0, "mm", "thickness", "label map 1", "scanner A", "left", n_readings=3)
MANY = 1e9
ERROR = KnownError(
    "thickness",
    "label map 1",
    "mm",
    Sem(1.0, SemKind.CONSISTENCY, MANY),
    VisitError(math.sqrt(1 / 3 + 0.25), MANY, 3),
    ErrorSource.SITE,
    "March",
)
"""One reading errs by 1 mm, placing the probe by 0.5 mm, and a visit has three readings."""


def test_limits_of_agreement_are_those_of_the_published_example() -> None:
    found = limits_of_agreement(PEAK_FLOW_WRIGHT, PEAK_FLOW_MINI)
    assert found.bias == pytest.approx(-2.1, abs=0.05)
    assert found.sd == pytest.approx(38.8, abs=0.05)
    assert found.bias_interval == pytest.approx((-22.0, 17.8), abs=0.15)
    assert (found.bias - 2 * found.sd, found.bias + 2 * found.sd) == pytest.approx((-79.7, 75.5), abs=0.1)
    assert (found.low, found.high) == pytest.approx((-2.1 - 1.96 * 38.8, -2.1 + 1.96 * 38.8), abs=0.1)
    assert np.diff(found.low_interval) / 2 == pytest.approx((114.3 - 45.1) / 2, abs=0.1)


def test_a_difference_is_a_change_only_beyond_the_error_of_both_readings() -> None:
    mdc = 1.959964 * math.sqrt(2 * (1 / 3 + 0.25))
    just_below, just_above = replace(READING, value=30 + mdc - 1e-3), replace(READING, value=30 + mdc + 1e-3)
    assert judge(READING, just_below, ERROR).verdict is Verdict.WITHIN_ERROR
    assert judge(READING, just_above, ERROR).verdict is Verdict.INCREASED
    assert judge(just_above, READING, ERROR).verdict is Verdict.DECREASED
    assert "this site's" in judge(READING, just_above, ERROR).sentence


def test_fewer_readings_than_the_study_had_err_more_and_more_of_them_no_less() -> None:
    three = ERROR.least_change(3, 3)
    assert ERROR.least_change(3, 9) == three
    assert ERROR.least_change(3, 1) == pytest.approx(1.959964 * math.sqrt(1 / 3 + 0.25 + 1 + 0.25), rel=1e-4)
    assert replace(ERROR, sem=None).least_change(1, 1) == pytest.approx(three * math.sqrt(3))


def test_an_error_from_few_people_is_taken_for_larger_than_it_was_found() -> None:
    few = replace(ERROR, visit=VisitError(ERROR.visit.value, 10, 3))
    assert few.least_change(3, 3) == pytest.approx(ERROR.least_change(3, 3) * math.sqrt(10 / 3.940), rel=1e-3)


def test_an_error_of_reading_alone_judges_no_visits() -> None:
    found = judge(READING, replace(READING, value=90.0), replace(ERROR, visit=None))
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert "placing the probe anew" in found.sentence


@pytest.mark.parametrize(
    "other",
    [{"unit": "cm"}, {"method": "by hand 1"}, {"device": "scanner B"}, {"side": "right"}, {"quantity": "width"}],
)
def test_what_differs_in_kind_is_not_compared(other: dict[str, str]) -> None:
    found = judge(READING, replace(READING, **other), ERROR)
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert "different" in found.sentence


def test_without_a_known_error_nothing_is_called_a_change() -> None:
    assert judge(READING, replace(READING, value=90.0), None).verdict is Verdict.NOT_COMPARABLE
    other = replace(ERROR, quantity="width")
    assert judge(READING, replace(READING, value=90.0), other).verdict is Verdict.NOT_COMPARABLE


def test_the_reliable_change_index_is_in_standard_errors() -> None:
    assert reliable_change_index(5.54, 2.0) == pytest.approx(1.96, abs=0.005)
    with pytest.raises(InputError):
        reliable_change_index(1.0, 0.0)
