"""Thickness along the beam: muscle over bone, posterior fascia, and what lies between skin and muscle."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from echospine.domain.images import Point
from echospine.domain.labels import Structure
from echospine.domain.units import Floats, Mask
from echospine.engine.muscle.outlines.rays import STEP_MM, Rays

GAP_MM = 1.5
"""Something else so thin within a structure is a septum or a speck, and is bridged."""
NEAR_MM = 3.0
"""Muscle whose lower edge is no farther above bone lies on it: what is between is its tendon or capsule."""
TOP_MM = 3.0
"""Width around the crest of a bone over which a thickness is averaged."""
APART_MM = 8.0
"""Bones of one kind farther from each other than this are two."""
MIDDLE_MM = 10.0
"""Width of the stretch over which fascia is averaged (Langevin et al. 2009, 1 cm)."""
BACK = (Structure.MULTIFIDUS, Structure.ERECTOR_SPINAE)
"""Muscles that the posterior layer of the thoracolumbar fascia lies on."""
EDGE_SD_MM = 0.3
"""Doubt of one drawn edge, one standard deviation; two edges bound a thickness."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A length in the picture: `value_mm`, `sd_mm` (one standard deviation), and a calliper's two ends."""

    value_mm: float
    sd_mm: float
    ends_px: tuple[Point, Point]


def over_bone(rays: Rays, muscle: Structure, bones: Iterable[Structure]) -> tuple[Extent, ...]:
    """Return how thick `muscle` is over each bone of those kinds, left to right in the picture.

    From the crest of the bone (its point nearest to the probe) along the beam up to the plane between the muscle and
    what covers it: for multifidus over a facet this is the thickness of Kiesel et al. 2007 (Man Ther 12:161). Mean over
    TOP_MM around the crest. Bones that no muscle covers are left out.
    """
    depth = _first(rays.shows(*bones))
    upper, lower = _sheet_above(rays.shows(muscle), depth)
    thick = np.where(depth - lower <= NEAR_MM, depth - upper, np.nan)
    found = []
    for run in _runs(depth, rays):
        crest = run[int(np.argmin(_smoothed(depth[run], rays)))]
        half = max(1, round(0.5 * TOP_MM / _apart_mm(rays, depth[crest])))
        near = run[(np.abs(run - crest) <= half) & np.isfinite(thick[run])]
        if near.size >= half:
            found.append(_extent(rays, thick[near], near, upper, depth))
    return tuple(found)


