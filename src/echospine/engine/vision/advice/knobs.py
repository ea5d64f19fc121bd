"""Depth, gain and focus to change, from the picture."""

from __future__ import annotations

import numpy as np

from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure, View
from echospine.domain.sights import StructureMap
from echospine.engine.vision.advice.hallmarks import HALLMARKS
from echospine.engine.vision.advice.moves import Advice, Move

ROOM = 1.3
"""Depth of a picture over that of the deepest structure that matters in it."""
WASTE = 1.7
"""From this ratio on, half of the picture shows nothing that matters."""
CUT = 0.97
"""A structure that reaches so far down may go on below the picture."""
CUT_SHARE = 0.3
"""Of a structure's columns that must be cut off."""
GROW = 1.25
STEP_MM = 10.0
"""Steps of a scanner's depth."""
FOCUS_MM, FOCUS_SHARE = 12.0, 0.35
"""A focus so far off, in mm and as a share of its depth, blurs what is looked for."""
SATURATED, DULL, BRIGHT = 0.08, 18.0, 120.0
"""Share of the field at the top of the scale, and median grey of tissue, outside of which the gain is wrong."""
LEAST_CONTACT = 0.5
SOFT = (Structure.MULTIFIDUS, Structure.ERECTOR_SPINAE)
"""Tissue by whose grey the gain is judged: it is dark grey in a good picture."""


def knob_advice(
    seen: Interpretation, frame: Frame, wanted: View | None, focus_mm: float | None = None
) -> Advice | None:
    """Return one knob to turn, or None: gain first, then depth, then focus.

    `focus_mm`: where it stands, None where that is not known. Nothing is said of a picture without contact, or one that
    is silent; depth and focus need millimetres and a map of structures.
    """
    if seen.quality.contact < LEAST_CONTACT or (seen.doubt is not None and seen.doubt.silent):
        return None
    return _gain(seen, frame) or _depth(seen, frame.geometry, wanted) or _focus(seen, frame.geometry, wanted, focus_mm)


def _gain(seen: Interpretation, frame: Frame) -> Advice | None:
    if seen.quality.saturated > SATURATED:
        return Advice(Move.GAIN_DOWN)
    grey = _tissue_grey(seen, frame)
    if grey is None:
        return None
    if grey < DULL:
        return Advice(Move.GAIN_UP)
    return Advice(Move.GAIN_DOWN) if grey > BRIGHT else None


def _tissue_grey(seen: Interpretation, frame: Frame) -> float | None:
    """Return the median grey of muscle; without a map that of the field; None where there is hardly any of it."""
    grid, geometry = seen.structures, frame.geometry
    if grid is None:
        tissue = seen.field.sector.mask(geometry.height)
        return float(np.median(frame.grey[tissue])) if tissue.mean() > 0.01 else None
    tissue = np.isin(grid.labels, [int(one) for one in SOFT])
    rows, columns = grid.at_px(*np.nonzero(tissue))
    inside = (rows >= 0) & (rows < geometry.height) & (columns >= 0) & (columns < geometry.width)
    grey = frame.grey[rows[inside], columns[inside]]
    return float(np.median(grey)) if _share(grid, grey.size, geometry) > 0.01 else None


def _depth(seen: Interpretation, geometry: ImageGeometry, wanted: View | None) -> Advice | None:
    bottom_mm, deep_mm = field_depth_mm(seen, geometry), target_depth_mm(seen, geometry, wanted)
    if bottom_mm is None:
        return None
    if _cut_off(seen, geometry, wanted):
        return Advice(Move.DEPTH, _step(GROW * bottom_mm))
    if deep_mm is not None and bottom_mm > WASTE * deep_mm and _step(ROOM * deep_mm) < bottom_mm - STEP_MM:
        return Advice(Move.DEPTH, _step(ROOM * deep_mm))
    return None


def _focus(seen: Interpretation, geometry: ImageGeometry, wanted: View | None, focus_mm: float | None) -> Advice | None:
    deep_mm = target_depth_mm(seen, geometry, wanted)
    if focus_mm is None or deep_mm is None:
        return None
    off = abs(focus_mm - deep_mm)
    return Advice(Move.FOCUS, 5.0 * round(deep_mm / 5.0)) if off > max(FOCUS_MM, FOCUS_SHARE * deep_mm) else None


def field_depth_mm(seen: Interpretation, geometry: ImageGeometry) -> float | None:
    """Return the depth of the image field, mm, at its deepest column; None where the picture is uncalibrated."""
    region = geometry.main_region()
    sector = seen.field.sector
    if region is None or not np.isfinite(sector.bottom_px).any():
        return None
    return float(np.nanmax(sector.bottom_px) - np.nanmin(sector.top_px)) * region.step_mm[1]


def target_depth_mm(seen: Interpretation, geometry: ImageGeometry, wanted: View | None) -> float | None:
    """Return how deep the hallmarks of the wanted view lie, mm below the top of the field; else those of bone."""
    region = geometry.main_region()
    found = _wanted_rows(seen, geometry, wanted)
    if region is None or found is None:
        return None
    return float(np.median(found) - np.nanmin(seen.field.sector.top_px)) * region.step_mm[1]


def _wanted_rows(seen: Interpretation, geometry: ImageGeometry, wanted: View | None) -> np.ndarray | None:
    """Return the rows of all cells of what is wanted, pixels, or None where it is not seen."""
    grid = seen.structures
    if grid is None:
        return None
    rows, _ = grid.at_px(*np.nonzero(np.isin(grid.labels, _names(wanted))))
    return rows if _share(grid, rows.size, geometry) > 0.002 else None


def _share(grid: StructureMap, n_cells: int, geometry: ImageGeometry) -> float:
    """Return the share of the picture that so many cells of the map cover."""
    return n_cells * grid.step_px**2 / (geometry.width * geometry.height)


def _cut_off(seen: Interpretation, geometry: ImageGeometry, wanted: View | None) -> bool:
    """Return whether what is wanted reaches the bottom of the field, where it may go on."""
    grid, sector = seen.structures, seen.field.sector
    if grid is None:
        return False
    there = np.isin(grid.labels, _names(wanted))
    cells = np.flatnonzero(there.any(axis=0))
    if cells.size * grid.step_px < 0.05 * geometry.width:
        return False
    lowest, columns = grid.at_px(there.shape[0] - 1 - there[::-1, cells].argmax(axis=0), cells)
    columns = columns.clip(0, geometry.width - 1)
    top, bottom = sector.top_px[columns], sector.bottom_px[columns]
    with np.errstate(invalid="ignore"):
        cut = lowest - top > CUT * (bottom - top)
    return bool(cut.mean() > CUT_SHARE)


def _names(wanted: View | None) -> list[int]:
    if wanted is not None and wanted in HALLMARKS:
        return [int(one) for group in HALLMARKS[wanted][0] for one in group]
    return list(range(int(Structure.SPINOUS_PROCESS), int(Structure.SACRUM) + 1))


def _step(mm: float) -> float:
    return STEP_MM * round(mm / STEP_MM)
