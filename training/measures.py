"""How right an answer is: overlap, surfaces, landmarks, calibration; with intervals by person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from echospine.domain.units import Floats, Labels, Mask

N_RESAMPLED = 1000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over people, with its 95 % bootstrap interval; `n`: people."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def by_person(values: npt.ArrayLike, seed: int = 0) -> Interval:
    """Return mean and percentile interval (Efron 1979) of one value per person; NaN where somebody has none."""
    kept = np.asarray(values, np.float64)
    kept = kept[np.isfinite(kept)]
    if kept.size == 0:
        return Interval(np.nan, np.nan, np.nan, 0)
    means = np.random.default_rng(seed).choice(kept, (N_RESAMPLED, kept.size)).mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(float(kept.mean()), float(low), float(high), kept.size)


def ratio_by_person(above: Floats, below: Floats, person: npt.NDArray[np.int64], has: Floats | None = None) -> Interval:
    """Return the mean over people of (sum of `above`) / (sum of `below`), each (n_pictures,).

    `has`: people in whose pictures its sum is 0 are left out: nobody is asked for an organ that he lacks.
    """
    top, bottom = (np.bincount(person, weights=one) for one in (above, below))
    asked = bottom > 0 if has is None else np.bincount(person, weights=has) > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        return by_person(np.where(asked, top / bottom, np.nan))


def overlaps(found: Labels, truth: Labels, taught: Mask, n_classes: int) -> tuple[Floats, Floats, Floats]:
    """Return twice the overlap, the sum of sizes, and the true size of each class in one picture, (n_classes,) each.

    Dice is the first over the second.
    """
    both = np.bincount(truth[taught & (found == truth)], minlength=n_classes)[:n_classes]
    ours, true = (np.bincount(one[taught], minlength=n_classes)[:n_classes].astype(float) for one in (found, truth))
    return 2.0 * both, ours + true, true


def tops(mask: Mask) -> Mask:
    """Return the first pixel of every run down a column: the surface of a band, (rows, columns)."""
    above = np.zeros_like(mask)
    above[1:] = mask[:-1]
    return mask & np.logical_not(above)


def within(points: Mask, others: Mask, reach_px: float) -> int:
    """Return how many of `points` have one of `others` within `reach_px`."""
    if not points.any() or not others.any():
        return 0
    return int(np.count_nonzero(ndimage.distance_transform_edt(~others)[points] <= reach_px))


def calibration_error(confidence: Floats, right: Mask, bins: int = 15) -> float:
    """Return the expected calibration error (Guo et al. 2017, eq. 5) over bins of equal width."""
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(index, minlength=bins)
    gap = np.abs(np.bincount(index, confidence, bins) - np.bincount(index, right.astype(float), bins))
    return float(gap.sum() / counts.sum())


def ranked_apart(good: Floats, strange: Floats) -> float:
    """Return the area under the ROC curve: the share of pairs in which the strange one scores higher (ties half)."""
    order = np.concatenate([good, strange])
    ranks = np.empty(order.size)
    ranks[np.argsort(order, kind="stable")] = np.arange(1, order.size + 1)
    for value in np.unique(order):
        same = order == value
        ranks[same] = ranks[same].mean()
    total = ranks[good.size :].sum() - strange.size * (strange.size + 1) / 2
    return float(total / (good.size * strange.size))


def average_precision(score: Floats, true: Mask) -> float:
    """Return the area under precision over recall, (n,) each: the mean precision at each true one (Salton 1983)."""
    right = true[np.argsort(-score, kind="stable")]
    if not right.any():
        return np.nan
    precision = np.cumsum(right) / np.arange(1, right.size + 1)
    return float(precision[right].mean())
