"""What a followed cine is measured for: displacement, contraction, shear; and what cannot be told, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from echospine.domain.errors import InputError
from echospine.domain.images import Point
from echospine.domain.labels import Method
from echospine.domain.measures import Measurement, Naming, Quantity
from echospine.domain.units import Floats, Mask, Unit
from echospine.engine.muscle.motion.curve import Contraction, Marks, find_contraction, marked_contraction
from echospine.engine.muscle.motion.follow import TORN, Followed
from echospine.engine.muscle.motion.shear import (
    CUMULATED,
    LANGEVIN_2011,
    MAXIMUM,
    PEAK_TO_PEAK,
    Shear,
    layer_shear,
    maximum_shear_percent,
)

SPECKLE_METHOD = Method("speckle tracking", "1")
CURVE_METHOD = Method("contraction by speckle tracking", "1")
MARKED_METHOD = Method("contraction by speckle tracking, marks set by hand", "1")
EDGE_SD_MM = 0.3
"""Doubt of each end that was placed on a border."""
LEAST_PX = 0.1
"""Of which a displacement is never surer: what a peak between pixels is off by where everything else is right."""
NORMAL_FROM_MAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation (Rousseeuw and Croux 1993)."""
MOVED_PERCENTILE = 95.0
"""Of the points of the grid: so that one stray is no peak."""
GAP = 1.5
"""Times the usual time between frames, beyond which frames were dropped."""

UNCALIBRATED = "uncalibrated: the picture carries no millimetres"
ONE_FRAME = "one frame only: nothing can be followed"
TIMES_UNKNOWN = "the times of the frames are not known"
NO_LINE = "no line over a muscle was given, and none was found in the first frame"
NO_LAYERS = "no place on a fascia was given, and none was found in the first frame"
NO_CONTRACTION = "no thickening beyond the noise of the curve"
TOO_SHORT = "fewer than ten frames could be followed"
NOT_BACK = "not back at rest when the cine ends"
LOST = "the speckle was lost: it moved too fast, or out of the picture"
GONE = "the speckle was lost in between, so that not every step is known"


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """A cine as it was followed, with what its numbers need.

    `field`, `ends`, `layers`: see `field_grid`, `line_points`, `fascia_layers`; None where there is nothing of the kind
    to follow. `times_s`: of each frame, empty where not known; `step_mm`: of a pixel, x and y, None without a scale.
    """

    times_s: tuple[float, ...]
    step_mm: tuple[float, float] | None
    field: Followed
    line_px: tuple[Point, Point] | None = None
    ends: Followed | None = None
    layers_px: Floats | None = None
    layers: Followed | None = None

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return len(self.field.displacement_px)


def thickness_curve(moved: Moved) -> Floats:
    """Return the distance of both ends of the line in each frame, mm (pixels without a scale), (n_frames,).

    NaN while an end is lost, and everywhere without a line.
    """
    if moved.line_px is None or moved.ends is None:
        return np.full(moved.n_frames, np.nan)
    went = halves_px(moved.ends)
    way = np.subtract(moved.line_px[1], moved.line_px[0]) + went[:, 1] - went[:, 0]
    length: Floats = np.linalg.norm(way * (moved.step_mm or (1.0, 1.0)), axis=1)
    return length


def halves_px(followed: Followed) -> Floats:
    """Return where the first and the second half of the points went, their medians, (n_frames, 2, 2): half; x, y.

    NaN where fewer than two points of a half are there.
    """
    half = followed.displacement_px.shape[1] // 2
    return np.stack([_median(followed.displacement_px[:, part]) for part in (slice(half), slice(half, None))], axis=1)


def shear_curve(moved: Moved) -> Floats:
    """Return the signed shear of each frame against the first, percent, (n_frames,); NaN where a layer was lost."""
    if moved.layers is None or moved.step_mm is None:
        return np.full(moved.n_frames, np.nan)
    seen = _both_layers(moved.layers)
    curve = np.full(moved.n_frames, np.nan)
    if seen.any():
        curve[seen] = _shear(moved.layers, seen, moved.step_mm[0]).signed_percent
    return curve


