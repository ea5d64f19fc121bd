"""A person decides about measurements: one, or all that are left."""

from __future__ import annotations

from dataclasses import replace

from echospine.domain.errors import InputError
from echospine.domain.exams import ExamFile, Finding
from echospine.domain.measures import Decision, Status
from echospine.domain.people import Person
from echospine.ports import House
from echospine.workflow.review.deeds import Deed, Step, carry_out


def decide(
    house: House,
    exam_id: str,
    finding_id: str,
    decision: Decision,
    *,
    person: Person,
    revision: int | None,
    value: float | None = None,
    reason: str = "",
) -> ExamFile:
    """Accept, edit (with the new `value`) or reject one measurement; return the examination as it then is.

    Raises InputError (no reason for an edit or a rejection; a value missing, stray or not finite), NotAllowed
    (see `DECIDED` and `NEXT`), NotFound, Conflict.
    """
    reason = require_reason(reason, f"to {decision} a measurement") if decision is not Decision.ACCEPT else reason

    def make(file: ExamFile) -> Deed:
        before = file.finding(finding_id)
        after = decided(before, decision, person, value=value, reason=reason)
        return Deed(decision.value, (Step(before, after, reason),))

    return carry_out(house, exam_id, make, person=person, revision=revision)


def accept_all(house: House, exam_id: str, *, person: Person, revision: int | None) -> ExamFile:
    """Accept every draft that has a value; a draft without one is rejected, its note being the reason.

    What cannot be given ("uncalibrated") can be neither accepted nor signed, so it is set aside with the rest,
    each with its own line in the history, and all of it is one step for `undo`. Raises NotAllowed, Conflict.
    """

    def make(file: ExamFile) -> Deed:
        drafts = [finding for finding in file.findings if finding.measurement.status is Status.DRAFT]
        return Deed("accept all", tuple(_settled(finding, person) for finding in drafts))

    return carry_out(house, exam_id, make, person=person, revision=revision)


def decided(
    before: Finding, decision: Decision, person: Person, *, value: float | None = None, reason: str = ""
) -> Finding:
    """Return the finding after a person's decision; `original` keeps the value before the first edit."""
    measured = before.measurement.decided(decision, value)
    original = before.original
    if decision is Decision.EDIT and not hand_edited(before):
        original = before.measurement.value
    if decision is Decision.ACCEPT and hand_edited(before):
        measured = replace(measured, status=Status.EDITED)  # taken back from rejected, it is still a person's value
    return replace(before, measurement=measured, original=original, decided_by=person.name, reason=reason)


def hand_edited(finding: Finding) -> bool:
    """True where the value is a person's own, whatever was decided about it later."""
    return finding.original is not None or finding.measurement.status is Status.EDITED


def require_reason(reason: str, what: str) -> str:
    """Return the reason without its outer spaces; raises InputError when there is none."""
    reason = reason.strip()
    if not reason:
        raise InputError(f"{what}, give a reason; it stands in the history")
    return reason


def _settled(finding: Finding, person: Person) -> Step:
    if finding.measurement.value is not None:
        return Step(finding, decided(finding, Decision.ACCEPT, person))
    reason = f"no value: {finding.measurement.note}"
    return Step(finding, decided(finding, Decision.REJECT, person, reason=reason), reason)
