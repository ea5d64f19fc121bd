"""Why a model calls something what it calls it, in one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from echospine.domain.errors import ModelError
from echospine.domain.labels import Method, Structure
from echospine.domain.sights import Sighting
from echospine.domain.units import Floats, Pixels, frozen

Subject: TypeAlias = Structure | Sighting
"""What is asked about: a structure of the frame's map, or one of its landmarks."""


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceMap:
    """Where the evidence lies, on a grid of square cells laid over the picture.

    `values`: -1 to 1, (rows, columns): where covering the picture takes most from the answer is 1, where it adds is
    below zero; `corner_px`: picture coordinates of the centre of cell [0, 0]; `step_px`: picture pixels per cell.
    """

    values: Floats
    corner_px: tuple[float, float]
    step_px: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values))
        if self.values.ndim != 2 or not np.all(np.abs(self.values) <= 1.0 + 1e-9):
            raise ModelError("evidence lies between -1 and 1, one value per cell")
        if not self.step_px > 0:
            raise ModelError(f"cells of evidence cannot be {self.step_px:g} pixels wide")


@dataclass(frozen=True, slots=True, eq=False)
class Precedent:
    """A training picture, what it shows, and how like it is, 1 the same. `picture`: uint8, (rows, columns)."""

    name: str
    likeness: float
    picture: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why something in one frame is called what it is called.

    `probability`: of the whole picture's answer; `decisive_px`: squares of the picture (left, top, right, bottom)
    without which the answer would be another, empty where it stays; `otherwise`: the same in a sentence; `precedents`:
    the training pictures most like this one; `clinician`, `patient`: one sentence each.
    """

    frame_index: int
    method: Method
    name: str
    probability: float
    evidence: EvidenceMap
    decisive_px: tuple[tuple[float, float, float, float], ...]
    otherwise: str
    precedents: tuple[Precedent, ...]
    clinician: str
    patient: str
