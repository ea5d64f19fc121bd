"""What was measured of a followed cine enters its examination, in place of what was kept of it before."""

from __future__ import annotations

from dataclasses import replace

from echospine.domain.errors import NotAllowed
from echospine.domain.exams import ExamFile, Finding
from echospine.domain.images import Point
from echospine.domain.measures import OF_MOTION, Measurement, Quantity, Status
from echospine.domain.people import Person
from echospine.engine.muscle.motion import Marks, Moved, measure_motion
from echospine.ports import House
from echospine.workflow.motion.proposing import Proposal
from echospine.workflow.review.decisions import require_reason
from echospine.workflow.review.deeds import Deed, Step, carry_out

ALONG_THE_LINE = frozenset({Quantity.THICKNESS_AT_REST, Quantity.THICKNESS_CONTRACTED, Quantity.THICKNESS_CHANGE})


def keep_motion(
    house: House,
    recording_id: str,
    moved: Moved,
    of: Proposal,
    marks: Marks | None,
    *,
    person: Person,
    revision: int | None,
    reason: str = "",
) -> ExamFile:
    """Keep every value of a followed cine as a finding of its recording; what has no value is not kept.

    They are drafts, to be decided like all others. What a person's marks change is that person's edit: it keeps the
    value by machine as its original, and needs a reason. Earlier findings of motion of the recording are replaced.
    Raises InputError (no reason, marks outside), NotAllowed (nothing was measured; not to be reviewed now), Conflict.
    """
    if marks is not None:
        reason = require_reason(reason, "to move the marks of a contraction")
    by_machine = measure_motion(moved, of.of_line, of.of_layers)
    measured = measure_motion(moved, of.of_line, of.of_layers, marks) if marks is not None else by_machine
    made = {
        one.quantity: _finding(recording_id, _with_line(one, of.wanted.line_px), machine, person, reason)
        for one, machine in zip(measured, by_machine, strict=True)
        if one.value is not None
    }
    if not made:
        raise NotAllowed("nothing of this cine could be measured, so there is nothing to keep")
    ids = {quantity: house.new_id() for quantity in made}

    def make(file: ExamFile) -> Deed:
        file.recording(recording_id)
        old = {
            one.measurement.quantity: one
            for one in file.findings
            if one.recording_id == recording_id and one.measurement.quantity in OF_MOTION
        }
        steps = [Step(old[quantity], None, "followed again") for quantity in old if quantity not in made]
        for quantity, finding in made.items():
            before = old.get(quantity)
            after = replace(finding, id=before.id if before is not None else ids[quantity])
            if after != before:
                steps.append(Step(before, after, reason))
        return Deed("motion", tuple(steps))

    exam_id = house.studies.recording(recording_id).exam_id
    return carry_out(house, exam_id, make, person=person, revision=revision)


def _with_line(measured: Measurement, line_px: tuple[Point, Point] | None) -> Measurement:
    if line_px is None or measured.quantity not in ALONG_THE_LINE:
        return measured
    return replace(measured, points_px=line_px)


def _finding(recording_id: str, measured: Measurement, machine: Measurement, person: Person, reason: str) -> Finding:
    """Return a finding without an id; where a person's marks had a part in it, as that person's edit."""
    if measured.method == machine.method:
        return Finding("", recording_id, measured)
    edited = replace(measured, status=Status.EDITED)
    return Finding("", recording_id, edited, machine.value, person.name, reason)
