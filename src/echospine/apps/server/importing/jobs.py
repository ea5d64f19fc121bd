"""Long work in the background: a bounded pool, progress that a page can show, and cancelling.

A job itself is forgotten when the server stops; what it imported was durable when it was reported, and what
was left without interpretation is taken up again by the next start. Threads do the work: nearly all of it is
spent in kernels that do not hold Python's lock, so pictures are answered meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from echospine.apps.server.schemas import JobKind, JobState, JobView
from echospine.domain.errors import EchoSpineError, NotFound

KEPT_JOBS = 200
"""How many finished jobs are remembered."""

log = logging.getLogger("echospine.server")


class Cancelled(Exception):  # noqa: N818 -- it is no error: somebody asked for it
    """The person, or a stopping server, asked the job to end."""


@dataclass(slots=True, eq=False)
class Job:
    """One piece of work and how far it is. Its worker changes it; any thread may look."""

    id: str
    exam_id: str | None = None
    kind: JobKind = JobKind.IMPORT
    state: JobState = JobState.RUNNING
    stage: str = "waiting for other work to finish"
    done: int = 0
    total: int = 0
    exam_ids: list[str] = field(default_factory=list)
    recording_ids: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _since_s: float = 0.0
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, stage: str, total: int = 0) -> None:
        """Begin a stage of `total` steps; raises Cancelled when that was asked for."""
        self.check()
        with self._lock:
            self.stage, self.done, self.total, self._since_s = stage, 0, total, time.monotonic()

    def say(self, stage: str) -> None:
        """Name the part of the stage that is being done now."""
        with self._lock:
            self.stage = stage

    def step(self, done: int) -> None:
        """Tell that `done` steps of the stage are done; raises Cancelled when that was asked for."""
        self.check()
        with self._lock:
            self.done = done

    def check(self) -> None:
        """Raise Cancelled when that was asked for."""
        if self._cancelled.is_set():
            raise Cancelled

    def attempt(self, name: str, work: Callable[[], None]) -> bool:
        """Do `work` on the thing of that name; what goes wrong with it becomes a problem line, and False."""
        self.check()
        try:
            work()
        except EchoSpineError as error:
            text = str(error)
            self.problems.append(text if name in text else f"{name}: {text}")
        except Cancelled:
            raise
        except Exception as error:
            number = uuid.uuid4().hex[:12]
            log.exception("unexpected error %s in a job, at %s", number, name, exc_info=error)
            self.problems.append(f"{name}: this is a fault of EchoSpine; its log holds the details under {number}")
        else:
            return True
        return False

    def cancel(self) -> None:
        """Ask the worker to end."""
        self._cancelled.set()

    def finish(self, state: JobState) -> None:
        """Come to an end; it stays."""
        with self._lock:
            self.state, self.stage = state, state.value

    def view(self) -> JobView:
        """Return what there is to say now."""
        with self._lock:
            return JobView(
                id=self.id,
                kind=self.kind,
                state=self.state,
                stage=self.stage,
                done=self.done,
                total=self.total,
                seconds_left=self._seconds_left(),
                exam_id=self.exam_id,
                exam_ids=list(self.exam_ids),
                recording_ids=list(self.recording_ids),
                already=list(self.already),
                problems=list(self.problems),
            )

    def _seconds_left(self) -> float | None:
        if self.state is not JobState.RUNNING or not 0 < self.done <= self.total:
            return None
        spent_s = time.monotonic() - self._since_s
        return round(spent_s * (self.total - self.done) / self.done, 1)


Work = Callable[[Job], JobState]
"""What a job does; it returns how it ended."""


class Jobs:
    """All jobs of one server. `workers` run at a time, at most `capacity` wait or run."""

    def __init__(self, workers: int, capacity: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="echospine-job")
        self._capacity = capacity
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    @property
    def full(self) -> bool:
        """True while no further job can be started."""
        with self._lock:
            return sum(job.state is JobState.RUNNING for job in self._jobs.values()) >= self._capacity

    def start(
        self,
        work: Work,
        *,
        exam_id: str | None = None,
        kind: JobKind = JobKind.IMPORT,
        after: Callable[[], None] | None = None,
    ) -> JobView:
        """Begin `work` as soon as a worker is free; `after` is called however it ends, also when it never began."""
        job = Job(uuid.uuid4().hex, exam_id, kind)
        with self._lock:
            self._jobs[job.id] = job
            self._forget()
        self._pool.submit(_run, job, work, after)
        return job.view()

    def list(self) -> list[JobView]:
        """Return all that are remembered, newest first."""
        with self._lock:
            jobs = list(self._jobs.values())
        return [job.view() for job in reversed(jobs)]

    def get(self, job_id: str) -> JobView:
        """Return one; raises NotFound."""
        return self._job(job_id).view()

    def cancel(self, job_id: str) -> JobView:
        """Ask one to end; a finished one is left alone. Raises NotFound."""
        job = self._job(job_id)
        job.cancel()
        return job.view()

    def close(self) -> None:
        """Cancel all and wait for the frames in hand."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.cancel()
        self._pool.shutdown(wait=True)

    def _job(self, job_id: str) -> Job:
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None:
            raise NotFound(f"there is no job {job_id[:80]}; jobs are forgotten when the server stops")
        return job

    def _forget(self) -> None:
        finished = [job.id for job in self._jobs.values() if job.state is not JobState.RUNNING]
        for job_id in finished[: max(0, len(finished) - KEPT_JOBS)]:
            del self._jobs[job_id]


def _run(job: Job, work: Work, after: Callable[[], None] | None) -> None:
    state = JobState.FAILED
    try:
        job.check()
        state = work(job)
    except Cancelled:
        state = JobState.CANCELLED
    except EchoSpineError as error:
        job.problems.append(str(error))
    except Exception as error:
        number = uuid.uuid4().hex[:12]
        log.exception("unexpected error %s in a job", number, exc_info=error)
        job.problems.append(
            f"this is a fault of EchoSpine, not of your input; its log holds the details under {number}"
        )
    finally:
        if after is not None:
            after()
        job.finish(state)
