"""Bones of a virtual person: smooth bars in each vertebra's own frame, painted into voxels, and their landmarks."""

from echospine.engine.twin.person.bones.landmarks import bone_landmarks
from echospine.engine.twin.person.bones.painting import paint, paint_bones, spine_bones

__all__ = ["bone_landmarks", "paint", "paint_bones", "spine_bones"]
