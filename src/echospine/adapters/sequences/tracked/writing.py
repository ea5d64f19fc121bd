"""Writes what PLUS writes: a sequence, frame by frame in constant memory, and the configuration that belongs to it."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import numpy as np

from echospine.adapters.sequences.tracked.metaimage import frame_lines, picture_lines
from echospine.adapters.sequences.tracked.orientation import orientation
from echospine.domain.errors import GeometryError, StorageError
from echospine.domain.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from echospine.domain.poses import Pose

LETTERS = "MFA"
"""Orientation in which sequences are written: columns towards the marked side, rows away from the probe, ascending."""


class MhaWriter:
    """Writes a PLUS sequence (.mha), packed; the file appears whole when the block ends, or not at all.

    `spacing_mm`: per column and row; `note`: a line for whoever reads the header. Raises StorageError where the disk
    does not take it (full, no permission).
    """

    def __init__(self, path: Path, spacing_mm: tuple[float, float], note: str = "", letters: str = LETTERS) -> None:
        self._path, self._spacing_mm, self._note, self._letters = path, spacing_mm, note, letters
        self._turn = orientation(path.name, letters)
        self._packer = zlib.compressobj(6)
        self._packed = path.with_name(f".{path.name}.pixels.partial")
        self._partial = path.with_name(f".{path.name}.partial")
        self._lines: list[str] = []
        self._shape: tuple[int, ...] | None = None
        self._count = 0
        with _to_disk(path):
            self._stream = self._packed.open("wb")

    def add(self, frame: Frame, lost: Sequence[str] = ()) -> None:
        """Write the next frame; `lost`: transforms (`ProbeToTracker`) whose status is not OK.

        Poses of `Image` stay out: they belong into the configuration. Raises GeometryError where its size differs.
        """
        stored = np.ascontiguousarray(self._turn.from_mf(frame.pixels))
        if self._shape not in (None, stored.shape):
            raise GeometryError(f"frame {frame.index} is {stored.shape}, those before it {self._shape}")
        self._shape = stored.shape
        poses = [pose for pose in frame.poses if "Image" not in (pose.source, pose.target)]
        self._lines += frame_lines(f"Seq_Frame{self._count:04d}_", frame.time_s, poses, lost)
        self._count += 1
        with _to_disk(self._path):
            self._stream.write(self._packer.compress(stored.data))

    def __enter__(self) -> MhaWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            with suppress(OSError):  # what a full disk did not take once, it does not take at the end either
                self._stream.close()
            for leftover in (self._packed, self._partial):
                leftover.unlink(missing_ok=True)

    def _finish(self) -> None:
        if self._shape is None:
            raise GeometryError(f"{self._path.name}: a sequence needs one frame or more")
        with _to_disk(self._path):
            self._stream.write(self._packer.flush())
            size = self._stream.tell()
            self._stream.close()
            with self._partial.open("wb") as whole, self._packed.open("rb") as pixels:
                whole.write("\n".join([*self._head(size), *self._lines, "ElementDataFile = LOCAL", ""]).encode())
                shutil.copyfileobj(pixels, whole)
            self._partial.replace(self._path)

    def _head(self, packed_bytes: int) -> list[str]:
        shape = (self._count, *(self._shape or ()))
        head = picture_lines(shape, self._letters, self._spacing_mm, packed_bytes)
        return [head[0], *([f"Comment = {self._note}"] if self._note else []), *head[1:]]


@contextmanager
def _to_disk(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a StorageError that names the file."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}); nothing was left half-written") from error


def encode_config(image_to_probe: Pose, note: str = "") -> bytes:
    """Return a PLUS configuration that holds the calibration of a probe."""
    values = " ".join(repr(value) for value in image_to_probe.matrix.ravel().tolist())
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<PlusConfiguration version="2.9">',
            f'  <DataCollection><DeviceSet Name="EchoSpine" Description={quoteattr(note)} /></DataCollection>',
            "  <CoordinateDefinitions>",
            f'    <Transform From="Image" To="Probe" Matrix="{values}" />',
            "  </CoordinateDefinitions>",
            "</PlusConfiguration>",
            "",
        ]
    ).encode()