def fat_thickness(rays: Rays) -> Extent | None:
    """Return how thick skin and subcutaneous fat are: from the probe's face to the deep edge of the fat.

    Mean over all beams that show fat; None where fewer than a third do.
    """
    fat = rays.shows(Structure.SUBCUTANEOUS)
    last = fat.shape[0] - 1 - np.argmax(fat[::-1], axis=0)
    deep = np.where(fat.any(axis=0), (last + 1) * STEP_MM, np.nan)
    seen = np.flatnonzero(np.isfinite(deep))
    if seen.size < max(3, deep.size // 3):
        return None
    return _extent(rays, deep[seen], seen, np.zeros_like(deep), deep)


def fascia_thickness(rays: Rays) -> Extent | None:
    """Return how thick the fascia on the muscle is, square to its course, over MIDDLE_MM in the middle of the picture.

    The posterior layer of the thoracolumbar fascia is the fascia within GAP_MM over multifidus or erector spinae; None
    where less than half of that stretch shows one.
    """
    top = _first(rays.shows(*BACK))
    upper, lower = _sheet_above(rays.shows(Structure.FASCIA), top)
    upper, lower = (np.where(top - lower <= GAP_MM, edge, np.nan) for edge in (upper, lower))
    return _middle(rays, upper, lower)


def perimuscular_zone(rays: Rays) -> Extent | None:
    """Return how thick all is that lies between the subcutaneous fat and the muscle, square to its course.

    The perimuscular zone of Langevin et al. 2009 (BMC Musculoskelet Disord 10:151): fascia with the loose tissue
    between its layers. Over MIDDLE_MM in the middle of the picture; None where less than half shows both edges.
    """
    lower = _first(rays.shows(*BACK))
    _, upper = _sheet_above(rays.shows(Structure.SUBCUTANEOUS), lower)
    return _middle(rays, upper, lower)


def _middle(rays: Rays, upper: Floats, lower: Floats) -> Extent | None:
    """Return how thick a sheet is over MIDDLE_MM in the middle of the picture, square to its course."""
    n_beams, deep = lower.size, lower[np.isfinite(lower)]
    half = max(1, round(0.5 * MIDDLE_MM / _apart_mm(rays, float(np.median(deep)) if deep.size else 0.0)))
    stretch = np.arange(max(0, n_beams // 2 - half), min(n_beams, n_beams // 2 + half + 1))
    seen = stretch[np.isfinite(upper[stretch]) & np.isfinite(lower[stretch])]
    if seen.size < max(3, stretch.size // 2):
        return None
    return _extent(rays, (lower - upper)[seen] * _squareness(rays, 0.5 * (upper + lower), seen), seen, upper, lower)


def _first(mask: Mask) -> Floats:
    """Return the depth at which each beam first meets a mask, mm, NaN where it never does."""
    return np.where(mask.any(axis=0), np.argmax(mask, axis=0) * STEP_MM, np.nan)


def _sheet_above(mask: Mask, below_mm: Floats) -> tuple[Floats, Floats]:
    """Return upper and lower edge, mm, of the piece of a mask next above a depth on each beam, gaps bridged."""
    rows = np.arange(mask.shape[0], dtype=np.int32)[:, None]
    above = mask & (rows < np.nan_to_num(np.round(below_mm / STEP_MM)))
    at = np.where(above, rows, -1)
    before = np.full_like(at, -1)
    np.maximum.accumulate(at[:-1], axis=0, out=before[1:])
    first = np.where(above & ((before < 0) | (rows - before > round(GAP_MM / STEP_MM) + 1)), rows, -1).max(axis=0)
    last = at.max(axis=0)
    return np.where(first >= 0, first * STEP_MM, np.nan), np.where(last >= 0, (last + 1) * STEP_MM, np.nan)


def _runs(depth: Floats, rays: Rays) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return the beams of each bone: neighbours closer than APART_MM, and on one level within it, are one."""
    seen = np.flatnonzero(np.isfinite(depth))
    if seen.size == 0:
        return []
    across = np.diff(seen) * np.array([_apart_mm(rays, one) for one in depth[seen[1:]]])
    return [one for one in np.split(seen, np.flatnonzero(across > APART_MM) + 1) if one.size >= 3]


def _smoothed(depth: Floats, rays: Rays) -> Floats:
    """Return the running mean over about a millimetre, so that one stray beam is no crest."""
    width = max(1, round(1.0 / _apart_mm(rays, float(depth[0])))) | 1
    padded = np.pad(depth, width // 2, mode="edge")
    return np.convolve(padded, np.full(width, 1.0 / width), mode="valid")


def _apart_mm(rays: Rays, depth_mm: float) -> float:
    row = min(max(0, round(depth_mm / STEP_MM)), rays.apart_mm.size - 1)
    return max(1e-3, float(rays.apart_mm[row]))


def _squareness(rays: Rays, course: Floats, seen: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """Return the cosine between beam and the normal of a sheet along `course`, by its straight fit."""
    x = seen * _apart_mm(rays, float(np.nanmedian(course[seen])))
    slope = float(np.polyfit(x, course[seen], 1)[0])
    return 1.0 / float(np.hypot(1.0, slope))


def _extent(
    rays: Rays,
    thick: Floats,
    beams: np.ndarray[tuple[int], np.dtype[np.int64]],
    upper: Floats,
    lower: Floats,
) -> Extent:
    """Return the mean of some beams, its doubt, and a calliper on the one nearest to it."""
    value = float(np.mean(thick))
    at = int(beams[int(np.argmin(np.abs(thick - value)))])
    sd = float(np.sqrt(2.0 * EDGE_SD_MM**2 + np.var(thick) / max(1, thick.size)))
    return Extent(value, sd, (rays.at_px(at, float(upper[at])), rays.at_px(at, float(lower[at]))))
