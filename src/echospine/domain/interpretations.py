"""What one method saw in one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import ModelError
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import BONES, Field, Method, Quality, Structure, Surface
from echospine.domain.sights import Bearing, Doubt, LevelBelief, Sighting, StructureMap, ViewBelief
from echospine.domain.units import Labels


@dataclass(frozen=True, slots=True, eq=False)
class Interpretation:
    """What one method saw in one frame. It carries the frame's index, so it cannot be drawn on another.

    A method that knows surfaces alone leaves the rest as it is: no `structures`, no `landmarks`, no `view`.
    """

    frame_index: int
    method: Method
    field: Field
    surfaces: tuple[Surface, ...]
    quality: Quality
    structures: StructureMap | None = None
    landmarks: tuple[Sighting, ...] = ()
    view: ViewBelief | None = None
    level: LevelBelief | None = None
    doubt: Doubt | None = None
    bearing: Bearing | None = None

    def __post_init__(self) -> None:
        width = self.field.sector.top_px.size
        if any(surface.row_px.size != width for surface in self.surfaces):
            raise ModelError(f"frame {self.frame_index}: a surface is not as wide as the picture ({width} columns)")

    def surface(self, structure: Structure) -> Surface | None:
        """Return the surface of that structure, or None."""
        return next((s for s in self.surfaces if s.structure == structure), None)

    def bone(self) -> Surface | None:
        """Return the surface of bone, whichever part it is, or None: in each column the shallowest part seen.

        Vertebral bodies are left out: they are seen between two arches, behind the canal, and what lies over them is
        not the tissue over bone.
        """
        parts = [s for s in self.surfaces if s.structure in BONES and s.structure is not Structure.VERTEBRAL_BODY]
        if len(parts) < 2:
            return parts[0] if parts else None
        rows = np.array([surface.row_px for surface in parts])
        sure = np.array([surface.confidence for surface in parts])
        shallowest = np.where(np.isfinite(rows), rows, np.inf).argmin(axis=0)
        columns = np.arange(rows.shape[1])
        found = np.isfinite(rows).any(axis=0)
        # Where no part is seen, the surest sign of one speaks against "none".
        confidence = np.where(found, sure[shallowest, columns], sure.min(axis=0))
        return Surface(Structure.BONE, rows[shallowest, columns], confidence)

    def label_map(self, geometry: ImageGeometry, thickness_mm: float = 2.0) -> Labels:
        """Return structure ids, uint8, shape (height, width): the map of structures, where there is one.

        Each surface that the map does not hold (a person drew it, or there is no map) is a band below its row,
        `thickness_mm` thick, or 1.5 % of the picture's height where it is uncalibrated.
        """
        region = geometry.main_region()
        thickness_px = thickness_mm / region.step_mm[1] if region else 0.015 * geometry.height
        rows = np.arange(geometry.height, dtype=np.float64)[:, None]
        labels: Labels = np.zeros((geometry.height, geometry.width), dtype=np.uint8)
        mapped: tuple[Structure, ...] = ()
        if self.structures is not None:
            labels, mapped = self.structures.over(geometry), self.structures.structures
        for surface in self.surfaces:
            if surface.structure in mapped:
                continue
            top = np.round(surface.row_px)
            with np.errstate(invalid="ignore"):
                band = (rows >= top) & (rows < top + max(1.0, round(thickness_px)))
            labels[band] = surface.structure
        return labels
