"""Curves of measured values over a recording, reduced to fractions of a box that the document draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from echospine.domain.colours import COLOURS
from echospine.domain.labels import Structure
from echospine.domain.measures import TITLES, Quantity
from echospine.domain.reports import ReportRecording
from echospine.domain.units import Floats

MOST_POINTS = 600
"""More values than this are drawn as the median of bins: no printer shows more."""

DEPTHS = (Quantity.BONE_DEPTH_MIN, Quantity.BONE_DEPTH_MIDLINE, Quantity.TISSUE_THICKNESS)
DASHES = ("solid", "dashed", "dotted")


@dataclass(frozen=True, slots=True)
class Axis:
    """A range with round ticks, in the unit of the data."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, values: Floats) -> Floats:
        """Return `values` as fractions of the axis, 0 at `low` and 1 at `high`; same shape."""
        placed: Floats = (np.asarray(values, dtype=np.float64) - self.low) / (self.high - self.low)
        return placed


def round_axis(low: float, high: float, n_ticks: int = 5) -> Axis:
    """Return an axis that holds `low` to `high`, with ticks at 1, 2 or 5 times a power of ten."""
    span = max(high - low, 1e-3 * max(abs(low), abs(high), 1.0))
    rough = span / n_ticks
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-12), math.ceil(high / step - 1e-12)
    last = max(last, first + 1)
    return Axis(first * step, last * step, tuple(round(i * step, 9) for i in range(first, last + 1)))


def depth_plot(item: ReportRecording) -> dict[str, Any] | None:
    """Return the depth of bone over the recording, or None where there are not two values to join."""
    drawn = [q for q in DEPTHS if q in item.series and np.isfinite(item.series[q]).sum() > 1]
    if not drawn:
        return None
    along, label = _along(item)
    values = np.concatenate([item.series[q][np.isfinite(item.series[q])] for q in drawn])
    x_axis = Axis(float(along[0]), float(along[-1]), _inner_ticks(float(along[0]), float(along[-1])))
    y_axis = round_axis(float(values.min()), float(values.max()), 4)
    return {
        "x_label": label,
        "y_label": "depth below the skin, mm",
        "x_ticks": _ticks(x_axis),
        "y_ticks": _ticks(y_axis),
        "curves": [
            {
                "name": TITLES[quantity],
                "dash": dash,
                "colour": COLOURS[Structure.BONE],
                "lines": _lines(x_axis.place(along), y_axis.place(item.series[quantity])),
            }
            for quantity, dash in zip(DEPTHS, DASHES, strict=True)
            if quantity in drawn
        ],
        "alt": _alt(item, drawn),
    }


def _along(item: ReportRecording) -> tuple[Floats, str]:
    """Seconds where the recording has times, otherwise frames counted from 1."""
    n = next(iter(item.series.values())).size
    times = np.asarray(item.header.times_s, dtype=np.float64)
    if times.size == n and np.all(np.isfinite(times)) and times[-1] > times[0]:
        return times, "time, s"
    return np.arange(1, n + 1, dtype=np.float64), "frame"


def _inner_ticks(low: float, high: float) -> tuple[float, ...]:
    return tuple(t for t in round_axis(low, high, 6).ticks if low - 1e-9 <= t <= high + 1e-9)


def _ticks(axis: Axis) -> list[dict[str, Any]]:
    step = axis.ticks[1] - axis.ticks[0] if len(axis.ticks) > 1 else 1.0
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return [
        {"at": round(float(axis.place(np.array(t))), 5), "text": f"{t:.{digits}f}".replace("-", "−")}
        for t in axis.ticks
    ]


def _lines(x: Floats, y: Floats) -> list[list[list[float]]]:
    """Split a curve where values are missing; a lone value stays as a line of one point."""
    x, y = _binned(x, y)
    seen = np.flatnonzero(np.isfinite(y))
    stretches = np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1)
    return [[[round(float(x[i]), 5), round(float(y[i]), 5)] for i in run] for run in stretches if run.size]


def _binned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    if y.size <= MOST_POINTS:
        return x, y
    parts = np.array_split(np.arange(y.size), MOST_POINTS)
    seen = [part[np.isfinite(y[part])] for part in parts]
    medians = [float(np.median(y[part])) if part.size else math.nan for part in seen]
    return np.array([x[part].mean() for part in parts]), np.array(medians)


def _alt(item: ReportRecording, drawn: list[Quantity]) -> str:
    parts = []
    for quantity in drawn:
        values = item.series[quantity][np.isfinite(item.series[quantity])]
        parts.append(
            f"{TITLES[quantity]}: {values.min():.1f} to {values.max():.1f} mm, median {np.median(values):.1f} mm"
        )
    return f"Depth of bone over {item.recording.n_frames} frames. " + "; ".join(parts) + "."
