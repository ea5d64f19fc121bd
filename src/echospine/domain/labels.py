"""What a picture shows: structures, views, sides, and the interpretation of one frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TypeAlias

import numpy as np

from echospine.domain.errors import ModelError
from echospine.domain.units import Floats, Mask, frozen


class Structure(IntEnum):
    """Ids of structures in every label map; bone ids mark the visible surface, a band about 2 mm thick."""

    BACKGROUND = 0
    SUBCUTANEOUS = 1
    FASCIA = 2
    MULTIFIDUS = 3
    ERECTOR_SPINAE = 4
    PSOAS = 5
    QUADRATUS_LUMBORUM = 6
    SPINOUS_PROCESS = 7
    LAMINA = 8
    ARTICULAR_PROCESS = 9
    TRANSVERSE_PROCESS = 10
    VERTEBRAL_BODY = 11
    SACRUM = 12
    POSTERIOR_COMPLEX = 13
    DURAL_SAC = 14
    NERVE = 15
    VESSEL = 16
    NEEDLE = 17
    BONE = 18

    @property
    def label(self) -> str:
        """Name as it stands in files: `erector_spinae`."""
        return self.name.lower()


class WallMuscle(IntEnum):
    """Muscles of the lateral abdominal wall: people measure them with callipers, and no label map names them."""

    TRANSVERSUS_ABDOMINIS = 101
    INTERNAL_OBLIQUE = 102
    EXTERNAL_OBLIQUE = 103

    @property
    def label(self) -> str:
        """Name as it stands in files: `internal_oblique`."""
        return self.name.lower()


Part: TypeAlias = Structure | WallMuscle
"""What a measurement can be of: more than a label map knows."""
PARTS: dict[str, Part] = {one.label: one for kind in (Structure, WallMuscle) for one in kind}
"""Each by the name that it has in files."""


def part_of(number: int) -> Part:
    """Return the part with that id; raises ValueError where there is none."""
    return WallMuscle(number) if number >= WallMuscle.TRANSVERSUS_ABDOMINIS else Structure(number)


BONES = frozenset(
    {
        Structure.SPINOUS_PROCESS,
        Structure.LAMINA,
        Structure.ARTICULAR_PROCESS,
        Structure.TRANSVERSE_PROCESS,
        Structure.VERTEBRAL_BODY,
        Structure.SACRUM,
        Structure.BONE,
    }
)
"""Structures whose label marks the visible surface of bone."""


class View(StrEnum):
    """Standard views of the lumbar spine."""

    TRANSVERSE_SPINOUS = "transverse_spinous"
    TRANSVERSE_INTERLAMINAR = "transverse_interlaminar"
    PARASAGITTAL_TRANSVERSE_PROCESS = "parasagittal_transverse_process"
    PARASAGITTAL_ARTICULAR_PROCESS = "parasagittal_articular_process"
    PARASAGITTAL_LAMINA = "parasagittal_lamina"
    MIDLINE_SAGITTAL = "midline_sagittal"
    MULTIFIDUS_TRANSVERSE = "multifidus_transverse"
    FASCIA_LONGITUDINAL = "fascia_longitudinal"
    ABDOMINAL_WALL_LATERAL = "abdominal_wall_lateral"
    SACRAL = "sacral"
    OTHER = "other"


class Side(StrEnum):
    """Side of the patient."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Method:
    """Name and version of what made a result, so that a trend never mixes two methods silently."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True, eq=False)
class Sector:
    """The part of the picture that the probe insonified, column by column.

    `top_px`, `bottom_px`: first and last row of the image field, shape (width,), NaN outside the field; the
    top is the face of the probe, that is the skin. `apex_px`: centre (x, y) of the arcs of a curved probe,
    or None for a linear one, whose beams run straight down.
    """

    top_px: Floats
    bottom_px: Floats
    apex_px: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "top_px", frozen(self.top_px))
        object.__setattr__(self, "bottom_px", frozen(self.bottom_px))
        if self.top_px.ndim != 1 or self.top_px.shape != self.bottom_px.shape:
            raise ModelError("a sector needs one top and one bottom row for each column")

    def mask(self, height: int) -> Mask:
        """Return True inside the field, shape (height, width)."""
        rows = np.arange(height, dtype=np.float64)[:, None]
        with np.errstate(invalid="ignore"):
            inside: Mask = (rows >= self.top_px) & (rows <= self.bottom_px)
        return inside


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the picture, pixels, edges included: burned-in text or a scale."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """What stays the same through a recording: the insonified sector, and burned-in text around it."""

    sector: Sector
    text_boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A surface seen as one row per column, on the crest of its echo, and how sure.

    `row_px`: shape (width,), NaN where there is none, which is a normal answer; `confidence`: same shape,
    0 to 1, the evidence for the answer in that column (also where the answer is "none").
    """

    structure: Structure
    row_px: Floats
    confidence: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "row_px", frozen(self.row_px))
        object.__setattr__(self, "confidence", frozen(self.confidence))
        if self.row_px.ndim != 1 or self.row_px.shape != self.confidence.shape:
            raise ModelError("a surface needs one row and one confidence for each column")
        if not np.all((self.confidence >= 0) & (self.confidence <= 1)):
            raise ModelError("a confidence lies outside 0 to 1")

    @property
    def found(self) -> Mask:
        """True in columns where the surface was seen, shape (width,)."""
        seen: Mask = np.isfinite(self.row_px)
        return seen

    @property
    def mean_confidence(self) -> float:
        """Mean confidence over the columns where the surface was seen; 0 where there is none."""
        return float(self.confidence[self.found].mean()) if self.found.any() else 0.0


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the picture is, as fractions 0 to 1, with the reasons in words.

    `contact`: share of the probe face that touches skin; `saturated`: share of the field at the top of the
    grey scale; `shadowed`: share of the field that lies in shadow; `score`: 0 (useless) to 1 (good).
    """

    contact: float
    saturated: float
    shadowed: float
    score: float
    reasons: tuple[str, ...] = ()
