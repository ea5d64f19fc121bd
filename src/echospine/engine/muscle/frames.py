"""All that one frame is measured for."""

from __future__ import annotations

from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.measures import Measurement
from echospine.engine.muscle.muscles import measure_muscles
from echospine.engine.muscle.tissue import measure_tissue


def measure_frame(frame: Frame, interpretation: Interpretation) -> tuple[Measurement, ...]:
    """Return what lies over bone, and muscles, fascia and fat where the interpretation has a map of structures."""
    return (*measure_tissue(frame, interpretation), *measure_muscles(frame, interpretation))
