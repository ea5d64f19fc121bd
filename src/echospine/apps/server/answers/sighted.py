"""What a learned model adds to surfaces, as the page is told of it, live and stored: map, landmarks, view, level."""

from __future__ import annotations

import numpy as np

from echospine.apps.server.live import sights
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure
from echospine.domain.sights import Sighting, StructureMap

LEAST_SHARE = 0.01


def map_view(grid: StructureMap, size: int) -> sights.SeenMap:
    """Return where a map lies and what it holds; `size`: of its runs, bytes."""
    names = len(Structure)
    labels = grid.labels.ravel()
    cells = np.bincount(labels, minlength=names)
    sums = np.bincount(labels, weights=grid.probability.ravel(), minlength=names)
    return sights.SeenMap(
        columns=grid.labels.shape[1],
        rows=grid.labels.shape[0],
        x_px=grid.corner_px[0],
        y_px=grid.corner_px[1],
        step_px=grid.step_px,
        size=size,
        structures=[_structure(int(one), float(sums[one] / cells[one]) / 255) for one in np.flatnonzero(cells) if one],
    )


def _structure(place: int, probability: float) -> sights.SeenStructure:
    return sights.SeenStructure(id=place, structure=Structure(place).label, probability=round(probability, 3))


def landmark_view(one: Sighting, geometry: ImageGeometry) -> sights.SeenLandmark:
    """Return a landmark with the 95 % ellipse of its doubt."""
    long_px, short_px, turn = one.ellipse_mm((1.0, 1.0))
    region = geometry.main_region()
    return sights.SeenLandmark(
        landmark=one.landmark,
        at_px=(round(one.at_px[0], 2), round(one.at_px[1], 2)),
        long_px=round(long_px, 2),
        short_px=round(short_px, 2),
        turn_rad=round(turn, 3),
        long_mm=round(one.ellipse_mm(region.step_mm)[0], 2) if region else None,
        confidence=round(one.confidence, 3),
    )


def view_shares(found: Interpretation) -> list[sights.ViewShare]:
    """Return the views worth telling, likeliest first; none where the model knows no views."""
    if found.view is None:
        return []
    return [
        sights.ViewShare(view=view, share=round(share, 3)) for view, share in found.view.shares if share >= LEAST_SHARE
    ]


def level_view(found: Interpretation) -> sights.LevelView | None:
    """Return the levels worth telling, or None where the model knows no levels."""
    if found.level is None:
        return None
    shares = [sights.LevelShare(level=name, share=round(p, 3)) for name, p in found.level.shares if p >= LEAST_SHARE]
    return sights.LevelView(shares=shares, sure=found.level.surely(), reason=found.level.reason)
