"""A model that finds multifidus between a fixed fascia and the bright line of a picture, and pictures for it.

Its values are exact: the thickness is the row of the line less the row of the fascia. Across the spine it finds one
muscle on each side of the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Structure, Surface, View
from echospine.domain.sights import Doubt, Landmark, Sighting, StructureMap, ViewBelief

WIDTH, HEIGHT, STEP_MM = 120, 160, 0.25
FASCIA_PX, MUSCLE_PX = 16, 20
GAP_PX = 12
"""Half the gap between the two muscles across the spine."""
ALONG = View.PARASAGITTAL_ARTICULAR_PROCESS


@dataclass(frozen=True)
class MuscleModel:
    """`view`: the one that it takes every picture for; `surely`: with what probability."""

    view: View = ALONG
    surely: float = 0.9
    method: ClassVar[Method] = Method("muscles", "3")

    def survey(self, samples: Sequence[Frame]) -> Field:
        geometry = samples[0].geometry
        return Field(Sector(np.zeros(geometry.width), np.full(geometry.width, geometry.height - 1.0)))

    def interpret(self, frame: Frame, field: Field) -> Interpretation:
        row = int(frame.grey.mean(axis=1).argmax())
        labels = _labels(row, frame.grey.shape, across=self.view is View.MULTIFIDUS_TRANSVERSE)
        bone = Surface(Structure.ARTICULAR_PROCESS, np.full(frame.geometry.width, float(row)), np.ones(WIDTH))
        others = [view for view in (View.OTHER, View.SACRAL, View.MIDLINE_SAGITTAL) if view is not self.view][:2]
        shares = ((self.view, self.surely), *((view, (1.0 - self.surely) / 2) for view in others))
        covariance = np.array([[4.0, 0.0], [0.0, 4.0]])
        midline = Sighting(Landmark.MIDLINE, (WIDTH / 2, float(row)), covariance, 0.9)
        return Interpretation(
            frame.index,
            self.method,
            field,
            (bone,),
            Quality(1.0, 0.0, 0.1, 0.9),
            structures=StructureMap(labels, np.full(labels.shape, 240, np.uint8), (0.0, 0.0), 1.0),
            landmarks=(midline,),
            view=ViewBelief(shares),
            doubt=Doubt(0.1, False, ()),
        )


def thickness_mm(row: int) -> float:
    """Return how thick the muscle of a picture is."""
    return (row - MUSCLE_PX) * STEP_MM


def muscle_folder(folder: Path, rows: Sequence[int], seed: int = 0) -> Path:
    """Write one picture for each row: speckle with a bright line there."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, row in enumerate(rows):
        pixels = np.random.default_rng(seed + n).integers(20, 90, (HEIGHT, WIDTH), dtype=np.uint8)
        pixels[row : row + 2] = 250
        Image.fromarray(pixels).save(folder / f"frame{n}.png")
    return folder


def _labels(row: int, shape: tuple[int, ...], *, across: bool) -> np.ndarray:
    labels = np.zeros(shape, np.uint8)
    labels[:FASCIA_PX] = Structure.SUBCUTANEOUS
    labels[FASCIA_PX:MUSCLE_PX] = Structure.FASCIA
    inside = slice(8, -8) if across else slice(None)
    labels[MUSCLE_PX:row, inside] = Structure.MULTIFIDUS
    if across:
        middle = shape[1] // 2
        labels[MUSCLE_PX:row, middle - GAP_PX : middle + GAP_PX] = Structure.BACKGROUND
    labels[row : row + 2] = Structure.ARTICULAR_PROCESS
    return labels
