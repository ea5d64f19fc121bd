"""From the name of a place to millimetres."""

from __future__ import annotations

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side
from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.scene.record import Place
from echospine.engine.twin.scene.views import landmark_mm
from echospine.engine.twin.tissues import Tissue

TISSUES_AIMED_AT: dict[str, tuple[frozenset[Tissue], str]] = {
    "nerve": (frozenset({Tissue.NERVE_ROOT}), "facet"),
    "vessel": (frozenset({Tissue.SEGMENTAL_VESSEL}), "facet"),
    "dura": (frozenset({Tissue.DURA}), "interlaminar"),
}
"""Kinds of place that are tissue: which, and the landmark that the nearest of it is looked for around."""
REACH_MM = 45.0


def place_mm(anatomy: Anatomy, place: Place) -> Floats:
    """Return a place at rest, mm, Patient, (3,). Raises GeometryError where this patient has none of that name."""
    if place.kind in TISSUES_AIMED_AT:
        wanted, around = TISSUES_AIMED_AT[place.kind]
        found = nearest_of(anatomy, wanted, landmark_mm(anatomy, around, place.level, place.side), place.side)
    else:
        found = landmark_mm(anatomy, place.kind, place.level, place.side)
    return np.asarray(found + np.asarray(place.offset_mm))


def nearest_of(anatomy: Anatomy, wanted: frozenset[Tissue], around_mm: Floats, side: Side) -> Floats:
    """Return the middle of the voxel of `wanted` tissues nearest to a point, and on that side of it, mm, (3,)."""
    points = points_of(anatomy, wanted, around_mm)
    if side in (Side.LEFT, Side.RIGHT):
        points = points[points[:, 0] * (1.0 if side is Side.LEFT else -1.0) > 0.0]
    if not len(points):
        names = " or ".join(sorted(tissue.name.lower() for tissue in wanted))
        raise GeometryError(f"this patient has no {names} within {REACH_MM:g} mm of there")
    nearest: Floats = points[int(np.argmin(np.linalg.norm(points - around_mm, axis=1)))]
    return nearest


def points_of(anatomy: Anatomy, wanted: frozenset[Tissue], around_mm: Floats) -> Floats:
    """Return the middles of the voxels of `wanted` tissues in a box around a point, mm, (n, 3)."""
    counts = np.array(anatomy.tissues.shape[::-1])
    low, high = (
        np.clip(np.rint((around_mm + sign * REACH_MM - anatomy.origin_mm) / anatomy.spacing_mm), 0, counts).astype(int)
        for sign in (-1.0, 1.0)
    )
    part = anatomy.tissues[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
    index = np.argwhere(np.isin(part, [int(tissue) for tissue in wanted]))
    points: Floats = anatomy.origin_mm + anatomy.spacing_mm * (index[:, ::-1] + low)
    return points
