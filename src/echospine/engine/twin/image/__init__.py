"""Pictures: from a body and a probe to B-mode, and to what is really there at each pixel.

Scatterers belong to the tissue and move with it; rays find surfaces and shadow; one machine record says the rest.
"""

from echospine.engine.twin.image.beams import lateral_width_mm, pulse_width_mm, slice_width_mm
from echospine.engine.twin.image.labels import Truth, truth
from echospine.engine.twin.image.picture import BMode, Run, render, sequential
from echospine.engine.twin.image.scanner import Scanner, prepare

__all__ = [
    "BMode",
    "Run",
    "Scanner",
    "Truth",
    "lateral_width_mm",
    "prepare",
    "pulse_width_mm",
    "render",
    "sequential",
    "slice_width_mm",
    "truth",
]
