"""Depth of a surface below the face of the probe, along the beam."""

from __future__ import annotations

import numpy as np

from echospine.domain.errors import UncalibratedError
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Sector, Structure
from echospine.domain.units import Floats


def depth_profile_mm(
    geometry: ImageGeometry, interpretation: Interpretation, structure: Structure = Structure.BONE
) -> Floats:
    """Return the depth of `structure` below the probe face per column, mm, shape (width,), NaN where not seen.

    BONE is bone whichever part it is. Linear probe: straight down from the first row of the field. Curved probe: along
    the beam through the centre of its arcs, that is |p - apex| - |face - apex|.
    Raises UncalibratedError where the picture has no mm.
    """
    region = geometry.main_region()
    if region is None:
        raise UncalibratedError("uncalibrated: the picture carries no millimetres")
    surface = interpretation.bone() if structure is Structure.BONE else interpretation.surface(structure)
    if surface is None:
        return np.full(geometry.width, np.nan)
    sector = interpretation.field.sector
    columns = np.arange(geometry.width)
    inside = (columns >= region.x0) & (columns <= region.x1)
    inside &= (surface.row_px >= region.y0 - 0.5) & (surface.row_px < region.y1 + 0.5)
    depth = beam_depth_mm(sector, surface.row_px, region.step_mm)
    return np.where(inside, depth, np.nan)


def beam_depth_mm(sector: Sector, rows_px: Floats, step_mm: tuple[float, float]) -> Floats:
    """Return the distance from the probe face to (column, row) along the beam, mm, shape (width,).

    `step_mm`: size of a column and of a row step. Columns outside the field give NaN on a linear probe.
    """
    step_x, step_y = step_mm
    if sector.apex_px is None:
        straight: Floats = (rows_px - sector.top_px) * step_y
        return straight
    apex_x, apex_y = sector.apex_px
    x_mm = np.asarray((np.arange(rows_px.size) - apex_x) * step_x, np.float64)
    radius: Floats = np.hypot(x_mm, (rows_px - apex_y) * step_y)
    return radius - _face_radius_mm(sector, x_mm, apex_y, step_y)


def _face_radius_mm(sector: Sector, x_mm: Floats, apex_y: float, step_y: float) -> float:
    """Return the radius of the probe face, mm: the smallest, for the side edges of the fan lie farther out."""
    radii = np.hypot(x_mm, (sector.top_px - apex_y) * step_y)
    return float(np.nanmin(radii)) if np.isfinite(radii).any() else 0.0
