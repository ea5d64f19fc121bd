"""One act of review: what it changes, written as one commit whose history lines suffice to take it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from echospine.domain.errors import Conflict
from echospine.domain.exams import Change, ContourEdit, ExamEvent, ExamFile, ExamWrite, Finding, MapEdit, next_state
from echospine.domain.people import Person
from echospine.domain.remarks import Remark
from echospine.ports import House
from echospine.workflow.exam import (
    PATIENCE,
    commit_latest,
    contour_target,
    contour_to_text,
    finding_target,
    finding_to_text,
    map_target,
    map_to_text,
    remark_target,
    remark_to_text,
)

Thing: TypeAlias = Finding | ContourEdit | MapEdit | Remark


@dataclass(frozen=True, slots=True)
class Step:
    """One thing before and after; None where there was or is none. `reason`: why, for the history."""

    before: Thing | None
    after: Thing | None
    reason: str = ""

    @property
    def thing(self) -> Thing:
        """What the step is about: as it is afterwards, or as it was."""
        thing = self.after if self.after is not None else self.before
        if thing is None:
            raise ValueError("a step from nothing to nothing")
        return thing


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person did, in a word, and every step of it. Without steps, nothing is written.

    `event`: what it is to the examination: a review, or (labels) less than that.
    """

    action: str
    steps: tuple[Step, ...]
    event: ExamEvent = ExamEvent.REVIEW


def carry_out(
    house: House,
    exam_id: str,
    make: Callable[[ExamFile], Deed],
    *,
    person: Person,
    revision: int | None,
    least: ExamEvent = ExamEvent.REVIEW,
) -> ExamFile:
    """Do what `make` says about the newest state, as one commit; return the examination as it then is.

    `revision`: what the person was looking at; Conflict where the examination has moved on since. None means
    whatever is current; `least`: what the examination must allow before `make` is asked at all. Raises NotAllowed where
    it does not allow that, or what the deed is to it.
    """

    def write(file: ExamFile) -> ExamWrite | None:
        require_revision(file, revision)
        next_state(file.exam.state, least)
        deed = make(file)
        next_state(file.exam.state, deed.event)
        return _written(file, deed, person, house.clock.now()) if deed.steps else None

    return commit_latest(house.studies, exam_id, write, patience=PATIENCE if revision is None else 1)


def require_revision(file: ExamFile, revision: int | None) -> None:
    """Raise Conflict where the examination is no longer what a person was looking at."""
    if revision is not None and revision != file.exam.revision:
        last = file.history[-1].who if file.history else "somebody else"
        raise Conflict(
            f"the examination has changed since you opened it (revision {revision}, now {file.exam.revision}, "
            f"last by {last}); look at it again and repeat what you did"
        )


def target_of(thing: Thing) -> str:
    """Return the name of a thing in the history."""
    if isinstance(thing, Finding):
        return finding_target(thing.id)
    if isinstance(thing, Remark):
        return remark_target(thing)
    name = map_target if isinstance(thing, MapEdit) else contour_target
    return name(thing.recording_id, thing.frame)


def _written(file: ExamFile, deed: Deed, person: Person, now: datetime) -> ExamWrite:
    revision = file.exam.revision + 1
    put = [step.after for step in deed.steps if step.after is not None]
    gone = [step.before for step in deed.steps if step.after is None]
    return ExamWrite(
        exam=replace(file.exam, state=next_state(file.exam.state, deed.event), revision=revision),
        changes=[_told(step, deed.action, person, now, revision) for step in deed.steps],
        findings=[thing for thing in put if isinstance(thing, Finding)],
        removed_findings=[thing.id for thing in gone if isinstance(thing, Finding)],
        contours=[thing for thing in put if isinstance(thing, ContourEdit)],
        removed_contours=[(thing.recording_id, thing.frame) for thing in gone if isinstance(thing, ContourEdit)],
        maps=[thing for thing in put if isinstance(thing, MapEdit)],
        removed_maps=[(thing.recording_id, thing.frame) for thing in gone if isinstance(thing, MapEdit)],
        remarks=[thing for thing in put if isinstance(thing, Remark)],
        removed_remarks=[(thing.recording_id, thing.place) for thing in gone if isinstance(thing, Remark)],
    )


def _told(step: Step, action: str, person: Person, now: datetime, revision: int) -> Change:
    return Change(
        at=now,
        who=person.name,
        action=action,
        target=target_of(step.thing),
        before=_text(step.before, revision - 1),
        after=_text(step.after, revision),
        reason=step.reason,
    )


def _text(thing: Thing | None, revision: int) -> str:
    if thing is None:
        return ""
    if isinstance(thing, MapEdit):
        return map_to_text(thing, revision)
    if isinstance(thing, Remark):
        return remark_to_text(thing, revision)
    return finding_to_text(thing, revision) if isinstance(thing, Finding) else contour_to_text(thing, revision)
