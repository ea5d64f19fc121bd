"""Measurements of one frame from its map of structures: muscles, fascia and fat, their size and their echo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from echospine.domain.frames import Frame
from echospine.domain.images import Point
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Method, Sector, Side, Structure, View
from echospine.domain.measures import Measurement, Quantity
from echospine.domain.units import Labels, Mask, Unit
from echospine.engine.muscle.echo import ERODE_MM, eroded, grey_levels, mean_and_doubt, texture
from echospine.engine.muscle.outlines import (
    Extent,
    Rays,
    Section,
    along_beams,
    fascia_thickness,
    fat_thickness,
    halves,
    largest_piece,
    midline_px,
    outline_px,
    over_bone,
    perimuscular_zone,
    section_of,
)
from echospine.engine.muscle.outlines.thickness import EDGE_SD_MM, MIDDLE_MM
from echospine.engine.muscle.tissue import UNCALIBRATED

OUTLINE_METHOD = Method("outlines of muscle", "1")
ACROSS_METHOD = Method("outlines of muscle across the spine", "1")
"""Of a thickness over bone in a view across the spine: along other beams than in one along it, and never mixed."""
ECHO_METHOD = Method(f"echo of muscle, {ERODE_MM:g} mm inside its outline", "1")
UNSCALED_ECHO_METHOD = Method(f"echo of muscle, {ERODE_MM:g} mm of a field taken for 50 mm inside its outline", "1")
FIELD_MM = 50.0
"""How deep a picture without a scale is taken to be where only the edge to be taken off hangs on it."""
ACROSS = frozenset({View.TRANSVERSE_SPINOUS, View.TRANSVERSE_INTERLAMINAR, View.MULTIFIDUS_TRANSVERSE})
"""Views across the spine: what lies left in the picture is the patient's left, and a muscle shows its cross-section."""
SURELY = 0.5
"""A view less likely than this is not known."""

ELSEWHERE = frozenset({View.OTHER, View.ABDOMINAL_WALL_LATERAL})
"""Views in which muscles of the back are not measured, whatever a map may name."""

NOT_THE_BACK = "the picture is taken for none of the views of the back"
NO_MUSCLE = "not seen: there is none in the map"
NO_BONE_UNDER = "not seen: no bone under the muscle where its thickness is taken"
NO_LAYER = "not seen over the middle of the picture"
CUT = "cut by the field: part of the muscle lies outside the picture"
NOT_ACROSS = "the picture is not known to lie across the muscle"
TOO_LITTLE = "not seen enough: too little of it is left inside its edge"
LATERAL = "with iliocostalis, at its lateral edge, whose outline is of low reliability"

_OVER = {
    Structure.MULTIFIDUS: Structure.ARTICULAR_PROCESS,
    Structure.ERECTOR_SPINAE: Structure.TRANSVERSE_PROCESS,
}
"""The bone over which the thickness of a muscle is taken."""
_TAKEN_IN = {
    Structure.MULTIFIDUS: View.PARASAGITTAL_ARTICULAR_PROCESS,
    Structure.ERECTOR_SPINAE: View.PARASAGITTAL_TRANSVERSE_PROCESS,
}
"""The view in which that bone should be there, so that its absence is told."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One side of a picture, or all of it; `outlines`: of each muscle in it, its largest piece, (height, width)."""

    side: Side
    outlines: Mapping[Structure, Mask]


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """What measuring a frame needs: map, beams where there is a scale, view and midline where they are known."""

    frame: Frame
    labels: Labels
    step_mm: tuple[float, float]
    rays: Rays | None
    sector: Sector
    view: View | None
    midline_px: float | None
    level: str


def measure_muscles(frame: Frame, interpretation: Interpretation) -> tuple[Measurement, ...]:
    """Return size and echo of multifidus, erector spinae, fascia and subcutaneous tissue; nothing without a map.

    In a view across the spine whose midline is seen, left and right apart. What belongs to the view and cannot be given
    has no value, and a note that says why.
    """
    if interpretation.structures is None:
        return ()
    sight = _sight(frame, interpretation)
    if sight.view in ELSEWHERE:
        gone = _absent(Structure.MULTIFIDUS, Side.UNKNOWN, Quantity.THICKNESS, NOT_THE_BACK)
        return (replace(gone, frame=frame.index),)
    parts = _parts(sight)
    found = [*_lengths(sight, parts), *_sections(sight, parts), *_echoes(sight, parts)]
    return tuple(replace(one, frame=frame.index, level=sight.level) for one in found)


def _sight(frame: Frame, interpretation: Interpretation) -> _Sight:
    belief, level = interpretation.view, interpretation.level
    view = belief.view if belief is not None and belief.confidence >= SURELY else None
    labels = interpretation.label_map(frame.geometry)
    middle = midline_px(labels, interpretation.landmarks) if view in ACROSS else None
    named = level.surely() if level is not None else None
    sector = interpretation.field.sector
    region = frame.geometry.main_region()
    step, rays = _taken_step(sector), None
    if region is not None:
        step, rays = region.step_mm, along_beams(labels, frame.geometry, sector)
    return _Sight(frame, labels, step, rays, sector, view, middle, named or "")


