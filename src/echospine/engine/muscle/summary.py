"""One value for a whole recording, with its spread over the frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from echospine.domain.measures import Measurement

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
