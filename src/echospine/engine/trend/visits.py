"""The story of one measure: visits in order, each judged against the first and against the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from echospine.engine.trend.change import Change, KnownError, Reading, Verdict, judge

CHANGES = frozenset({Verdict.INCREASED, Verdict.DECREASED})


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit's mean. `spread`: SD of its readings, None for one; `draft`: not all of it is signed."""

    day: date
    reading: Reading
    spread: float | None
    draft: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A visit, and what may be said of it; None for the first, which has nothing to be compared with."""

    visit: Visit
    since_first: Change | None
    since_last: Change | None

    @property
    def changed(self) -> bool:
        """True where either comparison is beyond error."""
        return any(change is not None and change.verdict in CHANGES for change in (self.since_first, self.since_last))


def judge_visits(visits: Sequence[Visit], error: KnownError | None, level: float = 0.95) -> tuple[Judged, ...]:
    """Return each visit, in order of days, with what may be said of it.

    A visit is compared with the first and with the one before it. From the third on these are two questions, and they
    share what may go wrong (Bonferroni), so that a visit without a change is called changed no more often than 1 -
    `level`.
    """
    told: list[Judged] = []
    for visit in sorted(visits, key=lambda one: one.day):
        if not told:
            told.append(Judged(visit, None, None))
            continue
        first, last = told[0].visit, told[-1].visit
        each = level if len(told) == 1 else 1 - (1 - level) / 2
        told.append(
            Judged(
                visit,
                judge(first.reading, visit.reading, error, each),
                judge(last.reading, visit.reading, error, each),
            )
        )
    return tuple(told)
