"""The words of the history for what people said of recordings and of measures in them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, TypeAlias

from echospine.domain.errors import EchoSpineError, StorageError
from echospine.domain.labels import PARTS, Side, View
from echospine.domain.measures import Quantity
from echospine.domain.remarks import CaliperEdit, FrameChoice, Measured, Remark, TakenAs
from echospine.domain.takes import Contraction, Taken

Json: TypeAlias = dict[str, Any]


def remark_target(remark: Remark) -> str:
    """Return the name of a remark in the history: `taken:<recording>`, `remark:<recording>/<place>`."""
    if isinstance(remark, TakenAs):
        return f"taken:{remark.recording_id}"
    return f"remark:{remark.recording_id}/{remark.place}"


def remark_to_text(remark: Remark, revision: int) -> str:
    """Return what was said at that revision, as JSON text."""
    document = {
        "recording_id": remark.recording_id,
        **_said(remark),
        "who": remark.who,
        "at": remark.at.isoformat(),
        "reason": remark.reason,
        "revision": revision,
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, sort_keys=True)


def remark_from_text(text: str) -> Remark:
    """Return the remark that `remark_to_text` wrote; raises StorageError when the text is damaged."""
    try:
        d = json.loads(text)
        recording, by = d["recording_id"], (d["who"], datetime.fromisoformat(d["at"]), d["reason"])
        if "taken" in d:
            return TakenAs(recording, _taken(d["taken"]), *by)
        measured = Measured(PARTS[d["structure"]], Side(d["side"]), Quantity(d["quantity"]))
        if "frames" in d:
            return FrameChoice(recording, measured, tuple(d["frames"]), *by)
        return CaliperEdit(recording, d["frame"], measured, tuple((x, y) for x, y in d["points_px"]), *by)
    except (ValueError, KeyError, TypeError, EchoSpineError) as error:
        raise StorageError("a line of the history does not hold what was said; the store is damaged") from error


def _said(remark: Remark) -> Json:
    if isinstance(remark, TakenAs):
        taken = remark.taken
        view = None if taken.view is None else taken.view.value
        return {"taken": {"view": view, "side": taken.side, "level": taken.level, "state": taken.state}}
    of = {
        "structure": remark.measured.structure.label,
        "side": remark.measured.side.value,
        "quantity": remark.measured.quantity.value,
    }
    if isinstance(remark, FrameChoice):
        return {**of, "frames": list(remark.frames)}
    return {**of, "frame": remark.frame, "points_px": [list(point) for point in remark.points_px]}


def _taken(d: Json) -> Taken:
    view = None if d["view"] is None else View(d["view"])
    return Taken(view, Side(d["side"]), d["level"], Contraction(d["state"]))
