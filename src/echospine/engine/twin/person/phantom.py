"""Teaching phantoms: a person's bones, cast in one even tissue."""

from __future__ import annotations

import numpy as np

from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.tissues import BONES, Tissue

KEPT = BONES | {Tissue.AIR, Tissue.GEL, Tissue.SKIN}
"""What a phantom has in common with the person: bones, skin, and what is outside."""


def cast(anatomy: Anatomy, tissue: Tissue) -> Anatomy:
    """Return `anatomy` with all but bone and skin made of one tissue, landmarks and vertebrae as they were."""
    table = np.full(256, int(tissue), np.uint8)
    for kept in KEPT:
        table[int(kept)] = int(kept)
    return Anatomy(
        table[anatomy.tissues],
        anatomy.bone_distance,
        anatomy.origin_mm,
        anatomy.spacing_mm,
        anatomy.landmarks,
        anatomy.vertebrae,
    )
