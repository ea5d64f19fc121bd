"""The part of a stored interpretation that learned models add: maps, landmarks, views, levels, doubt.

Maps and probabilities are kept cell by cell (they compress well), numbers as they are. What a frame does not have
takes no row.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure, View
from echospine.domain.sights import Doubt, Landmark, LevelBelief, Sighting, StructureMap, ViewBelief

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]
Words: TypeAlias = dict[str, Any]

DTYPES: Mapping[str, str] = {
    "map_frame": "<u4",
    "map_shape": "<u4",
    "map_place": "<f8",
    "map_labels": "|u1",
    "map_probability": "|u1",
    "mark_frame": "<u4",
    "mark_kind": "<u4",
    "mark_values": "<f8",
    "view_frame": "<u4",
    "view_kind": "<u4",
    "view_share": "<f8",
    "level_frame": "<u4",
    "level_kind": "<u4",
    "level_share": "<f8",
    "level_told": "<u4",
    "doubt_frame": "<u4",
    "doubt_words": "<u4",
    "doubt_values": "<f8",
}
"""Every array of this part and how its numbers are written."""


class Table:
    """Numbers things in the order in which they first come, equal ones the same."""

    def __init__(self) -> None:
        self.keys: dict[Any, int] = {}

    def number(self, key: Hashable) -> int:
        """Return the number of `key`."""
        return self.keys.setdefault(key, len(self.keys))


def has_sights(frames: Sequence[Interpretation]) -> bool:
    """True where any frame holds what only a learned model says."""
    return any(one.structures or one.landmarks or one.view or one.level or one.doubt for one in frames)


def pack_sights(frames: Sequence[Interpretation], arrays: Arrays) -> Words:
    """Put what the frames hold into `arrays`; return the words that it refers to."""
    _pack_maps(frames, arrays)
    return {
        "landmarks": _pack_marks(frames, arrays),
        "views": _pack_views(frames, arrays),
        **_pack_levels(frames, arrays),
        **_pack_doubts(frames, arrays),
    }


def unpack_sights(words: Words, arrays: Arrays, frames: Sequence[Interpretation]) -> tuple[Interpretation, ...]:
    """Return the frames with what `pack_sights` was given; raises what damage makes of it."""
    parts: list[dict[str, Any]] = [{} for _ in frames]
    for unpack in (_unpack_maps, _unpack_marks, _unpack_views, _unpack_levels, _unpack_doubts):
        unpack(words, arrays, parts)
    return tuple(replace(frame, **part) for frame, part in zip(frames, parts, strict=True))


def _pack_maps(frames: Sequence[Interpretation], arrays: Arrays) -> None:
    maps = [(one.frame_index, one.structures) for one in frames if one.structures is not None]
    empty = [np.zeros(0, np.uint8)]
    arrays["map_frame"] = np.array([index for index, _ in maps])
    arrays["map_shape"] = np.array([one.labels.shape for _, one in maps]).reshape(-1, 2)
    arrays["map_place"] = np.array([(*one.corner_px, one.step_px) for _, one in maps]).reshape(-1, 3)
    arrays["map_labels"] = np.concatenate(empty + [one.labels.ravel() for _, one in maps])
    arrays["map_probability"] = np.concatenate(empty + [one.probability.ravel() for _, one in maps])


def _unpack_maps(words: Words, arrays: Arrays, parts: list[dict[str, Any]]) -> None:
    start = 0
    rows = zip(arrays["map_frame"], arrays["map_shape"].tolist(), arrays["map_place"].tolist(), strict=True)
    for index, (height, width), (x, y, step) in rows:
        stop = start + height * width
        cells = [arrays[name][start:stop].reshape(height, width) for name in ("map_labels", "map_probability")]
        if cells[0].size and int(cells[0].max()) >= len(Structure):
            raise ValueError(f"a map of frame {index} holds a structure that nobody knows")
        parts[index]["structures"] = StructureMap(cells[0], cells[1], (x, y), step)
        start = stop
    if start != arrays["map_labels"].size:
        raise ValueError("cells of maps are left over")


def _pack_marks(frames: Sequence[Interpretation], arrays: Arrays) -> list[str]:
    kinds = Table()
    marks = [(one.frame_index, mark) for one in frames for mark in one.landmarks]
    arrays["mark_frame"] = np.array([index for index, _ in marks])
    arrays["mark_kind"] = np.array([kinds.number(mark.landmark.value) for _, mark in marks])
    values = [(*mark.at_px, *mark.covariance_px2[np.triu_indices(2)], mark.confidence) for _, mark in marks]
    arrays["mark_values"] = np.array(values).reshape(-1, 6)
    return list(kinds.keys)


def _unpack_marks(words: Words, arrays: Arrays, parts: list[dict[str, Any]]) -> None:
    kinds = [Landmark(name) for name in words["landmarks"]]
    rows = zip(arrays["mark_frame"], arrays["mark_kind"], arrays["mark_values"].tolist(), strict=True)
    for index, kind, (x, y, xx, xy, yy, confidence) in rows:
        mark = Sighting(kinds[kind], (x, y), np.array([[xx, xy], [xy, yy]]), confidence)
        parts[index]["landmarks"] = (*parts[index].get("landmarks", ()), mark)


def _pack_views(frames: Sequence[Interpretation], arrays: Arrays) -> list[str]:
    shares = [(one.frame_index, view.value, share) for one in frames if one.view for view, share in one.view.shares]
    return _pack_shares("view", shares, arrays)


def _unpack_views(words: Words, arrays: Arrays, parts: list[dict[str, Any]]) -> None:
    for index, shares in _shares("view", words["views"], arrays, View).items():
        parts[index]["view"] = ViewBelief(shares)


def _pack_levels(frames: Sequence[Interpretation], arrays: Arrays) -> Words:
    told, reasons = [(one.frame_index, one.level) for one in frames if one.level is not None], Table()
    arrays["level_told"] = np.array([(index, reasons.number(level.reason)) for index, level in told]).reshape(-1, 2)
    names = _pack_shares("level", [(index, *share) for index, level in told for share in level.shares], arrays)
    return {"levels": names, "level_reasons": list(reasons.keys)}


def _unpack_levels(words: Words, arrays: Arrays, parts: list[dict[str, Any]]) -> None:
    shares = _shares("level", words["levels"], arrays, str)
    for index, reason in arrays["level_told"].tolist():
        parts[index]["level"] = LevelBelief(shares[index], words["level_reasons"][reason])


def _pack_shares(what: str, shares: Sequence[tuple[int, str, float]], arrays: Arrays) -> list[str]:
    kinds = Table()
    arrays[f"{what}_frame"] = np.array([index for index, _, _ in shares])
    arrays[f"{what}_kind"] = np.array([kinds.number(name) for _, name, _ in shares])
    arrays[f"{what}_share"] = np.array([share for _, _, share in shares])
    return list(kinds.keys)


def _shares(what: str, names: Sequence[str], arrays: Arrays, kind: Callable[[str], Any]) -> dict[int, Any]:
    """Return what each frame's shares are, in the order in which they were given."""
    found: dict[int, list[tuple[Any, float]]] = {}
    kinds = [kind(name) for name in names]
    rows = zip(*(arrays[f"{what}_{part}"].tolist() for part in ("frame", "kind", "share")), strict=True)
    for index, number, share in rows:
        found.setdefault(index, []).append((kinds[number], share))
    return {index: tuple(shares) for index, shares in found.items()}


