"""What each view is known by, and how much of it a picture shows."""

from __future__ import annotations

import math

import numpy as np

from echospine.domain.labels import Structure, View
from echospine.domain.sights import StructureMap

_CANAL = frozenset({Structure.POSTERIOR_COMPLEX, Structure.DURAL_SAC})
HALLMARKS: dict[View, tuple[tuple[frozenset[Structure], ...], float]] = {
    View.TRANSVERSE_SPINOUS: ((frozenset({Structure.SPINOUS_PROCESS}),), 0.08),
    View.TRANSVERSE_INTERLAMINAR: ((_CANAL,), 0.15),
    View.MULTIFIDUS_TRANSVERSE: ((frozenset({Structure.MULTIFIDUS}),), 0.17),
    View.MIDLINE_SAGITTAL: ((frozenset({Structure.SPINOUS_PROCESS}),), 0.38),
    View.PARASAGITTAL_LAMINA: ((frozenset({Structure.LAMINA}), _CANAL), 0.22),
    View.PARASAGITTAL_ARTICULAR_PROCESS: ((frozenset({Structure.ARTICULAR_PROCESS}),), 0.42),
    View.PARASAGITTAL_TRANSVERSE_PROCESS: ((frozenset({Structure.TRANSVERSE_PROCESS}),), 0.17),
    View.FASCIA_LONGITUDINAL: ((frozenset({Structure.FASCIA}),), 0.80),
    View.SACRAL: ((frozenset({Structure.SACRUM}), _CANAL), 0.33),
}
"""Structures of a view (several groups: all are wanted), and the share of the picture's columns from which they make
it: somewhat less than the standard views of drawn people show."""


def hallmark_share(found: StructureMap, view: View) -> float:
    """Return the share of columns that show what a view is known by; of several groups the geometric mean."""
    seen = (found.labels > 0).any(axis=0)
    if not seen.any():
        return 0.0
    groups = HALLMARKS[view][0]
    shares = [float(np.isin(found.labels[:, seen], [int(s) for s in group]).any(axis=0).mean()) for group in groups]
    return math.prod(shares) ** (1.0 / len(shares))


def enough(view: View) -> float:
    """Return the share from which a picture shows a view."""
    return HALLMARKS[view][1]
