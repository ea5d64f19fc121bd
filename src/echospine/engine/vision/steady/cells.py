"""Kernels over maps of structures: running scores per cell, and how far a map has moved since the one before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from echospine.domain.units import Labels

BONUS = 0.12
"""By so much must another structure, or view, be likelier before it takes the place of the one shown."""
Scores = npt.NDArray[np.float32]
"""Running scores of each cell's two likeliest structures, (2, rows, columns): of the one shown, and of the next."""
STRIDE = 5
"""Rows between those by which a shift is judged."""


@njit(cache=True, nogil=True)
def blend(scores: Scores, named: Labels, labels: Labels, probability: Labels, share: float) -> None:
    """Draw scores towards a new map by `share`, in place, and renew `named`, (2, rows, columns): shown, and next.

    What is shown keeps its place unless the next one's score is higher by BONUS; at a share of 1 the new map is shown.
    """
    rows, columns = labels.shape
    bonus = BONUS if share < 1.0 else 0.0
    for i in range(rows):
        for j in range(columns):
            new, gain = labels[i, j], share * probability[i, j] / 255.0
            first, second = (1.0 - share) * scores[0, i, j], (1.0 - share) * scores[1, i, j]
            if new == named[0, i, j]:
                first += gain
            elif new == named[1, i, j]:
                second += gain
            elif gain > second:
                second, named[1, i, j] = gain, new
            if second > first + bonus:
                named[0, i, j], named[1, i, j] = named[1, i, j], named[0, i, j]
                first, second = second, first
            scores[0, i, j], scores[1, i, j] = first, second


@njit(cache=True, nogil=True)
def matches(before: Labels, now: Labels, reach: int) -> npt.NDArray[np.float64]:
    """Return the share of cells that agree when the map before is moved right by -reach to reach, and down alike.

    Shape (2, 2 reach + 1): to the right, and down. Cells without a name in both count for nothing.
    """
    rows, columns = now.shape
    found = np.zeros((2, 2 * reach + 1))
    for down in range(2):
        for step in range(-reach, reach + 1):
            same, some = 0, 0
            for i in range(reach, rows - reach, STRIDE):
                for j in range(reach, columns - reach):
                    one = before[i - step, j] if down else before[i, j - step]
                    if one or now[i, j]:
                        some += 1
                        same += one == now[i, j]
            found[down, step + reach] = same / max(some, 1)
    return found


def shift_of(before: Labels, now: Labels, reach: int = 4) -> tuple[float, float, float]:
    """Return by how many cells a map moved right and down since the one before, and the share that agrees unmoved.

    The best whole step, refined by a parabola through its neighbours.
    """
    found = matches(before, now, reach)
    return _top(found[0], reach), _top(found[1], reach), float(found[0, reach])


def _top(shares: npt.NDArray[np.float64], reach: int) -> float:
    best = int(shares.argmax())
    if shares[best] <= shares[reach]:
        best = reach
    if not 0 < best < shares.size - 1:
        return float(best - reach)
    low, high, top = shares[best - 1], shares[best + 1], shares[best]
    bend = low - 2.0 * top + high
    return float(best - reach + (0.5 * (low - high) / bend if bend < -1e-9 else 0.0))
