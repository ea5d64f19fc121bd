"""What people said of measures in a recording, applied to what was measured: callipers, frames that count, names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from echospine.domain.errors import InputError
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Method, Side, View
from echospine.domain.measures import Measurement, Quantity
from echospine.domain.remarks import CaliperEdit, FrameChoice, Remark
from echospine.domain.sights import ViewBelief
from echospine.domain.takes import Taken
from echospine.domain.units import Unit
from echospine.engine.muscle import mean_of, summarise

BY_HAND = Method("calliper in a frame", "1")
"""Of a measure that only a person took in that frame."""
ENDS = frozenset({Quantity.THICKNESS, Quantity.PERIMUSCULAR_ZONE, Quantity.WIDTH, Quantity.HEIGHT})
"""Measures between two ends, which a person can move."""
OUTLINES = frozenset({Quantity.CROSS_SECTION})
"""Measures inside an outline, which a person can move."""

PerFrame = Sequence[Sequence[Measurement]]


def seen_as(seen: Interpretation, view: View | None) -> Interpretation:
    """Return what was seen, in the view that a person says it is; None: as it was seen."""
    return seen if view is None else replace(seen, view=ViewBelief(((view, 1.0),)))


def caliper_value(edit: CaliperEdit, geometry: ImageGeometry) -> tuple[float, Unit]:
    """Return what a person's calliper or outline measures, in mm or mm2.

    Raises UncalibratedError, GeometryError, and InputError for a measure that nobody can take with a calliper.
    """
    quantity = edit.measured.quantity
    if quantity in OUTLINES:
        return geometry.area_mm2(edit.points_px), Unit.MM2
    if quantity not in ENDS:
        raise InputError(f"{quantity} is not measured with a calliper")
    if len(edit.points_px) != 2:
        raise InputError(f"{quantity} has two ends, not {len(edit.points_px)}")
    return geometry.length_mm(edit.points_px), Unit.MM


def with_callipers(
    per_frame: PerFrame, remarks: Sequence[Remark], geometry_of: Callable[[int], ImageGeometry]
) -> tuple[tuple[Measurement, ...], ...]:
    """Return the measurements of each frame with people's callipers in place of the model's."""
    frames = [list(several) for several in per_frame]
    for edit in remarks:
        if isinstance(edit, CaliperEdit):
            old = next((one for one in frames[edit.frame] if edit.measured.holds(one)), None)
            new = _by_hand(edit, old, geometry_of(edit.frame))
            frames[edit.frame] = [one for one in frames[edit.frame] if one is not old] + [new]
    return tuple(map(tuple, frames))


def summary_of(per_frame: PerFrame, remarks: Sequence[Remark]) -> tuple[Measurement, ...]:
    """Return one measurement for each measure: over the frames that a person chose their mean, else the median of all.

    `per_frame` as it was before anybody said how the recording was taken.
    """
    choices = [one for one in remarks if isinstance(one, FrameChoice)]
    free = [[one for one in frame if not any(c.measured.holds(one) for c in choices)] for frame in per_frame]
    return (*summarise(free), *(_chosen(choice, per_frame) for choice in choices))


def named(measured: Sequence[Measurement], taken: Taken) -> tuple[Measurement, ...]:
    """Return measurements with what a person said of their recording."""
    return tuple(one.taken(taken) for one in measured)


def _by_hand(edit: CaliperEdit, old: Measurement | None, geometry: ImageGeometry) -> Measurement:
    value, unit = caliper_value(edit, geometry)
    method = BY_HAND
    if old is not None and old.value is not None:
        method = Method(f"{old.method.name} corrected by {edit.who}", old.method.version)
    return Measurement(
        edit.measured.structure,
        edit.measured.side,
        edit.measured.quantity,
        value,
        unit,
        method,
        level=old.level if old is not None else "",
        frame=edit.frame,
        points_px=edit.points_px,
    )


def _chosen(choice: FrameChoice, per_frame: PerFrame) -> Measurement:
    theirs = [one for frame in per_frame for one in frame if choice.measured.holds(one)]
    counted = [one for one in theirs if one.frame in choice.frames and one.value is not None]
    if counted:
        return mean_of(counted)
    note = f"no frame counts: {choice.who} left them out" + (f" ({choice.reason})" if choice.reason else "")
    if theirs:
        return replace(theirs[0], value=None, uncertainty=None, frame=None, n_frames=0, points_px=(), note=note)
    measured = choice.measured
    unit = Unit.MM2 if measured.quantity in OUTLINES else Unit.MM
    return Measurement(
        measured.structure, Side(measured.side), measured.quantity, None, unit, BY_HAND, n_frames=0, note=note
    )
