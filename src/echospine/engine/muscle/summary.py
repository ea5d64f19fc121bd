"""One value for a whole recording, with its spread over the frames."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from echospine.domain.errors import InputError
from echospine.domain.labels import Method
from echospine.domain.measures import OF_CHOSEN, Measurement

NORMAL_FROM_MAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation (Rousseeuw and Croux 1993)."""


def summarise(per_frame: Sequence[Sequence[Measurement]]) -> tuple[Measurement, ...]:
    """Return one measurement for each structure, side, level and quantity: the median over the frames.

    `uncertainty`: one standard deviation, the robust spread over the frames (1.4826 MAD) and the median doubt
    of one frame, added in quadrature. `frame`: whose value is nearest to the median. Frames without a value do
    not count; when none has one, the value is absent and the commonest note says why.
    """
    groups: dict[tuple[object, ...], list[Measurement]] = {}
    for measured in (measured for frame in per_frame for measured in frame):
        key = (measured.structure, measured.side, measured.level, measured.quantity)
        groups.setdefault(key, []).append(measured)
    return tuple(_summarise_one(group) for group in groups.values())


def mean_of(frames: Sequence[Measurement]) -> Measurement:
    """Return the mean of one measure over frames that a person chose, all of which have a value.

    `uncertainty`: the spread of the frames over the root of their number, and the mean doubt of one frame where all
    have one, added in quadrature; None for one frame without any. `frame`: whose value is nearest to the mean.
    Raises InputError for no frame.
    """
    if not frames:
        raise InputError("a mean needs a frame at least")
    values = np.array([one.value for one in frames], dtype=np.float64)
    mean = float(values.mean())
    doubts = [one.uncertainty for one in frames if one.uncertainty is not None]
    doubt = float(np.mean(doubts)) if len(doubts) == len(frames) else None
    spread = float(values.std(ddof=1)) / math.sqrt(values.size) if values.size > 1 else None
    best = frames[int(np.argmin(np.abs(values - mean)))]
    return replace(
        best,
        value=mean,
        uncertainty=None if doubt is None and spread is None else math.hypot(doubt or 0.0, spread or 0.0),
        method=_one_method([one.method for one in frames]),
        n_frames=len(frames),
    )


def _one_method(methods: Sequence[Method]) -> Method:
    """Return the method of a mean over chosen frames: where a person had a part in one, that part is named."""
    longest = max(methods, key=lambda method: len(method.name))
    return Method(f"{longest.name}{OF_CHOSEN}", longest.version)


def _summarise_one(group: Sequence[Measurement]) -> Measurement:
    present = [measured for measured in group if measured.value is not None]
    if not present:
        note = Counter(measured.note for measured in group).most_common(1)[0][0]
        return replace(group[0], frame=None, n_frames=0, note=note)
    values = np.array([measured.value for measured in present], dtype=np.float64)
    median = float(np.median(values))
    best = present[int(np.argmin(np.abs(values - median)))]
    return replace(best, value=median, uncertainty=_uncertainty(present, values, median), n_frames=len(present))


def _uncertainty(present: Sequence[Measurement], values: np.ndarray, median: float) -> float | None:
    doubts = [measured.uncertainty for measured in present if measured.uncertainty is not None]
    spread = NORMAL_FROM_MAD * float(np.median(np.abs(values - median)))
    if len(present) == 1 and not doubts:
        return None
    return float(np.hypot(spread, np.median(doubts) if doubts else 0.0))
