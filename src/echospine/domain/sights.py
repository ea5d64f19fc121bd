"""What a learned reading adds to surfaces: a map of structures, landmarks, view, level, and doubt."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import ModelError
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Structure, View
from echospine.domain.units import Floats, Labels, Mask, frozen

Cells = npt.NDArray[np.int64]

ELLIPSE_95 = 5.991
"""95th percentile of chi-squared with two degrees of freedom: scales a covariance to its 95 % ellipse."""
ACROSS = math.radians(35.0)
"""A picture turned no further than this lies across the spine; one as near to a right angle lies along it."""


class Landmark(StrEnum):
    """Points that a sonographer steers by."""

    SPINOUS_TIP = "spinous_tip"
    LAMINA = "lamina"
    FACET = "facet"
    TRANSVERSE_TIP = "transverse_tip"
    INTERLAMINAR_WINDOW = "interlaminar_window"
    MIDLINE = "midline"
    NERVE_EXIT = "nerve_exit"


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A landmark seen in one frame, with its doubt.

    `at_px`: x and y on the picture; `covariance_px2`: of that place, (2, 2), symmetric and positive; `confidence`:
    calibrated probability that the landmark is there at all.
    """

    landmark: Landmark
    at_px: tuple[float, float]
    covariance_px2: Floats
    confidence: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "covariance_px2", frozen(self.covariance_px2))
        one = self.covariance_px2
        if one.shape != (2, 2) or not np.allclose(one, one.T) or np.linalg.eigvalsh(one)[0] <= 0:
            raise ModelError(f"{self.landmark}: its doubt must be a symmetric, positive 2 x 2 covariance")
        if not 0.0 <= self.confidence <= 1.0:
            raise ModelError(f"{self.landmark}: a confidence of {self.confidence:g} lies outside 0 to 1")

    def ellipse_mm(self, step_mm: tuple[float, float]) -> tuple[float, float, float]:
        """Return the 95 % ellipse: half axes, mm, longer first, and its turn from x towards y, radians."""
        scale = np.diag(step_mm)
        values, vectors = np.linalg.eigh(scale @ self.covariance_px2 @ scale * ELLIPSE_95)
        turn = math.atan2(vectors[1, 1], vectors[0, 1])
        return math.sqrt(values[1]), math.sqrt(values[0]), turn


@dataclass(frozen=True, slots=True, eq=False)
class StructureMap:
    """Structures on a grid of square cells laid over the picture.

    `labels`: structure ids, uint8, (rows, columns); `probability`: of each cell's label, calibrated, uint8 of 1/255,
    same shape; `corner_px`: picture coordinates of the centre of cell [0, 0]; `step_px`: picture pixels per cell.
    """

    labels: Labels
    probability: Labels
    corner_px: tuple[float, float]
    step_px: float

    def __post_init__(self) -> None:
        if self.labels.ndim != 2 or self.labels.shape != self.probability.shape:
            raise ModelError("a map needs one label and one probability per cell")
        if not self.step_px > 0:
            raise ModelError(f"a map's cells cannot be {self.step_px:g} pixels wide")
        for name in ("labels", "probability"):
            value = np.ascontiguousarray(getattr(self, name), np.uint8)
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @property
    def structures(self) -> tuple[Structure, ...]:
        """Structures that are there, background left out, by id."""
        return tuple(Structure(int(one)) for one in np.unique(self.labels) if one)

    def at_px(self, row: Cells, column: Cells) -> tuple[Cells, Cells]:
        """Return the pixels nearest to the centres of cells: rows and columns, of any shape."""
        down, across = (self.corner_px[k] + self.step_px * cells for k, cells in ((1, row), (0, column)))
        return np.rint(down).astype(np.int64), np.rint(across).astype(np.int64)

    def over(self, geometry: ImageGeometry) -> Labels:
        """Return the structure of every pixel of the picture, uint8, (height, width): that of the nearest cell."""
        return self._spread(self.labels, geometry)

    def probability_over(self, geometry: ImageGeometry) -> Labels:
        """Return the probability of every pixel's label, uint8 of 1/255, (height, width); 0 beside the map."""
        return self._spread(self.probability, geometry)

    def without(self, structures: Collection[Structure]) -> StructureMap:
        """Return the map with those structures taken off: background, of which nobody gave a probability."""
        gone = np.isin(self.labels, [int(one) for one in structures])
        labels, probability = (np.where(gone, 0, one) for one in (self.labels, self.probability))
        return StructureMap(labels, probability, self.corner_px, self.step_px)

    def _spread(self, cells: Labels, geometry: ImageGeometry) -> Labels:
        rows = np.rint((np.arange(geometry.height) - self.corner_px[1]) / self.step_px).astype(np.int64)
        columns = np.rint((np.arange(geometry.width) - self.corner_px[0]) / self.step_px).astype(np.int64)
        # Columns first, of the few rows of cells: whole rows are then copied, which is as fast as memory is.
        found: Labels = cells.take(columns.clip(0, cells.shape[1] - 1), axis=1).take(
            rows.clip(0, cells.shape[0] - 1), axis=0
        )
        found[~_within(rows, cells.shape[0])] = 0
        found[:, ~_within(columns, cells.shape[1])] = 0
        return found


