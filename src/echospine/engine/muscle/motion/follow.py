"""Points followed through a cine: from frame to frame, and against the first one, so that errors do not add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, Pixels, frozen
from echospine.engine.muscle.motion.matching import Matching, match

SURE = 0.6
"""Correlation with the first frame from which its answer is believed over the sum of steps."""
NEAR_PX = (3, 3)
"""How far around the sum of steps the first frame's block is sought."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Where points went.

    `displacement_px`: against the first frame, (n_frames, n_points, 2), x and y, NaN once a point is lost; `score`:
    correlation of each step, (n_frames, n_points), 1 in the first frame; `anchored`: whether the answer is by the first
    frame itself, same shape.
    """

    displacement_px: Floats
    score: Floats
    anchored: np.ndarray

    def __post_init__(self) -> None:
        for name in ("displacement_px", "score"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


def follow(frames: Iterable[Pixels], points_px: Floats, how: Matching | None = None) -> Followed:
    """Return where `points_px` (n, 2) of the first frame go through all frames, each grey, (height, width).

    Each step is matched to the frame before; then the block of the first frame is sought near where the steps lead, and
    where it is found again (correlation of SURE and more) its place is taken: so a muscle that contracts and comes back
    ends where it began. Raises GeometryError for no frame, or frames of several sizes.
    """
    how = how or Matching()
    near = Matching(how.half, NEAR_PX, 1, 0)
    points = np.asarray(points_px, np.float64).reshape(-1, 2)
    moved, scores, anchored = [np.zeros_like(points)], [np.ones(len(points))], [np.ones(len(points), bool)]
    first = last = None
    for frame in frames:
        if first is None or last is None:
            first = last = frame
            continue
        now = moved[-1]
        step = match(last, frame, np.where(np.isfinite(now), points + now, points), how)
        summed = now + step.displacement_px
        home = match(first, frame, points, near, guess_px=np.nan_to_num(summed))
        found = (home.score >= SURE) & np.isfinite(home.displacement_px[:, 0]) & np.isfinite(summed[:, 0])
        moved.append(np.where(found[:, None], home.displacement_px, summed))
        scores.append(step.score)
        anchored.append(found)
        last = frame
    if first is None:
        raise GeometryError("there is no frame to follow speckle through")
    return Followed(np.stack(moved), np.stack(scores), np.stack(anchored))
