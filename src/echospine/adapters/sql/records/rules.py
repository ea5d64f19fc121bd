"""What every store of entries agrees on: their order, and what is said of one that is not there."""

from __future__ import annotations

from collections.abc import Iterable

from echospine.domain.errors import NotFound
from echospine.domain.trends import Kept, Mark, Score, Withdrawal


def by_day(entries: Iterable[Mark | Score], withdrawn: Iterable[Withdrawal]) -> tuple[Kept, ...]:
    """Return entries by their day and then by when they were written, each with its withdrawal."""
    taken_back = {one.entry_id: one for one in withdrawn}
    ordered = sorted(entries, key=lambda one: (one.day, one.at, one.id))
    return tuple(Kept(one, taken_back.get(one.id)) for one in ordered)


def no_entry(entry_id: str) -> NotFound:
    """Return the error for an entry that is not there."""
    return NotFound(f"there is no mark, questionnaire or study {entry_id!r}")


def no_plan(plan_id: str) -> NotFound:
    """Return the error for a plan that is not there."""
    return NotFound(f"there is no reliability study {plan_id!r}")
