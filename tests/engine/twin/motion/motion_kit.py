"""What the tests of motion share: one layered back, its survey, and points in it."""

from __future__ import annotations

from functools import cache

import numpy as np

from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.motion import Back, Grid, grid_over, survey_back
from echospine.engine.twin.tissues import BONES, Tissue
from layered import layered_back

BONE = tuple(BONES)


@cache
def anatomy() -> Anatomy:
    return layered_back()


@cache
def left_back(step_y_mm: float = 1.0) -> Back:
    return survey_back(anatomy(), grid_over((2.0, 30.0, 30.0), (48.0, 92.0, 120.0), (2.0, step_y_mm, 2.0)))


def points_of(tissues: tuple[Tissue, ...], grid: Grid, margin_mm: float = 2.0, most: int = 20_000) -> np.ndarray:
    """Return places of voxels of these tissues inside `grid`, at most `most`, evenly picked."""
    body = anatomy()
    found = np.argwhere(np.isin(body.tissues, [int(one) for one in tissues]))[:, ::-1]
    places = found * body.spacing_mm + body.origin_mm
    inside = np.all((places > grid.origin_mm + margin_mm) & (places < grid.last_mm - margin_mm), axis=1)
    places = places[inside]
    return places[:: max(1, len(places) // most)]
