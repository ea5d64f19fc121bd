"""What looks at live pictures: a model in a thread of its own, which may be slow, raise or hang and harms nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.ports import Model
from echospine.workflow.live.course import Course
from echospine.workflow.live.pace import Pace, PaceReport
from echospine.workflow.live.worker import Answer, Worker


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a model is waited for, seconds, and how often it may fail.

    `frame_s`: for one frame, which is then shown without; `hang_s`: until a model that does not come back counts as
    hung; `first_s`: the same for its first frame, for which it may load and compile; `failures`: in a row, until
    another model stands in.
    """

    frame_s: float = 0.5
    hang_s: float = 2.0
    first_s: float = 120.0
    failures: int = 5


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One frame, and what was seen in it.

    `interpretation`: None where nobody interprets, or where `trouble` says why this frame has none; `trouble` may also
    say that another model stands in; `taken_s`, `ready_s`: when it was taken from the source and when it was
    interpreted, monotonic.
    """

    frame: Frame
    interpretation: Interpretation | None
    trouble: str
    taken_s: float
    ready_s: float


@dataclass(frozen=True, slots=True)
class EyeCounts:
    """Frames so far: `seen` with an interpretation, `blank` without."""

    seen: int = 0
    blank: int = 0


class Eye:
    """Says of each frame what is seen in it, or why nothing can be said, within its patience.

    `models`: the one that is wanted, then those that stand in for it when it fails (the training-free one last);
    `course`: makes what follows one model's sights from frame to frame. One thread asks at a time.
    """

    def __init__(
        self,
        models: Sequence[Model],
        *,
        course: Callable[[], Course] | None = None,
        patience: Patience | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._models, self._course, self._now_s = tuple(models), course, now_s
        self._patience = patience or Patience()
        self._pace = Pace()
        self._place = 0
        self._failures = 0
        self._notice = ""
        self._closed = False
        self._worker = self._employ()
        self.counts = EyeCounts()

    def see(self, frame: Frame) -> Seen:
        """Return the frame with what was seen in it; it never raises for what a model does."""
        taken_s = self._now_s()
        self._replace_if_hung()
        answer = self._ask(frame)
        if answer is None:
            found, trouble = None, self._why_none()
        else:
            found, trouble = answer.interpretation, answer.trouble or self._notice
            self._learn(answer)
        ready_s = self._now_s()
        if found is None:
            self.counts = EyeCounts(self.counts.seen, self.counts.blank + 1)
        else:
            self.counts = EyeCounts(self.counts.seen + 1, self.counts.blank)
            self._pace.count(taken_s if frame.arrived_s is None else frame.arrived_s, ready_s)
        return Seen(frame, found, trouble, taken_s, ready_s)

    def report(self) -> PaceReport:
        """Return how long frames take from their arrival until they are interpreted; any thread may ask."""
        return self._pace.report(self._now_s())

    def close(self) -> None:
        """Let the model's thread end; one that hangs is left behind, and ends with the process."""
        self._closed = True
        self._worker.close()

    def __enter__(self) -> Eye:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _ask(self, frame: Frame) -> Answer | None:
        """Return the answer for this very frame; None when there is none in time."""
        if not self._worker.give(frame):
            return None
        answer = self._worker.answer(frame.index, self._patience.frame_s)
        if answer is None and self._worker.answered:
            self._fail("it takes too long for one picture")
        return answer

    def _why_none(self) -> str:
        name = self._models[self._place].method.name
        if not self._worker.answered:
            return f"The model is getting ready ({name})."
        return f"The model is too slow; this picture is shown without what is seen in it ({name})."

    def _learn(self, answer: Answer) -> None:
        if answer.interpretation is None:
            self._fail(answer.trouble)
        else:
            self._failures = 0

    def _replace_if_hung(self) -> None:
        busy_s = self._worker.busy_s(self._now_s())
        limit_s = self._patience.hang_s if self._worker.answered else self._patience.first_s
        if busy_s > limit_s:
            self._stand_in(f"it did not answer for {busy_s:.0f} s")

    def _fail(self, why: str) -> None:
        self._failures += 1
        if self._failures >= self._patience.failures:
            self._stand_in(f"it failed {self._failures} times in a row: {why}")

    def _stand_in(self, why: str) -> None:
        """Let the next model go on, where there is one."""
        if self._closed or self._place + 1 == len(self._models):
            return
        failed = self._models[self._place].method
        self._worker.close()
        self._place, self._failures = self._place + 1, 0
        self._notice = f"{self._models[self._place].method.name} stands in for {failed}: {why.rstrip('.')}."
        self._worker = self._employ()

    def _employ(self) -> Worker:
        course = None if self._course is None else self._course()
        return Worker(self._models[self._place], course, self._now_s)