def contraction_of(moved: Moved, marks: Marks | None = None) -> Contraction | None:
    """Return the contraction in the curve of thickness, by a person's marks where there are any; None without one.

    Raises InputError where the curve cannot be read: no line, times not known, too few frames, marks outside.
    """
    if moved.line_px is None:
        raise InputError(NO_LINE)
    if moved.n_frames < 2:
        raise InputError(ONE_FRAME)
    if not moved.times_s:
        raise InputError(TIMES_UNKNOWN)
    curve = thickness_curve(moved)
    seen = np.isfinite(curve)
    if seen.sum() < 10:
        raise InputError(TOO_SHORT if moved.n_frames < 10 else LOST)
    times = np.asarray(moved.times_s)
    if marks is not None:
        return marked_contraction(times[seen], curve[seen], marks)
    return find_contraction(times[seen], curve[seen])


def measure_motion(
    moved: Moved, of_line: Naming, of_layers: Naming, marks: Marks | None = None
) -> tuple[Measurement, ...]:
    """Return all measurements of a followed cine; one that cannot be given has no value and a note that says why.

    Doubt is of following alone: half of what the way forth and back misses, in the middle of all steps, and no less
    than LEAST_PX, for both ways share their faults; of a thickness that of placing the line comes on top.
    """
    return (*_displacement(moved), *_contraction(moved, of_line, marks), *_shears(moved, of_layers))


def troubles(moved: Moved, missing: Sequence[int] = ()) -> tuple[str, ...]:
    """Return what spoils the following of a cine, one sentence each; frames count from 1 as people do.

    `missing`: frames that cannot be decoded.
    """
    return (*_unreadable(missing), *_dropped(moved.times_s), *_torn(moved.field))


