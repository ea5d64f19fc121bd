"""How far an untracked probe has slid within its own picture plane, by what moves through the picture."""

from __future__ import annotations

from echospine.domain.sights import StructureMap
from echospine.engine.vision.steady.cells import shift_of

KEEP_S = 0.25
"""For so long a map is compared with those after it, or until it has moved so far, cells: longer ways err less."""
KEEP_CELLS = 2.5
LEAST_AGREEMENT = 0.45
"""Maps that share less have nothing to do with each other."""
GAP_S = 0.5


class Slider:
    """Gives the way of the probe from frame to frame; fed with each frame once."""

    def __init__(self) -> None:
        self._kept: StructureMap | None = None
        self._kept_s = self._last_s = 0.0
        self._given = 0.0

    def update(self, found: StructureMap | None, column_mm: float | None, time_s: float) -> float | None:
        """Return by how much the probe slid towards the right of the picture since the frame before, mm.

        `column_mm`: width of a picture's pixel; None is returned where that or a map is missing, after a gap, or where
        the picture is another. Errs by about a tenth to a fifth, towards too little; so it may feed a count of levels,
        and nothing that is measured.
        """
        gap = self._kept is None or not 0.0 < time_s - self._last_s <= GAP_S
        self._last_s = time_s
        if found is None or column_mm is None or gap or self._kept is None or not _alike(self._kept, found):
            self._keep(found, time_s)
            return None
        right, _, agreement = shift_of(self._kept.labels, found.labels)
        if agreement < LEAST_AGREEMENT:
            self._keep(found, time_s)
            return None
        step, self._given = -right - self._given, -right
        if abs(right) >= KEEP_CELLS or time_s - self._kept_s >= KEEP_S:
            self._keep(found, time_s)
        return step * found.step_px * column_mm

    def _keep(self, found: StructureMap | None, time_s: float) -> None:
        self._kept, self._kept_s, self._given = found, time_s, 0.0


def _alike(one: StructureMap, other: StructureMap) -> bool:
    return (one.labels.shape, one.step_px) == (other.labels.shape, other.step_px)
