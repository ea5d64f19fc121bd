"""Is there a slope? Visits of one person or of many, and a line through time with its interval.

Many people: a linear mixed model with an intercept and a slope of each person's own (Laird and Ware 1982, Biometrics
38:963), fitted by restricted maximum likelihood with statsmodels. One person: least squares. What the visits do not
carry is left out of the model, and the words say so.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from echospine.domain.errors import InputError
from echospine.domain.units import Floats

DAYS_A_MONTH = 365.25 / 12
FEWEST_PEOPLE = 5
"""People that a variance between people is estimated from; fewer are reported one by one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One visit: who, months since any fixed day, and the value."""

    person: str
    months: float
    value: float


@dataclass(frozen=True, slots=True)
class Slope:
    """Change per month with its interval at `level`; the bounds are NaN where the visits do not carry one."""

    per_month: float
    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True)
class PersonTrend:
    """One person's line: value at month 0, and slope per month. `shrunk`: drawn towards the cohort's by the model."""

    person: str
    intercept: float
    per_month: float
    n_visits: int
    shrunk: bool


@dataclass(frozen=True, slots=True)
class TrendLine:
    """A line through visits.

    `intercept`: value at month 0; `sd_intercept`, `sd_slope`: spread between people, NaN where the model has none;
    `sd_rest`: of a visit around its person's line; `words`: which model it is, and what to think of it.
    """

    slope: Slope
    intercept: float
    sd_intercept: float
    sd_slope: float
    sd_rest: float
    people: tuple[PersonTrend, ...]
    n_visits: int
    converged: bool
    words: str


def trend_line(visits: Sequence[Seen], level: float = 0.95) -> TrendLine | None:
    """Return the trend of one person or of a cohort; None where no two visits stand on different days.

    Five people or more, most with three visits: intercept and slope of each person's own. Else, or where that fit
    does not hold: only the intercept. Below five people, or below twelve visits: least squares within people, one
    common slope. Raises InputError for values that are no numbers.
    """
    if not all(math.isfinite(one.months) and math.isfinite(one.value) for one in visits):
        raise InputError("a trend needs the day and the value of every visit: leave out those with one missing")
    kept = sorted(visits, key=lambda one: (one.person, one.months))
    if not any(np.ptp([one.months for one in kept if one.person == person]) > 0 for person in {v.person for v in kept}):
        return None
    people = sorted({one.person for one in kept})
    if len(people) < FEWEST_PEOPLE or len(kept) < 12:
        return _least_squares(kept, people, level)
    often = sum(sum(one.person == person for one in kept) >= 3 for person in people)
    if often >= FEWEST_PEOPLE:
        fitted = _mixed(kept, people, level, slopes=True)
        if fitted is not None:
            return fitted
    return _mixed(kept, people, level, slopes=False) or _least_squares(kept, people, level)


def _least_squares(kept: Sequence[Seen], people: Sequence[str], level: float) -> TrendLine:
    """Return one common slope, an intercept for each person (analysis of covariance)."""
    months, values = np.array([one.months for one in kept]), np.array([one.value for one in kept])
    who = np.array([people.index(one.person) for one in kept])
    centre = [np.array([array[who == index].mean() for index in range(len(people))]) for array in (months, values)]
    along, away = months - centre[0][who], values - centre[1][who]
    spread = float(along @ along)
    per_month = float(along @ away) / spread
    df = len(kept) - len(people) - 1
    rest = away - per_month * along
    sd = math.sqrt(float(rest @ rest) / df) if df > 0 else math.nan
    half = float(stats.t.ppf(0.5 + level / 2, df)) * sd / math.sqrt(spread) if df > 0 else math.nan
    intercepts = centre[1] - per_month * centre[0]
    counts = [int((who == index).sum()) for index in range(len(people))]
    lines = zip(people, intercepts.tolist(), counts, strict=True)
    return TrendLine(
        Slope(per_month, per_month - half, per_month + half, level),
        float(intercepts.mean()),
        math.nan,
        math.nan,
        sd,
        tuple(PersonTrend(person, start, per_month, count, shrunk=False) for person, start, count in lines),
        len(kept),
        converged=True,
        words=_words_of_line(len(people), len(kept), df),
    )


def _words_of_line(n_people: int, n_visits: int, df: int) -> str:
    whose = "a straight line through the visits" if n_people == 1 else f"one slope common to {n_people} people"
    if df < 1:
        return f"{whose}, from {n_visits} visits: too few for an interval; one more visit gives one"
    few = "; few visits, so the interval is wide" if df < 3 else ""
    return f"{whose}, by least squares from {n_visits} visits{few}"


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """What a mixed model found: fixed effects (2,) and their covariance (2, 2), spread between people, and the rest."""

    fixed: Floats
    covariance: Floats
    between: Floats
    rest: float
    own: Mapping[str, Floats]


def _mixed(kept: Sequence[Seen], people: Sequence[str], level: float, *, slopes: bool) -> TrendLine | None:
    """Return the mixed model, or None where its variances lie on the edge of what is possible or it found no end."""
    months, values = np.array([one.months for one in kept]), np.array([one.value for one in kept])
    shift, scale, unit = float(months.mean()), float(months.std()), float(values.std()) or 1.0
    along = (months - shift) / scale
    fixed = np.column_stack([np.ones_like(along), along])
    fitted = _fit(values / unit, fixed, fixed if slopes else fixed[:, :1], [one.person for one in kept])
    if fitted is None:
        return None
    # back from standardised time and value: a line a + b u with u = (t - shift) / scale
    back = unit * np.array([[1.0, -shift / scale], [0.0, 1.0 / scale]])
    start, per_month = back @ fitted.fixed
    covariance = back @ fitted.covariance @ back.T
    between = _between(fitted.between, back, slopes=slopes)
    half = float(stats.norm.ppf(0.5 + level / 2)) * math.sqrt(covariance[1, 1])
    return TrendLine(
        Slope(float(per_month), float(per_month - half), float(per_month + half), level),
        float(start),
        between[0],
        between[1] if slopes else math.nan,
        unit * math.sqrt(fitted.rest),
        _people(kept, people, fitted.own, back, (float(start), float(per_month))),
        len(kept),
        converged=True,
        words=_words_of_mixed(len(people), len(kept), slopes=slopes),
    )


def _fit(values: Floats, fixed: Floats, own: Floats, groups: Sequence[str]) -> _Fit | None:
    """Return statsmodels' result, or None where it did not converge or a variance between people is nil."""
    from statsmodels.regression.mixed_linear_model import MixedLM  # noqa: PLC0415 -- seconds to import, rarely needed

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they warn of is asked of the result below
        try:
            fitted = MixedLM(values, fixed, groups=np.asarray(groups), exog_re=own).fit(reml=True)
        except (np.linalg.LinAlgError, ValueError):
            return None
        errors = np.asarray(fitted.bse_fe)
    between, rest = np.asarray(fitted.cov_re), float(fitted.scale)
    if not fitted.converged or not np.all(np.isfinite(errors)) or np.linalg.eigvalsh(between)[0] <= 1e-8 * rest:
        return None
    effects = {person: np.asarray(effect, dtype=np.float64) for person, effect in fitted.random_effects.items()}
    return _Fit(np.asarray(fitted.fe_params), np.asarray(fitted.cov_params())[:2, :2], between, rest, effects)


