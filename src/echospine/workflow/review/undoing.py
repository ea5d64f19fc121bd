"""Taking back, step by step, what one person did since the last signature."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from echospine.domain.errors import NotAllowed
from echospine.domain.exams import NEXT, Change, ExamEvent, ExamFile
from echospine.domain.people import Person
from echospine.ports import House
from echospine.workflow.exam import (
    contour_from_text,
    finding_from_text,
    map_from_text,
    remark_from_text,
    revision_after,
)
from echospine.workflow.review.deeds import Deed, Step, Thing, carry_out, target_of

UNDO = "undo"
LABEL = "label"
UNDOABLE = frozenset(
    {"accept", "edit", "reject", "accept all", "calliper", "contour", "structures", "between"}
    | {LABEL, "correct calliper", "choose frames", "motion", "elastography"}
)
SEALS = frozenset({"sign", "amend"})
"""Actions that nothing before them can be taken back across."""


def undo(house: House, exam_id: str, *, person: Person, revision: int | None) -> ExamFile:
    """Take back the person's latest act of review that still stands; the taking back stands in the history.

    Everything is then exactly as it was before that act. Doing it again goes one act further back, as far as
    the last signature. Raises NotAllowed when there is nothing left, or when somebody else has changed the
    same thing since, and Conflict.
    """

    def make(file: ExamFile) -> Deed:
        standing = acts(file.history).get(person.name, [])
        if not standing:
            raise NotAllowed(f"{person.name} has done nothing since the last signature that could be taken back")
        reason = f"takes back: {standing[-1][0].action}"
        steps = tuple(_taken_back(file, change, reason) for change in reversed(standing[-1]))
        return Deed(UNDO, steps, _event(standing))

    least = _event(acts(house.studies.load(exam_id).history).get(person.name, []))
    return carry_out(house, exam_id, make, person=person, revision=revision, least=least)


def _event(standing: Sequence[Sequence[Change]]) -> ExamEvent:
    """Return what it is to an examination to take back the last act."""
    return ExamEvent.LABEL if standing and standing[-1][0].action == LABEL else ExamEvent.REVIEW


def can_undo(file: ExamFile, person: Person | None = None) -> bool:
    """True when `undo` has something to take back for that person (None: for anybody)."""
    if (file.exam.state, ExamEvent.LABEL) not in NEXT:
        return False
    standing = acts(file.history)
    return any(standing.values()) if person is None else bool(standing.get(person.name))


def acts(history: Sequence[Change]) -> dict[str, list[list[Change]]]:
    """Return each person's acts since the last signature that still stand, oldest first, line by line."""
    sealed = max((n for n, change in enumerate(history, 1) if change.action in SEALS), default=0)
    standing: dict[str, list[list[Change]]] = {}
    for (_, who, action), lines in groupby(history[sealed:], lambda c: (revision_after(c), c.who, c.action)):
        mine = standing.setdefault(who, [])
        if action in UNDOABLE:
            mine.append(list(lines))
        elif action == UNDO and mine:
            mine.pop()
    return standing


def _taken_back(file: ExamFile, change: Change, reason: str) -> Step:
    """Return the step that inverts one line of the history, provided that it still describes what is there."""
    was, became = _parse(change.target, change.before), _parse(change.target, change.after)
    now = _now(file, change.target)
    if now != became:
        other = next((c.who for c in reversed(file.history) if c.target == change.target), "somebody else")
        raise NotAllowed(f"{other} has changed the same thing since; that would have to be taken back first")
    return Step(became, was, reason)


def _parse(target: str, text: str) -> Thing | None:
    if not text:
        return None
    if target.startswith("map:"):
        return map_from_text(text)
    if target.startswith(("taken:", "remark:")):
        return remark_from_text(text)
    return finding_from_text(text) if target.startswith("measurement:") else contour_from_text(text)


def _now(file: ExamFile, target: str) -> Thing | None:
    things: tuple[Thing, ...] = (*file.findings, *file.contours, *file.maps, *file.remarks)
    return next((thing for thing in things if target_of(thing) == target), None)
