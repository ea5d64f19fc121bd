"""What one frame says about the level, taken from what is seen in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import BONES, Structure, View
from echospine.domain.sights import Bearing, StructureMap

LEAST_CONTACT = 0.3
"""Share of the face on skin below which a frame says nothing."""
LEAST_COLUMNS = 0.06
"""Share of the picture's columns that must show bone before its share of sacrum counts."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one frame says about the level; None for what it does not say.

    `sacrum_share`: of the bone in the picture; `sacral_view`, `last_rib`: probability that it is the sacral view, and
    that the last rib leaves the vertebra in its middle; `turn_rad`, `phase_rad`, `phase_sure`: see Bearing; `moved_mm`:
    of a tracked probe towards the feet since the frame before, None where it is not tracked; `jumped`: the pictures do
    not go on from those before (another recording, a cut, a freeze).
    """

    sacrum_share: float | None = None
    sacral_view: float | None = None
    last_rib: float | None = None
    turn_rad: float | None = None
    phase_rad: float | None = None
    phase_sure: float = 0.0
    moved_mm: float | None = None
    jumped: bool = False

    @property
    def blind(self) -> bool:
        """Whether the frame says nothing of where it is."""
        return self.sacrum_share is None and self.phase_rad is None and self.last_rib is None


def evidence_of(seen: Interpretation, bearing: Bearing | None, *, moved_mm: float | None = None) -> Evidence:
    """Return what a frame says: nothing but its motion where it is silent, or the probe has lost the skin."""
    contact = seen.quality.contact if bearing is None else min(seen.quality.contact, bearing.contact)
    if contact < LEAST_CONTACT or (seen.doubt is not None and seen.doubt.silent):
        return Evidence(moved_mm=moved_mm)
    return Evidence(
        sacrum_share=None if seen.structures is None else sacrum_share(seen.structures),
        sacral_view=None if seen.view is None else dict(seen.view.shares).get(View.SACRAL, 0.0),
        turn_rad=None if bearing is None else bearing.turn_rad,
        phase_rad=None if bearing is None else bearing.phase_rad,
        phase_sure=0.0 if bearing is None else bearing.phase_sure,
        moved_mm=moved_mm,
    )


def sacrum_share(found: StructureMap) -> float | None:
    """Return the share of columns with bone whose first bone is sacrum; None where hardly any bone is seen."""
    bone = np.isin(found.labels, [int(one) for one in BONES])
    columns = bone.any(axis=0)
    if columns.mean() < LEAST_COLUMNS:
        return None
    first = found.labels[bone.argmax(axis=0), np.arange(columns.size)]
    return float(np.mean(first[columns] == Structure.SACRUM))
