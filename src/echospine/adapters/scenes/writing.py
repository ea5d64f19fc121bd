"""Writes the truth of a simulated recording: truth.json, and a label map for each frame."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PIL import Image

from echospine.domain.errors import StorageError
from echospine.domain.labels import Structure
from echospine.domain.poses import Pose
from echospine.domain.units import Labels
from echospine.engine.twin.scene import SIMULATED, Scene, SceneSource, SeenLandmark, SeenNeedle, Truth

FORMAT = 1
"""Version of truth.json."""
NEAR_MM = 15.0
"""Landmarks farther out of the picture than this are not told."""


class TruthWriter:
    """Writes truth.json frame by frame, and label maps beside it; truth.json appears whole at the end, or not at all.

    `facts`: what else to say of the whole recording (`files`, `software`). Raises StorageError where the disk does not
    take it.
    """

    def __init__(self, folder: Path, source: SceneSource, facts: Mapping[str, Any]) -> None:
        self._path = folder / "truth.json"
        self._partial = folder / ".truth.json.partial"
        self._count = 0
        with to_disk(self._path):
            self._stream = self._partial.open("w", encoding="utf-8")
        head = _text({"format": FORMAT, **_whole(source), **facts})
        self._before = head.removesuffix("}") + ', "frames": ['

    def add(self, truth: Truth) -> Path:
        """Write the truth of the next frame; return the path of its label map."""
        path = self._path.with_name(f"labels_{self._count:04d}.png")
        row = {"frame": self._count, "labels": path.name, **_row(truth)}
        write_whole(path, encode_labels(truth.labels))
        with to_disk(self._path):
            self._stream.write(f"{self._before}\n{_text(row)}")
        self._before = ","
        self._count += 1
        return path

    def __enter__(self) -> TruthWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with to_disk(self._path):
                    self._stream.write("\n]}\n" if self._count else self._before + "]}\n")
                    self._stream.close()
                    self._partial.replace(self._path)
        finally:
            with suppress(OSError):  # what a full disk did not take once, it does not take at the end either
                self._stream.close()
            self._partial.unlink(missing_ok=True)


@contextmanager
def to_disk(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a StorageError that names the file."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}); nothing was left half-written") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; raises StorageError."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with to_disk(path):
            partial.write_bytes(data)
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def encode_labels(labels: Labels) -> bytes:
    """Return structure ids as an 8-bit grey PNG."""
    packed = BytesIO()
    Image.fromarray(labels).save(packed, "PNG", compress_level=6)
    return packed.getvalue()


def _whole(source: SceneSource) -> dict[str, Any]:
    """Return what is true of the whole recording."""
    scene: Scene = source.scene
    geometry = source.header.geometry
    landmarks = source.stage.anatomy.landmarks
    return {
        "simulated": True,
        "note": SIMULATED,
        "scene": scene.name,
        "title": scene.title,
        "seed": scene.seed,
        "frame_rate_hz": scene.frame_rate_hz,
        "patient": asdict(scene.patient),
        "machine": asdict(scene.machine),
        "settings": asdict(scene.settings),
        "tracker": asdict(scene.tracker) if scene.tracker else None,
        "structures": {str(one.value): one.label for one in Structure},
        "image": {"width": geometry.width, "height": geometry.height},
        "image_to_probe": _matrix(source.image_to_probe),
        "landmarks_at_rest_mm": {name: _numbers(landmark.point_mm) for name, landmark in landmarks.items()},
    }


def _row(truth: Truth) -> dict[str, Any]:
    """Return what is true of one frame."""
    moved = np.linalg.norm(truth.displacement_mm, axis=-1)
    seen = [one for one in truth.landmarks if _is_near(one, truth.labels.shape)]
    return {
        "scene_frame": truth.index,
        "time_s": truth.time_s,
        "view": truth.view.value,
        "level": truth.level or None,
        "side": truth.side.value,
        "contact": _number(truth.contact),
        "probe_to_patient": _matrix(truth.probe),
        "tools": {str(pose): _matrix(pose) for pose in truth.tools.values()},
        "statuses": {name: status.value for name, status in truth.statuses.items()},
        "landmarks": {one.landmark.name: _landmark(one) for one in seen},
        "needle": _needle(truth.needle) if truth.needle else None,
        "injected_ml": _number(truth.injected_ml),
        "middle_mm": {structure.label: _number(mm) for structure, mm in truth.middle_mm.items()},
        "skin_to_bone_mm": _number(truth.skin_to_bone_mm),
        "displacement_mm": {"mean": _number(float(np.nanmean(moved))), "largest": _number(float(np.nanmax(moved)))},
    }


def _is_near(one: SeenLandmark, shape: tuple[int, ...]) -> bool:
    column, row = one.pixel
    inside = -0.5 <= column < shape[1] - 0.5 and -0.5 <= row < shape[0] - 0.5
    return inside and abs(one.off_plane_mm) <= NEAR_MM


def _landmark(one: SeenLandmark) -> dict[str, Any]:
    return {
        "pixel": _numbers(one.pixel),
        "off_plane_mm": _number(one.off_plane_mm),
        "displacement_mm": _numbers(one.displacement_mm),
    }


def _needle(seen: SeenNeedle) -> dict[str, Any]:
    true, nearest = seen.truth, seen.nearest
    return {
        "tip_px": _numbers(seen.tip_px),
        "entry_px": _numbers(seen.entry_px),
        "tip_mm": _numbers(true.tip_mm),
        "entry_mm": _numbers(true.entry_mm),
        "out_of_plane_mm": _number(true.out_of_plane_mm),
        "in_plane": true.in_plane,
        "visible_mm": _number(true.visible_mm),
        "tip_visible": true.tip_visible,
        "tip_to_target_mm": _number(seen.tip_to_target_mm),
        "nearest": {"tissue": nearest.tissue.name.lower(), "gap_mm": _number(nearest.gap_mm)} if nearest else None,
    }


def _matrix(pose: Pose) -> list[list[float]]:
    rows: list[list[float]] = pose.matrix.tolist()
    return rows


def _number(value: float) -> float | None:
    """Return a number that a file of this kind can hold, to 0.0001."""
    return round(value, 4) if math.isfinite(value) else None


def _numbers(values: Any) -> list[float | None]:  # noqa: ANN401 -- any row of numbers
    return [_number(float(value)) for value in values]


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False)
