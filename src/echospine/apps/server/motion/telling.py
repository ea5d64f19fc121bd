"""From followed cines to what the motion view is told."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING

import numpy as np

from echospine.apps.server.motion import shapes
from echospine.apps.server.schemas import XY
from echospine.domain.errors import InputError, NotFound, UnsupportedError
from echospine.domain.labels import Structure
from echospine.domain.measures import TITLES, Measurement, Naming
from echospine.domain.units import Mask, Pixels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from echospine.engine.muscle.motion import Contraction, Followed, Marks, Moved
    from echospine.workflow.motion import Cine, FieldPart, Proposal, Wanted

UNIT_PX = 0.01
LOST = -32768


def wanted_of(places: shapes.PlacesShape) -> Wanted:
    """Return what is to be followed, the grid included."""
    from echospine.workflow.motion import Wanted

    return Wanted(places.line, places.layers)


def proposal_of(body: shapes.MotionBody) -> Proposal:
    """Return the places with what lies there; raises UnsupportedError for a structure that is not known."""
    from echospine.workflow.motion import Proposal

    return Proposal(wanted_of(body.places), naming_of(body.of_line), naming_of(body.of_layers))


def marks_of(marks: shapes.MarksShape | None) -> Marks | None:
    """Return a person's marks; raises InputError where they are not in order."""
    from echospine.engine.muscle.motion import Marks

    return None if marks is None else Marks(marks.onset_s, marks.peak_s, marks.return_s)


def proposal_view(proposal: Proposal) -> shapes.ProposalView:
    """Return where to follow, before a person says it."""
    wanted = proposal.wanted
    return shapes.ProposalView(
        places=shapes.PlacesShape(line=wanted.line_px, layers=wanted.layers_px),
        of_line=_named(proposal.of_line),
        of_layers=_named(proposal.of_layers),
    )


def motion_view(cine: Cine, of: Proposal, marks: Marks | None) -> shapes.MotionView:
    """Return what is measured of a cine. Raises InputError where marks do not fit it."""
    from echospine.engine.muscle.motion import measure_motion, shear_curve, thickness_curve
    from echospine.workflow.motion import assemble

    field = field_of(cine)
    moved = assemble(field, cine.line, cine.layers)
    layers = cine.layers
    unit = "mm" if moved.step_mm is not None else "{pixel}"
    return shapes.MotionView(
        n_frames=moved.n_frames,
        times_s=list(field.times_s),
        step_mm=field.step_mm,
        notes=list(field.notes),
        thickness=_curve(unit, thickness_curve(moved)) if cine.line is not None else None,
        strip=_strip(cine.line.strip) if cine.line is not None else None,
        line_went=_went(moved.ends),
        layers_went=_went(moved.layers),
        contraction=_contraction(moved, marks),
        layer_points=[(float(x), float(y)) for x, y in layers.points_px] if layers is not None else [],
        shear=_curve("%", shear_curve(moved)) if layers is not None else None,
        values=[_value(one) for one in measure_motion(moved, of.of_line, of.of_layers, marks)],
    )


def field_view(cine: Cine) -> shapes.FieldView:
    """Return how the grid moves."""
    from echospine.engine.muscle.motion.plan import GRID

    field = field_of(cine)
    moved = field.followed.displacement_px
    steps = np.where(np.isfinite(moved), np.clip(np.rint(moved / UNIT_PX), LOST + 1, 32767), LOST)
    return shapes.FieldView(
        rows=GRID[0],
        columns=GRID[1],
        points=[(float(x), float(y)) for x, y in field.points_px],
        unit_px=UNIT_PX,
        lost=LOST,
        n_frames=len(moved),
        displacement=_base64(steps.astype("<i2").tobytes()),
    )


def field_of(cine: Cine) -> FieldPart:
    """Return the grid of a cine that was followed whole."""
    if cine.field is None:
        raise NotFound("the field of the cine was not followed")
    return cine.field


def _strip(strip: Pixels) -> shapes.StripView:
    return shapes.StripView(rows=strip.shape[0], columns=strip.shape[1], grey=_base64(strip.tobytes()))


def _went(followed: Followed | None) -> list[tuple[XY, XY] | None]:
    from echospine.engine.muscle.motion import halves_px

    if followed is None:
        return []
    went = halves_px(followed)
    told: Mask = np.asarray(np.isfinite(went).all(axis=(1, 2)))
    return [
        ((float(a[0]), float(a[1])), (float(b[0]), float(b[1]))) if ok else None
        for (a, b), ok in zip(went, told, strict=True)
    ]


def _contraction(moved: Moved, marks: Marks | None) -> shapes.ContractionView | None:
    from echospine.engine.muscle.motion import contraction_of

    found: Contraction | None
    try:
        found = contraction_of(moved, marks)
    except InputError:
        if marks is not None:
            raise
        return None
    if found is None:
        return None
    return shapes.ContractionView(
        rest=found.rest,
        onset_s=found.onset_s,
        peak_s=found.peak_s,
        peak=found.peak,
        hold_s=found.hold_s,
        return_s=found.return_s,
    )


def _curve(unit: str, values: Iterable[float]) -> shapes.CurveView:
    return shapes.CurveView(unit=unit, values=[float(one) if math.isfinite(one) else None for one in values])


def _value(one: Measurement) -> shapes.MotionValue:
    return shapes.MotionValue(
        quantity=one.quantity,
        title=TITLES[one.quantity],
        value=one.value,
        unit=one.unit,
        uncertainty=one.uncertainty,
        method=str(one.method),
        note=one.note,
    )


def naming_of(shape: shapes.NamingShape) -> Naming:
    """Return what lies at a place; raises UnsupportedError for a structure that is not known."""
    found = next((one for one in Structure if one.label == shape.structure), None)
    if found is None:
        raise UnsupportedError(f"there is no structure {shape.structure!r}")
    return Naming(found, shape.side, shape.level)


def _named(naming: Naming) -> shapes.NamingShape:
    return shapes.NamingShape(structure=naming.structure.label, side=naming.side, level=naming.level)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
