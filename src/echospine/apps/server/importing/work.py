"""What the jobs do: import what was uploaded, interpret it, and take up what a stop cut off."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from echospine.apps.server.importing.jobs import Job, Jobs
from echospine.apps.server.importing.uploads import Upload
from echospine.apps.server.problems import BUSY, Refused
from echospine.apps.server.schemas import JobState, JobView
from echospine.domain.errors import InputError, NotAllowed
from echospine.domain.exams import NEXT, ExamEvent, ExamState, Recording, next_state
from echospine.domain.people import Person
from echospine.ports import House, RecordingPlan

WORKSTATION = "workstation"
"""Who acts where nobody gave a name."""
PAGE = 200


class Importing:
    """Starts the jobs of one server."""

    def __init__(self, house: House, jobs: Jobs) -> None:
        self._house = house
        self._jobs = jobs

    def require_free(self) -> None:
        """Raise Refused (503) while no further job can be started."""
        if self._jobs.full:
            raise Refused(BUSY, "too many imports are waiting; try again when one of them has finished")

    def start(self, upload: Upload) -> JobView:
        """Begin to import an upload, which the job then owns.

        Raises NotFound for the examination, NotAllowed when it takes no recordings, InputError for the name.
        """
        if upload.exam_id is not None:
            next_state(self._house.studies.load(upload.exam_id).exam.state, ExamEvent.IMPORT)
        who = Person(upload.who).name if upload.who else WORKSTATION
        work = _Import(self._house, upload, who)
        return self._jobs.start(work.run, exam_id=upload.exam_id, after=upload.discard)

    def interpret(self, exam_id: str) -> JobView:
        """Begin to interpret what is not; raises NotFound, and NotAllowed when there is nothing to do."""
        self.require_free()
        file = self._house.studies.load(exam_id)
        left = [recording for recording in file.recordings if not recording.interpretation]
        if not left:
            raise NotAllowed(f"{file.exam.title}: every recording has been interpreted")
        next_state(file.exam.state, ExamEvent.INTERPRET)
        return self._start_interpreting(exam_id, left)

    def resume(self) -> None:
        """Take up what an earlier stop cut off, one job for each examination, as far as there is room."""
        for exam_id in self._interpretable():
            left = [r for r in self._house.studies.load(exam_id).recordings if not r.interpretation]
            if left and not self._jobs.full:
                self._start_interpreting(exam_id, left)

    def _interpretable(self) -> list[str]:
        """Return the examinations whose state lets recordings be interpreted."""
        found: list[str] = []
        for state in (state for state in ExamState if (state, ExamEvent.INTERPRET) in NEXT):
            offset, total = 0, 1
            while offset < total:
                page = self._house.studies.search(state=state, limit=PAGE, offset=offset)
                found += [exam.id for exam in page.exams]
                offset, total = offset + PAGE, page.total
        return found

    def _start_interpreting(self, exam_id: str, left: list[Recording]) -> JobView:
        def work(job: Job) -> JobState:
            job.exam_ids.append(exam_id)
            job.recording_ids += [recording.id for recording in left]
            return interpret_all(self._house, job, left, WORKSTATION)

        return self._jobs.start(work, exam_id=exam_id)


@dataclass(slots=True)
class _Import:
    """One import: gather, import each recording, interpret each.

    Patients are kept apart: each gets a new examination of their own. `patients`: whom each recording is of;
    `made`: the new examination of each; `taken`: recordings by id, in the order of the upload.
    """

    house: House
    upload: Upload
    who: str
    patients: dict[RecordingPlan, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    taken: dict[str, Recording] = field(default_factory=dict)

    def run(self, job: Job) -> JobState:
        from echospine.workflow.exam import gather

        job.enter("looking at the files")
        gathered = gather(
            self.house.reader,
            self.upload.files,
            scratch=self.upload.folder,
            pixel_spacing_mm=self.upload.pixel_spacing_mm,
        )
        job.problems += gathered.problems
        self.patients = self._patients(gathered.plans)
        job.enter("importing", len(gathered.plans))
        for n, plan in enumerate(gathered.plans):
            job.attempt(plan.name, lambda plan=plan: self._take(job, plan))  # type: ignore[misc]
            job.step(n + 1)
        if not self.taken:
            if not job.problems:
                job.problems.append("the upload holds no recording; add a DICOM file, a sequence, a video or images")
            return JobState.FAILED
        left = [recording for recording in self.taken.values() if not recording.interpretation]
        interpret_all(self.house, job, left, self.who)
        return JobState.DONE

    def _take(self, job: Job, plan: RecordingPlan) -> None:
        """Bring one recording into the examination, which is made for the first one that is new."""
        from echospine.workflow.exam import find_again, import_recording

        recording = find_again(self.house, plan)
        if recording is None:
            imported = import_recording(self.house, self._exam_id(job, plan), plan, who=self.who)
            recording, already = imported.recording, imported.already
        else:
            already = True
        job.exam_id = job.exam_id or recording.exam_id
        if recording.exam_id not in job.exam_ids:
            job.exam_ids.append(recording.exam_id)
        if already:
            job.already.append(plan.name)
        if recording.id not in self.taken:
            self.taken[recording.id] = recording
            job.recording_ids.append(recording.id)

    def _patients(self, plans: Sequence[RecordingPlan]) -> dict[RecordingPlan, str]:
        """Return whom each recording is of; what names nobody goes with the only patient it came with."""
        from echospine.workflow.exam import patient_of

        found: dict[RecordingPlan, str] = {}
        for plan in plans:
            with suppress(InputError):  # told when it is imported
                found[plan] = patient_of(self.house, plan)
        named = sorted({patient for patient in found.values() if patient})
        alone = named[0] if len(named) == 1 else ""
        return {plan: patient or alone for plan, patient in found.items()}

    def _exam_id(self, job: Job, plan: RecordingPlan) -> str:
        from echospine.workflow.exam import create_exam

        if self.upload.exam_id is not None:
            return self.upload.exam_id
        patient = self.patients.get(plan, "")
        if patient not in self.made:
            title = self.upload.title or PurePosixPath(plan.name).name
            self.made[patient] = create_exam(self.house, title=title, who=self.who).id
            job.exam_id = job.exam_id or self.made[patient]
        return self.made[patient]


def interpret_all(house: House, job: Job, recordings: list[Recording], who: str) -> JobState:
    """Interpret each recording, with one bar over all their frames; a bad one is told, the others are done."""
    from echospine.workflow.exam import interpret_recording

    total, before, good = sum(r.n_frames for r in recordings), 0, 0
    job.enter("interpreting", total)
    for recording in recordings:
        offset = before

        job.say(f"interpreting {recording.name}")

        def work(recording: Recording = recording, offset: int = offset) -> None:
            interpret_recording(house, recording.id, who=who, on_frame=lambda done, _: job.step(offset + done))

        good += job.attempt(recording.name, work)
        before += recording.n_frames
        job.step(before)
    return JobState.DONE if good or not recordings else JobState.FAILED
