"""What one frame alone does not tell: which level it is, whether the probe moves, and where things really stand."""

from __future__ import annotations

from dataclasses import replace

from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.poses import Pose
from echospine.engine.vision.bearing import held, moved_to_feet_mm
from echospine.engine.vision.level import LevelFilter, evidence_of
from echospine.engine.vision.steady import Steady
from echospine.engine.vision.watching import Watcher
from echospine.workflow.live.second import SecondOpinion


class Sweep:
    """Counts levels over a sweep, watches its quality, and holds steady what is shown.

    What a model says of the level itself is left as it is; where it does not say where pictures lie, none is counted.
    `second`: who else is asked about bone; None: nobody.
    """

    def __init__(self, second: SecondOpinion | None = None) -> None:
        self._second = second
        self._count = LevelFilter()
        self._counting = False
        self._held: Pose | None = None
        self._turn_rad: float | None = None
        self.cut()

    def cut(self) -> None:
        """Carry no places on to the next picture. The count goes on: a turned knob moves no probe."""
        self._steady, self._watcher = Steady(), Watcher()

    def update(self, seen: Interpretation, frame: Frame, time_s: float) -> Interpretation:
        """Return what is to be shown of a frame."""
        weighed = seen if self._second is None else self._second.update(seen, frame)
        counted = self._counted(weighed, frame, time_s)
        return self._steady.update(self._watcher.update(counted, frame, time_s), time_s)

    def _counted(self, seen: Interpretation, frame: Frame, time_s: float) -> Interpretation:
        self._counting |= seen.bearing is not None
        moved_mm = self._moved_mm(seen, frame)
        if seen.level is not None or not self._counting:
            return seen
        return replace(seen, level=self._count.update(evidence_of(seen, seen.bearing, moved_mm=moved_mm), time_s))

    def _moved_mm(self, seen: Interpretation, frame: Frame) -> float | None:
        """Return how far a tracked probe moved to the feet since the frame before; None where nobody knows."""
        before, self._held = self._held, held(frame)
        if seen.bearing is not None:
            self._turn_rad = seen.bearing.turn_rad
        now, turn_rad = self._held, self._turn_rad
        if before is None or now is None or before.target != now.target or turn_rad is None:
            return None
        return moved_to_feet_mm(before, now, turn_rad)
