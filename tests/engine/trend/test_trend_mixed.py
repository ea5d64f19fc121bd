"""Mixed models against statsmodels' own example (and R's answer to it), and against truth that was simulated."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import statsmodels.regression.tests as published

from echospine.domain.errors import InputError
from echospine.engine.trend import Seen, trend_line

PIGS = Path(published.__file__).parent / "results" / "dietox.csv"


def pigs() -> list[Seen]:
    """Weights of 72 pigs over 12 weeks: the example of statsmodels' page on mixed models (geepack's dietox)."""
    with PIGS.open() as file:
        return [Seen(row[4], float(row[3]), float(row[1])) for row in csv.reader(file) if row[0] != "Weight"]


def test_pigs_grow_as_r_and_statsmodels_say() -> None:
    found = trend_line(pigs())
    assert found is not None and found.converged and "72 people" in found.words
    # lmer(Weight ~ Time + (1 + Time | Pig), data = dietox) of R, as it stands in statsmodels' tests
    assert found.intercept == pytest.approx(15.738650, rel=1e-5)
    assert found.slope.per_month == pytest.approx(6.939014, rel=1e-5)
    assert (found.slope.high - found.slope.low) / 2 / 1.959964 == pytest.approx(0.0798254, rel=1e-3)
    assert found.sd_intercept**2 == pytest.approx(19.4934552, rel=2e-3)
    assert found.sd_slope**2 == pytest.approx(0.4160620, rel=2e-3)
    assert found.sd_rest**2 == pytest.approx(6.03745, rel=1e-3)
    assert len(found.people) == 72 and np.mean([one.per_month for one in found.people]) == pytest.approx(6.94, abs=0.01)


def cohort(
    rng: np.random.Generator, n_people: int, n_visits: int, slope: float, sd_slope: float, noise: float
) -> list[Seen]:
    visits = []
    for person in range(n_people):
        start, own = rng.normal(30, 4), rng.normal(slope, sd_slope)
        months = np.cumsum(rng.uniform(0.5, 2, n_visits))
        visits += [Seen(f"P{person}", t, start + own * t + rng.normal(0, noise)) for t in months]
    return visits


def test_a_known_slope_lies_in_its_interval_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(40):
        found = trend_line(cohort(rng, 20, 4, 0.4, 0.5, 0.6))
        assert found is not None
        held += found.slope.low <= 0.4 <= found.slope.high
    assert held >= 34  # 38 of 40 are expected; fewer than 34 come once in 100 tries


def test_neither_units_nor_the_day_of_reckoning_nor_order_matter() -> None:
    rng = np.random.default_rng(1)
    visits = cohort(rng, 12, 4, 0.3, 0.8, 0.5)
    one = trend_line(visits)
    other = trend_line([Seen(v.person, v.months + 100, 10 * v.value) for v in reversed(visits)])
    assert one is not None and other is not None
    assert other.slope.per_month == pytest.approx(10 * one.slope.per_month, rel=1e-3)
    assert other.slope.high == pytest.approx(10 * one.slope.high, rel=1e-3)
    assert other.sd_slope == pytest.approx(10 * one.sd_slope, rel=2e-2)


def test_where_people_do_not_differ_in_slope_the_model_has_one_slope_and_says_so() -> None:
    visits = [Seen(f"P{p}", t, 20 + p + 0.5 * t + 0.1 * (-1) ** (p + t)) for p in range(8) for t in range(4)]
    found = trend_line(visits)
    assert found is not None
    assert math.isnan(found.sd_slope) and "tell people's slopes apart" in found.words
    assert found.slope.per_month == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("visits", "says", "bounded"),
    [
        ([(0, 10.0), (2, 12.0)], "too few for an interval", False),
        ([(0, 10.0), (2, 12.0), (4, 13.9)], "wide", True),
        ([(t, 10.0 + t + 0.1 * (-1) ** t) for t in range(8)], "straight line through the visits", True),
    ],
)
def test_one_person_gets_a_line_as_good_as_the_visits_carry(
    visits: list[tuple[float, float]], says: str, bounded: bool
) -> None:
    found = trend_line([Seen("P", months, value) for months, value in visits])
    assert found is not None
    assert found.slope.per_month == pytest.approx(1.0, abs=0.05)
    assert says in found.words
    assert math.isfinite(found.slope.low) is bounded


def test_the_line_of_one_person_is_that_of_the_text_books() -> None:
    rng = np.random.default_rng(3)
    months = np.arange(7.0)
    values = 3 + 0.2 * months + rng.normal(0, 0.3, 7)
    found = trend_line([Seen("P", t, v) for t, v in zip(months, values, strict=True)])
    from scipy import stats

    line = stats.linregress(months, values)
    assert found is not None
    assert found.slope.per_month == pytest.approx(line.slope)
    assert found.slope.high - found.slope.per_month == pytest.approx(stats.t.ppf(0.975, 5) * line.stderr)


def test_no_two_days_no_line() -> None:
    assert trend_line([]) is None
    assert trend_line([Seen("P", 1.0, 2.0), Seen("Q", 3.0, 4.0)]) is None
    with pytest.raises(InputError, match="leave out"):
        trend_line([Seen("P", 1.0, math.nan)])
