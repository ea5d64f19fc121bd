"""A model that says everything a learned one can say, of made pictures: for tests of what carries its words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Structure, Surface, View
from echospine.domain.sights import Doubt, Landmark, LevelBelief, Sighting, StructureMap, ViewBelief

DARK_BELOW = 4.0
"""Mean grey level of a picture that this model does not recognise."""
CELL_PX = 2


class RichModel:
    """Names thirds of the picture: fat, multifidus, and bone's surface between them; one landmark in the middle."""

    method = Method("rich", "7")

    def survey(self, samples: Sequence[Frame]) -> Field:
        geometry = samples[0].geometry
        return Field(Sector(np.zeros(geometry.width), np.full(geometry.width, geometry.height - 1.0)))

    def interpret(self, frame: Frame, field: Field) -> Interpretation:
        height, width = frame.geometry.height, frame.geometry.width
        silent = float(frame.grey.mean()) < DARK_BELOW
        row = np.full(width, np.nan if silent else height / 2)
        surface = Surface(Structure.LAMINA, row, np.full(width, 0.8))
        quality = Quality(0.1, 0.0, 0.1, 0.2, ("no contact",)) if silent else Quality(1.0, 0.0, 0.3, 0.9)
        doubt = Doubt(1.7, True, (), ("the picture is unlike any seen in training",)) if silent else None
        return Interpretation(
            frame.index,
            self.method,
            field,
            (surface,),
            quality,
            structures=None if silent else structure_map(height, width),
            landmarks=() if silent else (landmark(height, width),),
            view=ViewBelief(((View.PARASAGITTAL_LAMINA, 0.7), (View.MIDLINE_SAGITTAL, 0.3))),
            level=LevelBelief((("L4", 0.6), ("L3", 0.4)), "counted from the sacrum"),
            doubt=doubt or Doubt(0.4, False, (Structure.NERVE,)),
        )


def structure_map(height: int, width: int) -> StructureMap:
    rows, columns = height // CELL_PX, width // CELL_PX
    labels = np.full((rows, columns), int(Structure.MULTIFIDUS), np.uint8)
    labels[: rows // 3] = Structure.SUBCUTANEOUS
    labels[:, : columns // 8] = Structure.BACKGROUND
    probability = np.full(labels.shape, 204, np.uint8)
    return StructureMap(labels, probability, (0.5, 0.5), float(CELL_PX))


def landmark(height: int, width: int) -> Sighting:
    return Sighting(Landmark.LAMINA, (width / 2, height / 2), np.array([[9.0, 2.0], [2.0, 4.0]]), 0.75)
