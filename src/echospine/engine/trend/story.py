"""Did it change? One measure of one patient over visits, with its error, what was done, and sentences that say so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from echospine.domain.labels import Part, Side, Structure
from echospine.domain.measures import TITLES, UNIT_WORDS, Quantity
from echospine.domain.takes import Contraction
from echospine.domain.trends import Instrument, Mark, Score
from echospine.domain.units import Unit
from echospine.engine.trend.change import Change, KnownError, Verdict
from echospine.engine.trend.mixed import DAYS_A_MONTH, Seen, TrendLine, trend_line
from echospine.engine.trend.scores import respond
from echospine.engine.trend.visits import Judged, Visit, judge_visits

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Measure:
    """What is followed: a quantity of a structure, at a side and level (empty where the readings name none).

    `state`: a muscle at rest and the same contracted are two measures.
    """

    quantity: Quantity
    structure: Part
    side: Side
    level: str
    state: Contraction = Contraction.UNKNOWN

    @property
    def title(self) -> str:
        """The measure as people read it: "Thickness, multifidus, left, L4"."""
        structure = "" if self.structure is Structure.BACKGROUND else self.structure.label.replace("_", " ")
        side = "" if self.side is Side.UNKNOWN else self.side.value
        parts = (TITLES[self.quantity], structure, side, self.level, self.state.words)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Band:
    """What a value of that day must leave to be called a change since the first visit."""

    day: date
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Story:
    """One measure over visits, judged. `left_out`: readings that are not in it, and why, one sentence each."""

    patient: str
    measure: Measure
    unit: Unit
    method: str
    device: str
    visits: tuple[Judged, ...]
    band: tuple[Band, ...]
    error: KnownError | None
    line: TrendLine | None
    marks: tuple[Mark, ...]
    scores: tuple[Score, ...]
    sentences: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """What belongs to a story beside its visits: treatments, questionnaires, and what was left out."""

    marks: tuple[Mark, ...] = ()
    scores: tuple[Score, ...] = ()
    left_out: tuple[str, ...] = ()


def tell(patient: str, measure: Measure, visits: Sequence[Visit], error: KnownError | None, beside: Beside) -> Story:
    """Return the story of visits that may be compared: same unit, method and device."""
    unit = Unit(visits[0].reading.unit) if visits else Unit.ONE
    judged = judge_visits(visits, error, LEVEL)
    seen = [Seen(patient, one.visit.day.toordinal() / DAYS_A_MONTH, one.visit.reading.value) for one in judged]
    line = trend_line(seen, LEVEL)
    band = _band(judged, error)
    first = judged[0].visit.reading if judged else None
    return Story(
        patient,
        measure,
        unit,
        first.method if first else "",
        first.device if first else "",
        judged,
        band,
        error,
        line,
        beside.marks,
        beside.scores,
        (*_verdict(measure, judged, band, unit), *_slope(line, unit), *_responses(beside.scores)),
        beside.left_out,
    )


def day_text(day: date) -> str:
    """Return a day as people read it: "2 Mar 2026"."""
    return f"{day.day} {day:%b %Y}"


def _band(judged: Sequence[Judged], error: KnownError | None) -> tuple[Band, ...]:
    """Return the band of error around the first visit, at the first day and at every day that was judged."""
    if not judged or error is None or error.visit is None:
        return ()
    first = judged[0].visit
    middle, n_first = first.reading.value, first.reading.n_readings
    widths = [(first.day, error.least_change(n_first, n_first, LEVEL))]
    widths += [
        (one.visit.day, one.since_first.mdc)
        for one in judged
        if one.since_first is not None and math.isfinite(one.since_first.mdc)
    ]
    return tuple(Band(day, middle - width, middle + width) for day, width in widths)


def _verdict(measure: Measure, judged: Sequence[Judged], band: Sequence[Band], unit: Unit) -> list[str]:
    """Return what is said first: of the latest visit against the first, and against the one before."""
    if not judged:
        return [f"There is no reading of {measure.title[:1].lower()}{measure.title[1:]}."]
    latest = judged[-1]
    if latest.since_first is None or latest.since_last is None:
        said = f"One visit only, on {day_text(latest.visit.day)}: whether it changed can be told after the next one."
        if band:
            width, words = (band[0].high - band[0].low) / 2, UNIT_WORDS[unit]
            said += f" A change will count beyond {width:.3g} {words}".rstrip() + "."
        return [said]
    told = [f"Since {day_text(judged[0].visit.day)}, {_said(latest.since_first)}."]
    if len(judged) > 2:
        told.append(f"Since the visit before, {day_text(judged[-2].visit.day)}, {_said(latest.since_last)}.")
    return told


def _said(change: Change) -> str:
    return change.sentence if change.verdict is not Verdict.NOT_COMPARABLE else f"nothing is said: {change.sentence}"


def _slope(line: TrendLine | None, unit: Unit) -> list[str]:
    if line is None or line.n_visits < 3:
        return []
    slope, words = line.slope, UNIT_WORDS[unit]
    bounds = f" ({slope.low:+.2g} to {slope.high:+.2g}, {100 * slope.level:g} %)" if math.isfinite(slope.low) else ""
    return [f"Slope {slope.per_month:+.2g} {words}".rstrip() + f" a month{bounds}: {line.words}; no verdict by itself."]


def _responses(scores: Sequence[Score]) -> list[str]:
    """Return for each questionnaire with two days what may be said of the latest against the first."""
    told = []
    for instrument in Instrument:
        theirs = [one for one in scores if one.instrument is instrument]
        if len({one.day for one in theirs}) > 1:
            found = respond(instrument, theirs[0].total, theirs[-1].total)
            days = f"{day_text(theirs[0].day)} to {day_text(theirs[-1].day)}"
            told.append(f"{found.sentence[:1].upper()}{found.sentence[1:]}, {days}.")
    return told