def _parts(sight: _Sight) -> tuple[_Part, ...]:
    if sight.midline_px is None:
        return (_part(sight, Side.UNKNOWN, sight.labels),)
    left, right = halves(sight.labels, sight.midline_px)
    return _part(sight, Side.LEFT, left), _part(sight, Side.RIGHT, right)


def _part(sight: _Sight, side: Side, labels: Labels) -> _Part:
    pieces = {muscle: largest_piece(labels, muscle, sight.step_mm) for muscle in _OVER}
    return _Part(side, {muscle: piece for muscle, piece in pieces.items() if piece is not None})


def _lengths(sight: _Sight, parts: tuple[_Part, ...]) -> Iterator[Measurement]:
    for muscle in _OVER:
        yield from _thicknesses(sight, parts, muscle)
    side, rays = _side_of_middle(sight), sight.rays
    layers = (
        (Structure.FASCIA, Quantity.THICKNESS, fascia_thickness),
        (Structure.FASCIA, Quantity.PERIMUSCULAR_ZONE, perimuscular_zone),
        (Structure.SUBCUTANEOUS, Quantity.THICKNESS, fat_thickness),
    )
    for structure, quantity, measure in layers:
        if rays is None:
            yield _absent(structure, side, quantity, UNCALIBRATED)
        elif (found := measure(rays)) is None:
            yield _absent(structure, side, quantity, NO_LAYER)
        else:
            yield _length(structure, side, quantity, found)


def _thicknesses(sight: _Sight, parts: tuple[_Part, ...], muscle: Structure) -> Iterator[Measurement]:
    """Yield the thickness over the bone nearest to the middle of the picture, or why there is none where one is due."""
    due = sight.view is _TAKEN_IN[muscle]
    found = over_bone(sight.rays, muscle, {_OVER[muscle]}) if sight.rays is not None else ()
    method = ACROSS_METHOD if sight.view in ACROSS else OUTLINE_METHOD
    for part in parts:
        seen = muscle in part.outlines
        here = [one for one in found if _side_at(sight, one.ends_px[1]) is part.side]
        if here:
            nearest = min(here, key=lambda one: abs(one.ends_px[1][0] - _middle_px(sight)))
            yield replace(_length(muscle, part.side, Quantity.THICKNESS, nearest), method=method)
        elif sight.rays is None and (due or seen):
            yield _absent(muscle, part.side, Quantity.THICKNESS, UNCALIBRATED)
        elif due:
            yield _absent(muscle, part.side, Quantity.THICKNESS, NO_BONE_UNDER if seen else NO_MUSCLE)


def _side_at(sight: _Sight, at_px: Point) -> Side:
    if sight.midline_px is None:
        return Side.UNKNOWN
    return Side.LEFT if at_px[0] < sight.midline_px else Side.RIGHT


def _middle_px(sight: _Sight) -> float:
    """Return the column in the middle of the field."""
    columns = np.flatnonzero(np.isfinite(sight.sector.top_px))
    return 0.5 * float(columns[0] + columns[-1]) if columns.size else 0.5 * (sight.frame.geometry.width - 1)


def _side_of_middle(sight: _Sight) -> Side:
    """Return the side that the middle of the picture, where layers are measured, lies on."""
    region = sight.frame.geometry.main_region()
    if sight.midline_px is None or region is None:
        return Side.UNKNOWN
    aside_mm = (_middle_px(sight) - sight.midline_px) * region.step_mm[0]
    if abs(aside_mm) < 0.5 * MIDDLE_MM:
        return Side.MIDLINE
    return Side.LEFT if aside_mm < 0 else Side.RIGHT


_SECTION = {
    Quantity.CROSS_SECTION: Unit.MM2,
    Quantity.WIDTH: Unit.MM,
    Quantity.HEIGHT: Unit.MM,
    Quantity.SHAPE_RATIO: Unit.ONE,
}


def _sections(sight: _Sight, parts: tuple[_Part, ...]) -> Iterator[Measurement]:
    """Yield the cross-section of multifidus on each side."""
    muscle = Structure.MULTIFIDUS
    for part in parts:
        note, found = _section_of(sight, part)
        if found is not None:
            yield from _of_section(part.side, found)
        elif note:
            yield from (_absent(muscle, part.side, one, note) for one in _SECTION)


def _section_of(sight: _Sight, part: _Part) -> tuple[str, Section | None]:
    """Return why there is no cross-section, or the cross-section; neither in a view along the spine."""
    if sight.view is not None and sight.view not in ACROSS:
        return "", None
    outline = part.outlines.get(Structure.MULTIFIDUS)
    if outline is None:
        return NO_MUSCLE, None
    if sight.view is None:
        return NOT_ACROSS, None
    if sight.rays is None:
        return UNCALIBRATED, None
    if eroded(outline, sight.step_mm) is None:
        return TOO_LITTLE, None
    found = section_of(outline, sight.step_mm, sight.sector)
    return (CUT, None) if found.cut else ("", found)


