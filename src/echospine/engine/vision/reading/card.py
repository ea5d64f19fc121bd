"""How a network's outputs are to be read: temperatures, thresholds, and what its training pictures were like."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.labels import Field, Method, Structure
from echospine.domain.sights import Landmark
from echospine.domain.units import Floats, frozen
from echospine.engine.vision.framing import Framing

N_STRUCTURES = len(Structure)
LEAST = 0.5
"""Probability from which a structure is named, where a card does not say otherwise."""
LEAST_LANDMARK = 0.3
"""The same for a landmark."""
NOMINAL_DEPTH_MM = 50.0
"""Depth that an uncalibrated field is taken for, to choose widths and distances: never to measure."""


@dataclass(frozen=True, slots=True, eq=False)
class Strangeness:
    """What features of known pictures are like: a mean, and a covariance of few directions and one rest.

    `mean`: (n,); `directions`: orthonormal, (rank, n); `variances`: along them, (rank,); `rest_variance`: along each of
    the others; `scale`: distance at which a picture begins to be strange.
    """

    mean: Floats
    directions: Floats
    variances: Floats
    rest_variance: float
    scale: float

    def __post_init__(self) -> None:
        for name in ("mean", "directions", "variances"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
        n, rank = self.mean.size, self.variances.size
        if self.mean.ndim != 1 or self.directions.shape != (rank, n):
            raise ModelError(f"{rank} directions of {n} features cannot have the shape {self.directions.shape}")
        sizes = (*self.variances.ravel(), self.rest_variance, self.scale)
        if not all(math.isfinite(one) and one > 0 for one in sizes) or not np.all(np.isfinite(self.mean)):
            raise ModelError("variances of features, and the scale of their distance, must be finite and above zero")

    def of(self, features: npt.ArrayLike) -> float:
        """Return how unlike known pictures one is, 1 at the edge of what is known: a Mahalanobis distance.

        For features of networks: Lee et al. 2018; covariance of low rank: Tipping and Bishop 1999.
        """
        away = np.asarray(features, np.float64).ravel() - self.mean
        if not np.all(np.isfinite(away)):
            return math.inf
        along = self.directions @ away
        rest = max(float(away @ away - along @ along), 0.0)
        squared = float((along**2 / self.variances).sum()) + rest / self.rest_variance
        return math.sqrt(squared) / self.scale


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """What must be known of a network to read its outputs.

    `size`: edge of the square it sees, cells; `temperature`: divides the logits of each structure, (19,), and
    `view_temperature` those of views (Guo et al. 2017); `thresholds`: probability from which each structure is named;
    `landmark_thresholds`: the same for landmarks.
    """

    method: Method
    size: int
    strangeness: Strangeness
    temperature: Floats = made(default_factory=lambda: np.ones(N_STRUCTURES))
    view_temperature: float = 1.0
    thresholds: Mapping[Structure, float] = made(default_factory=dict)
    landmark_thresholds: Mapping[Landmark, float] = made(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperature", frozen(self.temperature))
        temperatures = (*self.temperature.ravel(), self.view_temperature)
        if self.temperature.shape != (N_STRUCTURES,) or not all(math.isfinite(t) and t > 0 for t in temperatures):
            raise ModelError("a card needs one temperature above zero for each structure, and one for views")
        if not all(0.0 < one <= 1.0 for one in (*self.thresholds.values(), *self.landmark_thresholds.values())):
            raise ModelError("a threshold is a probability: above 0, and at most 1")
        if self.size < 2 or self.size % 2:
            raise ModelError(f"a network's square cannot have an edge of {self.size} cells; it must be even")

    def least(self) -> Floats:
        """Return the threshold of each structure, (19,); 1 for background, which needs none."""
        return np.array([1.0 if not one else self.thresholds.get(one, LEAST) for one in Structure])

    def least_landmark(self, landmark: Landmark) -> float:
        """Return the probability from which a landmark is shown."""
        return self.landmark_thresholds.get(landmark, LEAST_LANDMARK)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture as a network looks at it: how it was framed, and how the outputs are to be read."""

    frame: Frame
    field: Field
    framing: Framing
    card: Card

    @property
    def square_mm(self) -> float | None:
        """Edge of the square that the network sees, mm across the picture; None where the picture is uncalibrated."""
        region = self.frame.geometry.main_region()
        return None if region is None else self.framing.size * self.framing.step_px * region.step_mm[0]

    @property
    def steps_mm(self) -> tuple[float, float]:
        """Size of a column and a row of the picture, mm; nominal where it is uncalibrated, to choose widths only."""
        region = self.frame.geometry.main_region()
        if region is not None:
            return region.step_mm
        nominal = NOMINAL_DEPTH_MM / max(self.framing.box_px[3] - self.framing.box_px[1], 1)
        return nominal, nominal
