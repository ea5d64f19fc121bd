"""The stored form of an interpreted recording, to and from bytes; files and stores are none of its business.

    magic "EchoSpineI" | version, 1 byte | bytes of the body before compression, 8 bytes, big-endian | zlib stream
    body = bytes of the header, 8 bytes, big-endian | header, JSON | the arrays that the header lists, little-endian

The header holds what is small and varied (methods, reasons, kinds of measurement, the summary) and
`arrays: [[name, dtype, shape], ...]`. Values of measurements are exact; rows of surfaces and sectors are
float32 (better than 0.001 pixel in a picture of 16,384 rows); confidences are steps of 1/65535. Equal fields of
view are kept once. Nothing in it can name code to run.

Version 2 adds what learned models say (codec_sights). What does not hold any of it is written as version 1, so that
equal content keeps its digest, and an older EchoSpine reads it.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import EchoSpineError, ModelError, StorageError
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Box, Field, Method, Quality, Sector, Structure, Surface
from echospine.domain.measures import Measurement
from echospine.workflow.exam.codec_sights import DTYPES, Table, has_sights, pack_sights, unpack_sights
from echospine.workflow.exam.journal import measurement_from_json, measurement_to_json
from echospine.workflow.exam.results import Interpreted

MAGIC = b"EchoSpineI"
PLAIN, RICH = 1, 2
"""Versions: with surfaces alone, and with what learned models add."""
LARGEST_BODY = 4 << 30
"""Most bytes that a body may declare: 200,000 frames of 3,000 columns fit, a decompression bomb does not."""
CONFIDENCE_STEPS = 65535
_PREFIX = len(MAGIC) + 1 + 8

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]
_DTYPES: Mapping[str, str] = {
    "sector_rows": "<f4",
    "frame_field": "<u4",
    "frame_method": "<u4",
    "frame_reasons": "<u4",
    "frame_quality": "<f8",
    "surface_frame": "<u4",
    "surface_structure": "|u1",
    "surface_row": "<f4",
    "surface_confidence": "<u2",
    "measured_frame": "<u4",
    "measured_kind": "<u4",
    "measured_values": "<f8",
}
"""Every array of version 1 and how its numbers are written; a stored array that is not known is damage."""
_DTYPES_OF: Mapping[int, Mapping[str, str]] = {PLAIN: _DTYPES, RICH: {**_DTYPES, **DTYPES}}


def encode(interpreted: Interpreted) -> bytes:
    """Return `interpreted` as bytes. Raises ModelError where it does not hold together (frames out of order)."""
    _require_in_order(interpreted)
    arrays: Arrays = {}
    header = {
        "fields": _pack_frames(interpreted.interpretations, arrays),
        **_pack_frame_words(interpreted.interpretations, arrays),
        "kinds": _pack_measured(interpreted.per_frame, arrays),
        "summary": [measurement_to_json(measured) for measured in interpreted.summary],
        "notes": list(interpreted.notes),
    }
    version = PLAIN
    if has_sights(interpreted.interpretations):
        version, header["sights"] = RICH, pack_sights(interpreted.interpretations, arrays)
    dtypes = _DTYPES_OF[version]
    return _sealed(version, header, {name: np.ascontiguousarray(a, dtypes[name]) for name, a in arrays.items()})


def decode(data: bytes) -> Interpreted:
    """Return what `encode` was given, to the stated precision.

    Raises StorageError when the bytes are truncated, damaged, of another version, or declare too much.
    """
    header, arrays = _opened(data)
    try:
        fields = _unpack_fields(header["fields"], arrays)
        interpretations = _unpack_frames(header, arrays, fields)
        if "sights" in header:
            interpretations = unpack_sights(header["sights"], arrays, interpretations)
        per_frame = _unpack_measured(header["kinds"], arrays, len(interpretations))
        summary = tuple(measurement_from_json(document) for document in header["summary"])
        return Interpreted(interpretations, per_frame, summary, tuple(header["notes"]))
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, EchoSpineError) as error:
        raise StorageError(f"stored interpretation does not hold together ({error}); {_WAY_OUT}") from error


_WAY_OUT = "interpret the recording again"


def _require_in_order(interpreted: Interpreted) -> None:
    frames = [interpretation.frame_index for interpretation in interpreted.interpretations]
    if not frames or frames != list(range(len(frames))):
        raise ModelError("an interpreted recording needs one interpretation for each frame, in order")
    if len(interpreted.per_frame) != len(frames):
        raise ModelError(f"{len(frames)} frames were interpreted, but {len(interpreted.per_frame)} were measured")
    widths = {interpretation.field.sector.top_px.size for interpretation in interpreted.interpretations}
    if len(widths) > 1:
        raise ModelError(f"frames of one recording were interpreted in different widths: {sorted(widths)}")


def _pack_frames(frames: tuple[Interpretation, ...], arrays: Arrays) -> list[dict[str, Any]]:
    """Put sectors and surfaces into `arrays`; return the rest of the fields of view."""
    known: dict[tuple[Any, ...], int] = {}
    fields: list[Field] = []
    numbers = []
    for frame in frames:
        sector = frame.field.sector
        key = (sector.top_px.tobytes(), sector.bottom_px.tobytes(), sector.apex_px, frame.field.text_boxes)
        if key not in known:
            known[key] = len(fields)
            fields.append(frame.field)
        numbers.append(known[key])
    surfaces = [(frame.frame_index, surface) for frame in frames for surface in frame.surfaces]
    width = frames[0].field.sector.top_px.size
    arrays["sector_rows"] = np.array([(f.sector.top_px, f.sector.bottom_px) for f in fields])
    arrays["frame_field"] = np.array(numbers)
    arrays["surface_frame"] = np.array([index for index, _ in surfaces])
    arrays["surface_structure"] = np.array([surface.structure.value for _, surface in surfaces])
    arrays["surface_row"] = np.array([s.row_px for _, s in surfaces], dtype="<f4").reshape(-1, width)
    confidence = np.array([s.confidence for _, s in surfaces], dtype="<f4").reshape(-1, width)
    arrays["surface_confidence"] = np.round(confidence * CONFIDENCE_STEPS)
    return [
        {
            "apex_px": list(f.sector.apex_px) if f.sector.apex_px else None,
            "text_boxes": [[box.x0, box.y0, box.x1, box.y1] for box in f.text_boxes],
        }
        for f in fields
    ]


def _pack_frame_words(frames: tuple[Interpretation, ...], arrays: Arrays) -> dict[str, Any]:
    """Put qualities into `arrays`; return the methods and the lists of reasons that they refer to."""
    methods, reasons = Table(), Table()
    qualities = [frame.quality for frame in frames]
    arrays["frame_method"] = np.array([methods.number(frame.method) for frame in frames])
    arrays["frame_reasons"] = np.array([reasons.number(quality.reasons) for quality in qualities])
    arrays["frame_quality"] = np.array([(q.contact, q.saturated, q.shadowed, q.score) for q in qualities])
    return {
        "methods": [[method.name, method.version] for method in methods.keys],
        "reasons": [list(texts) for texts in reasons.keys],
    }


def _pack_measured(per_frame: tuple[tuple[Measurement, ...], ...], arrays: Arrays) -> list[dict[str, Any]]:
    """Put values and uncertainties into `arrays`; return the kinds of measurement that they belong to."""
    kinds = Table()
    rows = [(index, measured) for index, several in enumerate(per_frame) for measured in several]
    numbers = []
    for index, measured in rows:
        if measured.frame != index:
            raise ModelError(f"frame {index}: a measurement says that it is of frame {measured.frame}")
        absent = measured.value is None
        kind = replace(measured, value=None, uncertainty=None, frame=None, note=measured.note or "a value")
        numbers.append(kinds.number((kind, measured.note, absent)))
    arrays["measured_frame"] = np.array([index for index, _ in rows])
    arrays["measured_kind"] = np.array(numbers)
    values = [(_or_nan(measured.value), _or_nan(measured.uncertainty)) for _, measured in rows]
    arrays["measured_values"] = np.array(values).reshape(-1, 2)
    return [{**measurement_to_json(kind), "note": note} for kind, note, _ in kinds.keys]


def _unpack_fields(documents: list[dict[str, Any]], arrays: Arrays) -> list[Field]:
    fields = []
    for document, (top, bottom) in zip(documents, arrays["sector_rows"].astype(np.float64), strict=True):
        apex = tuple(document["apex_px"]) if document["apex_px"] is not None else None
        fields.append(Field(Sector(top, bottom, apex), tuple(Box(*box) for box in document["text_boxes"])))
    return fields


def _unpack_frames(header: dict[str, Any], arrays: Arrays, fields: list[Field]) -> tuple[Interpretation, ...]:
    methods = [Method(name, version) for name, version in header["methods"]]
    reasons = [tuple(texts) for texts in header["reasons"]]
    surfaces: list[list[Surface]] = [[] for _ in arrays["frame_field"]]
    confidence = arrays["surface_confidence"] / CONFIDENCE_STEPS
    for n, index in enumerate(arrays["surface_frame"]):
        structure = Structure(int(arrays["surface_structure"][n]))
        surfaces[index].append(Surface(structure, arrays["surface_row"][n], confidence[n]))
    return tuple(
        Interpretation(
            frame_index=index,
            method=methods[arrays["frame_method"][index]],
            field=fields[field],
            surfaces=tuple(surfaces[index]),
            quality=_quality(arrays["frame_quality"][index], reasons[arrays["frame_reasons"][index]]),
        )
        for index, field in enumerate(arrays["frame_field"])
    )


def _quality(numbers: npt.NDArray[Any], reasons: tuple[str, ...]) -> Quality:
    contact, saturated, shadowed, score = (float(number) for number in numbers)
    return Quality(contact, saturated, shadowed, score, reasons)


def _unpack_measured(kinds: list[dict[str, Any]], arrays: Arrays, n_frames: int) -> tuple[tuple[Measurement, ...], ...]:
    patterns = [measurement_from_json({**kind, "value": 0.0}) for kind in kinds]
    per_frame: list[list[Measurement]] = [[] for _ in range(n_frames)]
    rows = zip(arrays["measured_frame"], arrays["measured_kind"], arrays["measured_values"], strict=True)
    for index, kind, (value, uncertainty) in rows:
        measured = replace(patterns[kind], frame=int(index), value=_or_none(value), uncertainty=_or_none(uncertainty))
        per_frame[index].append(measured)
    return tuple(map(tuple, per_frame))


def _sealed(version: int, header: dict[str, Any], arrays: Arrays) -> bytes:
    listed = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    text = json.dumps({**header, "arrays": listed}, ensure_ascii=False, allow_nan=False).encode()
    parts = [len(text).to_bytes(8, "big"), text, *(array.tobytes() for array in arrays.values())]
    size = sum(map(len, parts))
    if size > LARGEST_BODY:
        raise ModelError(f"the interpretation takes {size:,} bytes, the limit is {LARGEST_BODY:,}; split the recording")
    return MAGIC + bytes([version]) + size.to_bytes(8, "big") + _compressed(parts)


def _compressed(parts: Iterable[bytes]) -> bytes:
    packer = zlib.compressobj(6)
    return b"".join([*(packer.compress(part) for part in parts), packer.flush()])


def _opened(data: bytes) -> tuple[dict[str, Any], Arrays]:
    """Return the header and the arrays of stored bytes; raises StorageError for anything not written by `_sealed`."""
    if data[: len(MAGIC)] != MAGIC or len(data) < _PREFIX:
        raise StorageError(f"stored interpretation does not begin as one ({len(data)} bytes); {_WAY_OUT}")
    version = data[len(MAGIC)]
    if version not in _DTYPES_OF:
        raise StorageError(f"stored interpretation is of version {version}, this knows up to {RICH}; {_WAY_OUT}")
    size = int.from_bytes(data[len(MAGIC) + 1 : _PREFIX], "big")
    if size > LARGEST_BODY:
        raise StorageError(f"stored interpretation declares {size:,} bytes, the limit is {LARGEST_BODY:,}; {_WAY_OUT}")
    body = _inflated(data[_PREFIX:], size)
    try:
        start = 8 + int.from_bytes(body[:8], "big")
        header = json.loads(body[8:start])
        if ("sights" in header) != (version == RICH):
            raise ValueError("its version is not that of its content")
        return header, _arrays_of(body, start, header["arrays"], _DTYPES_OF[version])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(f"stored interpretation is damaged inside ({error}); {_WAY_OUT}") from error


def _inflated(packed: bytes, size: int) -> bytes:
    """Return exactly `size` bytes; never makes more than that, whatever the stream would give."""
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(packed, size + 1)
    except zlib.error as error:
        raise StorageError(f"stored interpretation is damaged ({error}); {_WAY_OUT}") from error
    if len(body) != size or not unpacker.eof or unpacker.unused_data:
        raise StorageError(f"stored interpretation is truncated or too long ({len(body):,} bytes); {_WAY_OUT}")
    return body


def _arrays_of(body: bytes, start: int, listed: list[list[Any]], dtypes: Mapping[str, str]) -> Arrays:
    arrays: Arrays = {}
    for name, dtype, shape in listed:
        if dtypes.get(name) != dtype or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise ValueError(f"array {name!r} of {dtype!r} {shape!r}")
        count = math.prod(shape)
        arrays[name] = np.frombuffer(body, dtype, count, start).reshape(shape)
        start += arrays[name].nbytes
    if start != len(body) or arrays.keys() != dtypes.keys():
        raise ValueError("arrays are missing or left over")
    return arrays


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
