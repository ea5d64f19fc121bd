"""Findings follow what was measured again, as far as people's own decisions allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from echospine.domain.exams import ExamFile, Finding
from echospine.domain.measures import CALIPER_METHOD, Measurement, Status
from echospine.workflow.review.decisions import hand_edited
from echospine.workflow.review.deeds import Step


def measured_again(file: ExamFile, recording_id: str, why: str, summary: Sequence[Measurement]) -> tuple[Step, ...]:
    """Return a step for each finding of the recording that the new summary changes, after `why`."""
    anew = {key(measured): measured for measured in summary}
    steps = []
    for finding in file.findings:
        measured = anew.get(key(finding.measurement))
        of_summary = finding.recording_id == recording_id and finding.measurement.method != CALIPER_METHOD
        if measured is None or not of_summary or hand_edited(finding):
            continue
        step = renewed(finding, measured, f"measured again after {why}")
        if step.after != step.before:
            steps.append(step)
    return tuple(steps)


def renewed(finding: Finding, measured: Measurement, why: str) -> Step:
    """Return the step to the new measurement, with the status that a person's earlier decision leaves it."""
    status = finding.measurement.status
    if said(finding.measurement) == said(measured):
        return Step(finding, finding)
    if status is Status.ACCEPTED:
        back = replace(finding, measurement=measured, decided_by="", reason="")
        return Step(finding, back, f"{why}: accepted before, so it is a draft again")
    return Step(finding, replace(finding, measurement=replace(measured, status=status)), why)


def said(measured: Measurement) -> tuple[object, ...]:
    """Return what a reader sees of a measurement: where this stays, nothing has changed for anybody."""
    return measured.value, measured.uncertainty, measured.frame, measured.n_frames, measured.note


def key(measured: Measurement) -> tuple[object, ...]:
    """Return what makes a measurement of a recording one of its kind."""
    return measured.structure, measured.side, measured.level, measured.quantity
