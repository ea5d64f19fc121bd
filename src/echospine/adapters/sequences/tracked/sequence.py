"""PLUS and 3D Slicer sequences as a FrameSource: header, pixels, poses and calibration joined.

Where the millimetres come from, first that applies: ImageToProbe of the PLUS configuration; spacing in the
file header, if plausible and not exactly 1 (what writers put where they know none); a pixel spacing given by
a person; else the pictures are uncalibrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from echospine.adapters.sequences.files import file_size, open_file
from echospine.adapters.sequences.source import LazySource, choose_geometry, plausible_mm
from echospine.adapters.sequences.tracked import metaimage, nrrd
from echospine.adapters.sequences.tracked.layout import Layout, header_lines
from echospine.adapters.sequences.tracked.orientation import Orientation, orientation
from echospine.adapters.sequences.tracked.pixels import InterleavedBytes, PackedBytes, PixelBytes, PlainBytes
from echospine.adapters.sequences.tracked.plus_config import PlusConfig, calibrated
from echospine.adapters.sequences.tracked.tracking import FrameTable, tabulate
from echospine.domain.errors import InputError, TruncatedError, UnsupportedError
from echospine.domain.frames import Frame, RecordingHeader, TimeSource
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.poses import Pose
from echospine.domain.units import Pixels
from echospine.ports import LocalFile


class SequenceSource(LazySource):
    """Frames of one sequence file, turned to MF, with the poses that the trackers gave.

    `data_files`: files among which a detached header finds its pixels, by name; no other file is opened.
    """

    def __init__(
        self,
        name: str,
        file: LocalFile,
        data_files: Sequence[LocalFile] = (),
        config: PlusConfig | None = None,
        spacing_mm: float | None = None,
    ) -> None:
        self._file_name = file.name
        stream = open_file(file)
        try:
            self._layout, start = _decode(stream, file.name)
            self._turn = orientation(file.name, _letters(self._layout))
            self._table = tabulate(file.name, self._layout.fields, self._layout.n_frames)
            self._fixed = _fixed_poses(config, self._table)
            self._geometry, notes = _geometry(self._layout, self._turn, config, spacing_mm)
            self._pixels = _pixels(self._layout, stream, start, file, data_files)
        except BaseException:
            stream.close()
            raise
        try:
            if self._layout.dtype != np.uint8:
                self._read(0)  # so that a file of signal is refused when it is opened, not frames later
        except BaseException:
            self._pixels.close()
            raise
        notes = (*_layout_notes(file.name, self._layout), *self._table.notes, *notes)
        super().__init__(_header(name, self._layout, self._geometry, self._table, notes))

    def _read(self, index: int) -> Frame:
        size = self._layout.frame_bytes
        stored = self._layout.picture(self._pixels.read(index * size, size))
        grey = _levels(self._file_name, index, stored)
        return Frame(
            np.ascontiguousarray(self._turn.to_mf(grey)),
            self._geometry,
            index,
            self._table.time_s(index),
            self._table.poses(index) + self._fixed,
            self._table.status(index),
        )

    def _close(self) -> None:
        self._pixels.close()


def _decode(stream: BinaryIO, name: str) -> tuple[Layout, int]:
    """Return what the header says, and where in the file it ends."""
    magic = stream.read(4)
    stream.seek(0)
    decode = nrrd.decode_header if magic == b"NRRD" else metaimage.decode_header
    return decode(header_lines(stream, name), name), stream.tell()


def _pixels(
    layout: Layout, stream: BinaryIO, start: int, file: LocalFile, data_files: Sequence[LocalFile]
) -> PixelBytes:
    """Open the pixel data behind the header, or in the data file that it names."""
    name, skip = file.name, layout.skip
    if layout.data_file is not None:
        data_file = _find(layout.data_file, file.name, data_files)
        stream.close()
        name, stream, start = data_file.name, open_file(data_file), 0
    try:
        return _pixels_in(layout, name, stream, start, skip)
    except BaseException:
        stream.close()
        raise


def _pixels_in(layout: Layout, name: str, stream: BinaryIO, start: int, skip: int) -> PixelBytes:
    total = layout.frame_bytes * layout.n_frames
    here = stream.tell()
    size = file_size(stream, name)
    stream.seek(here)
    start = max(start, size - total) if skip == -1 and not layout.packed else start + max(skip, 0)
    available = max(size - start, 0)
    if available == 0:
        raise TruncatedError(f"{name}: has a header but no pixels behind it; the file was cut, copy it again")
    if not layout.packed:
        plain: PixelBytes = PlainBytes(name, stream, start, available, total)
        return _in_frame_order(layout, name, plain)
    packed = layout.packed_bytes or available
    if packed > available:
        raise TruncatedError(
            f"{name}: ends early, after {available:,} of {packed:,} bytes of packed pixels; copy the file again"
        )
    return _in_frame_order(layout, name, PackedBytes(name, stream, start, packed, total))


def _in_frame_order(layout: Layout, name: str, pixels: PixelBytes) -> PixelBytes:
    if not layout.interleaved:
        return pixels
    return InterleavedBytes(name, pixels, layout.n_frames, layout.frame_values, layout.dtype.itemsize)


def _find(wanted: str, name: str, data_files: Sequence[LocalFile]) -> LocalFile:
    """Return the data file of that name among those given: a header must not open other files."""
    plain = PureWindowsPath(PurePosixPath(wanted).name).name.lower()
    for file in data_files:
        if file.name.lower() == plain:
            return file
    raise InputError(f"{name}: its pixels lie in {plain[:80]!r}, which was not given; give both files together")


def _letters(layout: Layout) -> str:
    return "MF" if layout.letters.upper() in ("", "XX") else layout.letters


def _fixed_poses(config: PlusConfig | None, table: FrameTable) -> tuple[Pose, ...]:
    """Return the configuration's poses, less those that the recording itself has, frame by frame."""
    if config is None:
        return ()
    tracked = {frozenset((track.source, track.target)) for track in table.tracks}
    return tuple(pose for pose in config.poses if frozenset((pose.source, pose.target)) not in tracked)


