"""One walk through a recording, in which everything that was asked for is followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from echospine.domain.errors import InputError
from echospine.domain.frames import RecordingHeader
from echospine.domain.images import Point
from echospine.domain.labels import Sector
from echospine.domain.units import Floats, Pixels
from echospine.engine.muscle.motion import (
    Followed,
    Follower,
    Matching,
    Moved,
    fascia_layers,
    field_grid,
    layer_matching,
    line_points,
    troubles,
)
from echospine.ports import FrameSource

MOST_FRAMES = 3000
"""Frames that are followed: of a longer recording, the first ones."""
MOST_SAMPLES = 320
"""Rows of an M-mode strip."""

OnFrame = Callable[[int, int], None]
"""Told (done, total) after every frame; what it raises ends the work."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be followed.

    `line_px`: from the near to the far border of a muscle; `layers_px`: the middle of a fascia.
    """

    line_px: tuple[Point, Point] | None = None
    layers_px: Point | None = None
    field: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class FieldPart:
    """The grid over the field, and what is known of the recording.

    `points_px`: (n, 2); `missing`: frames that cannot be decoded; `notes`: what spoils the following, in sentences.
    """

    points_px: Floats
    followed: Followed
    times_s: tuple[float, ...]
    step_mm: tuple[float, float] | None
    missing: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LinePart:
    """A line: both its ends followed, and the M-mode under it, uint8, (n_samples, n_frames), near end first."""

    line_px: tuple[Point, Point]
    ends: Followed
    strip: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class LayersPart:
    """Two sub-regions of a fascia, followed; `points_px`: superficial ones first, (n, 2)."""

    middle_px: Point
    points_px: Floats
    followed: Followed


@dataclass(frozen=True, slots=True, eq=False)
class Cine:
    """What was followed in one walk; None for what was not asked for."""

    field: FieldPart | None = None
    line: LinePart | None = None
    layers: LayersPart | None = None


def follow_source(source: FrameSource, sector: Sector, wanted: Wanted, on_frame: OnFrame | None = None) -> Cine:
    """Walk a recording once and follow what is wanted.

    Raises GeometryError for places that are none, UncalibratedError for layers in a picture without millimetres,
    InputError when no frame can be decoded, and what `on_frame` raises.
    """
    header, total = source.header, min(len(source), MOST_FRAMES)
    grid = field_grid(sector, header.geometry)
    field = Follower(grid) if wanted.field else None
    line = _LineWalk(wanted.line_px) if wanted.line_px is not None else None
    points, layers = _layers(wanted, header)
    ends = line.ends if line is not None else None
    followers = [one for one in (field, ends, layers) if one is not None]
    missing: list[int] = []
    for index, grey in _frames(source, total, missing):
        for one in followers:
            if grey is None:
                one.miss()
            else:
                one.see(grey)
        if line is not None:
            line.sample(grey)
        if on_frame is not None:
            on_frame(index + 1, total)
    return Cine(
        _field_part(field, grid, header, total, missing) if field is not None else None,
        line.part() if line is not None else None,
        LayersPart(wanted.layers_px, points, layers.followed()) if layers is not None and wanted.layers_px else None,
    )


def assemble(field: FieldPart, line: LinePart | None, layers: LayersPart | None) -> Moved:
    """Return the parts of one recording as what is measured."""
    return Moved(
        times_s=field.times_s,
        step_mm=field.step_mm,
        field=field.followed,
        line_px=line.line_px if line is not None else None,
        ends=line.ends if line is not None else None,
        layers_px=layers.points_px if layers is not None else None,
        layers=layers.followed if layers is not None else None,
    )


def _frames(source: FrameSource, total: int, missing: list[int]) -> Iterator[tuple[int, Pixels | None]]:
    """Yield each frame in grey, None for one that cannot be decoded; the first must be decodable to begin."""
    for index in range(total):
        try:
            yield index, source.frame(index).grey
        except InputError:
            if index == 0:
                raise
            missing.append(index)
            yield index, None


def _layers(wanted: Wanted, header: RecordingHeader) -> tuple[Floats, Follower | None]:
    if wanted.layers_px is None:
        return np.empty((0, 2)), None
    points = fascia_layers(wanted.layers_px, header.geometry).points_px
    return points, Follower(points, layer_matching(header.geometry, wanted.layers_px))


def _field_part(field: Follower, grid: Floats, header: RecordingHeader, total: int, missing: list[int]) -> FieldPart:
    followed, region = field.followed(), header.geometry.main_region()
    times = tuple(header.times_s[:total])
    step_mm = region.step_mm if region is not None else None
    notes = list(troubles(Moved(times, step_mm, followed), missing))
    if total < header.n_frames:
        notes.append(
            f"Only the first {total} of {header.n_frames} frames were followed; cut the recording for the rest."
        )
    return FieldPart(grid, followed, times, step_mm, tuple(missing), tuple(notes))


class _LineWalk:
    """Follows both ends of a line and samples the M-mode under it; the line itself stays where it is."""

    def __init__(self, line_px: tuple[Point, Point]) -> None:
        self._line_px = line_px
        self.ends = Follower(line_points(line_px), Matching(neighbours=0))
        length = float(np.hypot(*np.subtract(line_px[1], line_px[0])))
        shares = np.linspace(0.0, 1.0, int(np.clip(np.ceil(length), 2, MOST_SAMPLES)))[:, None]
        places = np.asarray(line_px[0]) + shares * np.subtract(line_px[1], line_px[0])
        self._rows_columns = places[:, ::-1].T
        self._columns: list[Pixels] = []

    def sample(self, grey: Pixels | None) -> None:
        """Take the grey under the line; black for a frame that cannot be decoded."""
        if grey is None:
            self._columns.append(np.zeros(self._rows_columns.shape[1], np.uint8))
            return
        column = map_coordinates(grey.astype(np.float32), self._rows_columns, order=1, mode="constant")
        self._columns.append(np.rint(column).astype(np.uint8))

    def part(self) -> LinePart:
        return LinePart(self._line_px, self.ends.followed(), np.stack(self._columns, axis=1))
