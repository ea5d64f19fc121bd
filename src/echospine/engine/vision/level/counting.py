"""Which vertebra lies in the middle of the picture, counted over a sweep: a hidden Markov filter.

State: height along the spine, what turns motion into levels, and what may be so of this person and this reader (four,
five or six lumbar vertebrae above what looks like the sacrum). Each look multiplies in what the picture says (a
histogram filter: Thrun, Burgard and Fox 2005, Probabilistic Robotics, ch. 4).
"""

from __future__ import annotations

import math

import numpy as np

from echospine.domain.sights import LevelBelief
from echospine.domain.units import Floats
from echospine.engine.vision.level.anatomy import COUNT_SHARES, LUMBAR_COUNTS, NAMES
from echospine.engine.vision.level.evidence import Evidence
from echospine.engine.vision.level.looks import Gathered, chance_of, sacrum_seen
from echospine.engine.vision.level.motion import HEIGHTS, RATE_SHARES, scale_shares, tracked, untracked
from echospine.engine.vision.level.words import Told, reason

LOOK_S, LOOK_MM = 0.1, 2.5
"""Frames are gathered into one look for so long, or until a tracked probe has moved so far."""
APART_S, APART_MM = 0.65, 9.0
UNTRACKED_APART_S = 0.35
"""Looks so far apart err independently; nearer ones count as parts of one."""
RESTART = 0.0005
"""Chance per look that all before was misled."""
MISLED = 0.03
"""Share of counts that go wrong for reasons that this filter knows nothing of; it is spread over all levels."""
ANCHOR_LOOKS = 1.2
"""So many independent looks at sacrum or rib make an anchor."""
UNANCHORED_MOST, UNTRACKED_MOST = 0.6, 0.85
"""Largest share of a level while nothing has been counted from, and while the probe's way is only guessed."""


class LevelFilter:
    """Counts levels over one sweep; fed with every frame once."""

    def __init__(self) -> None:
        self._tracked = False
        self._belief = _anywhere(COUNT_SHARES[:, None] * RATE_SHARES)
        self._gathered = Gathered()
        self._last_s: float | None = None
        self._seen_s: float | None = None
        self._sacrum_looks = self._rib_looks = 0.0

    def update(self, evidence: Evidence, time_s: float) -> LevelBelief:
        """Return which level is in the middle of the picture, given this frame and all before it."""
        if evidence.jumped or (self._last_s is not None and time_s < self._last_s):
            self._forget()
        self._gathered.add(evidence, first=self._last_s is None)
        if self._gathered.frames and self._due(time_s):
            self._look(time_s)
        self._last_s = time_s
        return self._tell(time_s)

    def _forget(self) -> None:
        """Keep who it is, and forget where the probe is."""
        self._belief = _anywhere(self._belief.sum(axis=2))
        self._gathered = Gathered()
        self._last_s = self._seen_s = None
        self._sacrum_looks = self._rib_looks = 0.0

    def _due(self, time_s: float) -> bool:
        if self._seen_s is None:
            return True
        return time_s - self._seen_s >= LOOK_S or abs(self._gathered.moved_mm) >= LOOK_MM

    def _look(self, time_s: float) -> None:
        """Move the belief on, and weigh it with what was gathered."""
        held, passed_s = self._gathered, 0.0 if self._seen_s is None else time_s - self._seen_s
        if self._seen_s is not None:
            self._track(held.tracked)
        weight = self._weight(passed_s)
        self._belief = self._moved(passed_s) * chance_of(held) ** weight
        anywhere = _anywhere(self._belief.sum(axis=2))
        self._belief = (1.0 - RESTART) * self._belief / self._belief.sum() + RESTART * anywhere
        self._sacrum_looks += weight * sacrum_seen(held)
        self._rib_looks += weight * (held.mean("last_rib") or 0.0)
        self._gathered, self._seen_s = Gathered(), time_s

    def _track(self, tracked_now: bool) -> None:
        """Go over to another middle axis where tracking begins or ends."""
        if tracked_now != self._tracked:
            shares = scale_shares() if tracked_now else RATE_SHARES
            self._belief = shares[:, None] * self._belief.sum(axis=1, keepdims=True)
            self._tracked = tracked_now

    def _weight(self, passed_s: float) -> float:
        """Return how far this look counts as a new one, 0 to 1."""
        if self._seen_s is None:
            return 1.0
        if not self._tracked:
            return min(1.0, passed_s / UNTRACKED_APART_S)
        return min(1.0, math.hypot(passed_s / APART_S, abs(self._gathered.moved_mm) / APART_MM))

    def _moved(self, passed_s: float) -> Floats:
        """Return the belief after the way that was gathered, in `passed_s`, not yet weighed."""
        if self._tracked and not self._gathered.tracked:
            return _anywhere(self._belief.sum(axis=2)) if passed_s > APART_S else self._belief
        if self._tracked:
            return tracked(self._belief, self._gathered.moved_mm, passed_s)
        return untracked(self._belief, passed_s)

    def _tell(self, time_s: float) -> LevelBelief:
        dark_s = 0.0 if self._seen_s is None else time_s - self._seen_s
        belief = self._moved(dark_s) if dark_s > LOOK_S else self._belief
        heights = belief.sum(axis=(0, 1)) / belief.sum()
        shares = (1.0 - MISLED) * heights.reshape(len(NAMES), -1).sum(axis=1) + MISLED / len(NAMES)
        sacrum, rib = self._sacrum_looks >= ANCHOR_LOOKS, self._rib_looks >= ANCHOR_LOOKS
        if not (sacrum or rib):
            shares = _levelled(shares, UNANCHORED_MOST)
        elif not self._tracked:
            shares = _levelled(shares, UNTRACKED_MOST)
        five = float(belief[np.array(LUMBAR_COUNTS) == 5].sum() / belief.sum())
        told = Told(float(HEIGHTS[heights.argmax()]), sacrum, rib, dark_s, five, float(shares.max()), self._tracked)
        order = np.argsort(-shares, kind="stable")
        return LevelBelief(tuple((NAMES[n], float(shares[n])) for n in order), reason(told))


def _anywhere(shares: Floats) -> Floats:
    """Return a belief of those shares, (hypotheses, ways), in any height alike."""
    belief = np.repeat(shares[:, :, None], HEIGHTS.size, axis=2)
    return np.asarray(belief / belief.sum())


def _levelled(shares: Floats, most: float) -> Floats:
    """Return shares drawn towards each other until the largest is `most`."""
    flat = 1.0 / shares.size
    if shares.max() <= most:
        return shares
    part = (most - flat) / (shares.max() - flat)
    return np.asarray(part * shares + (1.0 - part) * flat)