def _geometry(
    layout: Layout, turn: Orientation, config: PlusConfig | None, spacing_mm: float | None
) -> tuple[ImageGeometry, tuple[str, ...]]:
    """Return where the picture lies: by its configuration, else by its header, else as a person said."""
    width, height = turn.size(layout.width, layout.height)
    own = ImageGeometry(width, height)
    notes: tuple[str, ...] = ()
    if config is not None:
        own, more = calibrated(width, height, config, scan_lines=turn.transposed)
        notes = (*config.notes, *more)
    if not own.calibrated and layout.spacing_mm is not None and _is_spacing(layout.spacing_mm):
        step_x, step_y = turn.size_mm(*layout.spacing_mm)
        own = ImageGeometry.uniform(width, height, step_x, step_y, Spacing.ELEMENT_SPACING)
    chosen, more = choose_geometry(own, spacing_mm)
    return chosen, (*notes, *more)


def _is_spacing(steps: tuple[float, float]) -> bool:
    """True for a spacing that somebody set: exactly 1 is what writers put where they know none."""
    return all(plausible_mm(step) and step != 1 for step in steps)


def _layout_notes(name: str, layout: Layout) -> tuple[str, ...]:
    notes = []
    if layout.letters.upper() in ("", "XX"):
        notes.append(f"{name}: does not say how its pictures lie; they are shown as stored (MF).")
    if layout.channels == 4:
        notes.append(f"{name}: has an alpha channel, which is left out.")
    return tuple(notes)


def _header(
    name: str, layout: Layout, geometry: ImageGeometry, table: FrameTable, notes: tuple[str, ...]
) -> RecordingHeader:
    return RecordingHeader(
        name=name,
        format=layout.format,
        n_frames=layout.n_frames,
        geometry=geometry,
        colour=layout.channels > 1,
        time_source=TimeSource.TIMESTAMP if table.times_s else TimeSource.NONE,
        times_s=table.times_s,
        tracked=any(track.matrices for track in table.tracks),
        notes=notes,
    )


def _levels(name: str, index: int, stored: npt.NDArray[Any]) -> Pixels:
    """Return stored values as grey levels or RGB, uint8.

    Wider types are taken when every value is a grey level already (0 to 255); nothing is scaled, because
    no header says what the ends of the scale would be. Raises UnsupportedError for other values.
    """
    colours = stored[..., :3] if stored.ndim == 3 else stored
    if colours.dtype == np.uint8:
        return colours
    low, high = int(colours.min()), int(colours.max())
    if low < 0 or high > 255:
        raise UnsupportedError(
            f"{name}: frame {index} has {stored.dtype.name} values of {low} to {high}, which are not grey levels "
            "(0 to 255) but perhaps a signal; export it as 8-bit B-mode"
        )
    return colours.astype(np.uint8)
