"""The labelled volume of one person, with the places in it that have names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, frozen
from echospine.engine.twin.tissues import Tissue

TissueMap: TypeAlias = npt.NDArray[np.uint8]
"""Tissue ids, shape (n_z, n_y, n_x)."""
Distances: TypeAlias = npt.NDArray[np.int8]
"""Signed distance to the nearest bone surface in steps of DISTANCE_STEP_MM, below zero inside bone."""

DISTANCE_STEP_MM = 0.04
"""One step of `Anatomy.bone_distance`, mm; so it reaches 5 mm to either side of the surface."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmark:
    """A named place: `kind` ("spinous_tip", "facet"), level ("L4"), side, and where, mm, Patient (LPS), shape (3,)."""

    kind: str
    level: str
    side: Side
    point_mm: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "point_mm", frozen(self.point_mm))
        if self.point_mm.shape != (3,) or not np.all(np.isfinite(self.point_mm)):
            raise GeometryError(f"landmark {self.name} needs three finite coordinates")

    @property
    def name(self) -> str:
        """Name in files: `L4_facet_left`, `L4_spinous_tip`."""
        middle = f"{self.level}_{self.kind}"
        return middle if self.side == Side.MIDLINE else f"{middle}_{self.side.value}"


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """What lies where in one resting person; millimetres, Patient frame (LPS), prone.

    `tissues`: Tissue ids, uint8, (n_z, n_y, n_x), read-only; `bone_distance`: int8, same shape (see Distances), or
    shape (0, 0, 0) where there is no bone at all; `origin_mm`: centre of voxel [0, 0, 0] as (x, y, z);
    `spacing_mm`: edge of a voxel; `landmarks`: by name; `vertebrae`: pose of each level's own frame in Patient,
    from top to bottom (x left, y back along its upper end plate, z up; origin in the middle of its body).
    """

    tissues: TissueMap
    bone_distance: Distances
    origin_mm: Floats
    spacing_mm: float
    landmarks: Mapping[str, Landmark] = field(default_factory=dict)
    vertebrae: tuple[Pose, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin_mm", frozen(self.origin_mm))
        object.__setattr__(self, "landmarks", MappingProxyType(dict(self.landmarks)))
        if self.tissues.ndim != 3 or self.tissues.dtype != np.uint8:
            raise GeometryError(
                f"a tissue volume is uint8 with three axes, not {self.tissues.dtype} {self.tissues.shape}"
            )
        if self.bone_distance.dtype != np.int8 or self.bone_distance.shape not in ((0, 0, 0), self.tissues.shape):
            raise GeometryError("bone distances need the shape of the tissue volume, int8, or no voxel at all")
        if not self.spacing_mm > 0:
            raise GeometryError(f"voxels of {self.spacing_mm} mm have no size")
        self.tissues.setflags(write=False)
        self.bone_distance.setflags(write=False)

    @property
    def last_mm(self) -> Floats:
        """Centre of the last voxel as (x, y, z), mm."""
        steps = np.array(self.tissues.shape[::-1], dtype=np.float64) - 1.0
        return frozen(self.origin_mm + self.spacing_mm * steps)

    def tissue_at(self, points_mm: npt.ArrayLike) -> TissueMap:
        """Return the tissue ids at `points_mm` (..., 3), nearest voxel; outside the volume AIR."""
        points = np.asarray(points_mm, dtype=np.float64)
        index = np.rint((points - self.origin_mm) / self.spacing_mm).astype(np.int64)
        inside = np.all((index >= 0) & (index < self.tissues.shape[::-1]), axis=-1)
        x, y, z = np.moveaxis(np.where(inside[..., None], index, 0), -1, 0)
        found: TissueMap = np.where(inside, self.tissues[z, y, x], np.uint8(Tissue.AIR))
        return found
