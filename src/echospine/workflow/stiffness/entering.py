"""A person types a device's value into an examination."""

from __future__ import annotations

from dataclasses import replace

from echospine.domain.elastography import stiffness, youngs_modulus
from echospine.domain.exams import ExamFile, Finding
from echospine.domain.measures import Naming, Status
from echospine.domain.people import Person
from echospine.ports import House
from echospine.workflow.review.deeds import Deed, Step, carry_out


def add_stiffness(  # noqa: PLR0917 -- the value in the order in which one says it
    house: House,
    recording_id: str,
    value: float,
    unit: str,
    device: str,
    of: Naming,
    *,
    convert: bool,
    person: Person,
    revision: int | None,
) -> ExamFile:
    """Keep a value as the device showed it beside a recording; it is the person's own, so accepted from birth.

    `convert`: and Young's modulus, E = 3 rho c^2, of a speed, as a finding of its own that says so. Raises InputError
    (see `stiffness`, `youngs_modulus`), NotFound, NotAllowed, Conflict.
    """
    measured = [stiffness(value, unit, device, of)]
    if convert:
        measured.append(youngs_modulus(measured[0]))
    findings = [
        Finding(house.new_id(), recording_id, replace(one, status=Status.ACCEPTED), decided_by=person.name)
        for one in measured
    ]
    exam_id = house.studies.recording(recording_id).exam_id

    def make(file: ExamFile) -> Deed:
        file.recording(recording_id)
        return Deed("elastography", tuple(Step(None, finding) for finding in findings))

    return carry_out(house, exam_id, make, person=person, revision=revision)
