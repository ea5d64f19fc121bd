"""What a sequence file says about each frame: transforms, their status, time, and status of the picture.

The fields are called Seq_Frame0007_ProbeToTrackerTransform, ...TransformStatus, ..._Timestamp,
..._ImageStatus (MetaImage) or ..._Status (NRRD), as PLUS and 3D Slicer write them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from echospine.domain.poses import SINGULAR_BELOW, Pose
from echospine.domain.units import Floats, Mask

FRAME_FIELD = re.compile(r"Seq_Frame(\d{1,9})_(\w+)")
_LINK = re.compile(r"(?<=\w)To(?=[A-Z0-9_])")
LARGEST = 1e9
"""A transform with a larger entry (mm) is not finite for any purpose here, and would overflow."""
_IMAGE_STATUS = ("ImageStatus", "Status")


@dataclass(slots=True)
class FrameFields:
    """Collects the per-frame fields while a header is read; unknown ones are passed over."""

    transforms: dict[str, dict[int, Floats]] = field(default_factory=dict)
    statuses: dict[str, dict[int, str]] = field(default_factory=dict)
    image_statuses: dict[int, str] = field(default_factory=dict)
    times: dict[int, float] = field(default_factory=dict)
    seen: bool = False

    def take(self, key: str, value: str) -> bool:
        """Take in one header field; False when it is not one of a frame."""
        match = FRAME_FIELD.fullmatch(key)
        if match is None:
            return False
        self.seen = True
        index, what = int(match[1]), match[2]
        if what.endswith("Transform"):
            self.transforms.setdefault(what.removesuffix("Transform"), {})[index] = parse_matrix(value)
        elif what.endswith("TransformStatus"):
            self.statuses.setdefault(what.removesuffix("TransformStatus"), {})[index] = value
        elif what in _IMAGE_STATUS:
            self.image_statuses[index] = value
        elif what == "Timestamp":
            self.times[index] = _number(value)
        return True


def parse_matrix(text: str) -> Floats:
    """Return 16 numbers as a 4x4 matrix, row by row; all NaN where the text is not that."""
    try:
        return np.array(text.replace(",", " ").split(), dtype=np.float64).reshape(4, 4)
    except ValueError:
        return np.full((4, 4), np.nan)


def usable(matrices: Floats) -> Mask:
    """True where a matrix (n, 4, 4) is finite, affine and invertible, so that it makes a Pose; (n,)."""
    with np.errstate(invalid="ignore"):
        finite: Mask = np.all(np.abs(matrices) < LARGEST, axis=(1, 2))
    safe = np.where(finite[:, None, None], matrices, np.eye(4))
    affine = (np.abs(safe[:, 3] - (0.0, 0.0, 0.0, 1.0)) <= 1e-9).all(axis=1)
    sizes = np.linalg.svd(safe[:, :3, :3], compute_uv=False)
    invertible = sizes[:, -1] > SINGULAR_BELOW * np.maximum(sizes[:, 0], np.finfo(float).tiny)
    ok: Mask = finite & affine & invertible
    return ok


def split_link(name: str) -> tuple[str, str] | None:
    """Return (source, target) of a transform called `SourceToTarget`, or None where that is unclear."""
    found = list(_LINK.finditer(name))
    return (name[: found[0].start()], name[found[0].end() :]) if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class _Track:
    """One transform over the recording: its ends, and the matrix of each frame where it is good."""

    source: str
    target: str
    matrices: dict[int, Floats]


@dataclass(frozen=True, slots=True)
class FrameTable:
    """Poses, times and picture status of each frame, checked once, and what had to be left out."""

    tracks: tuple[_Track, ...]
    times_s: tuple[float, ...]
    image_statuses: dict[int, str]
    notes: tuple[str, ...]

    def poses(self, index: int) -> tuple[Pose, ...]:
        """Return the poses of one frame, only those whose status was OK."""
        return tuple(
            Pose(track.target, track.source, track.matrices[index]) for track in self.tracks if index in track.matrices
        )

    def time_s(self, index: int) -> float | None:
        """Return seconds since the first frame, or None where the times are unknown."""
        return self.times_s[index] if self.times_s else None

    def status(self, index: int) -> str:
        """Return OK, or what the file calls the state of that picture."""
        return self.image_statuses.get(index, "OK")


def tabulate(name: str, fields: FrameFields, n_frames: int) -> FrameTable:
    """Check what was collected for the `n_frames` frames of file `name`, and note what is left out."""
    checker = _Checker(name, n_frames)
    tracks = tuple(
        track
        for link, matrices in fields.transforms.items()
        if (track := checker.track(link, matrices, fields.statuses.get(link, {}))) is not None
    )
    image_statuses = checker.image_statuses(fields.image_statuses)
    times_s = checker.times(fields.times)
    return FrameTable(tracks, times_s, image_statuses, tuple(checker.notes))


class _Checker:
    """Checks one kind of field after the other, and gathers the notes."""

    def __init__(self, name: str, n_frames: int) -> None:
        self.name, self.n_frames = name, n_frames
        self.notes: list[str] = []

    def track(self, link: str, stored: dict[int, Floats], statuses: dict[int, str]) -> _Track | None:
        """Return the good matrices of one transform, or None where its name does not tell its ends."""
        ends = split_link(link)
        if ends is None:
            self._note(f"transform {link!r} does not say from what to what; it is left out.")
            return None
        stored = {i: matrix for i, matrix in stored.items() if i < self.n_frames}
        known = self._with_good_status(link, stored, statuses)
        good = usable(np.array([stored[i] for i in known]).reshape(-1, 4, 4))
        broken = {i for i, fine in zip(known, good, strict=True) if not fine}
        if broken:
            more = f" (and {len(broken) - 1} more like it)" if len(broken) > 1 else ""
            self._note(f"frame {min(broken)}{more}: {link} is not a finite, invertible transform; it is left out.")
        return _Track(ends[0], ends[1], {i: stored[i] for i in known if i not in broken})

    def image_statuses(self, stored: dict[int, str]) -> dict[int, str]:
        """Return the status of the pictures that are not OK."""
        bad = {i: status for i, status in stored.items() if i < self.n_frames and status.upper() != "OK"}
        if bad:
            self._note(f"{self._counted(Counter(bad.values()))} by the status of the picture.")
        return bad

    def times(self, stored: dict[int, float]) -> tuple[float, ...]:
        """Return seconds since the first frame, or nothing (and a note) where they cannot be trusted."""
        if not stored:
            return ()
        times = np.array([stored.get(i, math.nan) for i in range(self.n_frames)])
        absent = int(np.count_nonzero(~np.isfinite(times)))
        if absent:
            self._note(f"{absent} of {self.n_frames} frames have no time, so all times are left out.")
            return ()
        back = np.flatnonzero(np.diff(times) < 0)
        if back.size:
            self._note(f"time runs backwards at frame {back[0] + 1}, so all times are left out.")
            return ()
        return tuple((times - times[0]).tolist())

    def _with_good_status(self, link: str, stored: dict[int, Floats], statuses: dict[int, str]) -> list[int]:
        """Return the frames whose status for `link` is OK; a frame without status counts as not OK."""
        if not statuses:
            self._note(f"{link} has no status in any frame; it is taken as OK.")
            return sorted(stored)
        said = {i: statuses.get(i, "without status").upper() for i in stored}
        bad = Counter(status for status in said.values() if status != "OK")
        bad["ABSENT"] = self.n_frames - len(stored)
        if bad.total():
            self._note(f"{self._counted(+bad)} for {link}; those frames are without it.")
        return sorted(i for i, status in said.items() if status == "OK")

    def _counted(self, bad: Counter[str]) -> str:
        words = ", ".join(f"{count} {status[:40]}" for status, count in sorted(bad.items()))
        return f"{bad.total()} of {self.n_frames} frames are not OK ({words})"

    def _note(self, text: str) -> None:
        self.notes.append(f"{self.name}: {text}")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
