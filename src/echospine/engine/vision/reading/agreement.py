"""A second opinion: how far a network's bone and the bone that is found without training agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from echospine.domain.labels import BONES, Surface
from echospine.domain.units import Floats, Mask

NEAR_MM = 2.0
"""Two surfaces agree in a column where they lie this near."""
SURE = 0.5
"""Columns in which a finder is less sure than this of what it found are not asked about."""
LEAST_SHARE = 0.5
"""Agreement below this is told."""
LEAST_COLUMNS = 0.05
"""Of the picture's width: fewer columns with bone are too few to compare."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Share of the columns with bone in which both see it in the same place; `columns`: how many there are.

    `network_only`, `finder_only`: share of those columns in which one alone sees bone.
    """

    share: float
    columns: int
    network_only: float
    finder_only: float
    compared: bool

    @property
    def reason(self) -> str:
        """Return one sentence for a clinician where the two disagree, else nothing."""
        if not self.compared or self.share >= LEAST_SHARE:
            return ""
        start = f"two ways of finding bone agree in only {self.share:.0%} of the columns with bone"
        if self.network_only > 0.5:
            return f"{start}: most of the named bone casts no clear shadow"
        if self.finder_only > 0.5:
            return f"{start}: most of what shines and casts a shadow was not named bone"
        return f"{start}: they see it at different depths"


def agreement_of(named: Iterable[Surface], finder: Surface | None, step_mm: float, width: int) -> Agreement:
    """Return how far surfaces of bone agree with the finder's. `step_mm`: height of a row, mm; `width`: columns.

    A column agrees where any named bone lies within NEAR_MM of the finder's. Columns count that have bone by either;
    how sure the network is of the name does not matter here.
    """
    ours = [surface for surface in named if surface.structure in BONES]
    rows = np.array([surface.row_px for surface in ours]).reshape(-1, width)
    theirs = _sure_rows(finder, width)
    here: Mask = np.isfinite(rows).any(axis=0)
    there: Mask = np.isfinite(theirs)
    with np.errstate(invalid="ignore"):
        near = (np.abs(rows - theirs) * step_mm <= NEAR_MM).any(axis=0)
    either = here | there
    count = int(np.count_nonzero(either))
    if count == 0:
        return Agreement(1.0, 0, 0.0, 0.0, compared=False)
    shares = [float(np.count_nonzero(one)) / count for one in (near, here & ~there, there & ~here)]
    return Agreement(shares[0], count, shares[1], shares[2], compared=count >= LEAST_COLUMNS * width)


def _sure_rows(surface: Surface | None, width: int) -> Floats:
    if surface is None:
        return np.full(width, np.nan)
    return np.where(surface.confidence >= SURE, surface.row_px, np.nan)
