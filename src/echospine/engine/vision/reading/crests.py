"""Surfaces of bone: one row of the picture per column, from the bands that a network draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.ndimage import gaussian_filter1d, label

from echospine.domain.labels import BONES, Structure, Surface
from echospine.domain.units import Floats, Mask, Pixels
from echospine.engine.vision.reading.card import Look
from echospine.engine.vision.reading.naming import Named, share_of
from echospine.engine.vision.reading.outputs import Singles

SHORTEST_MM = 2.0
"""Shorter pieces of surface are specks."""
REFINE_MM = 1.0
"""The row is moved to the brightest place this near the top of the band: its first row is where the echo begins."""
SMOOTH_MM = 0.8


def bone_surfaces(logits: Singles, found: Named, look: Look) -> tuple[Surface, ...]:
    """Return the surface of each part of bone that is there, on the crest of its echo, as the house has surfaces.

    Where a column holds a structure's band twice, the surer one counts. Confidence: mean probability of the structure
    within its band; where there is none, that it is nowhere in the column; 1 outside the field.
    """
    there = [one for one in sorted(BONES) if np.any(found.labels == one)]
    made = [_surface(one, logits, found, look) for one in there]
    return tuple(surface for surface in made if surface.found.any())


def _surface(structure: Structure, logits: Singles, found: Named, look: Look) -> Surface:
    framing, steps_mm = look.framing, look.steps_mm
    share = found.probability / 255.0
    if structure is not Structure.BONE:  # of bone whose part is unknown, the map has the sum over all parts
        share = share_of(logits, structure, found, look.card)
    here = found.labels == structure
    band = _without_specks(here, max(1.0, SHORTEST_MM / (framing.step_px * steps_mm[0])))
    top, sure = tops(band, share)
    nowhere = 1.0 - np.where(here, 0.0, share).max(axis=0)
    cells = (np.arange(look.frame.geometry.width) - framing.corner_px[0]) / framing.step_px
    rows = framing.corner_px[1] + framing.step_px * _between(cells, top)
    confidence = np.interp(cells, np.arange(framing.size), np.where(np.isfinite(top), sure, nowhere))
    outside = ~np.isfinite(look.field.sector.top_px)
    rows[outside], confidence[outside] = np.nan, 1.0
    return Surface(structure, on_crest(look.frame.grey, rows, steps_mm), np.clip(confidence, 0.0, 1.0))


def _without_specks(band: Mask, least: float) -> Mask:
    """Return the band without pieces that cover fewer columns than `least`."""
    pieces, count = label(band, np.ones((3, 3)))
    widths = np.array([0, *(np.unique(np.nonzero(pieces == n)[1]).size for n in range(1, count + 1))])
    kept: Mask = (widths >= least)[pieces]
    return kept & band


@njit(cache=True, nogil=True)
def tops(band: Mask, share: Floats) -> tuple[Floats, Floats]:
    """Return the upper edge of the surest run in each column, cells, NaN without one; and its mean share, 0 there.

    `band`, `share` (probability): (rows, columns). Of several runs the one of the largest sum counts. Its edge lies
    where the share, linear from the centre of the cell above to that of the run's first one, passes half of its mean;
    or at that cell's own edge, where it does not.
    """
    rows, columns = band.shape
    top, sure = np.full(columns, np.nan), np.zeros(columns)
    for j in range(columns):
        most, i = 0.0, 0
        while i < rows:
            if not band[i, j]:
                i += 1
                continue
            first, total = i, 0.0
            while i < rows and band[i, j]:
                total += share[i, j]
                i += 1
            if total > most:
                most, sure[j] = total, total / (i - first)
                above = share[first - 1, j] if first > 0 else 0.0
                here, level = share[first, j], 0.5 * sure[j]
                top[j] = first - (here - level) / (here - above) if here > level > above else first - 0.5
    return top, sure


def _between(cells: npt.NDArray[np.floating[Any]], top: Floats) -> Floats:
    """Return `top` at places between columns of cells: linear where both neighbours are near, else the nearer one."""
    left = np.clip(np.floor(cells).astype(np.intp), 0, top.size - 1)
    right = np.clip(left + 1, 0, top.size - 1)
    share = np.clip(cells - left, 0.0, 1.0)
    joined = np.abs(top[left] - top[right]) <= 3.0
    nearest = np.where(share < 0.5, top[left], top[right])
    rows: Floats = np.where(joined, (1.0 - share) * top[left] + share * top[right], nearest)
    return rows


def on_crest(grey: Pixels, rows: Floats, steps_mm: tuple[float, float]) -> Floats:
    """Return rows moved to the brightest place within REFINE_MM, then smoothed along each run, shape (width,)."""
    height = grey.shape[0]
    reach = max(1, round(REFINE_MM / steps_mm[1]))
    crest, seen = rows.copy(), np.flatnonzero(np.isfinite(rows))
    if seen.size == 0:
        return crest
    low = max(0, int(np.floor(rows[seen].min())) - 3 * reach)
    high = min(height, int(np.ceil(rows[seen].max())) + 3 * reach + 1)
    near = grey[low:high, seen[0] : seen[-1] + 1].astype(np.float32)
    smooth = gaussian_filter1d(near, max(0.3, 0.3 / steps_mm[1]), axis=0)
    smooth = gaussian_filter1d(smooth, max(0.3, 0.6 / steps_mm[0]), axis=1)
    places = np.rint(rows[seen]).astype(np.intp)[:, None] + np.arange(-reach, reach + 1)
    inside = np.clip(places - low, 0, smooth.shape[0] - 1)
    best = smooth[inside, (seen - seen[0])[:, None]].argmax(axis=1)
    crest[seen] = np.clip(places[np.arange(seen.size), best], 0, height - 1)
    for run in np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1):
        crest[run] = gaussian_filter1d(crest[run], SMOOTH_MM / steps_mm[0], mode="nearest")
    return crest
