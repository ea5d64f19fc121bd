"""The best course of a surface across beams, with "none" as a state of its own.

After Foroughi et al. (2007), "Ultrasound bone segmentation using dynamic programming": the sum of evidence along
the course, less a price for every jump. Here a beam may also have no surface, and changing between the two costs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from echospine.domain.units import Floats
from echospine.engine.vision.beams import Grid

NONE = -1


def best_path(evidence: Grid, threshold: float, jump_price: float, switch_price: float, reach: int) -> Floats:
    """Return the row of the surface per beam, NaN where there is none, shape (n_beams,).

    `evidence`: (n_rows, n_beams), 0 to 1. Maximises sum(evidence - threshold) over beams with a surface, less
    `jump_price` per row of each jump (at most `reach` rows between neighbours), less `switch_price` at every
    beginning and end of a run. A beam without a surface counts 0.
    """
    gain = evidence - np.float32(threshold)
    n_rows, n_beams = gain.shape
    jumps = np.arange(-reach, reach + 1)
    price = (jump_price * np.abs(jumps)).astype(np.float32)
    came_from = np.empty((n_beams, n_rows), np.int32)
    none_from = np.empty(n_beams, np.int32)
    score, none_score = gain[:, 0] - np.float32(switch_price), 0.0
    rows = np.arange(n_rows)
    before = np.full(n_rows + 2 * reach, -np.inf, np.float32)
    window = sliding_window_view(before, 2 * reach + 1)
    for beam in range(1, n_beams):
        before[reach : reach + n_rows] = score
        near = window - price
        best = near.argmax(axis=1)
        kept, begun = near[rows, best], np.float32(none_score - switch_price)
        came_from[beam] = np.where(kept < begun, NONE, rows + jumps[best])
        last = int(score.argmax())
        ended = float(score[last]) - switch_price
        none_from[beam] = last if ended > none_score else NONE
        score = gain[:, beam] + np.maximum(kept, begun)
        none_score = max(none_score, ended)
    last = int(score.argmax())
    return _walk_back(came_from, none_from, last if score[last] - switch_price > none_score else NONE)


def _walk_back(came_from: npt.NDArray[np.int32], none_from: npt.NDArray[np.int32], state: int) -> Floats:
    path = np.full(none_from.size, np.nan)
    for beam in range(none_from.size - 1, -1, -1):
        if state != NONE:
            path[beam] = state
        if beam:
            state = int(none_from[beam] if state == NONE else came_from[beam, state])
    return path


def follow(
    course: Floats, echo: Grid, end: int, step: int, *, limit: float, reach: int, patience: int, most: int
) -> None:
    """Continue `course` beyond `end` along the strongest echo, in place; `step`: -1 to the left, 1 to the right.

    Each beam takes the strongest echo within `reach` rows of the last; beams where it is below `limit` are bridged,
    at most `patience` in a row. Ends after `most` beams, at another surface, or at the edge.
    """
    row, missed = int(course[end]), 0
    for beam in range(end + step, end + step * (most + 1), step):
        if not 0 <= beam < course.size or np.isfinite(course[beam]) or missed > patience:
            return
        first = max(0, row - reach)
        best = first + int(echo[first : row + reach + 1, beam].argmax())
        if echo[best, beam] < limit:
            missed += 1
            continue
        bridged = np.arange(beam - step * missed, beam + step, step)
        course[bridged] = np.round(np.linspace(row, best, missed + 1)) if missed else best
        row, missed = best, 0
