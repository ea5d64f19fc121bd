"""Frames gathered into one look, and how likely a look is at each height."""

from __future__ import annotations

import cmath
import math

import numpy as np

from echospine.domain.units import Floats
from echospine.engine.vision.level.anatomy import LUMBAR_COUNTS, SHARE_EDGES, sacrum_chance
from echospine.engine.vision.level.evidence import Evidence
from echospine.engine.vision.level.motion import HEIGHTS

PHASE_SHARP, PHASE_FLOOR = 4.0, 0.12
"""Concentration of the phase that is read around the true one (von Mises), and share of phases that are misread."""
SACRAL_FROM, SACRAL_TO = -1.6, 0.8
"""Heights below the first sacral tip at which a picture may be the sacral view, levels."""
RIB_REACH = 0.6
"""The last rib is seen within so many levels of T12."""
SHARES = ("sacrum_share", "sacral_view", "last_rib")


class Gathered:
    """What frames say, until the next look; `frames`: those that say something of where they are."""

    def __init__(self) -> None:
        self.moved_mm = 0.0
        self.tracked = True
        self.frames = 0
        self.phase = 0j
        self.turn = 0j
        self._shares: dict[str, list[float]] = {name: [] for name in SHARES}

    def add(self, evidence: Evidence, *, first: bool) -> None:
        """Take one frame in; `first`: of a sweep, which has moved from nowhere."""
        if evidence.moved_mm is not None:
            self.moved_mm += evidence.moved_mm
        elif not first:
            self.tracked = False
        if evidence.blind:
            return
        self.frames += 1
        if evidence.phase_rad is not None:
            self.phase += cmath.rect(evidence.phase_sure, evidence.phase_rad)
        if evidence.turn_rad is not None:
            self.turn += cmath.rect(1.0, 2.0 * evidence.turn_rad)
        for name in SHARES:
            if (value := getattr(evidence, name)) is not None:
                self._shares[name].append(value)

    def mean(self, name: str) -> float | None:
        """Return the mean of one of SHARES; None where no frame says it."""
        said = self._shares[name]
        return sum(said) / len(said) if said else None

    @property
    def along(self) -> float:
        """How far the pictures lie along the spine, 0 to 1; a half where that is not known."""
        return 0.5 if self.turn == 0 else 0.5 - 0.5 * math.cos(cmath.phase(self.turn))


def chance_of(held: Gathered) -> Floats:
    """Return how likely a look is, (hypotheses, 1, heights), to a constant factor."""
    below = HEIGHTS[None, :] - (np.array(LUMBAR_COUNTS, np.float64)[:, None] + 1.0)
    chance = np.ones_like(below)
    if (share := held.mean("sacrum_share")) is not None:
        kind = int(np.digitize(share, SHARE_EDGES))
        chance = held.along * sacrum_chance(below, along=True)[..., kind]
        chance += (1.0 - held.along) * sacrum_chance(below, along=False)[..., kind]
    if (view := held.mean("sacral_view")) is not None:
        there = np.where((below > SACRAL_FROM) & (below < SACRAL_TO), 0.15 + 0.35 * held.along, 0.06)
        chance = chance * np.sqrt(_said(view, there))
    if (rib := held.mean("last_rib")) is not None:
        chance = chance * _said(rib, np.where(np.abs(HEIGHTS) < RIB_REACH, 0.85, 0.04))
    if held.frames and abs(held.phase) > 0.0:
        chance = chance * _phase_chance(held.phase / held.frames)
    return np.asarray(chance[:, None, :])


def sacrum_seen(held: Gathered) -> float:
    """Return how clearly the sacrum was in the picture, 0 to 1."""
    share, view = held.mean("sacrum_share") or 0.0, held.mean("sacral_view") or 0.0
    return min(1.0, max(2.0 * share if share >= SHARE_EDGES[0] else 0.0, view if view >= 0.5 else 0.0))


def _said(probability: float, there: Floats) -> Floats:
    """Return how likely it is that something is said to be there with that probability."""
    return np.asarray(probability * there + (1.0 - probability) * (1.0 - there))


def _phase_chance(mean: complex) -> Floats:
    """Return how likely a mean phase (its length says how sure) is at each height, mean over a period 1."""
    sharp = PHASE_SHARP * min(abs(mean), 1.0) ** 2
    peak = np.exp(sharp * np.cos(2.0 * np.pi * HEIGHTS - cmath.phase(mean))) / float(np.i0(sharp))
    return np.asarray((1.0 - PHASE_FLOOR) * peak + PHASE_FLOOR)
