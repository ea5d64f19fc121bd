"""Interpretation and measurement of a whole recording, stored or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from echospine.domain.errors import InputError, NotAllowed
from echospine.domain.exams import Change, ExamEvent, ExamFile, ExamState, ExamWrite, Finding, Recording, next_state
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Quality
from echospine.domain.measures import (
    CALIPER_METHOD,
    OF_MOTION,
    OF_MUSCLES,
    TEXTURES,
    Measurement,
    Status,
)
from echospine.domain.takes import NOTHING_SAID, Taken
from echospine.engine.muscle import measure_frame, summarise
from echospine.ports import FrameSource, House, Model
from echospine.workflow.exam.codec import encode
from echospine.workflow.exam.commits import commit_latest
from echospine.workflow.exam.edits import applied
from echospine.workflow.exam.imports import open_recording
from echospine.workflow.exam.journal import finding_target, finding_to_text, recording_target, recording_to_text
from echospine.workflow.exam.remarked import named, seen_as
from echospine.workflow.exam.results import Interpreted, credited
from echospine.workflow.exam.sweeps import Places, places_of, sweep_of

SAMPLES = 9
"""Frames that a survey of the image field looks at, spread over the recording."""

OnFrame = Callable[[int, int], None]
"""Told (done, total) after every frame; what it raises ends the work, and nothing is stored."""


def each_interpretation(
    model: Model, source: FrameSource, on_frame: OnFrame | None = None
) -> Iterator[tuple[Frame | None, Interpretation]]:
    """Walk a recording in constant memory: every frame with what was seen in it, in order.

    A frame that cannot be decoded comes as None with an interpretation that has no surfaces, quality 0, and
    the reason. Raises the first InputError when not one of the surveyed frames can be decoded.
    """
    field = model.survey(_samples(source))
    total = len(source)
    for index in range(total):
        try:
            frame = source.frame(index)
        except InputError as error:
            yield None, unreadable(index, model, field, error)
        else:
            yield frame, model.interpret(frame, field)
        if on_frame is not None:
            on_frame(index + 1, total)


def interpret_source(
    model: Model, source: FrameSource, on_frame: OnFrame | None = None, taken: Taken = NOTHING_SAID
) -> Interpreted:
    """Interpret and measure an open recording; no store is needed. `taken`: how a person says it was taken.

    Raises InputError when nothing in it can be decoded, ModelError, and whatever `on_frame` raises.
    """
    interpretations: list[Interpretation] = []
    per_frame: list[tuple[Measurement, ...]] = []
    places: list[Places] = []
    for frame, found in each_interpretation(model, source, on_frame):
        seen = seen_as(found, taken.view)
        interpretations.append(seen)
        per_frame.append(credited(measure_frame(frame, seen), seen.method) if frame is not None else ())
        places.append(places_of(frame) if frame is not None else {})
    lost = per_frame.count(())
    notes = (f"{lost} of {len(per_frame)} frames cannot be decoded and were left out.",) if lost else ()
    named_frames = tuple(named(several, taken) for several in per_frame)
    summary = (*named(summarise(per_frame), taken), *sweep_of(source.header, places))
    return Interpreted(tuple(interpretations), named_frames, summary, notes)


def interpret_recording(house: House, recording_id: str, *, who: str, on_frame: OnFrame | None = None) -> Recording:
    """Interpret and measure a stored recording; its findings become drafts. Return it as it then is.

    Interpreting again replaces drafts by drafts; doing so with the same result changes nothing. Work that a
    person has reviewed is never touched: under review only a recording without an interpretation can get one.
    Raises NotFound, NotAllowed, InputError, ModelError, StorageError, and what `on_frame` raises; then
    nothing has changed.
    """
    recording = house.studies.recording(recording_id)
    _require_allowed(house.studies.load(recording.exam_id), recording_id)
    with open_recording(house, recording) as source:
        interpreted = interpret_source(house.model, source, on_frame)
    digest = house.objects.put(encode(interpreted))

    def make(file: ExamFile) -> ExamWrite | None:
        _require_allowed(file, recording_id)
        return _write(house, file, recording_id, applied(house, file, recording_id, interpreted), digest, who)

    return commit_latest(house.studies, recording.exam_id, make).recording(recording_id)


def unreadable(index: int, model: Model, field: Field, error: InputError) -> Interpretation:
    """Return what stands for a frame that cannot be decoded."""
    return Interpretation(index, model.method, field, (), Quality(0.0, 0.0, 0.0, 0.0, (str(error),)))


def _samples(source: FrameSource) -> list[Frame]:
    """Return a few frames spread over the recording; raises the first InputError when none can be decoded."""
    count = min(SAMPLES, len(source))
    frames, errors = [], []
    for n in range(count):
        try:
            frames.append(source.frame(n * (len(source) - 1) // max(1, count - 1)))
        except InputError as error:
            errors.append(error)
    if not frames:
        raise errors[0]
    return frames


def _require_allowed(file: ExamFile, recording_id: str) -> None:
    """Raise NotAllowed unless this recording may be interpreted now."""
    next_state(file.exam.state, ExamEvent.INTERPRET)
    recording = file.recording(recording_id)
    if file.exam.state is ExamState.REVIEW and recording.interpretation:
        raise NotAllowed(f"{recording.name} is under review; interpreting it again would undo what people decided")


def _write(  # noqa: PLR0917 -- private, and each is a part of the one sentence
    house: House, file: ExamFile, recording_id: str, interpreted: Interpreted, digest: str, who: str
) -> ExamWrite | None:
    """Return the change that gives a recording its interpretation, or None where nothing would change."""
    before = file.recording(recording_id)
    method = str(interpreted.interpretations[0].method)
    state, revision = next_state(file.exam.state, ExamEvent.INTERPRET), file.exam.revision + 1
    if (before.interpretation, before.method, file.exam.state) == (digest, method, state):
        return None
    after = replace(before, interpretation=digest, method=method, notes=_notes(before.notes, interpreted.notes))
    drafts = [f for f in file.findings if f.recording_id == recording_id and _is_machine_draft(f)]
    old = {_key(finding.measurement): finding for finding in drafts}
    to_review = filter(for_review, interpreted.summary)
    new = [_finding(house, recording_id, old.get(_key(measured)), measured) for measured in to_review]
    gone = {f.id: f for f in drafts if f.id not in {finding.id for finding in new}}
    new = [finding for finding in new if finding not in drafts]
    texts = recording_to_text(before, revision - 1), recording_to_text(after, revision)
    told = [(recording_target(recording_id), *texts)]
    told += [_told(next((f for f in drafts if f.id == finding.id), None), finding, revision) for finding in new]
    told += [_told(finding, None, revision) for finding in gone.values()]
    now = house.clock.now()
    return ExamWrite(
        exam=replace(file.exam, state=state, revision=revision),
        changes=[Change(now, who, "interpret", *words) for words in told],
        recordings=[after],
        findings=new,
        removed_findings=list(gone),
    )


def _finding(house: House, recording_id: str, old: Finding | None, measured: Measurement) -> Finding:
    return Finding(house.new_id(), recording_id, measured) if old is None else replace(old, measurement=measured)


def for_review(measured: Measurement) -> bool:
    """Whether a measurement of the recording becomes a draft: not textures, nor what the recording does not show.

    They are in the tables all the same; dozens of them would hide what a clinician has to decide.
    """
    return measured.quantity not in TEXTURES and not (measured.value is None and measured.quantity in OF_MUSCLES)


def _told(before: Finding | None, after: Finding | None, revision: int) -> tuple[str, str, str]:
    """Return the target and the texts before and after of a changed finding, for the history."""
    finding = after or before
    return (
        finding_target(finding.id if finding else ""),
        finding_to_text(before, revision - 1) if before else "",
        finding_to_text(after, revision) if after else "",
    )


def _is_machine_draft(finding: Finding) -> bool:
    """True for a finding that no person has touched or made."""
    measured = finding.measurement
    asked_for = measured.method == CALIPER_METHOD or measured.quantity in OF_MOTION
    return measured.status is Status.DRAFT and not finding.decided_by and not asked_for


def _key(measured: Measurement) -> tuple[object, ...]:
    return measured.structure, measured.side, measured.level, measured.quantity


def _notes(notes: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return (*notes, *(note for note in more if note not in notes))
