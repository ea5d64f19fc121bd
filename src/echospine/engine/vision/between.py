"""Shapes between two key frames: interpolation of signed distances (Raya & Udupa 1990, IEEE TMI 9:32-42).

Each structure's distance to its own edge is interpolated, and the shape in between is where that is positive. Both
shapes are brought over each other by their centres first, and the result put where the centre is then: so a structure
that moves further than its own size does not vanish half-way (the object-centred form of Herman et al. 1992).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import center_of_mass, distance_transform_edt, shift

from echospine.domain.labels import Structure
from echospine.domain.units import Floats, Labels, Mask


def labels_between(first: Labels, last: Labels, share: float, structures: Sequence[Structure], under: Labels) -> Labels:
    """Return `under` with the structures' shapes at `share` of the way from `first` to `last`, uint8, (rows, columns).

    Where two structures would overlap, the one whose edge is further away has the cell. What `under` held of them is
    background first.
    """
    depths = [distance_between(first == one, last == one, share) for one in structures]
    deepest = np.argmax(depths, axis=0)
    there = np.max(depths, axis=0) > 0
    ids = np.array([int(one) for one in structures], np.uint8)
    cleared = np.where(np.isin(under, ids), 0, under)
    return np.where(there, ids[deepest], cleared).astype(np.uint8)


def distance_between(first: Mask, last: Mask, share: float) -> Floats:
    """Return the signed distance to the edge of the shape in between, cells, above zero inside.

    A shape that is missing at one end shrinks into its own middle on the way there.
    """
    if not (first.any() or last.any()):
        return np.full(first.shape, -float(sum(first.shape)))
    if not last.any():
        return _fading(first, share)
    if not first.any():
        return _fading(last, 1.0 - share)
    starts, ends = np.array(center_of_mass(first)), np.array(center_of_mass(last))
    way = ends - starts
    moved = [_moved(signed_distance(mask), by) for mask, by in ((first, share * way), (last, (share - 1.0) * way))]
    between: Floats = (1.0 - share) * moved[0] + share * moved[1]
    return between


def signed_distance(mask: Mask) -> Floats:
    """Return how far each cell's centre is from the edge of `mask`, cells, above zero inside; half a cell at least."""
    if mask.all():
        return np.full(mask.shape, float(sum(mask.shape)))
    inside, outside = (distance_transform_edt(one) for one in (mask, ~mask))
    distance: Floats = np.where(mask, inside - 0.5, 0.5 - outside)
    return distance


def _fading(mask: Mask, share: float) -> Floats:
    """Return the distance of a shape that has gone `share` of its way to nothing."""
    distance = signed_distance(mask)
    return distance - share * float(distance.max()) - (1e-9 if share >= 1.0 else 0.0)


def _moved(distance: Floats, by: Floats) -> Floats:
    """Return a distance map moved by (rows, columns); what comes in from beyond the edge lies as deep as the edge."""
    if not np.any(by):
        return distance
    moved: Floats = shift(distance, by, order=1, mode="nearest")
    return moved
