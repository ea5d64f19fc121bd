"""Structures: from logits to a map of names with calibrated probability, and what may be there and is not named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from echospine.domain.labels import BONES, Structure
from echospine.domain.units import Floats, Labels, Mask
from echospine.engine.vision.reading.card import Card
from echospine.engine.vision.reading.outputs import Singles

LEAST_CELLS = 12
"""A structure of fewer cells in the whole picture is a speck, and is not named."""
MAYBE = 0.5
"""Share of its threshold from which a structure that is not named may be there."""
MAYBE_CELLS = 60
"""In so many cells it must be the likeliest."""
_BACKGROUND, _BONE = int(Structure.BACKGROUND), int(Structure.BONE)
_IS_BONE = np.isin(np.arange(len(Structure)), [int(one) for one in BONES])
_SMALL = 14.0
"""Logits so far below the highest add less than a millionth to the sum, and are left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """Structures on the square.

    `labels`, `probability`: see StructureMap; `bone`: probability of bone, whichever part; `log_sum`: log of the sum of
    exponentials at each cell: a structure's probability is exp(logit / temperature - log_sum); both float32, same
    shape; `unsure`: what may be there, not named.
    """

    labels: Labels
    probability: Labels
    bone: Singles
    log_sum: Singles
    unsure: tuple[Structure, ...]


def named(logits: Singles, card: Card, inside: Mask) -> Named:
    """Return the likeliest structure of each cell among those that reach their thresholds.

    `inside`: True for cells of the sector, (rows, columns); beside it all is background. Where no structure reaches its
    threshold and all parts of bone together reach that of bone, it is bone whose part is unknown; else background.
    Probabilities are softmax of logits over temperature (Guo et al. 2017).
    """
    scale = (1.0 / card.temperature).astype(np.float32)
    least = card.least().astype(np.float32)
    labels, shares, bone, log_sum, second = _name(logits, scale, least, np.float32(MAYBE), _IS_BONE, *_span(inside))
    labels[~inside], shares[~inside], bone[~inside] = _BACKGROUND, 1.0, 0.0
    counts = np.bincount(labels.ravel(), minlength=len(Structure))
    specks = np.flatnonzero((counts > 0) & (counts < LEAST_CELLS))
    for one in specks[specks != _BACKGROUND].tolist():
        at = labels == one
        labels[at] = _BACKGROUND
        shares[at] = np.exp(logits[_BACKGROUND][at] * scale[_BACKGROUND] - log_sum[at])
        counts[one] = 0
    maybe = (second >= MAYBE_CELLS) & (counts == 0)
    unsure = tuple(Structure(int(one)) for one in np.flatnonzero(maybe) if one)
    return Named(labels, np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8), bone, log_sum, unsure)


def _span(inside: Mask) -> tuple[int, int, int, int]:
    """Return the first row and one past the last, and the same of columns, that hold cells of the sector."""
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return 0, 0, 0, 0
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def share_of(logits: Singles, structure: Structure, found: Named, card: Card) -> Floats:
    """Return the calibrated probability of one structure in every cell, (rows, columns)."""
    scaled = logits[structure].astype(np.float64) / card.temperature[structure]
    share: Floats = np.exp(np.minimum(scaled - found.log_sum, 0.0))
    return share


@njit(cache=True, nogil=True)
def _name(  # noqa: PLR0917 -- a kernel takes its tables one by one
    logits: Singles,
    scale: Singles,
    least: Singles,
    maybe: np.float32,
    is_bone: Mask,
    top: int,
    bottom: int,
    left: int,
    right: int,
) -> tuple[Labels, Singles, Singles, Singles, npt.NDArray[np.int64]]:
    """Return labels, probability of each and of any bone, log of the sum, and how often each structure nearly is."""
    n, rows, columns = logits.shape
    labels = np.zeros((rows, columns), np.uint8)
    shares = np.zeros((rows, columns), np.float32)
    bone = np.zeros((rows, columns), np.float32)
    log_sum = np.zeros((rows, columns), np.float32)
    second = np.zeros(n, np.int64)
    each = np.zeros((n, right - left), np.float32)
    likely = np.zeros(right - left, np.uint8)
    for i in range(top, bottom):
        _soften(logits[:, i, left:right], scale, each, log_sum[i, left:right])
        _choose(each, least, is_bone, labels[i, left:right], shares[i, left:right], bone[i, left:right], likely)
        for j in range(right - left):
            one = likely[j]
            if labels[i, left + j] == 0 and one > 0 and each[one, j] >= maybe * least[one]:
                second[one] += 1
    return labels, shares, bone, log_sum, second


@njit(cache=True, nogil=True)
def _soften(logits: Singles, scale: Singles, each: Singles, log_sum: Singles) -> None:
    """Put the softmax of one row of scaled logits into `each`, (19, columns), and the log of the sum into `log_sum`."""
    n, columns = each.shape
    high, total = np.full(columns, np.float32(-np.inf)), np.zeros(columns, np.float32)
    for c in range(n):
        for j in range(columns):
            high[j] = max(high[j], logits[c, j] * scale[c])
    for c in range(n):
        for j in range(columns):
            below = logits[c, j] * scale[c] - high[j]
            raised = np.float32(0.0)
            if below > -_SMALL:
                raised = np.exp(below)
            each[c, j] = raised
            total[j] += raised
    for j in range(columns):
        log_sum[j] = high[j] + np.log(total[j])
        total[j] = np.float32(1.0) / total[j]
    for c in range(n):
        for j in range(columns):
            each[c, j] *= total[j]


@njit(cache=True, nogil=True)
def _choose(  # noqa: PLR0917 -- a kernel takes its tables one by one
    each: Singles, least: Singles, is_bone: Mask, label: Labels, share: Singles, bone: Singles, likely: Labels
) -> None:
    """Put name, probability, that of any bone, and likeliest structure of each cell of a row into the last four."""
    n, columns = each.shape
    most = np.zeros(columns, np.float32)
    label[:] = 0
    share[:] = 0
    likely[:] = 0
    for c in range(1, n):
        for j in range(columns):
            one = each[c, j]
            if is_bone[c]:
                bone[j] += one
            if one > most[j]:
                most[j], likely[j] = one, c
            if one >= least[c] and one > share[j]:
                share[j], label[j] = one, c
    for j in range(columns):
        if label[j] == 0:
            is_part = bone[j] >= least[_BONE]
            label[j] = _BONE if is_part else 0
            share[j] = bone[j] if is_part else each[0, j]
