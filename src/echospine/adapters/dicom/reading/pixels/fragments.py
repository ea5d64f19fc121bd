"""Where each frame of encapsulated pixel data lies (PS3.5 A.4), found without reading the frames."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from echospine.adapters.dicom.reading.bytefile import FETCH_AGAIN, ByteFile
from echospine.domain.errors import TooLargeError, TruncatedError
from echospine.domain.frames import MAX_FRAMES

ITEM, END = 0xFFFEE000, 0xFFFEE0DD
MAX_FRAGMENTS = 1_000_000
STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51")
"""How a JPEG or JPEG-LS picture starts, and a JPEG 2000 one."""


@dataclass(frozen=True, slots=True)
class Fragments:
    """All fragments in file order: where their bytes start, and how many they are.

    `whole`: False when the file ends inside the last one. `table`: the Basic Offset Table, whose entries count
    from `base`; empty where the file has none.
    """

    offsets: Sequence[int]
    lengths: Sequence[int]
    whole: bool
    base: int
    table: Sequence[int]


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """The fragments of every frame: frame i has those from `first[i]` to `first[i + 1]`, without the last."""

    fragments: Fragments
    first: Sequence[int]

    def __len__(self) -> int:
        return len(self.first) - 1

    def pieces(self, index: int) -> list[tuple[int, int]]:
        """Return (offset, length) of the fragments of one frame."""
        span = range(self.first[index], self.first[index + 1])
        return [(self.fragments.offsets[i], self.fragments.lengths[i]) for i in span]


def scan(file: ByteFile, offset: int) -> Fragments:
    """Walk the item headers from `offset`; raises TruncatedError where there are none."""
    table_offset, table_length = _item(file, offset)
    if table_length is None:
        raise TruncatedError(f"{file.name}: its compressed pixel data do not start as they should; {FETCH_AGAIN}")
    base = at = table_offset + table_length
    offsets, lengths = array("q"), array("q")
    whole = True
    while at < file.size:
        start, length = _item(file, at)
        if length is None:
            break
        whole = start + length <= file.size
        offsets.append(start)
        lengths.append(min(length, file.size - start))
        if len(offsets) > MAX_FRAGMENTS:
            raise TooLargeError(f"{file.name}: has more than {MAX_FRAGMENTS:,} fragments of pixel data; {FETCH_AGAIN}")
        at = start + length
    listed = file.read(table_offset, min(table_length, 4 * MAX_FRAMES) // 4 * 4)
    table = array("q", (entry for (entry,) in struct.iter_unpack("<I", listed)))
    return Fragments(offsets, lengths, whole, base, table)


def _item(file: ByteFile, at: int) -> tuple[int, int | None]:
    """Return where the value of the item at `at` starts and its length; None where there is no item."""
    head = file.read(at, 8)
    if len(head) < 8:
        return at, None
    group, element, length = struct.unpack("<HHI", head)
    if group << 16 | element != ITEM or length == 0xFFFFFFFF:
        return at + 8, None
    return at + 8, length


def index_frames(file: ByteFile, offset: int, n_frames: int) -> FrameIndex:
    """Return which fragments make which frame; it may hold fewer or more frames than `n_frames`.

    One fragment for each frame is the rule, and the only way with an Extended Offset Table, which therefore
    need not be read. Where the rule is broken the Basic Offset Table tells; where that is missing or wrong,
    the frames are told apart by how a compressed picture starts.
    """
    found = scan(file, offset)
    count = len(found.offsets)
    if n_frames == 1 and found.whole:
        return FrameIndex(found, (0, count) if count else (0,))
    if count == n_frames and found.whole:
        return FrameIndex(found, range(count + 1))
    places = {start - 8 - found.base: i for i, start in enumerate(found.offsets)}
    first = [places.get(entry, -1) for entry in found.table]
    if len(first) == n_frames and first[0] == 0 and all(a < b for a, b in pairwise(first)):
        return _closed(found, first)
    return _closed(found, [i for i, start in enumerate(found.offsets) if file.read(start, 4).startswith(STARTS)])


def _closed(found: Fragments, first: list[int]) -> FrameIndex:
    """Close the index; the last frame counts only when its end is there."""
    if not first:  # run-length frames have no mark at their start, but one fragment each
        first = list(range(len(found.offsets)))
    return FrameIndex(found, array("q", [*first, len(found.offsets)] if found.whole else first))