def _within(index: npt.NDArray[np.int64], size: int) -> Mask:
    inside: Mask = (index >= 0) & (index < size)
    return inside


@dataclass(frozen=True, slots=True)
class ViewBelief:
    """Which view it is: calibrated probabilities, likeliest first, sum 1."""

    shares: tuple[tuple[View, float], ...]

    def __post_init__(self) -> None:
        _check_shares("views", [share for _, share in self.shares])

    @property
    def view(self) -> View:
        """The likeliest view."""
        return self.shares[0][0]

    @property
    def confidence(self) -> float:
        """Its probability."""
        return self.shares[0][1]


@dataclass(frozen=True, slots=True)
class LevelBelief:
    """Which vertebra lies in the middle of the picture: candidates ("L4", "S1"), likeliest first, sum 1.

    `reason`: what the count rests on, one sentence for a clinician.
    """

    shares: tuple[tuple[str, float], ...]
    reason: str

    def __post_init__(self) -> None:
        _check_shares("levels", [share for _, share in self.shares])

    def surely(self, least: float = 0.9) -> str | None:
        """Return the level where its probability reaches `least`; None where that is doubtful, never a bare guess."""
        name, share = self.shares[0]
        return name if share >= least else None


def _check_shares(what: str, shares: list[float]) -> None:
    if not shares or any(not 0.0 <= share <= 1.0 for share in shares) or abs(sum(shares) - 1.0) > 1e-3:
        raise ModelError(f"probabilities of {what} must lie in 0 to 1 and sum to 1")
    if any(later > former + 1e-9 for former, later in pairwise(shares)):
        raise ModelError(f"probabilities of {what} must fall: likeliest first")


@dataclass(frozen=True, slots=True)
class Doubt:
    """How far the model should be trusted in one frame.

    `strangeness`: how unlike its training the picture is, 1 at the edge of what it knows; `silent`: nothing is to be
    named; `unsure`: structures that may be there and are not named; `reasons`: sentences for a clinician.
    """

    strangeness: float
    silent: bool
    unsure: tuple[Structure, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bearing:
    """Where a picture lies in the back; None where that cannot be told.

    `along_mm`: from the picture's middle to the midline along the picture's x, to the right above zero; `lateral_mm`:
    from the midline to the picture's middle, whichever side; `turn_rad`: of the picture's x axis, -pi/2 to pi/2, 0 from
    the patient's left to the right, pi/2 from head to feet, and `turn_sure`, 0 to 1; `phase_rad`: along the spine, 0 at
    the tip of a spinous process, pi half-way to the next one towards the feet, and `phase_sure`; `tilt_deg`: of the
    beam off straight forward about the picture's x axis, above zero towards the feet where the picture lies across;
    `rock_deg`: within the picture, above zero towards its left; `contact`: share of the probe's face on skin.
    """

    along_mm: float | None
    lateral_mm: float
    turn_rad: float
    turn_sure: float
    phase_rad: float
    phase_sure: float
    tilt_deg: float | None
    rock_deg: float
    contact: float

    @property
    def across(self) -> bool:
        """Whether the picture lies across the spine."""
        return abs(self.turn_rad) <= ACROSS

    @property
    def lengthwise(self) -> bool:
        """Whether the picture lies along the spine."""
        return abs(self.turn_rad) >= math.pi / 2 - ACROSS
