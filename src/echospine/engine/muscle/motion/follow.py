"""Points followed through a cine: from frame to frame, and against the first one, so that errors do not add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, Mask, Pixels, frozen
from echospine.engine.muscle.motion.matching import Matching, Seen, match_seen, seen

SURE = 0.6
"""Correlation with the first frame from which its answer is believed over the sum of steps."""
TORN = 0.45
"""Correlation of a step under which it leads nowhere: blocks of unlike speckle reach nearly as much by chance."""
NEAR_PX = (3, 3)
"""How far around the sum of steps the first frame's block is sought."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Where points went.

    `displacement_px`: against the first frame, (n_frames, n_points, 2), x and y, NaN while a point is lost; `score`:
    correlation of each step, (n_frames, n_points), 1 in the first frame, NaN for a frame that was missing; `anchored`:
    whether the answer is by the first frame itself, same shape; `drift_px`: how far the step forth and back misses
    where it began, same shape, NaN where there was no step.
    """

    displacement_px: Floats
    score: Floats
    anchored: Mask
    drift_px: Floats

    def __post_init__(self) -> None:
        for name in ("displacement_px", "score", "drift_px"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def part(self, points: slice) -> Followed:
        """Return some of the points."""
        return Followed(
            self.displacement_px[:, points],
            self.score[:, points],
            self.anchored[:, points],
            self.drift_px[:, points],
        )


class Follower:
    """Follows points through frames that are shown one after the other, in constant memory but for the answers.

    Each step is matched to the frame before; then the block of the first frame is sought near where the steps lead, and
    where it is found again (correlation of SURE and more) its place is taken: so a muscle that contracts and comes back
    ends where it began. A step that correlates less than TORN loses the point until the first frame's block is found
    again where it was.
    """

    def __init__(self, points_px: Floats, how: Matching | None = None) -> None:
        self._points = np.asarray(points_px, np.float64).reshape(-1, 2)
        self._how = how or Matching()
        self._near = Matching(self._how.half, NEAR_PX, 1, 0, back=False)
        self._first: Seen | None = None
        self._last: Seen | None = None
        self._now = np.zeros_like(self._points)
        self._rows: list[tuple[Floats, Floats, Mask, Floats]] = []

    def see(self, frame: Pixels) -> None:
        """Take the next frame, grey, (height, width). Raises GeometryError where it is of another size."""
        self.take(seen(frame, self._how.levels))

    def take(self, frame: Seen) -> None:
        """Take the next frame, prepared by `seen`, for several followers to share."""
        if self._first is None or self._last is None:
            self._first = self._last = frame
            self._keep(self._now, np.ones(len(self._points)), np.ones(len(self._points), np.bool_))
            return
        if frame[0].grey.shape != self._first[0].grey.shape:
            sizes = f"{self._first[0].grey.shape} and {frame[0].grey.shape}"
            raise GeometryError(f"speckle is followed between grey frames of one size, not {sizes}")
        there = np.isfinite(self._now)
        step = match_seen(self._last, frame, np.where(there, self._points + self._now, self._points), self._how)
        summed = np.where((step.score < TORN)[:, None], np.nan, self._now + step.displacement_px)
        home = match_seen(self._first, frame, self._points, self._near, guess_px=np.nan_to_num(summed))
        found = (home.score >= SURE) & np.isfinite(home.displacement_px[:, 0])
        self._now = np.where(found[:, None], home.displacement_px, summed)
        self._keep(self._now, step.score, found, step.drift_px)
        self._last = frame

    def miss(self) -> None:
        """Take note of a frame that cannot be read: the next one is matched to the one before it."""
        nothing = np.full(len(self._points), np.nan)
        self._keep(np.full_like(self._points, np.nan), nothing, np.zeros(len(self._points), np.bool_))

    def followed(self) -> Followed:
        """Return where the points went so far; raises GeometryError before the first frame."""
        if self._first is None:
            raise GeometryError("there is no frame to follow speckle through")
        moved, score, anchored, drift = (np.stack(each) for each in zip(*self._rows, strict=True))
        return Followed(moved, score, anchored, drift)

    def _keep(self, moved: Floats, score: Floats, anchored: Mask, drift: Floats | None = None) -> None:
        self._rows.append((moved, score, anchored, np.full(len(score), np.nan) if drift is None else drift))


def follow(frames: Iterable[Pixels], points_px: Floats, how: Matching | None = None) -> Followed:
    """Return where `points_px` (n, 2) of the first frame go through all frames, each grey, (height, width).

    See `Follower`. Raises GeometryError for no frame, or frames of several sizes.
    """
    follower = Follower(points_px, how)
    for frame in frames:
        follower.see(frame)
    return follower.followed()
