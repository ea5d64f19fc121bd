"""A contraction as a curve: when it begins, how far it goes, how long it is held, whether it comes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from echospine.domain.errors import InputError
from echospine.domain.units import Floats, Mask

ONSET_SHARE = 0.10
"""Of the way from rest to peak: begin and end of the contraction."""
HELD_SHARE = 0.90
"""Of that way: the muscle counts as held above it."""
NOISE_SDS = 5.0
"""A rise of less than so many SDs of the curve's own noise is no contraction."""


@dataclass(frozen=True, slots=True)
class Contraction:
    """One contraction, s and the curve's unit.

    `onset_s`: the curve leaves rest; `peak_s`, `peak`: its highest; `hold_s`: time within a tenth of the peak;
    `return_s`: it is back at rest, None where the cine ends before; `rest`: level before.
    """

    rest: float
    onset_s: float
    peak_s: float
    peak: float
    hold_s: float
    return_s: float | None

    @property
    def change(self) -> float:
        """(C - R) / R, a share: contracted less rest over rest."""
        return (self.peak - self.rest) / self.rest


def find_contraction(times_s: Floats, thickness_mm: Floats) -> Contraction | None:
    """Return the contraction in a curve of thickness, both (n,), or None where there is none beyond noise.

    Rest is the lower of the levels at the beginning and the end (medians of a tenth of the cine each). Raises
    InputError for fewer than ten frames, or times that do not rise.
    """
    times, raw = np.asarray(times_s, np.float64), np.asarray(thickness_mm, np.float64)
    if times.size < 10 or times.shape != raw.shape or np.any(np.diff(times) <= 0):
        raise InputError("a contraction curve needs ten frames and more, with times that rise")
    curve = median_filter(raw, size=3, mode="nearest")
    tenth = max(3, times.size // 10)
    rest = float(min(np.median(curve[:tenth]), np.median(curve[-tenth:])))
    peak_at = int(np.argmax(curve))
    rise = float(curve[peak_at]) - rest
    noise = float(np.median(np.abs(np.diff(raw)))) / 0.954
    if rise <= NOISE_SDS * noise or rise <= 0:
        return None
    begin = _last_below(curve[: peak_at + 1], rest + ONSET_SHARE * rise)
    above = curve >= rest + HELD_SHARE * rise
    after = np.flatnonzero(curve[peak_at:] < rest + ONSET_SHARE * rise)
    return Contraction(
        rest,
        float(times[begin]),
        float(times[peak_at]),
        float(curve[peak_at]),
        _run_s(times, above, peak_at),
        float(times[peak_at + after[0]]) if after.size else None,
    )


@dataclass(frozen=True, slots=True)
class Marks:
    """Where a person sees onset, peak and return in a curve, s; `return_s` None: not in this cine."""

    onset_s: float
    peak_s: float
    return_s: float | None = None

    def __post_init__(self) -> None:
        if not self.onset_s < self.peak_s or (self.return_s is not None and not self.peak_s < self.return_s):
            raise InputError("a contraction begins before its peak, and ends after it; move the marks apart")


def marked_contraction(times_s: Floats, thickness_mm: Floats, marks: Marks) -> Contraction:
    """Return the contraction between a person's marks, in a curve of thickness, both (n,).

    Rest is the median up to the onset, peak the curve (median of three frames) at its mark. Raises InputError for marks
    outside the curve.
    """
    times, raw = np.asarray(times_s, np.float64), np.asarray(thickness_mm, np.float64)
    ends = (marks.onset_s, marks.peak_s if marks.return_s is None else marks.return_s)
    if not times.size or ends[0] < times[0] or ends[1] > times[-1]:
        raise InputError("the marks lie outside the cine")
    curve = median_filter(raw, size=3, mode="nearest")
    rest = float(np.median(curve[times <= marks.onset_s]))
    peak_at = int(np.argmin(np.abs(times - marks.peak_s)))
    peak = float(curve[peak_at])
    held = np.abs(curve - rest) >= HELD_SHARE * abs(peak - rest)
    return Contraction(rest, marks.onset_s, marks.peak_s, peak, _run_s(times, held, peak_at), marks.return_s)


def _last_below(curve: Floats, level: float) -> int:
    below = np.flatnonzero(curve < level)
    return int(below[-1]) if below.size else 0


def _run_s(times: Floats, above: Mask, at: int) -> float:
    """Return how long the run that holds `at` lasts."""
    left = right = at
    while left > 0 and above[left - 1]:
        left -= 1
    while right < above.size - 1 and above[right + 1]:
        right += 1
    return float(times[right] - times[left])
