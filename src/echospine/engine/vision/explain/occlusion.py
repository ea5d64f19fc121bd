"""Where in a picture the evidence for an answer lies: what the answer loses when a patch is covered.

Occlusion: Zeiler and Fergus 2014, ECCV, Visualizing and Understanding Convolutional Networks. That a map must change
when weights are randomised: Adebayo et al. 2018, NeurIPS, Sanity Checks for Saliency Maps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, zoom
from scipy.stats import rankdata

from echospine.domain.errors import ModelError
from echospine.domain.units import Floats, frozen

Singles: TypeAlias = npt.NDArray[np.float32]
Scorer: TypeAlias = Callable[[Singles], Floats]
"""Pictures (n, rows, columns), float32, 0 to 1, to how sure the answer is in each, (n,)."""

GRID = 8
"""Patches along an edge of the part of the picture that shows something."""
OVERLAP = 1.6
"""Edge of a patch over the distance between patches."""
BATCH = 16
SEEN_FROM = 0.02
"""Mean grey of a patch, 0 to 1, from which it is worth covering."""
BLUR = 0.06
"""SD of the blur that fills a patch, as a share of the picture's edge: no new edges, and none of its own texture."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A square of the picture, edges included, pixels; `lost`: of the score when it is covered, below zero: gained."""

    top: int
    left: int
    bottom: int
    right: int
    lost: float


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What an answer rests on.

    `map`: -1 to 1, the picture's size: where covering takes most away from the score is 1, where it adds is below zero;
    `score`: of the whole picture; `patches`: the covered squares; `evaluations`: pictures that were scored.
    """

    map: Floats
    score: float
    patches: tuple[Patch, ...]
    evaluations: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "map", frozen(self.map))


def evidence(picture: Singles, scorer: Scorer, grid: int = GRID) -> Evidence:
    """Return where the evidence for a scorer's answer lies, from at most grid * grid + 1 scores.

    Patches are filled with the picture's own blur, so that covering makes neither a hole nor an edge; those that show
    nothing are not scored. Raises ModelError where scores are not one per picture, or not finite.
    """
    squares = _squares(picture, grid)
    filled = gaussian_filter(picture, BLUR * max(picture.shape)).astype(np.float32)
    covered = [_covered(picture, filled, one) for one in squares]
    scores = _scored([picture, *covered], scorer)
    lost = scores[0] - scores[1:]
    patches = tuple(
        Patch(one.top, one.left, one.bottom, one.right, float(loss)) for one, loss in zip(squares, lost, strict=True)
    )
    return Evidence(_spread(picture.shape, patches, grid), float(scores[0]), patches, len(scores))


def _squares(picture: Singles, grid: int) -> list[Patch]:
    """Return overlapping squares over the part of the picture that shows something."""
    rows, columns = (np.flatnonzero((picture > SEEN_FROM).any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return []
    ends = [(int(line[0]), int(line[-1]) + 1) for line in (rows, columns)]
    half = OVERLAP * max(high - low for low, high in ends) / grid / 2.0
    middles = [np.linspace(low, high, 2 * grid + 1)[1::2] for low, high in ends]
    found = []
    for y in middles[0]:
        for x in middles[1]:
            (top, bottom), (left, right) = (
                _between(at - half, at + half, end) for at, end in ((y, ends[0]), (x, ends[1]))
            )
            if picture[top:bottom, left:right].mean() >= SEEN_FROM:
                found.append(Patch(top, left, bottom - 1, right - 1, 0.0))
    return found


def _between(low: float, high: float, end: tuple[int, int]) -> tuple[int, int]:
    first = max(end[0], round(low))
    return first, max(first + 1, min(end[1], round(high)))


def _covered(picture: Singles, filled: Singles, square: Patch) -> Singles:
    made = picture.copy()
    rows, columns = slice(square.top, square.bottom + 1), slice(square.left, square.right + 1)
    made[rows, columns] = filled[rows, columns]
    return made


def _scored(pictures: list[Singles], scorer: Scorer) -> Floats:
    found: list[Floats] = []
    for start in range(0, len(pictures), BATCH):
        batch = np.stack(pictures[start : start + BATCH])
        scores = np.asarray(scorer(batch), np.float64).ravel()
        if scores.shape != (len(batch),) or not np.all(np.isfinite(scores)):
            raise ModelError(f"a scorer gives one finite number per picture; {len(batch)} went in")
        found.append(scores)
    return np.concatenate(found)


def _spread(shape: tuple[int, ...], patches: tuple[Patch, ...], grid: int) -> Floats:
    """Return the mean loss of the patches over each pixel, smoothed, scaled to at most 1 in size."""
    total, count = np.zeros(shape), np.zeros(shape)
    for one in patches:
        part = (slice(one.top, one.bottom + 1), slice(one.left, one.right + 1))
        total[part] += one.lost
        count[part] += 1.0
    mean = gaussian_filter(total / np.maximum(count, 1.0), max(shape) / grid / 3.0)
    largest = float(np.abs(mean).max())
    return np.asarray(mean / largest if largest > 1e-9 else mean)


def alike(one: Floats, other: Floats) -> float:
    """Return the rank correlation of two evidence maps, -1 to 1 (Spearman), over a coarse grid.

    The sanity check: maps of a trained scorer and of one with random weights must not be alike.
    """
    if one.shape != other.shape:
        raise ModelError(f"maps of shapes {one.shape} and {other.shape} cannot be compared")
    step = min(1.0, 24.0 / max(one.shape))
    first, second = (rankdata(zoom(each, step, order=1).ravel().round(6)) for each in (one, other))
    if first.std() == 0.0 or second.std() == 0.0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


SAME = 0.5
"""Maps whose rank correlation is above this say the same."""


def sane(picture: Singles, scorer: Scorer, randomised: Scorer) -> bool:
    """Return whether the evidence map of a scorer changes when its weights are randomised, as it must."""
    return alike(evidence(picture, scorer).map, evidence(picture, randomised).map) <= SAME
