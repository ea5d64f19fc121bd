"""Landmarks: from heat maps to places between cells, each with the covariance of that place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label, maximum_filter

from echospine.domain.sights import Landmark, Sighting
from echospine.domain.units import Floats
from echospine.engine.vision.reading.card import Look
from echospine.engine.vision.reading.outputs import Singles

HEAT_SD = 1.5
"""Standard deviation of a certain landmark's peak, cells of the heat map: as networks are taught."""
LEAST_SD = 0.5
"""A place is never surer than this, cells: the grid itself is no finer."""
APART = 5
"""Peaks of one landmark are this far apart at least, cells."""
REACH = 6
"""Moments are taken from cells this near a peak, and nearer to it than to any other."""
CUT = 0.1
"""Cells lower than this share of their peak are left out: they are the floor, not the peak."""
KEPT = 1.0 - -np.log(CUT) * CUT / (1.0 - CUT)
"""Share of a Gaussian's variance that is left when it is cut at CUT of its height (its r^2 / 2 is exponential)."""
MOST = 8
"""Of one landmark in one picture."""
TIED = 4
"""Cells that may be equally high around one place."""


def sightings(heat: Singles, look: Look) -> tuple[Sighting, ...]:
    """Return what landmarks are seen, surest first within each kind. `heat`: logits, (7, size / 2, size / 2).

    A network taught to draw a Gaussian of SD HEAT_SD at the true place draws, where it doubts, the mean of Gaussians
    over the places that may be true: the variance of its peak less HEAT_SD^2 is the variance of its belief.
    """
    found: list[Sighting] = []
    for landmark, logits in zip(Landmark, heat, strict=True):
        least = look.card.least_landmark(landmark)
        if logits.max() < _logit(least):
            continue
        for at, covariance, height in peaks(_share(logits), least):
            place = look.framing.to_picture([(at[0] * 2.0 + 0.5, at[1] * 2.0 + 0.5)])[0]
            spread = covariance * (2.0 * look.framing.step_px) ** 2
            found.append(Sighting(landmark, (float(place[0]), float(place[1])), spread, height))
    return tuple(found)


def peaks(heat: Floats, least: float) -> list[tuple[tuple[float, float], Floats, float]]:
    """Return the peaks of a heat map of probabilities, highest first: (x, y), covariance of that place, height.

    Place, cells, and covariance, cells^2, (2, 2), are the moments of the heat around the peak.
    """
    highest = (heat == maximum_filter(heat, APART, mode="constant")) & (heat >= least)
    # A place half-way between cells has two or four that are equally high: one peak. A larger plateau is no place.
    joined, _ = label(highest, np.ones((3, 3)))
    _, first, count = np.unique(joined[highest], return_index=True, return_counts=True)
    halfway = np.flatnonzero(count <= TIED)
    tops = np.argwhere(highest)
    tied = np.isin(joined[highest], halfway + 1)
    tied[first[halfway]] = False
    tops, heights = tops[~tied], heat[highest][~tied]
    tops = tops[np.argsort(-heights, kind="stable")]
    return [(*_moments(heat, top, tops[: 4 * MOST]), min(float(heat[tuple(top)]), 1.0)) for top in tops[:MOST]]


def _moments(heat: Floats, top: npt.NDArray[np.intp], tops: npt.NDArray[np.intp]) -> tuple[tuple[float, float], Floats]:
    low = np.maximum(top - REACH, 0)
    part = heat[low[0] : top[0] + REACH + 1, low[1] : top[1] + REACH + 1]
    rows, columns = (grid + start for grid, start in zip(np.indices(part.shape), low, strict=True))
    near = np.hypot(rows - top[0], columns - top[1])
    own = near <= np.hypot(*(np.stack((rows, columns))[:, None] - tops.T[:, :, None, None])).min(axis=0)
    weight = np.where(own & (part >= CUT * heat[tuple(top)]) & (near <= REACH), part, 0.0)
    total = float(weight.sum())
    x, y = float((weight * columns).sum()) / total, float((weight * rows).sum()) / total
    away = np.stack((columns - x, rows - y))
    spread = np.einsum("aij,bij,ij->ab", away, away, weight) / total / KEPT
    values, vectors = np.linalg.eigh(spread - HEAT_SD**2 * np.eye(2))
    covariance = vectors @ np.diag(np.maximum(values, LEAST_SD**2)) @ vectors.T
    return (x, y), (covariance + covariance.T) / 2


def _share(logits: Singles) -> Floats:
    share: Floats = 1.0 / (1.0 + np.exp(-np.clip(logits.astype(np.float64), -30.0, 30.0)))
    return share


def _logit(share: float) -> float:
    return float(np.log(share / max(1.0 - share, 1e-12)))
