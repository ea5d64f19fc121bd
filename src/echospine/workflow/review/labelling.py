"""A person says how a recording was taken: its view, side and level, at rest or contracted. Its findings follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from echospine.domain.exams import ExamEvent, ExamFile, Finding
from echospine.domain.labels import Side, Structure
from echospine.domain.measures import Measurement, Status
from echospine.domain.people import Person
from echospine.domain.remarks import TakenAs
from echospine.domain.takes import NOTHING_SAID, Contraction, Taken
from echospine.ports import House
from echospine.workflow.exam import for_review, load_interpreted
from echospine.workflow.review.decisions import hand_edited
from echospine.workflow.review.deeds import Deed, Step, carry_out
from echospine.workflow.review.following import key, renewed, said
from echospine.workflow.review.undoing import LABEL

WHY = "the recording was labelled"


def label_recording(
    house: House,
    exam_id: str,
    recording_id: str,
    taken: Taken,
    *,
    person: Person,
    revision: int | None,
    reason: str = "",
) -> ExamFile:
    """Keep how a recording was taken, and name its findings after it; saying nothing takes back what was said.

    It is measured again where the view is another than was seen. Typed values stay, with the new name; an accepted one
    whose value changes is a draft again. To label is no review: an examination stays open for more recordings.
    Raises NotFound, NotAllowed (a signed examination), Conflict, InputError when a frame cannot be decoded.
    """

    def make(file: ExamFile) -> Deed:
        recording, old = file.recording(recording_id), file.taken(recording_id)
        if taken == old:
            return Deed(LABEL, (), ExamEvent.LABEL)
        before = next((one for one in file.remarks_of(recording_id) if isinstance(one, TakenAs)), None)
        after = None
        if taken != NOTHING_SAID:
            after = TakenAs(recording_id, taken, person.name, house.clock.now(), reason.strip())
        others = tuple(one for one in file.remarks if one != before)
        afterwards = replace(file, remarks=(*others, after) if after else others)
        steps = [Step(before, after, reason.strip())]
        if recording.interpretation:
            steps += _renamed(house, file, afterwards, recording_id)
        return Deed(LABEL, tuple(steps), ExamEvent.LABEL)

    return carry_out(house, exam_id, make, person=person, revision=revision, least=ExamEvent.LABEL)


def _renamed(house: House, file: ExamFile, afterwards: ExamFile, recording_id: str) -> list[Step]:
    """Return a step for each finding of the recording that the label changes, and for those that come or go."""
    old, new = file.taken(recording_id), afterwards.taken(recording_id)
    computed = {key(one) for one in load_interpreted(house, file, recording_id).summary}
    pool = list(load_interpreted(house, afterwards, recording_id).summary)
    steps = []
    for finding in (one for one in file.findings if one.recording_id == recording_id):
        measured = finding.measurement
        match = _match(measured, pool, old, new) if key(measured) in computed else None
        if match is not None:
            pool.remove(match)
            steps.append(_follows(finding, match))
        elif key(measured) in computed and measured.status is Status.DRAFT and not hand_edited(finding):
            steps.append(Step(finding, None, f"{WHY}: it is not measured any more"))
        else:
            steps.append(Step(finding, replace(finding, measurement=_named(measured, old, new)), WHY))
    come = [Finding(house.new_id(), recording_id, one) for one in pool if for_review(one)]
    return [step for step in steps if step.after != step.before] + [Step(None, one, WHY) for one in come]


def _match(measured: Measurement, pool: Sequence[Measurement], old: Taken, new: Taken) -> Measurement | None:
    """Return what became of a measurement of the old summary: of the side and level that the new label gives it."""
    alike = [one for one in pool if (one.structure, one.quantity) == (measured.structure, measured.quantity)]
    renamed = _named(measured, old, new)
    for side in (renamed.side, measured.side, Side.UNKNOWN):
        found = [one for one in alike if one.side is side]
        if found:
            levels = (renamed.level, measured.level)
            return next((one for level in levels for one in found if one.level == level), found[0])
    return None


def _follows(finding: Finding, match: Measurement) -> Step:
    measured = finding.measurement
    if hand_edited(finding):
        kept = replace(measured, side=match.side, level=match.level, state=match.state)
        return Step(finding, replace(finding, measurement=kept), WHY)
    if said(measured) == said(match):
        return Step(finding, replace(finding, measurement=replace(match, status=measured.status)), WHY)
    return renewed(finding, match, f"measured again after {WHY}")


def _named(measured: Measurement, old: Taken, new: Taken) -> Measurement:
    """Return a measurement with the new label's names where it bore the old one's, or none."""
    if measured.structure is Structure.BACKGROUND:
        return measured
    side = new.side if measured.side in {old.side, Side.UNKNOWN} else measured.side
    level = new.level if measured.level in {old.level, ""} else measured.level
    state = new.state if measured.state in {old.state, Contraction.UNKNOWN} else measured.state
    return replace(measured, side=side, level=level, state=state)
