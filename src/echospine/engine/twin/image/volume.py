"""The tissue at a place at rest, with what has been put into it."""

from __future__ import annotations

import numpy as np

from echospine.engine.twin.image.compiled import inlined
from echospine.engine.twin.image.tables import Volume


@inlined
def tissue_of(volume: Volume, i: np.uint64, j: np.uint64, k: np.uint64) -> np.uint64:
    """Return the tissue of a voxel, with what has been put into it; 0 (AIR) outside the volume."""
    n_z, n_y, n_x = volume.tissues.shape
    if i >= np.uint64(n_x) or j >= np.uint64(n_y) or k >= np.uint64(n_z):
        return np.uint64(0)
    found = np.uint64(volume.tissues[k, j, i])
    for n in range(volume.inclusions.shape[0]):
        row = volume.inclusions[n]
        x = (volume.origin[0] + np.float64(i) / volume.per_mm - row[0]) / row[3]
        y = (volume.origin[1] + np.float64(j) / volume.per_mm - row[1]) / row[4]
        z = (volume.origin[2] + np.float64(k) / volume.per_mm - row[2]) / row[5]
        if x * x + y * y + z * z < 1.0:
            found = np.uint64(row[6])
    return found
