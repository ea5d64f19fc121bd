"""A person's own map of structures: its stored form, and an interpretation with it.

    magic "EchoSpineM" | version, 1 byte | rows, columns, 4 bytes each, big-endian | zlib stream of runs (domain.runs)

It is as large as the picture, and lies in the object store beside the model's answer, never over it.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import numpy as np

from echospine.domain.errors import InputError, StorageError
from echospine.domain.exams import MapEdit
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import BONES, Method, Structure, Surface
from echospine.domain.runs import packed_map, unpacked_map
from echospine.domain.sights import StructureMap
from echospine.domain.units import Labels
from echospine.ports import ObjectStore

MAGIC = b"EchoSpineM"
VERSION = 1
SURE = 255
_HEAD = struct.Struct(">10sBII")
_RUN_BYTES = 3


def keep_map(objects: ObjectStore, labels: Labels) -> str:
    """Keep a map; return its digest. It is durable then, whatever becomes of the change that names it."""
    return objects.put(_HEAD.pack(MAGIC, VERSION, *labels.shape) + zlib.compress(packed_map(labels), 6))


def read_map(objects: ObjectStore, digest: str) -> Labels:
    """Return a map that was kept, uint8, (rows, columns); raises NotFound, or StorageError where it is damaged."""
    data = objects.get(digest)
    try:
        magic, version, rows, columns = _HEAD.unpack_from(data)
        if (magic, version) != (MAGIC, VERSION):
            raise ValueError("it does not begin as one of this version")
        unpacker = zlib.decompressobj()
        packed = unpacker.decompress(data[_HEAD.size :], _RUN_BYTES * rows * columns + 1)
        if not unpacker.eof:
            raise ValueError("it is cut off")
        return unpacked_map(packed, rows, columns)
    except (struct.error, zlib.error, ValueError, InputError) as error:
        raise StorageError(f"a stored map of structures is damaged ({error}); take it back, or draw it anew") from error


def base_map(interpretation: Interpretation, geometry: ImageGeometry) -> Labels:
    """Return what a person begins to paint on: all that is seen, as large as the picture, uint8, (height, width)."""
    return interpretation.label_map(geometry)


def with_map(interpretation: Interpretation, labels: Labels, geometry: ImageGeometry, method: Method) -> Interpretation:
    """Return the interpretation with a person's map in place of the model's, which `method` then credits.

    Where a person left a cell as it was, its probability stays; where it was changed, the person is sure. Surfaces of
    bone follow the map: in a column that was changed, the surface is the uppermost cell; elsewhere it stays.
    """
    before = base_map(interpretation, geometry)
    known = np.zeros_like(before)
    if interpretation.structures is not None:
        known = interpretation.structures.probability_over(geometry)
    probability = np.where(labels == before, known, SURE).astype(np.uint8)
    surfaces = [_follow(interpretation, bone, before, labels) for bone in sorted(BONES)]
    others = [surface for surface in interpretation.surfaces if surface.structure not in BONES]
    return replace(
        interpretation,
        method=method,
        structures=StructureMap(labels, probability, (0.0, 0.0), 1.0),
        surfaces=(*(surface for surface in surfaces if surface is not None), *others),
    )


def corrected_by(method: Method, edit: MapEdit) -> Method:
    """Return the method of a result in which a person's map has a part: it says whose."""
    words = f"corrected by {edit.who}"
    return method if words in method.name else Method(f"{method.name} {words}", method.version)


def _follow(seen: Interpretation, bone: Structure, before: Labels, after: Labels) -> Surface | None:
    """Return the surface of a part of bone after the map was changed; None where nothing is left of it."""
    surface = seen.surface(bone)
    was, now = before == bone, after == bone
    changed = (was != now).any(axis=0)
    if not changed.any():
        return surface
    width = after.shape[1]
    row = np.full(width, np.nan) if surface is None else surface.row_px.astype(np.float64)
    sure = np.zeros(width) if surface is None else surface.confidence.astype(np.float64)
    row = np.where(changed, np.where(now.any(axis=0), now.argmax(axis=0), np.nan), row)
    return Surface(bone, row, np.where(changed, 1.0, sure)) if np.isfinite(row).any() else None
