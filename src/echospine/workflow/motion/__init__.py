"""Cines followed through time: which places are followed, in one walk through a recording, and what is kept of it.

Knows how a recording's own findings propose a line over a muscle and a place on a fascia, and how what was measured
enters an examination, with a person's marks and their reason.
"""

from echospine.workflow.motion.following import (
    MOST_FRAMES,
    Cine,
    FieldPart,
    LayersPart,
    LinePart,
    Wanted,
    assemble,
    follow_source,
)
from echospine.workflow.motion.keeping import keep_motion
from echospine.workflow.motion.proposing import Proposal, proposal_of, whole_field

__all__ = [
    "MOST_FRAMES",
    "Cine",
    "FieldPart",
    "LayersPart",
    "LinePart",
    "Proposal",
    "Wanted",
    "assemble",
    "follow_source",
    "keep_motion",
    "proposal_of",
    "whole_field",
]
