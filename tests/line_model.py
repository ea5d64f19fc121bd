"""The in-memory twin of an interpretation engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Structure, Surface


@dataclass(frozen=True)
class LineModel:
    """Finds the brightest row of each column, where it is bright."""

    version: str = "1"

    @property
    def method(self) -> Method:
        return Method("line finder", self.version)

    def survey(self, samples: Sequence[Frame]) -> Field:
        geometry = samples[0].geometry
        return Field(Sector(np.zeros(geometry.width), np.full(geometry.width, geometry.height - 1.0)))

    def interpret(self, frame: Frame, field: Field) -> Interpretation:
        grey = frame.grey.astype(float)
        rows = np.where(grey.max(axis=0) > 200, grey.argmax(axis=0), np.nan)
        surface = Surface(Structure.BONE, rows, np.where(np.isfinite(rows), 0.9, 0.6))
        return Interpretation(frame.index, self.method, field, (surface,), Quality(1.0, 0.0, 0.2, 0.9))