def _pack_doubts(frames: Sequence[Interpretation], arrays: Arrays) -> Words:
    told, unsure, reasons = [(one.frame_index, one.doubt) for one in frames if one.doubt is not None], Table(), Table()
    arrays["doubt_frame"] = np.array([index for index, _ in told])
    numbers = [(unsure.number(doubt.unsure), reasons.number(doubt.reasons)) for _, doubt in told]
    arrays["doubt_words"] = np.array(numbers).reshape(-1, 2)
    arrays["doubt_values"] = np.array([(doubt.strangeness, doubt.silent) for _, doubt in told]).reshape(-1, 2)
    return {
        "unsure": [[int(one) for one in several] for several in unsure.keys],
        "doubts": [list(texts) for texts in reasons.keys],
    }


def _unpack_doubts(words: Words, arrays: Arrays, parts: list[dict[str, Any]]) -> None:
    unsure = [tuple(Structure(one) for one in several) for several in words["unsure"]]
    reasons = [tuple(texts) for texts in words["doubts"]]
    rows = zip(*(arrays[f"doubt_{part}"].tolist() for part in ("frame", "words", "values")), strict=True)
    for index, (first, second), (strangeness, silent) in rows:
        parts[index]["doubt"] = Doubt(strangeness, bool(silent), unsure[first], reasons[second])
