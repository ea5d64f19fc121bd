"""Length and speed of a freehand sweep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Method, Side, Structure
from echospine.domain.measures import Measurement, Quantity
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Unit

SWEEP_METHOD = Method("sweep of the probe face", "1")
LEAST_TOLERANCE_MM = 0.5
"""Movement that is never counted: about the jitter of a good optical or electromagnetic tracker at rest."""
SIGMAS = 6.0
SMOOTHED_FRAMES = 5
"""The path is a running mean over so many frames; it is continued straight at its ends, so they do not shrink."""


def measure_sweep(
    times_s: Sequence[float], image_to_reference: Sequence[Pose | None], geometry: ImageGeometry
) -> tuple[Measurement, ...]:
    """Return the length of the path of the middle of the probe face, mm, and the mean speed, mm/s.

    `times_s`: one per frame, or empty where unknown; `image_to_reference`: one per frame, None where there
    was no pose; such frames are bridged by a straight line. Where the tracker is noisy, the path is smoothed over 5
    frames. Then it is reduced to the fewest of its own points that stay within the jitter (Douglas and Peucker 1973;
    tolerance: 6 standard deviations of what noise is left, from second differences, and at least 0.5 mm), so that
    jitter does not add up. A probe that stays within that tolerance has not moved.
    Uncertainty of the length: noise at both ends. Untracked recordings get absent values and a note.
    """
    tracked = [(i, pose) for i, pose in enumerate(image_to_reference) if pose is not None]
    if len(tracked) < 2:
        note = "not tracked" if not tracked else "only one frame has a pose"
        return _absent(Quantity.SWEEP_LENGTH, Unit.MM, note), _absent(Quantity.SWEEP_SPEED, Unit.MM_PER_S, note)
    face = np.array([(geometry.width - 1) / 2, 0.0, 0.0])
    path = np.array([pose.apply(face) for _, pose in tracked])
    noise_mm = jitter_mm(path)
    if SIGMAS * noise_mm > LEAST_TOLERANCE_MM:
        path, noise_mm = _smoothed(path), noise_mm / float(np.sqrt(SMOOTHED_FRAMES))
    tolerance_mm = max(LEAST_TOLERANCE_MM, SIGMAS * noise_mm)
    length_mm = 0.0 if _rests(path, tolerance_mm) else _length(path[simplify(path, tolerance_mm)])
    doubt_mm = float(np.sqrt(2.0) * max(noise_mm, 0.1))
    length = _present(Quantity.SWEEP_LENGTH, Unit.MM, length_mm, doubt_mm, len(tracked))
    first, last = tracked[0][0], tracked[-1][0]
    seconds = times_s[last] - times_s[first] if len(times_s) == len(image_to_reference) else 0.0
    if seconds <= 0:
        return length, _absent(Quantity.SWEEP_SPEED, Unit.MM_PER_S, "the times of the frames are not known")
    speed = _present(Quantity.SWEEP_SPEED, Unit.MM_PER_S, length_mm / seconds, doubt_mm / seconds, len(tracked))
    return length, speed


def _length(path: Floats) -> float:
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())


def _rests(path: Floats, tolerance_mm: float) -> bool:
    """Return True when 95 % of the path stays within the tolerance of its middle: the probe did not move."""
    away = np.linalg.norm(path - np.median(path, axis=0), axis=1)
    return bool(np.quantile(away, 0.95) <= tolerance_mm / 2)


def _smoothed(path: Floats) -> Floats:
    """Return the running mean of a path, (n, 3); an odd reflection at the ends keeps a steady movement as it is."""
    reach = SMOOTHED_FRAMES // 2
    if len(path) <= SMOOTHED_FRAMES:
        return path
    longer = np.pad(path, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    mean: Floats = np.lib.stride_tricks.sliding_window_view(longer, SMOOTHED_FRAMES, axis=0).mean(axis=-1)
    return mean


def jitter_mm(path: Floats) -> float:
    """Return the standard deviation of the position noise along one axis, mm; `path`: (n, 3), mm.

    From second differences, which a steady movement does not have: their variance is 6 times that of the noise.
    Robust (median absolute deviation), so that turns do not count; 0 for fewer than five points.
    """
    if len(path) < 5:
        return 0.0
    second = np.diff(path, n=2, axis=0)
    return float(1.4826 * np.median(np.abs(second)) / np.sqrt(6.0))


def simplify(path: Floats, tolerance: float) -> list[int]:
    """Return indices of the fewest points, ends included, from which no other point is farther than `tolerance`.

    `path`: (n, d); Douglas and Peucker (1973), without recursion.
    """
    kept = {0, len(path) - 1}
    spans = [(0, len(path) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        away = _distance_to_segment(path[first + 1 : last], path[first], path[last])
        farthest = int(np.argmax(away))
        if away[farthest] > tolerance:
            middle = first + 1 + farthest
            kept.add(middle)
            spans += [(first, middle), (middle, last)]
    return sorted(kept)


def _distance_to_segment(points: Floats, start: Floats, end: Floats) -> Floats:
    along = end - start
    squared = float(along @ along)
    share = np.clip((points - start) @ along / squared, 0.0, 1.0) if squared > 0 else np.zeros(len(points))
    distance: Floats = np.linalg.norm(points - (start + share[:, None] * along), axis=1)
    return distance


def _present(quantity: Quantity, unit: Unit, value: float, doubt: float, n_frames: int) -> Measurement:
    return Measurement(
        Structure.BACKGROUND, Side.UNKNOWN, quantity, value, unit, SWEEP_METHOD, uncertainty=doubt, n_frames=n_frames
    )


def _absent(quantity: Quantity, unit: Unit, note: str) -> Measurement:
    return Measurement(Structure.BACKGROUND, Side.UNKNOWN, quantity, None, unit, SWEEP_METHOD, n_frames=0, note=note)