def _of_section(side: Side, found: Section) -> Iterator[Measurement]:
    sd = float(np.sqrt(2.0)) * EDGE_SD_MM
    ratio_sd = found.shape_ratio * float(np.hypot(sd / found.width_mm, sd / found.height_mm))
    values = {
        Quantity.CROSS_SECTION: (found.area_mm2, found.sd_mm2, outline_px(found.mask)),
        Quantity.WIDTH: (found.width_mm, sd, _across(found.mask)),
        Quantity.HEIGHT: (found.height_mm, sd, _down(found.mask)),
        Quantity.SHAPE_RATIO: (found.shape_ratio, ratio_sd, ()),
    }
    for quantity, (value, doubt, points) in values.items():
        yield _present(Structure.MULTIFIDUS, side, quantity, value, doubt, points)


def _across(mask: Mask) -> tuple[Point, ...]:
    """Return a calliper over the width of a mask, at the height of its middle."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    y = 0.5 * float(rows[0] + rows[-1])
    return (float(columns[0]) - 0.5, y), (float(columns[-1]) + 0.5, y)


def _down(mask: Mask) -> tuple[Point, ...]:
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    x = 0.5 * float(columns[0] + columns[-1])
    return (x, float(rows[0]) - 0.5), (x, float(rows[-1]) + 0.5)


def _echoes(sight: _Sight, parts: tuple[_Part, ...]) -> Iterator[Measurement]:
    for muscle in _OVER:
        for part in parts:
            if muscle in part.outlines:
                yield from _echo(sight, part, muscle)


def _echo(sight: _Sight, part: _Part, muscle: Structure) -> Iterator[Measurement]:
    """Yield grey levels and texture of a muscle's largest piece."""
    method = ECHO_METHOD if sight.rays is not None else UNSCALED_ECHO_METHOD
    inside = eroded(part.outlines[muscle], sight.step_mm)
    if inside is None:
        gone = _absent(muscle, part.side, Quantity.ECHO_INTENSITY, TOO_LITTLE)
        yield replace(gone, method=method)
        return
    grey = sight.frame.grey[inside.box]
    mean, doubt = mean_and_doubt(sight.frame.grey, inside)
    of_pixels, of_pairs = grey_levels(grey[inside.mask]), texture(grey, inside.mask)
    values = {
        Quantity.ECHO_INTENSITY: mean,
        Quantity.ECHO_SD: of_pixels.sd,
        Quantity.ECHO_SKEWNESS: of_pixels.skewness,
        Quantity.ECHO_ENTROPY: of_pixels.entropy_bit,
    }
    if of_pairs is not None:
        values |= {Quantity(f"glcm_{name}"): getattr(of_pairs, name) for name in of_pairs.__dataclass_fields__}
    note = LATERAL if muscle is Structure.ERECTOR_SPINAE and sight.view in ACROSS else ""
    for quantity, value in values.items():
        sd = doubt if quantity is Quantity.ECHO_INTENSITY else None
        one = _present(muscle, part.side, quantity, value, sd, ())
        yield replace(one, method=method, note=note)


def _taken_step(sector: Sector) -> tuple[float, float]:
    """Return the step of a picture without a scale whose field is FIELD_MM deep."""
    deep = float(np.nanmax(sector.bottom_px) - np.nanmin(sector.top_px)) if np.isfinite(sector.top_px).any() else 1.0
    step = FIELD_MM / max(1.0, deep)
    return step, step


_UNITS = {
    **_SECTION,
    Quantity.THICKNESS: Unit.MM,
    Quantity.PERIMUSCULAR_ZONE: Unit.MM,
    Quantity.ECHO_INTENSITY: Unit.GREY,
    Quantity.ECHO_SD: Unit.GREY,
    Quantity.ECHO_ENTROPY: Unit.BIT,
}
"""Units; a quantity that is not here is a plain number."""


def _length(structure: Structure, side: Side, quantity: Quantity, found: Extent) -> Measurement:
    return _present(structure, side, quantity, found.value_mm, found.sd_mm, found.ends_px)


def _present(  # noqa: PLR0917 -- private, in the order of Measurement
    structure: Structure, side: Side, quantity: Quantity, value: float, doubt: float | None, points: tuple[Point, ...]
) -> Measurement:
    unit = _UNITS.get(quantity, Unit.ONE)
    return Measurement(structure, side, quantity, value, unit, OUTLINE_METHOD, uncertainty=doubt, points_px=points)


def _absent(structure: Structure, side: Side, quantity: Quantity, note: str) -> Measurement:
    return Measurement(structure, side, quantity, None, _UNITS.get(quantity, Unit.ONE), OUTLINE_METHOD, note=note)
