"""What is under the probe at one moment: a person's anatomy, moved, with what has been put into it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, frozen
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.tissues import Tissue


@dataclass(frozen=True, slots=True, eq=False)
class Displacement:
    """Where tissue has gone: a point at rest `X` is now at `X + u(X)`; mm, Patient frame.

    `vectors_mm`: u at the knots of a grid, float32, (n_z, n_y, n_x, 3) with components (x, y, z), read between knots
    trilinearly and beyond the grid as at its edge; `origin_mm`: first knot (x, y, z); `spacing_mm`: from knot to knot.
    """

    vectors_mm: npt.NDArray[np.float32]
    origin_mm: Floats
    spacing_mm: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "vectors_mm", frozen(self.vectors_mm, np.float32))
        object.__setattr__(self, "origin_mm", frozen(self.origin_mm))
        object.__setattr__(self, "spacing_mm", frozen(self.spacing_mm))
        if self.vectors_mm.ndim != 4 or self.vectors_mm.shape[3] != 3 or not np.all(np.isfinite(self.vectors_mm)):
            raise GeometryError("a displacement needs finite vectors, shape (n_z, n_y, n_x, 3)")


@dataclass(frozen=True, slots=True, eq=False)
class Inclusion:
    """An ellipsoid of another tissue (a cyst, a pocket of injectate), at rest coordinates, mm, Patient frame."""

    tissue: Tissue
    centre_mm: Floats
    radii_mm: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre_mm", frozen(self.centre_mm))
        object.__setattr__(self, "radii_mm", frozen(self.radii_mm))
        if self.centre_mm.shape != (3,) or self.radii_mm.shape != (3,) or not np.all(self.radii_mm > 0):
            raise GeometryError("an inclusion needs a centre and three radii above zero")


@dataclass(frozen=True, slots=True, eq=False)
class Echoes:
    """Point reflectors that are no tissue (a needle, a wire target), where they are now; Probe frame, mm.

    `points_mm`: (n, 3); `level_db`: (n,), backscatter of each relative to the mean of one scatterer of resting muscle.
    """

    points_mm: Floats
    level_db: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "points_mm", frozen(np.reshape(self.points_mm, (-1, 3))))
        object.__setattr__(self, "level_db", frozen(np.reshape(self.level_db, -1)))
        if len(self.points_mm) != len(self.level_db):
            raise GeometryError("every echo needs a point and a level")


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A person at one moment. `seed`: of the scatterers, which belong to the tissue and move with it."""

    anatomy: Anatomy
    seed: int = 0
    displacement: Displacement | None = None
    inclusions: tuple[Inclusion, ...] = field(default=())
