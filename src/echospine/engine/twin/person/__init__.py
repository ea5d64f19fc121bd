"""The body of a virtual person: spine, bones and soft tissue built from parameters, or from a CT."""

from echospine.engine.twin.person.build import build_patient
from echospine.engine.twin.person.parameters import DECLINE, RECOVERY, Course, Visit, at, sample_patient
from echospine.engine.twin.person.phantom import cast
from echospine.engine.twin.person.spine import Spine, make_spine

__all__ = [
    "DECLINE",
    "RECOVERY",
    "Course",
    "Spine",
    "Visit",
    "at",
    "build_patient",
    "cast",
    "make_spine",
    "sample_patient",
]
