"""What can be said of a structure without any model: how bright, how deep, what lies below and above it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure

BELOW_SHARE = 0.15
"""Of the picture's height, in which a shadow below a structure is looked for."""
MARGIN_SHARE = 0.012
"""Of the height, left out below a structure: the tail of its own echo."""
NEIGHBOURS = (
    Structure.MULTIFIDUS, Structure.ERECTOR_SPINAE, Structure.SPINOUS_PROCESS, Structure.LAMINA,
    Structure.ARTICULAR_PROCESS, Structure.TRANSVERSE_PROCESS, Structure.POSTERIOR_COMPLEX, Structure.FASCIA,
    Structure.SUBCUTANEOUS,
)  # fmt: skip
"""Structures that are worth naming as neighbours, the most telling first."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one structure in one picture.

    `probability`: mean of its cells; `brightness`, `below`: median grey of it and of what lies under it, over the
    median of the field; `depth_mm`: of its middle, None where uncalibrated; `above`: named neighbours that lie over
    it; `middle`: share of the picture's width at which it lies, 0 left to 1 right.
    """

    structure: Structure
    probability: float
    brightness: float
    below: float
    depth_mm: float | None
    above: tuple[Structure, ...]
    middle: float

    @property
    def bright(self) -> bool:
        """Whether it stands out as bright."""
        return self.brightness >= 1.6

    @property
    def shadow(self) -> bool:
        """Whether it is dark below."""
        return self.below <= 0.6


def facts_of(structure: Structure, seen: Interpretation, frame: Frame) -> Facts:
    """Return the facts of a structure. Raises ModelError where the picture's map does not have it."""
    if seen.structures is None or structure not in seen.structures.structures:
        raise ModelError(f"{structure.label} is not seen in frame {frame.index}: there is nothing to explain")
    geometry, grey = frame.geometry, frame.grey
    labels = seen.structures.over(geometry)
    here, field = labels == structure, seen.field.sector.mask(geometry.height)
    usual = max(1.0, float(np.median(grey[field])) if field.any() else 1.0)
    columns = here.any(axis=0)
    lowest = geometry.height - 1 - here[::-1].argmax(axis=0)
    rows = np.arange(geometry.height)[:, None]
    first = lowest + MARGIN_SHARE * geometry.height
    under = columns & (rows > first) & (rows <= first + BELOW_SHARE * geometry.height) & field
    at = np.argwhere(here)
    region = geometry.main_region()
    top = float(np.nanmin(seen.field.sector.top_px)) if field.any() else 0.0
    sure = seen.structures.probability[seen.structures.labels == structure] / 255.0
    return Facts(
        structure,
        float(sure.mean()),
        float(np.median(grey[here])) / usual,
        float(np.median(grey[under])) / usual if under.any() else 1.0,
        None if region is None else float(np.median(at[:, 0]) - top) * region.step_mm[1],
        _above(labels, here, structure),
        float(np.median(at[:, 1])) / max(geometry.width - 1, 1),
    )


def _above(labels: np.ndarray, here: np.ndarray, structure: Structure) -> tuple[Structure, ...]:
    """Return which neighbours lie over a structure in most of its columns."""
    columns = here.any(axis=0)
    over = np.arange(labels.shape[0])[:, None] < here.argmax(axis=0)
    found = []
    for one in NEIGHBOURS:
        if one is not structure and float((over & (labels == one)).any(axis=0)[columns].mean()) > 0.5:
            found.append(one)
    return tuple(found)
