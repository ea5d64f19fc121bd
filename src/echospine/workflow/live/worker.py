"""One model in a thread of its own: a frame in, an answer for that frame out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from echospine.domain.errors import EchoSpineError, ModelError
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.ports import Model
from echospine.workflow.live.course import Course
from echospine.workflow.live.fields import Fields

log = logging.getLogger("echospine.live")


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a model made of the frame with that index: an interpretation, or what went wrong."""

    index: int
    interpretation: Interpretation | None
    trouble: str = ""


class Worker:
    """Interprets one frame at a time. `course`: follows what is seen from frame to frame; None: nothing does.

    The thread is a daemon: a model that hangs in it keeps neither a viewer nor the end of the process waiting.
    """

    def __init__(self, model: Model, course: Course | None, now_s: Callable[[], float]) -> None:
        self._model, self._course, self._now_s = model, course, now_s
        self._fields = Fields(model)
        self._changed = threading.Condition()
        self._todo: Frame | None = None
        self._begun_s: float | None = None
        self._answer: Answer | None = None
        self._closed = False
        self.answered = False
        """Whether the model has ever come back, with a result or with an error."""
        threading.Thread(target=self._run, name=f"eye {model.method}", daemon=True).start()

    def give(self, frame: Frame) -> bool:
        """Hand over a frame; False while an earlier one is still being worked on."""
        with self._changed:
            if self._begun_s is not None or self._closed:
                return False
            self._todo, self._begun_s, self._answer = frame, self._now_s(), None
            self._changed.notify_all()
            return True

    def answer(self, index: int, timeout_s: float) -> Answer | None:
        """Return the answer for the frame of that index, waiting at most `timeout_s`; never that of another."""
        with self._changed:
            self._changed.wait_for(lambda: self._answer is not None or self._closed, timeout_s)
            found = self._answer
            return found if found is not None and found.index == index else None

    def busy_s(self, now_s: float) -> float:
        """Return for how long the frame in hand has been worked on; 0 where there is none."""
        with self._changed:
            return 0.0 if self._begun_s is None else now_s - self._begun_s

    def close(self) -> None:
        """Let the thread end when it comes back."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while (frame := self._next()) is not None:
            answer = self._work(frame)
            with self._changed:
                self._answer, self._begun_s, self.answered = answer, None, True
                self._changed.notify_all()

    def _next(self) -> Frame | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._todo is not None)
            frame, self._todo = self._todo, None
            return None if self._closed else frame

    def _work(self, frame: Frame) -> Answer:
        """Return what the model makes of the frame; whatever it raises is an answer too."""
        try:
            return Answer(frame.index, self._interpreted(frame))
        except EchoSpineError as error:
            return Answer(frame.index, None, str(error))
        except Exception as error:
            log.exception("%s failed on frame %d", self._model.method, frame.index)
            return Answer(frame.index, None, f"the model {self._model.method} failed ({type(error).__name__})")

    def _interpreted(self, frame: Frame) -> Interpretation:
        now_s = self._now_s()
        field, changed = self._fields.field(frame, now_s)
        if changed and self._course is not None:
            self._course.cut()
        found = self._model.interpret(frame, field)
        if self._course is not None:
            found = self._course.update(found, frame, now_s if frame.time_s is None else frame.time_s)
        if found.frame_index != frame.index:
            raise ModelError(f"{self._model.method} answered for frame {found.frame_index} instead of {frame.index}")
        return found
