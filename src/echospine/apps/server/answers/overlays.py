"""What was seen in the frames of a stored recording: shapes of the answer, and how they are made."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from echospine.apps.server.answers.outlines import polyline, runs, sector_outline
from echospine.apps.server.answers.present import number, quality_view
from echospine.apps.server.answers.sighted import landmark_view, level_view, map_view, view_shares
from echospine.apps.server.live.sights import LevelView, SeenLandmark, SeenMap, ViewShare
from echospine.apps.server.schemas import XY, QualityView, Shape
from echospine.domain.errors import NotFound
from echospine.domain.exams import ExamFile, MapEdit, MapWay, Recording
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Surface
from echospine.domain.runs import packed_map
from echospine.domain.sights import StructureMap
from echospine.domain.units import Labels

if TYPE_CHECKING:
    from echospine.workflow.exam import Interpreted


class SurfaceView(Shape):
    """A surface that was seen in one frame."""

    structure: str
    lines: list[list[XY]] = Field(description="One polyline for each unbroken run of columns, to 0.5 px.")
    confidence: list[float] = Field(description="Mean confidence, 0 to 1, one per line.")
    edited: bool = Field(description="True where a person drew it.")


class BoxView(Shape):
    """A rectangle of the picture, edges included."""

    x0: int
    y0: int
    x1: int
    y1: int


class StoredMap(SeenMap):
    """The map of structures of a stored frame."""

    runs: str = Field(description="The runs of the map, base64.")


class CorrectionView(Shape):
    """Who corrected the structures of a frame, when and why."""

    who: str
    at: datetime
    reason: str
    way: MapWay = Field(description="`drawn`: by hand, a key frame; `between`: by interpolation between two of these.")


class PaintView(Shape):
    """All that is seen in a frame, corrections included, as large as the picture: what a person begins to paint on."""

    width: int
    height: int
    runs: str = Field(description="Runs of structure ids, row by row: three bytes each, as in a map; base64.")


class OverlayView(Shape):
    """What was seen in one frame."""

    index: int
    sector: list[XY] = Field(description="Outline of the insonified part, a polygon; empty when it was not found.")
    surfaces: list[SurfaceView]
    text_boxes: list[BoxView]
    quality: QualityView
    silent: bool = Field(description="True where the model does not recognise the picture: then it names nothing.")
    strangeness: float | None = Field(description="How unlike its training the picture is; 1: the edge. Null: unknown.")
    unsure: list[str] = Field(description="Structures that may be there and are not named.")
    doubts: list[str] = Field(description="What speaks against trusting what is named, for a clinician.")
    map: StoredMap | None
    corrected: CorrectionView | None = Field(description="Of the map, by a person; null: it is the model's own.")
    landmarks: list[SeenLandmark]
    view: list[ViewShare] = Field(description="Likeliest first; empty where the model does not know views.")
    level: LevelView | None


class Overlays(Shape):
    """What was seen in some frames of a recording."""

    method: str
    frames: list[OverlayView]


def overlays(
    file: ExamFile, recording: Recording, interpreted: Interpreted, geometry: ImageGeometry, start: int, count: int
) -> Overlays:
    """Return what was seen in `count` frames from `start` on; raises NotFound when it lies outside."""
    frames = interpreted.interpretations[start : start + count]
    if not frames:
        raise NotFound(f"{recording.name}: there is no frame {start}; it has {recording.n_frames}, counted from 0")
    maps = {edit.frame: edit for edit in file.maps if edit.recording_id == recording.id}
    edited = {edit.frame for edit in file.contours if edit.recording_id == recording.id}
    sectors = {id(frame.field): sector_outline(frame.field.sector) for frame in frames}
    return Overlays(
        method=recording.method,
        frames=[
            _overlay(
                frame, geometry, sectors[id(frame.field)], frame.frame_index in edited, maps.get(frame.frame_index)
            )
            for frame in frames
        ],
    )


def paint_view(labels: Labels) -> PaintView:
    """Return a map to paint on."""
    runs = base64.b64encode(packed_map(labels)).decode()
    return PaintView(width=labels.shape[1], height=labels.shape[0], runs=runs)


def _overlay(
    frame: Interpretation, geometry: ImageGeometry, sector: Sequence[XY], edited: bool, edit: MapEdit | None
) -> OverlayView:
    doubt = frame.doubt
    silent = doubt is not None and doubt.silent
    return OverlayView(
        index=frame.frame_index,
        sector=list(sector),
        surfaces=[_surface(surface, edited) for surface in frame.surfaces],
        text_boxes=[BoxView(x0=b.x0, y0=b.y0, x1=b.x1, y1=b.y1) for b in frame.field.text_boxes],
        quality=quality_view(frame.quality),
        silent=silent,
        strangeness=None if doubt is None else number(doubt.strangeness),
        unsure=[] if doubt is None else [structure.label for structure in doubt.unsure],
        doubts=[] if doubt is None else list(doubt.reasons),
        map=None if (silent and edit is None) or frame.structures is None else _map(frame.structures),
        corrected=None if edit is None else _correction(edit),
        landmarks=[] if silent else [landmark_view(one, geometry) for one in frame.landmarks],
        view=[] if silent else view_shares(frame),
        level=None if silent else level_view(frame),
    )


def _correction(edit: MapEdit) -> CorrectionView:
    return CorrectionView(who=edit.who, at=edit.at, reason=edit.reason, way=edit.way)


def _map(grid: StructureMap) -> StoredMap:
    packed = packed_map(grid.labels)
    return StoredMap(**map_view(grid, len(packed)).model_dump(), runs=base64.b64encode(packed).decode())


def _surface(surface: Surface, edited: bool) -> SurfaceView:
    found = runs(surface.row_px)
    return SurfaceView(
        structure=surface.structure.label,
        lines=[polyline(surface.row_px, run) for run in found],
        confidence=[round(float(surface.confidence[run].mean()), 4) for run in found],
        edited=edited,
    )
