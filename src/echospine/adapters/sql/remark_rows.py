"""Between remarks and rows of their table; `remark_of(remark_row(remark)) == remark`, to the last bit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from echospine.adapters.sql.rows import Values
from echospine.domain.labels import Side, View, part_of
from echospine.domain.measures import Quantity
from echospine.domain.remarks import CaliperEdit, FrameChoice, Measured, Remark, TakenAs
from echospine.domain.takes import Contraction, Taken


def remark_row(exam_id: str, remark: Remark) -> Values:
    """Return the row of a remark."""
    kind, said = _said(remark)
    return {
        "recording_id": remark.recording_id,
        "place": remark.place,
        "exam_id": exam_id,
        "kind": kind,
        "said": said,
        "who": remark.who,
        "at": remark.at,
        "reason": remark.reason,
    }


def remark_of(row: Row[Any]) -> Remark:
    """Return the remark of a row."""
    said, by = row.said, (row.who, row.at, row.reason)
    if row.kind == "taken":
        view = None if said["view"] is None else View(said["view"])
        taken = Taken(view, Side(said["side"]), said["level"], Contraction(said["state"]))
        return TakenAs(row.recording_id, taken, *by)
    measured = Measured(part_of(said["structure"]), Side(said["side"]), Quantity(said["quantity"]))
    if row.kind == "frames":
        return FrameChoice(row.recording_id, measured, tuple(said["frames"]), *by)
    points = tuple((x, y) for x, y in said["points_px"])
    return CaliperEdit(row.recording_id, said["frame"], measured, points, *by)


def _said(remark: Remark) -> tuple[str, Values]:
    if isinstance(remark, TakenAs):
        taken = remark.taken
        view = None if taken.view is None else taken.view.value
        said = {"view": view, "side": taken.side.value, "level": taken.level, "state": taken.state.value}
        return "taken", said
    measured = remark.measured
    of = {"structure": int(measured.structure), "side": measured.side.value, "quantity": measured.quantity.value}
    if isinstance(remark, FrameChoice):
        return "frames", {**of, "frames": list(remark.frames)}
    return "calliper", {**of, "frame": remark.frame, "points_px": [list(point) for point in remark.points_px]}
