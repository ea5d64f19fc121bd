"""The body of a virtual person: spine, bones and soft tissue built from parameters, or from a CT."""

from echospine.engine.twin.person.build import build_patient
from echospine.engine.twin.person.spine import Spine, make_spine

__all__ = ["Spine", "build_patient", "make_spine"]
