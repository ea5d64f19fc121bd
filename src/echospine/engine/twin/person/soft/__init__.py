"""Soft tissue of a virtual person: outlines at each height, filled; nerves and vessels as tubes; their landmarks."""

from echospine.engine.twin.person.soft.filling import fill, filling
from echospine.engine.twin.person.soft.landmarks import soft_landmarks
from echospine.engine.twin.person.soft.outlines import outlines
from echospine.engine.twin.person.soft.tubes import Bony, paint_tube, tubes_of

__all__ = ["Bony", "fill", "filling", "outlines", "paint_tube", "soft_landmarks", "tubes_of"]
