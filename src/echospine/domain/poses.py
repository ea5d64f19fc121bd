"""Poses with named ends, and the search for a chain between two named frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, frozen

SINGULAR_BELOW = 1e-9
"""Smallest singular value of the 3x3 part, relative to the largest, that still counts as invertible."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Transform that takes points in `source` to `target`; right-handed, millimetres.

    Rigid between tracked things; affine where `source` is `Image`, whose points are (column, row, 0) in
    pixels, because a probe calibration carries the pixel size (and a little shear) with it.

    `matrix`: (4, 4) float64, read-only. Raises GeometryError when it is not finite, not affine or singular.
    """

    target: str
    source: str
    matrix: Floats

    def __post_init__(self) -> None:
        matrix = frozen(self.matrix)
        object.__setattr__(self, "matrix", matrix)
        if not (self.target and self.source):
            raise GeometryError("a pose needs the names of both its frames")
        if matrix.shape != (4, 4):
            raise GeometryError(f"{self}: matrix has shape {matrix.shape}, expected (4, 4)")
        if not np.all(np.isfinite(matrix)):
            raise GeometryError(f"{self}: matrix has values that are not finite")
        if not np.allclose(matrix[3], (0.0, 0.0, 0.0, 1.0), atol=1e-9):
            raise GeometryError(f"{self}: last row is {matrix[3].tolist()}, expected [0, 0, 0, 1]")
        sizes = np.linalg.svd(matrix[:3, :3], compute_uv=False)
        if sizes[-1] <= SINGULAR_BELOW * max(sizes[0], np.finfo(float).tiny):
            raise GeometryError(f"{self}: matrix is singular, so it cannot be inverted")

    def __str__(self) -> str:
        return f"{self.source}To{self.target}"

    def __matmul__(self, inner: Pose) -> Pose:
        if self.source != inner.target:
            raise GeometryError(f"cannot chain {self} after {inner}: {self.source!r} is not {inner.target!r}")
        return Pose(self.target, inner.source, self.matrix @ inner.matrix)

    @property
    def inverse(self) -> Pose:
        """The same relation, read the other way."""
        return Pose(self.source, self.target, frozen(np.linalg.inv(self.matrix)))

    @property
    def is_rigid(self) -> bool:
        """True for a proper rotation and a translation (to 1 part in 1,000: trackers print few digits)."""
        rotation = self.matrix[:3, :3]
        orthonormal = np.allclose(rotation.T @ rotation, np.eye(3), atol=1e-3)
        return bool(orthonormal and np.linalg.det(rotation) > 0)

    def apply(self, points: npt.ArrayLike) -> Floats:
        """Return `points` (..., 3) given in `source`, in `target`; same shape."""
        points = np.asarray(points, dtype=np.float64)
        moved: Floats = points @ self.matrix[:3, :3].T + self.matrix[:3, 3]
        return moved


def chain(poses: Iterable[Pose], target: str, source: str) -> Pose:
    """Return the pose from `source` to `target`, chained from `poses` and their inverses (fewest steps).

    Raises GeometryError naming what `source` does reach when no chain leads to `target`.
    """
    links = list(poses)
    links += [pose.inverse for pose in links]
    reached: dict[str, Pose] = {source: Pose(source, source, np.eye(4))}
    queue = deque([source])
    while queue and target not in reached:
        here = queue.popleft()
        for link in links:
            if link.source == here and link.target not in reached:
                reached[link.target] = link @ reached[here]
                queue.append(link.target)
    if target not in reached:
        known = ", ".join(sorted(set(reached) - {source})) or "nothing"
        raise GeometryError(f"no pose leads from {source} to {target}: {source} reaches {known}")
    return reached[target]
