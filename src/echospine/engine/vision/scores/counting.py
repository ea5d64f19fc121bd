"""Counts of one picture, from which every score is made: they add up, whatever the size of the pictures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt

from echospine.domain.labels import BONES, Structure
from echospine.domain.units import Floats, Labels, Mask

IGNORED = 255
"""Value of pixels of a mask that nobody judges."""
N = len(Structure)
OTHER = N
"""Column of the confusion for structures that the set does not label."""
ANY_BONE = N
"""Row of the surfaces for bone of any part."""
BINS = 15
NEAR_MM = 1.0
"""A point of a surface is right within this distance."""
NEAR_SHARE = 0.01
"""Where a picture is uncalibrated, within this share of its height."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What one picture counts for.

    `both`, `sizes`: pixels of the overlap, twice, and of truth and answer together, (19,): their ratio is Dice's;
    `surfaces`: points of the answer near truth, points of the answer, points of truth near the answer, points of truth,
    for each structure and any bone, (20, 4); `confusion`: pixels by truth and answer, (19, 20); `bins`: pixels, sum of
    their probabilities, and how many are right, by probability, (BINS, 3), all zero where the model gives none.
    """

    both: Floats
    sizes: Floats
    surfaces: Floats
    confusion: Floats
    bins: Floats


def count(
    found: Labels,
    truth: Labels,
    known: Collection[Structure],
    reach_px: tuple[float, float],
    sure: Labels | None = None,
) -> Counts:
    """Return the counts of one picture.

    `found`, `truth`: structure ids, (rows, columns), IGNORED in the truth where nobody judges; `known`: structures that
    the set labels: others are not absent, only not marked, so naming one on background is no mistake; `reach_px`:
    distance within which surfaces agree, in columns and rows; `sure`: probability of each answer, uint8 of 1/255.
    Where a set knows bone and not its parts, every part counts as bone.
    """
    judged = truth != IGNORED
    answer = _as_known(found, known)
    inside = np.where(answer == OTHER, 0, answer)
    right = judged & (inside == truth)
    pairs = truth[judged].astype(np.int64) * (N + 1) + answer[judged]
    sizes = sum(np.bincount(one[judged].ravel(), minlength=N)[:N] for one in (inside, truth))
    return Counts(
        both=np.bincount(truth[right], minlength=N)[:N].astype(np.float64) * 2.0,
        sizes=np.asarray(sizes, np.float64),
        surfaces=_surfaces(inside, truth, judged, reach_px, known),
        confusion=np.bincount(pairs, minlength=N * (N + 1)).reshape(N, N + 1).astype(np.float64),
        bins=_bins(sure, right, judged & ((answer != OTHER) | (truth != 0))),
    )


def _as_known(found: Labels, known: Collection[Structure]) -> Labels:
    """Return the answer in the set's own terms: parts as bone where it knows none, OTHER for what it does not know."""
    terms = np.full(256, OTHER, np.uint8)
    terms[0] = 0
    for one in known:
        terms[one] = one
    if Structure.BONE in known:
        for part in BONES:
            terms[part] = part if part in known else Structure.BONE
    return terms[found]


def _surfaces(
    found: Labels, truth: Labels, judged: Mask, reach_px: tuple[float, float], known: Collection[Structure]
) -> Floats:
    counts = np.zeros((N + 1, 4))
    bones = [one for one in BONES if one in known]
    for one in bones:
        counts[one] = _near(tops(found == one) & judged, tops(truth == one), reach_px)
    if bones:
        counts[ANY_BONE] = _near(tops(np.isin(found, bones)) & judged, tops(np.isin(truth, bones)), reach_px)
    return counts


def tops(mask: Mask) -> Mask:
    """Return the first pixel of every run down a column: the surface of a band, (rows, columns)."""
    above = np.zeros_like(mask)
    above[1:] = mask[:-1]
    first: Mask = mask & ~above
    return first


def _near(found: Mask, truth: Mask, reach_px: tuple[float, float]) -> tuple[float, float, float, float]:
    counts = float(np.count_nonzero(found)), float(np.count_nonzero(truth))
    if not all(counts):
        return 0.0, counts[0], 0.0, counts[1]
    size = 1.0 / reach_px[1], 1.0 / reach_px[0]  # of a row and a column, as shares of the reach
    good, met = (
        float(np.count_nonzero(distance_transform_edt(~others, sampling=size)[points] <= 1.0))
        for points, others in ((found, truth), (truth, found))
    )
    return good, counts[0], met, counts[1]


def _bins(sure: Labels | None, right: Mask, counted: Mask) -> Floats:
    bins = np.zeros((BINS, 3))
    if sure is None:
        return bins
    share = sure[counted] / 255.0
    index = np.minimum((share * BINS).astype(np.intp), BINS - 1)
    for column, weight in enumerate((np.ones_like(share), share, right[counted].astype(np.float64))):
        bins[:, column] = np.bincount(index, weight, BINS)
    return bins