def _between(covariance: Floats, back: Floats, *, slopes: bool) -> tuple[float, float]:
    """Return the standard deviations between people of value at month 0 and of slope."""
    whole = np.zeros((2, 2))
    whole[: len(covariance), : len(covariance)] = covariance
    spread = back @ whole @ back.T
    return math.sqrt(float(spread[0, 0])), math.sqrt(float(spread[1, 1])) if slopes else 0.0


def _people(
    kept: Sequence[Seen],
    people: Sequence[str],
    effects: Mapping[str, Floats],
    back: Floats,
    common: tuple[float, float],
) -> tuple[PersonTrend, ...]:
    found = []
    for person in people:
        own = np.zeros(2)
        own[: len(effects[person])] = effects[person]
        start, per_month = (back @ own).tolist()
        n_visits = sum(one.person == person for one in kept)
        found.append(PersonTrend(person, common[0] + start, common[1] + per_month, n_visits, shrunk=True))
    return tuple(found)


def _words_of_mixed(n_people: int, n_visits: int, *, slopes: bool) -> str:
    own = "an intercept and a slope of each person's own" if slopes else "an intercept of each person's own, one slope"
    why = "" if slopes else "; the visits do not tell people's slopes apart"
    return f"mixed model with {own}, {n_people} people, {n_visits} visits, converged{why}"
