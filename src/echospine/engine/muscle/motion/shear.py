"""Shear strain of the thoracolumbar fascia, each definition under its own name and never mixed.

There is no normal range: the number depends on the movement, the machine and the place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import InputError
from echospine.domain.labels import Method
from echospine.domain.units import Floats, frozen

LANGEVIN_APART_MM = 2.0
"""Between the centres of the superficial and the deep sub-region (Langevin et al. 2011)."""
LANGEVIN_2011 = Method("shear strain, Langevin 2011", "1")
"""|lateral displacement of superficial less deep sub-region| / 2 mm between their centres x 100, against the first
frame; the largest over the movement. Langevin et al. 2011, BMC Musculoskelet Disord 12:203."""
CUMULATED = Method("shear strain, cumulated", "1")
"""The sum of |changes from frame to frame| of the same: how much was sheared in all, to and fro."""
PEAK_TO_PEAK = Method("shear strain, peak to peak", "1")
"""The largest signed value less the smallest: both directions of a movement, however it began."""
MAXIMUM = Method("shear strain, maximum", "1")
"""The largest difference of principal strains, e1 - e2 = sqrt((exx - eyy)^2 + 4 exy^2) x 100, of the Green-Lagrange
strain that fits both layers best (Fung 1965, Foundations of Solid Mechanics, 4.2): it holds stretch along the layers,
too, and does not depend on how the probe is turned."""


@dataclass(frozen=True, slots=True, eq=False)
class Shear:
    """Shear between two layers over a cine, percent.

    `signed_percent`: of each frame against the first, (n_frames,), positive where the superficial layer has gone
    further along the picture's x.
    """

    signed_percent: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "signed_percent", frozen(self.signed_percent))

    def value(self, method: Method) -> float:
        """Return the strain by one of the definitions above, percent; raises InputError for another."""
        if method == LANGEVIN_2011:
            return float(np.abs(self.signed_percent).max())
        if method == CUMULATED:
            return float(np.abs(np.diff(self.signed_percent)).sum())
        if method == PEAK_TO_PEAK:
            return float(np.ptp(self.signed_percent))
        raise InputError(f"no shear strain is defined as '{method}'")


def maximum_shear_percent(points_mm: Floats, displacement_mm: Floats) -> float:
    """Return e1 - e2 of the strain of points between two frames, percent; see MAXIMUM.

    `points_mm`: where they were, `displacement_mm`: where they went, both (n, 2), NaN for lost ones. The gradient is
    the least-squares one of an affine movement. Raises InputError for fewer than three points, or points in a line.
    """
    kept = np.isfinite(displacement_mm[:, 0])
    places = points_mm[kept] - points_mm[kept].mean(axis=0) if kept.any() else points_mm[kept]
    if len(places) < 3 or np.linalg.matrix_rank(places, tol=1e-6) < 2:
        raise InputError("strain needs three points that are not in a line")
    gradient = np.linalg.lstsq(places, displacement_mm[kept] - displacement_mm[kept].mean(axis=0), rcond=None)[0].T
    stretch = gradient + np.eye(2)
    strain = 0.5 * (stretch.T @ stretch - np.eye(2))
    return float(100.0 * np.hypot(strain[0, 0] - strain[1, 1], 2.0 * strain[0, 1]))


def layer_shear(superficial_mm: Floats, deep_mm: Floats, apart_mm: float = LANGEVIN_APART_MM) -> Shear:
    """Return the shear between two layers; lateral displacements against the first frame, (n_frames, n_points), mm.

    The displacement of a layer is the median of its points, so that a lost one does no harm. Raises InputError where a
    layer has no point left in a frame, or the layers are not apart.
    """
    if not apart_mm > 0:
        raise InputError(f"shear needs two layers that are apart, not {apart_mm:g} mm")
    for name, layer in (("superficial", superficial_mm), ("deep", deep_mm)):
        if layer.ndim != 2 or np.isnan(layer).all(axis=1).any():
            raise InputError(f"the {name} layer was lost: mark a place where its speckle stays in the picture")
    glide_mm = np.nanmedian(superficial_mm, axis=1) - np.nanmedian(deep_mm, axis=1)
    return Shear(100.0 * glide_mm / apart_mm)
