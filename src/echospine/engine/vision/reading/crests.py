"""Surfaces of bone: one row of the picture per column, from the bands that a network draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.ndimage import find_objects, gaussian_filter1d, label

from echospine.domain.labels import BONES, Structure, Surface
from echospine.domain.units import Floats, Labels, Mask, Pixels
from echospine.engine.vision.reading.card import Look
from echospine.engine.vision.reading.naming import Named, share_of
from echospine.engine.vision.reading.outputs import Singles

SHORTEST_MM = 2.0
"""Shorter pieces of surface are specks."""
REFINE_MM = 1.0
"""The row is moved to the brightest place this near the top of the band: its first row is where the echo begins."""
SMOOTH_MM = 0.8
STEEPEST = 3.0
"""Steepest surface, depth over width: beyond it there are two."""
STEADY = 5
_IS_BONE = np.isin(np.arange(len(Structure)), [int(one) for one in BONES])


def bone_surfaces(logits: Singles, found: Named, look: Look) -> tuple[Surface, ...]:
    """Return the surface of each part of bone that is there, on the crest of its echo, as the house has surfaces.

    A run of bone down a column is one surface and has one name, its likeliest part's. Where a column holds two runs of
    one name, the surer counts. Confidence: mean probability of the name within its run; where there is none, that the
    part is nowhere in the column; 1 outside the field.
    """
    labels = np.where(_without_specks(_IS_BONE[found.labels], _cells(SHORTEST_MM, look)), found.labels, 0)
    top, sure = tops(labels.astype(np.uint8), found.probability, found.bone, _IS_BONE)
    there = [Structure(int(one)) for one in np.flatnonzero(np.isfinite(top).any(axis=1))]
    made = [_surface(one, top[one], sure[one], _share(one, logits, found, look), look) for one in there]
    return tuple(surface for surface in made if surface.found.any())


def _cells(length_mm: float, look: Look) -> float:
    return max(1.0, length_mm / (look.framing.step_px * look.steps_mm[0]))


def _share(structure: Structure, logits: Singles, found: Named, look: Look) -> Floats | Singles:
    """Return the probability of a part, or of any where it is not known which, (rows, columns)."""
    return found.bone if structure is Structure.BONE else share_of(logits, structure, found, look.card)


def _surface(structure: Structure, top: Floats, sure: Floats, share: Floats | Singles, look: Look) -> Surface:
    framing = look.framing
    cells = (np.arange(look.frame.geometry.width) - framing.corner_px[0]) / framing.step_px
    rows = framing.corner_px[1] + framing.step_px * _between(cells, steady(top))
    known = np.where(np.isfinite(top), sure, 1.0 - share.max(axis=0))
    confidence = np.clip(np.interp(cells, np.arange(framing.size), known), 0.0, 1.0)
    outside = ~np.isfinite(look.field.sector.top_px)
    rows[outside], confidence[outside] = np.nan, 1.0
    return Surface(structure, on_crest(look.frame.grey, rows, look.steps_mm), confidence)


@njit(cache=True, nogil=True)
def steady(top: Floats) -> Floats:
    """Return the running median of STEADY columns, NaN where fewer than half of them hold a surface, shape (columns,).

    It closes holes of a column or two, and takes out what jumps from column to column.
    """
    result = np.full_like(top, np.nan)
    for j in range(top.size):
        near = top[max(0, j - STEADY // 2) : j + STEADY // 2 + 1]
        held = near[np.isfinite(near)]
        if held.size > STEADY // 2:
            result[j] = np.median(held)
    return result


def _without_specks(band: Mask, least: float) -> Mask:
    """Return the band without pieces that cover fewer columns than `least`."""
    pieces, _ = label(band, np.ones((3, 3)))
    widths = [0, *(columns.stop - columns.start for _, columns in find_objects(pieces))]
    kept: Mask = (np.array(widths) >= least)[pieces]
    return kept & band


@njit(cache=True, nogil=True)
def tops(labels: Labels, probability: Labels, bone: Singles, is_bone: Mask) -> tuple[Floats, Floats]:
    """Return the upper edge of each part's run in each column, cells, NaN without one; and its mean probability there.

    `labels`, `probability`: see Named, (rows, columns); both results: (19, columns). A run's edge lies where the
    probability of bone, linear from the centre of the cell above to that of its first one, passes half of its mean; or
    at that cell's own edge, where it does not.
    """
    n, (rows, columns) = is_bone.size, labels.shape
    top, sure = np.full((n, columns), np.nan), np.zeros((n, columns))
    for j in range(columns):
        most, i = np.zeros(n), 0
        while i < rows:
            if not is_bone[labels[i, j]]:
                i += 1
                continue
            first, whole, shares = i, 0.0, np.zeros(n)
            while i < rows and is_bone[labels[i, j]]:
                whole += bone[i, j]
                shares[labels[i, j]] += probability[i, j] / 255.0
                i += 1
            name = n - 1  # bone whose part is not known: only where no part is
            for part in range(n - 1):
                if shares[part] > (0.0 if name == n - 1 else shares[name]):
                    name = part
            if shares[name] > most[name]:
                most[name], sure[name, j] = shares[name], shares[name] / (i - first)
                above = bone[first - 1, j] if first > 0 else np.float32(0.0)
                here, level = bone[first, j], 0.5 * whole / (i - first)
                top[name, j] = first - (here - level) / (here - above) if here > level > above else first - 0.5
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
    """Return rows moved to the brightest place within REFINE_MM, then smoothed along each piece, shape (width,).

    Brightness is the mean along the surface over SMOOTH_MM. Pieces end where the surface jumps, with a column between
    them, so that nobody joins two by a step steeper than STEEPEST; those shorter than SHORTEST_MM are specks, and go.
    """
    reach, aside = max(1, round(REFINE_MM / steps_mm[1])), max(1, round(SMOOTH_MM / steps_mm[0] / 2))
    crest = _brightest(grey, rows, reach, aside)
    steepest = STEEPEST * steps_mm[0] / steps_mm[1] + 1.0
    for piece in _pieces(rows, steepest):
        if piece.size * steps_mm[0] < SHORTEST_MM:
            crest[piece] = np.nan
        else:
            crest[piece] = gaussian_filter1d(crest[piece], SMOOTH_MM / steps_mm[0], mode="nearest")
            beside = rows[piece[0] - 1] if piece[0] else np.nan
            crest[piece[0]] = np.nan if np.isfinite(beside) else crest[piece[0]]
    return crest


def _pieces(rows: Floats, steepest: float) -> list[npt.NDArray[np.intp]]:
    """Return the columns of each piece of a surface that has no gap and no step above `steepest`, pixels per column."""
    seen = np.flatnonzero(np.isfinite(rows))
    ends = (np.diff(seen) > 1) | (np.abs(np.diff(rows[seen])) > steepest)
    return [piece for piece in np.split(seen, np.flatnonzero(ends) + 1) if piece.size]


@njit(cache=True, nogil=True)
def _brightest(grey: Pixels, rows: Floats, reach: int, aside: int) -> Floats:
    """Return the row within `reach` of each one that is brightest along the surface, `aside` columns both ways."""
    height, width = grey.shape
    best = np.full(width, np.nan)
    for x in range(width):
        if not np.isfinite(rows[x]):
            continue
        most = -1.0
        for step in range(-reach, reach + 1):
            total, count = 0.0, 0
            for beside in range(max(0, x - aside), min(width, x + aside + 1)):
                y = round(rows[beside] + step) if np.isfinite(rows[beside]) else -1
                if 0 <= y < height:
                    total += grey[y, beside]
                    count += 1
            y = min(max(rows[x] + step, 0.0), height - 1.0)
            if count > 0 and total / count > most:
                most, best[x] = total / count, y
    return best
