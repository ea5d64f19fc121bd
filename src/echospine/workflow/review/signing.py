"""A signature: somebody stands for what the examination says; and its amendment, which keeps the old one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from echospine.domain.errors import NotAllowed
from echospine.domain.exams import Change, Exam, ExamEvent, ExamFile, ExamWrite, next_state
from echospine.domain.measures import Status
from echospine.domain.people import Person
from echospine.ports import House
from echospine.workflow.exam import PATIENCE, commit_latest, exam_to_text
from echospine.workflow.review.decisions import require_reason
from echospine.workflow.review.deeds import require_revision


def sign(house: House, exam_id: str, *, person: Person, revision: int | None) -> ExamFile:
    """Sign the examination as it stands; its version grows by one.

    Every measurement must have been decided; that all were rejected is a statement too ("nothing could be
    measured"). Raises NotAllowed while one is still a draft (the message says how many), or in a state that
    cannot be signed; and Conflict.
    """

    def signed(file: ExamFile) -> Exam:
        _require_decided(file)
        state = next_state(file.exam.state, ExamEvent.SIGN)
        at, version = house.clock.now(), file.exam.version + 1
        return replace(file.exam, state=state, version=version, signed_by=person.name, signed_at=at)

    return _seal(house, exam_id, signed, "sign", person=person, revision=revision)


def amend(house: House, exam_id: str, *, person: Person, revision: int | None, reason: str) -> ExamFile:
    """Open a signed examination for changes. The signature is taken off it and kept in the history.

    Raises InputError without a reason, NotAllowed unless it is signed, and Conflict.
    """
    reason = require_reason(reason, "to amend a signed examination")

    def amended(file: ExamFile) -> Exam:
        state = next_state(file.exam.state, ExamEvent.AMEND)
        return replace(file.exam, state=state, signed_by="", signed_at=None)

    return _seal(house, exam_id, amended, "amend", person=person, revision=revision, reason=reason)


def _seal(
    house: House,
    exam_id: str,
    make: Callable[[ExamFile], Exam],
    action: str,
    *,
    person: Person,
    revision: int | None,
    reason: str = "",
) -> ExamFile:
    """Commit a new head of the examination, with one line of history about it."""

    def write(file: ExamFile) -> ExamWrite:
        require_revision(file, revision)
        exam = replace(make(file), revision=file.exam.revision + 1)
        at = exam.signed_at or house.clock.now()
        texts = exam_to_text(file.exam), exam_to_text(exam)
        return ExamWrite(exam, [Change(at, person.name, action, "exam", *texts, reason)])

    return commit_latest(house.studies, exam_id, write, patience=PATIENCE if revision is None else 1)


def _require_decided(file: ExamFile) -> None:
    names = {recording.id: recording.name for recording in file.recordings}
    drafts = Counter(names[f.recording_id] for f in file.findings if f.measurement.status is Status.DRAFT)
    if drafts:
        where = ", ".join(f"{count} of {name}" for name, count in drafts.items())
        count = drafts.total()
        verb = "measurements are still drafts" if count > 1 else "measurement is still a draft"
        raise NotAllowed(f"{count} {verb} ({where}); accept, edit or reject before signing")
