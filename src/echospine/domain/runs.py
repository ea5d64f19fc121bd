"""A label map in runs: how it is stored and sent."""

from __future__ import annotations

import numpy as np

from echospine.domain.errors import UnsupportedError
from echospine.domain.labels import Structure
from echospine.domain.units import Labels

_RUN = np.dtype([("label", "u1"), ("count", "<u2")])
_LONGEST_RUN = (1 << 16) - 1


def packed_map(labels: Labels) -> bytes:
    """Return a map row by row as runs, three bytes each: the label, and how many cells bear it (u16, little-endian)."""
    flat = labels.ravel()
    starts = np.concatenate(([0], np.flatnonzero(flat[1:] != flat[:-1]) + 1))
    counts = np.diff(np.concatenate((starts, [flat.size])))
    times = -(-counts // _LONGEST_RUN)
    found = np.zeros(int(times.sum()), _RUN)
    found["label"] = np.repeat(flat[starts], times)
    found["count"] = _LONGEST_RUN
    found["count"][np.cumsum(times) - 1] = counts - (times - 1) * _LONGEST_RUN
    return found.tobytes()


def unpacked_map(packed: bytes, rows: int, columns: int) -> Labels:
    """Return the map that `packed_map` packed, uint8, (rows, columns).

    Raises UnsupportedError where the runs are cut off, make another size, or name a structure that nobody knows;
    nothing larger than the stated size is ever made.
    """
    if len(packed) % _RUN.itemsize:
        raise UnsupportedError(f"a map of {len(packed)} bytes is cut off: its runs are {_RUN.itemsize} bytes each")
    found = np.frombuffer(packed, _RUN)
    cells = int(found["count"].sum(dtype=np.int64))
    if cells != rows * columns:
        raise UnsupportedError(
            f"a map of {cells:,} cells does not fit a picture of {columns} x {rows} = {rows * columns:,}"
        )
    if found.size and int(found["label"].max()) >= len(Structure):
        raise UnsupportedError(
            f"a map names structure {found['label'].max()}; the known ones are 0 to {len(Structure) - 1}"
        )
    labels: Labels = np.repeat(found["label"], found["count"]).reshape(rows, columns)
    return labels
