"""What was followed of recordings, by their content and the place, and the jobs that do it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from echospine.apps.server.importing.jobs import Job, Jobs
from echospine.apps.server.keeping.kept import Kept
from echospine.apps.server.problems import BUSY, Refused
from echospine.apps.server.schemas import JobKind, JobState, JobView
from echospine.domain.errors import NotAllowed
from echospine.domain.exams import Recording
from echospine.domain.images import Point
from echospine.ports import House

if TYPE_CHECKING:
    from collections.abc import Callable

    from echospine.domain.labels import Sector
    from echospine.workflow.motion import Cine, FieldPart, LayersPart, LinePart, Wanted

FIELDS, PLACES = 4, 64
"""How many grids (some MB each), and how many lines and layers are kept."""
Line: TypeAlias = tuple[Point, Point]


class Motions:
    """What was followed last. For any number of threads."""

    def __init__(self, house: House, jobs: Jobs) -> None:
        self._house = house
        self._jobs = jobs
        self._fields: Kept[str, FieldPart] = Kept(FIELDS)
        self._lines: Kept[tuple[str, Line], LinePart] = Kept(PLACES)
        self._layers: Kept[tuple[str, Point], LayersPart] = Kept(PLACES)

    def known(self, recording: Recording, wanted: Wanted) -> Cine:
        """Return the parts that are at hand."""
        from echospine.workflow.motion import Cine

        digest, line, layers = recording.digest, wanted.line_px, wanted.layers_px
        return Cine(
            self._fields.known(digest) if wanted.field else None,
            self._lines.known((digest, line)) if line is not None else None,
            self._layers.known((digest, layers)) if layers is not None else None,
        )

    def require(self, recording: Recording, wanted: Wanted) -> Cine:
        """Return all parts; raises NotAllowed while one is not at hand."""
        cine = self.known(recording, wanted)
        if _missing(cine, wanted) != type(wanted)(field=False):
            raise NotAllowed(f"{recording.name} has not been followed there yet; start its job and wait for it")
        return cine

    def start(self, recording: Recording, wanted: Wanted, sector: Callable[[], Sector]) -> JobView:
        """Begin to follow what is not at hand, in one walk through the recording. `sector`: tells its field.

        Raises Refused (503) while no further job can be started.
        """
        if self._jobs.full:
            raise Refused(BUSY, "too many jobs are waiting; try again when one of them has finished")

        def work(job: Job) -> JobState:
            job.recording_ids.append(recording.id)
            self._follow(job, recording, wanted, sector())
            return JobState.DONE

        return self._jobs.start(work, exam_id=recording.exam_id, kind=JobKind.MOTION)

    def _follow(self, job: Job, recording: Recording, wanted: Wanted, sector: Sector) -> None:
        from echospine.workflow.exam import open_recording
        from echospine.workflow.motion import follow_source

        left = _missing(self.known(recording, wanted), wanted)
        if left == type(wanted)(field=False):
            return
        job.enter("following the tissue", recording.n_frames)
        with open_recording(self._house, recording) as source:
            cine = follow_source(source, sector, left, lambda done, _: job.step(done))
        if cine.field is not None:
            self._fields.keep(recording.digest, cine.field)
        if cine.line is not None:
            self._lines.keep((recording.digest, cine.line.line_px), cine.line)
        if cine.layers is not None:
            self._layers.keep((recording.digest, cine.layers.middle_px), cine.layers)


def _missing(cine: Cine, wanted: Wanted) -> Wanted:
    """Return what is wanted and not there."""
    return replace(
        wanted,
        field=wanted.field and cine.field is None,
        line_px=wanted.line_px if cine.line is None else None,
        layers_px=wanted.layers_px if cine.layers is None else None,
    )
