"""Intervals by resampling groups: pictures of one person are no independent evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echospine.domain.units import Floats

RESAMPLES = 1000
Groups = npt.NDArray[np.intp]
"""Number of each picture's group, from 0, shape (n_pictures,)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95 % percentile bootstrap interval (Efron 1979); `n`: groups that it comes from."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def mean_of_ratios(above: Floats, below: Floats, groups: Groups, rng: np.random.Generator) -> Interval | None:
    """Return the mean over groups of (sum of `above`) / (sum of `below`), each (n_pictures,); None without any."""
    count = int(groups.max()) + 1
    top, bottom = (np.bincount(groups, weights=one, minlength=count) for one in (above, below))
    there = bottom > 0
    if not there.any():
        return None
    ratios = top[there] / bottom[there]
    return interval(ratios.size, lambda drawn: float(ratios[drawn].mean()), rng)


def interval(n: int, value: Callable[[Groups], float], rng: np.random.Generator) -> Interval:
    """Return `value` of all `n` groups, and between which it lies when as many are drawn from them again and again."""
    values = [value(rng.integers(0, n, n)) for _ in range(RESAMPLES)]
    low, high = np.percentile(values, (2.5, 97.5))
    return Interval(value(np.arange(n)), float(low), float(high), n)
