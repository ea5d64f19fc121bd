"""Noise is not called a change, a true change is; and what cannot be compared is said to be so."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from echospine.domain.errors import InputError
from echospine.engine.trend import (
    ErrorSource,
    KnownError,
    Reading,
    Sem,
    SemKind,
    Verdict,
    judge,
    limits_of_agreement,
    reliable_change_index,
    sem,
)

PEAK_FLOW_WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
PEAK_FLOW_MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
"""Bland and Altman 1986, table 1: first reading by the large and by the mini meter, l/min."""

READING = Reading(30.0, "mm", "thickness", "label map 1", "scanner A", "left", n_frames=3)
ERROR = KnownError(
    "thickness", "label map 1", "mm", Sem(1.0, SemKind.CONSISTENCY, 1e9), ErrorSource.SITE, "March", between_visits=0.5
)


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


def _visits(rng: np.random.Generator, step: float, n_subjects: int) -> tuple[int, int]:
    """Measure a site's own error on 30 people, then judge 1,000 visits whose truth moved by `step` times its MDC."""
    study = rng.normal(30, 4, (n_subjects, 1)) + rng.normal(0, 0.8, (n_subjects, 2))
    error = replace(ERROR, sem=sem(study, SemKind.WITHIN), between_visits=0.0)
    change = step * math.sqrt(2) * 1.96 * 0.8
    changed = 0
    for _ in range(1000):
        one, other = 30 + rng.normal(0, 0.8), 30 + change + rng.normal(0, 0.8)
        once = replace(READING, n_frames=1)
        changed += (
            judge(replace(once, value=one), replace(once, value=other), error).verdict is not Verdict.WITHIN_ERROR
        )
    return changed, 1000


def test_over_many_sites_noise_is_called_a_change_in_one_of_twenty_and_a_true_change_is_seen() -> None:
    rng = np.random.default_rng(12)
    false = [_visits(rng, 0.0, 30)[0] for _ in range(20)]
    seen = [_visits(rng, 2.0, 30)[0] for _ in range(5)]
    assert np.mean(false) / 1000 <= 0.05 + 2 * np.std(false) / 1000 / math.sqrt(len(false))
    assert np.mean(seen) / 1000 >= 0.95


def test_the_reliable_change_index_is_in_standard_errors() -> None:
    assert reliable_change_index(5.54, 2.0) == pytest.approx(1.96, abs=0.005)
    with pytest.raises(InputError):
        reliable_change_index(1.0, 0.0)
