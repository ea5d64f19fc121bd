"""Measurements of one frame: bone depth, and the tissue over the bone."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter

from echospine.domain.frames import Frame
from echospine.domain.images import Region
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Method, Side, Structure, Surface
from echospine.domain.measures import Measurement, Quantity
from echospine.domain.units import Floats, Unit
from echospine.engine.muscle.depth import depth_profile_mm

TISSUE_METHOD = Method("tissue over bone", "1")
SMOOTHING_MM = 1.0
"""Depths are read from the running median over this width, so that one stray column is no minimum."""
MIDLINE_MM = 2.0
"""The depth at the midline is the median over this width around the middle of the image field."""
ECHO_MM = 1.0
"""Tissue ends this far above the bone surface, so that the bone's own echo does not count as tissue."""
SURFACE_SD_MM = 0.25
"""Doubt of where the crest of bone's echo is, one standard deviation: between finder and eye on real bone, 0.2 mm
(`python -m benchmarks vision`), and between eyes."""
UNCALIBRATED = "uncalibrated: the picture carries no millimetres"
NO_BONE = "no bone seen"


def measure_tissue(frame: Frame, interpretation: Interpretation) -> tuple[Measurement, ...]:
    """Return bone depth (shallowest; at the midline), and thickness and grey level of the tissue over bone.

    Depths and thickness in mm along the beam, with one standard deviation as uncertainty (the surface's own,
    its scatter about a smooth course, the pixel's size). Thickness is the mean over the columns where bone is seen.
    Grey level: mean 0-255 from the probe face to 1 mm above the bone over the same columns, zeros counted, given also
    for uncalibrated pictures. What cannot be given has no value, and a note that says why.
    """
    surface = interpretation.bone()
    region = frame.geometry.main_region()
    if surface is None or not surface.found.any():
        return tuple(_absent(quantity, frame.index, NO_BONE) for quantity in _UNITS)
    grey = _grey(frame, interpretation, surface, region)
    if region is None:
        lengths = [_absent(quantity, frame.index, UNCALIBRATED) for quantity in _UNITS if _UNITS[quantity] is Unit.MM]
        return (*lengths, grey)
    return (*_lengths(frame, interpretation, region), grey)


_UNITS = {
    Quantity.BONE_DEPTH_MIN: Unit.MM,
    Quantity.BONE_DEPTH_MIDLINE: Unit.MM,
    Quantity.TISSUE_THICKNESS: Unit.MM,
    Quantity.TISSUE_GREY: Unit.GREY,
}


def _lengths(frame: Frame, interpretation: Interpretation, region: Region) -> list[Measurement]:
    depth = depth_profile_mm(frame.geometry, interpretation)
    seen = np.flatnonzero(np.isfinite(depth))
    if seen.size == 0:
        lengths = [quantity for quantity, unit in _UNITS.items() if unit is Unit.MM]
        return [_absent(quantity, frame.index, "no bone seen inside the calibrated region") for quantity in lengths]
    smooth = _running_median(depth, region.step_mm[0])
    doubt = _doubt_mm(depth, smooth, region.step_mm[1])
    middle = _midline(interpretation)
    near = seen[np.abs(seen - middle) * region.step_mm[0] <= MIDLINE_MM / 2]
    shallowest = _present(Quantity.BONE_DEPTH_MIN, frame.index, float(np.nanmin(smooth)), doubt)
    midline = (
        _present(Quantity.BONE_DEPTH_MIDLINE, frame.index, float(np.median(depth[near])), doubt)
        if near.size
        else _absent(Quantity.BONE_DEPTH_MIDLINE, frame.index, "no bone seen at the midline of the image")
    )
    thickness = _present(Quantity.TISSUE_THICKNESS, frame.index, float(depth[seen].mean()), doubt)
    return [shallowest, midline, thickness]


def _running_median(depth: Floats, step_mm: float) -> Floats:
    """Return the running median along each run of seen columns, NaN elsewhere; same shape."""
    smooth = np.full_like(depth, np.nan)
    width = max(1, round(SMOOTHING_MM / step_mm)) | 1
    seen = np.flatnonzero(np.isfinite(depth))
    for run in np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1):
        smooth[run] = median_filter(depth[run], size=min(width, run.size | 1), mode="nearest")
    return smooth


def _doubt_mm(depth: Floats, smooth: Floats, step_mm: float) -> float:
    """Return one standard deviation, mm: of the surface itself, of its scatter, and of a pixel's size."""
    scatter = depth - smooth
    scatter = scatter[np.isfinite(scatter)]
    return float(np.sqrt(SURFACE_SD_MM**2 + np.var(scatter) + step_mm**2 / 12))


def _midline(interpretation: Interpretation) -> float:
    """Return the column in the middle of the image field."""
    columns = np.flatnonzero(np.isfinite(interpretation.field.sector.top_px))
    return float(columns[0] + columns[-1]) / 2 if columns.size else (interpretation.field.sector.top_px.size - 1) / 2


def _grey(frame: Frame, interpretation: Interpretation, surface: Surface, region: Region | None) -> Measurement:
    """Return the mean grey level between probe face and bone."""
    margin_px = ECHO_MM / region.step_mm[1] if region is not None else 0.02 * frame.geometry.height
    rows = np.arange(frame.geometry.height, dtype=np.float64)[:, None]
    with np.errstate(invalid="ignore"):
        tissue = (rows >= interpretation.field.sector.top_px) & (rows < surface.row_px - margin_px)
    if not tissue.any():
        return _absent(Quantity.TISSUE_GREY, frame.index, "no tissue between the probe face and the bone")
    return _present(Quantity.TISSUE_GREY, frame.index, float(frame.grey[tissue].mean()), None)


def _present(quantity: Quantity, index: int, value: float, uncertainty: float | None) -> Measurement:
    return Measurement(
        Structure.BONE,
        Side.UNKNOWN,
        quantity,
        value,
        _UNITS[quantity],
        TISSUE_METHOD,
        uncertainty=uncertainty,
        frame=index,
    )


def _absent(quantity: Quantity, index: int, note: str) -> Measurement:
    return Measurement(
        Structure.BONE, Side.UNKNOWN, quantity, None, _UNITS[quantity], TISSUE_METHOD, frame=index, note=note
    )