def _unreadable(missing: Sequence[int]) -> Iterator[str]:
    if missing:
        first = ", ".join(str(n + 1) for n in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        yield f"Frame {first}{more} cannot be decoded; its neighbours were matched to each other."


def _dropped(times_s: Sequence[float]) -> Iterator[str]:
    if len(times_s) < 3:
        return
    gaps = np.diff(times_s)
    usual = float(np.median(gaps))
    long = np.flatnonzero(gaps > GAP * usual)
    if long.size:
        worst = int(long[np.argmax(gaps[long])])
        yield (
            f"Frames were dropped at {long.size} {'place' if long.size == 1 else 'places'}: the longest gap, "
            f"{gaps[worst]:.2f} s instead of {usual:.3f} s, is after frame {worst + 1}. "
            "What happened in a gap is not known; times and a contraction that falls in one are less sure."
        )


def _torn(field: Followed) -> Iterator[str]:
    """Tell of steps over which most of the picture was lost."""
    told = np.nan_to_num(field.score[1:], nan=-1.0) > -1.0
    middle = np.array(
        [float(np.median(row[seen])) if seen.any() else 1.0 for row, seen in zip(field.score[1:], told, strict=True)]
    )
    torn = np.flatnonzero(middle < TORN)
    if torn.size:
        worst = int(torn[np.argmin(middle[torn])])
        yield (
            f"Tissue moved too fast to follow, or the picture changed, at {torn.size} "
            f"{'step' if torn.size == 1 else 'steps'}: the least correlation, {middle[worst]:.2f}, is after frame "
            f"{worst + 1}. What could not be found again has no value from there on."
        )


def _displacement(moved: Moved) -> Iterator[Measurement]:
    for quantity, wanted in ((Quantity.PEAK_DISPLACEMENT, "peak"), (Quantity.TRACKING_DRIFT, "drift")):
        one = _absent(Naming(), quantity, Unit.MM, SPECKLE_METHOD, "")
        if moved.n_frames < 2:
            yield replace(one, note=ONE_FRAME)
        elif moved.step_mm is None:
            yield replace(one, note=UNCALIBRATED)
        elif wanted == "peak":
            yield _peak(moved, moved.step_mm)
        else:
            yield _drift(moved, moved.step_mm)


def _peak(moved: Moved, step_mm: tuple[float, float]) -> Measurement:
    size = np.linalg.norm(moved.field.displacement_px * step_mm, axis=2)
    seen = np.isfinite(size).any(axis=1)
    if not seen[1:].any():
        return _absent(Naming(), Quantity.PEAK_DISPLACEMENT, Unit.MM, SPECKLE_METHOD, LOST)
    high = np.array(
        [np.nanpercentile(row, MOVED_PERCENTILE) if ok else -1.0 for row, ok in zip(size, seen, strict=True)]
    )
    at = int(np.argmax(high))
    one = _present(Naming(), Quantity.PEAK_DISPLACEMENT, float(high[at]), Unit.MM, _doubt_mm(moved.field, step_mm))
    return replace(one, frame=at, n_frames=int(seen.sum()))


def _drift(moved: Moved, step_mm: tuple[float, float]) -> Measurement:
    missed = moved.field.drift_px
    if not np.isfinite(missed).any():
        return _absent(Naming(), Quantity.TRACKING_DRIFT, Unit.MM, SPECKLE_METHOD, LOST)
    value = float(np.nanmedian(missed))
    spread = NORMAL_FROM_MAD * float(np.nanmedian(np.abs(missed - value))) * max(step_mm)
    one = _present(Naming(), Quantity.TRACKING_DRIFT, value * max(step_mm), Unit.MM, spread)
    return replace(one, n_frames=moved.n_frames)


_OF_CURVE = {
    Quantity.THICKNESS_AT_REST: Unit.MM,
    Quantity.THICKNESS_CONTRACTED: Unit.MM,
    Quantity.THICKNESS_CHANGE: Unit.PERCENT,
    Quantity.CONTRACTION_ONSET: Unit.SECOND,
    Quantity.CONTRACTION_PEAK: Unit.SECOND,
    Quantity.CONTRACTION_HOLD: Unit.SECOND,
    Quantity.CONTRACTION_RETURN: Unit.SECOND,
}


def _contraction(moved: Moved, of: Naming, marks: Marks | None) -> Iterator[Measurement]:
    method = CURVE_METHOD if marks is None else MARKED_METHOD
    try:
        found = contraction_of(moved, marks)
    except InputError as error:
        if marks is not None:
            raise
        found, why = None, str(error)
    else:
        why = NO_CONTRACTION
    if found is None:
        yield from (_absent(of, quantity, unit, method, why) for quantity, unit in _OF_CURVE.items())
        return
    for one in _of_contraction(moved, found, of):
        yield replace(one, method=method, frame=_frame_at(moved, found.peak_s), n_frames=moved.n_frames)


def _of_contraction(moved: Moved, found: Contraction, of: Naming) -> Iterator[Measurement]:
    follow_mm = _doubt_mm(moved.ends, moved.step_mm or (1.0, 1.0)) if moved.ends is not None else 0.0
    placing_mm = float(np.hypot(np.sqrt(2.0) * EDGE_SD_MM, follow_mm))
    for quantity, value in (
        (Quantity.THICKNESS_AT_REST, found.rest),
        (Quantity.THICKNESS_CONTRACTED, found.peak),
    ):
        if moved.step_mm is None:
            yield _absent(of, quantity, Unit.MM, CURVE_METHOD, UNCALIBRATED)
        else:
            yield _present(of, quantity, value, Unit.MM, placing_mm)
    share = 100.0 * np.sqrt(2.0) * follow_mm / found.rest
    yield _present(of, Quantity.THICKNESS_CHANGE, 100.0 * found.change, Unit.PERCENT, float(share))
    frame_s = float(np.median(np.diff(moved.times_s))) / np.sqrt(12.0)
    for quantity, when in (
        (Quantity.CONTRACTION_ONSET, found.onset_s),
        (Quantity.CONTRACTION_PEAK, found.peak_s),
        (Quantity.CONTRACTION_HOLD, found.hold_s),
        (Quantity.CONTRACTION_RETURN, found.return_s),
    ):
        if when is None:
            yield _absent(of, quantity, Unit.SECOND, CURVE_METHOD, NOT_BACK)
        else:
            yield _present(of, quantity, when, Unit.SECOND, frame_s)


_OF_SHEAR = {
    Quantity.SHEAR_LANGEVIN_2011: LANGEVIN_2011,
    Quantity.SHEAR_PEAK_TO_PEAK: PEAK_TO_PEAK,
    Quantity.SHEAR_CUMULATED: CUMULATED,
    Quantity.SHEAR_MAXIMUM: MAXIMUM,
}


def _shears(moved: Moved, of: Naming) -> Iterator[Measurement]:
    why = ""
    if moved.n_frames < 2:
        why = ONE_FRAME
    elif moved.step_mm is None:
        why = UNCALIBRATED
    elif moved.layers is None or moved.layers_px is None:
        why = NO_LAYERS
    elif not (seen := _both_layers(moved.layers))[1:].any():
        why = LOST
    else:
        yield from _of_layers(moved, seen, of)
        return
    yield from (_absent(of, quantity, Unit.PERCENT, method, why) for quantity, method in _OF_SHEAR.items())


def _of_layers(moved: Moved, seen: Mask, of: Naming) -> Iterator[Measurement]:
    layers, points, step_mm = moved.layers, moved.layers_px, moved.step_mm
    assert layers is not None and points is not None and step_mm is not None  # noqa: S101 -- narrows for the type checker
    shear = _shear(layers, seen, step_mm[0])
    frames = np.flatnonzero(seen)
    doubt = 100.0 * np.sqrt(2.0) * _doubt_mm(layers, step_mm) / 2.0
    at = int(frames[np.argmax(np.abs(shear.signed_percent))])
    for quantity in (Quantity.SHEAR_LANGEVIN_2011, Quantity.SHEAR_PEAK_TO_PEAK, Quantity.SHEAR_CUMULATED):
        method = _OF_SHEAR[quantity]
        if quantity is Quantity.SHEAR_CUMULATED and not seen.all():
            one = _absent(of, quantity, Unit.PERCENT, method, GONE)
        else:
            sd = None if quantity is Quantity.SHEAR_CUMULATED else float(doubt)
            one = _present(of, quantity, shear.value(method), Unit.PERCENT, sd)
        yield replace(one, method=method, frame=at, n_frames=int(seen.sum()))
    each = [maximum_shear_percent(points * step_mm, layers.displacement_px[n] * step_mm) for n in frames]
    one = _present(of, Quantity.SHEAR_MAXIMUM, max(each), Unit.PERCENT, float(doubt))
    yield replace(one, method=MAXIMUM, frame=int(frames[int(np.argmax(each))]), n_frames=int(seen.sum()))


def _both_layers(layers: Followed) -> Mask:
    """Return in which frames a third of each layer's points is there, and three at least, (n_frames,)."""
    half = layers.displacement_px.shape[1] // 2
    there = np.isfinite(layers.displacement_px[..., 0])
    enough: Mask = np.minimum(there[:, :half].sum(axis=1), there[:, half:].sum(axis=1)) >= max(3, half // 3)
    return enough


def _shear(layers: Followed, seen: Mask, step_x_mm: float) -> Shear:
    half = layers.displacement_px.shape[1] // 2
    x_mm = layers.displacement_px[seen, :, 0] * step_x_mm
    return layer_shear(x_mm[:, :half], x_mm[:, half:])


def _median(went: Floats) -> Floats:
    """Return the median way of the points that are there, (n_frames, 2), NaN where fewer than two are."""
    out = np.full((len(went), 2), np.nan)
    told = np.isfinite(went[..., 0]).sum(axis=1) >= 2
    if told.any():
        out[told] = np.nanmedian(went[told], axis=1)
    return out


def _doubt_mm(followed: Followed, step_mm: tuple[float, float]) -> float:
    """Return the doubt of one displacement, mm; see `measure_motion`."""
    missed = followed.drift_px
    half = 0.5 * float(np.nanmedian(missed)) if np.isfinite(missed).any() else 0.0
    return max(half, LEAST_PX) * max(step_mm)


def _frame_at(moved: Moved, when_s: float) -> int:
    return int(np.argmin(np.abs(np.asarray(moved.times_s) - when_s)))


def _present(of: Naming, quantity: Quantity, value: float, unit: Unit, doubt: float | None) -> Measurement:
    return Measurement(
        of.structure, of.side, quantity, value, unit, SPECKLE_METHOD, level=of.level, uncertainty=doubt, state=of.state
    )


def _absent(of: Naming, quantity: Quantity, unit: Unit, method: Method, note: str) -> Measurement:
    return Measurement(
        of.structure, of.side, quantity, None, unit, method, level=of.level, state=of.state, note=note or UNCALIBRATED
    )
