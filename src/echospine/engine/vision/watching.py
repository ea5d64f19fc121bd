"""What quality gains from frames before and from names: motion, and gain and depth by structure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Sector
from echospine.domain.units import Floats
from echospine.engine.vision.advice.knobs import knob_advice
from echospine.engine.vision.advice.moves import Advice, Move

BLOCKS = 40
"""Blocks along the shorter edge whose means are compared: larger than speckle, smaller than structures."""
LONGEST_S = 0.2
"""Frames further apart are not compared."""
STILL, FAST = 0.9, 0.6
"""Likeness of two frames down to which a picture is still (2 mm apart on the twin), and from which on it is another."""
LASTING = 3
"""Of so many frames in a row the median likeness counts."""
LEAST_CONTACT = 0.3


class Watcher:
    """Adds to the quality of each frame what the frames before it tell; fed with each frame once."""

    def __init__(self) -> None:
        self._before: Floats | None = None
        self._before_s = 0.0
        self._likeness: list[float] = []

    def update(self, seen: Interpretation, frame: Frame, time_s: float) -> Interpretation:
        """Return the interpretation with reasons for motion, gain and depth added, and its score lowered by motion."""
        likeness = self._compare(blocks(frame, seen.field.sector), time_s)
        reasons = list(seen.quality.reasons)
        score = seen.quality.score
        if likeness is not None and seen.quality.contact >= LEAST_CONTACT and likeness < STILL:
            reasons.append("the picture moves fast: slide more slowly, or hold still to measure")
            score *= 1.0 - 0.6 * min(1.0, (STILL - likeness) / (STILL - FAST))
        knob = knob_advice(seen, frame, None)
        if knob is not None and not _told(reasons, knob):
            reasons.append(_KNOBS[knob.move].format(int(knob.amount)))
        return replace(seen, quality=replace(seen.quality, score=round(score, 4), reasons=tuple(reasons)))

    def _compare(self, now: Floats, time_s: float) -> float | None:
        """Return how like the last frames are to each other, 1 the same; None where there is nothing to compare."""
        before, passed_s = self._before, time_s - self._before_s
        self._before, self._before_s = now, time_s
        if before is None or before.shape != now.shape or not 0.0 < passed_s <= LONGEST_S:
            self._likeness = []
            return None
        self._likeness = [*self._likeness, likeness(before, now)][-LASTING:]
        return float(np.median(self._likeness)) if len(self._likeness) == LASTING else None


_KNOBS = {
    Move.GAIN_UP: "muscle is nearly black: turn the gain up",
    Move.GAIN_DOWN: "muscle is too bright: turn the gain down",
    Move.DEPTH: "the depth does not fit what is shown: set it to {0} mm",
}


def _told(reasons: list[str], knob: Advice) -> bool:
    return knob.move in (Move.GAIN_UP, Move.GAIN_DOWN) and any("gain" in one for one in reasons)


def blocks(frame: Frame, sector: Sector) -> Floats:
    """Return mean grey of blocks of the picture, less that of their depth, NaN outside the field, (rows, columns)."""
    edge = max(1, min(frame.geometry.height, frame.geometry.width) // BLOCKS)
    rows, columns = frame.geometry.height // edge, frame.geometry.width // edge
    grey = frame.grey[: rows * edge, : columns * edge].reshape(rows, edge, columns, edge)
    middle = edge * np.arange(rows) + edge // 2
    places = edge * np.arange(columns) + edge // 2
    with np.errstate(invalid="ignore"):
        inside = (middle[:, None] >= sector.top_px[places]) & (middle[:, None] <= sector.bottom_px[places])
    means = np.where(inside, grey.mean(axis=(1, 3), dtype=np.float32), np.nan)
    count = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    return np.asarray(means - np.where(inside, means, 0.0).sum(axis=1, keepdims=True) / count, np.float64)


def likeness(one: Floats, other: Floats) -> float:
    """Return the correlation of two pictures' blocks, -1 to 1; 1 where neither shows anything."""
    both = np.isfinite(one) & np.isfinite(other)
    a, b = one[both], other[both]
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 1e-6 else 1.0
