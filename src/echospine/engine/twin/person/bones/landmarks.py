"""Named places on the bones of a person, found where a ray meets the surface that is painted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side
from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Landmark
from echospine.engine.twin.patient import LEVELS
from echospine.engine.twin.person.bones.bars import Bone
from echospine.engine.twin.person.bones.painting import distance_at, spine_bones
from echospine.engine.twin.person.bones.sacrum import posterior_spine_mm, sacral_tips
from echospine.engine.twin.person.bones.vertebra import mamillary_mm
from echospine.engine.twin.person.spine import Joint, Spine, Vertebra

SURFACE_KINDS = frozenset(
    {"spinous_tip", "lamina", "facet", "transverse_tip", "mamillary", "upper_end_plate", "lower_end_plate", "psis"}
)
"""Kinds that lie on the surface of a bone; `body_centre` and `interlaminar` do not."""
_SIDES = ((1, Side.LEFT), (-1, Side.RIGHT))
_FAR_MM, _CLOSE_MM, _STEPS = 60.0, 0.004, 120


def bone_landmarks(spine: Spine) -> dict[str, Landmark]:
    """Return the landmarks of all lumbar levels and the sacrum, by name, mm, Patient.

    A joint, and the window between two laminae, carry the name of the upper level: `L4_facet_left` is L4/L5.
    """
    bones = {bone.name: bone for bone in spine_bones(spine)}
    found: list[Landmark] = []
    for level in LEVELS:
        vertebra = spine[level]
        found += _on_vertebra(vertebra, bones[level])
        found += _of_joints(spine, vertebra, bones)
    found += _on_sacrum(spine, bones)
    return {landmark.name: landmark for landmark in found}


def surface_point(bones: tuple[Bone, ...], start_mm: npt.ArrayLike, direction: npt.ArrayLike) -> Floats:
    """Return where rays from `start_mm` (..., 3) along `direction` (3,) first meet a bone, NaN where they do not."""
    points = np.array(start_mm, dtype=np.float64)
    step = np.asarray(direction, dtype=np.float64) / np.linalg.norm(direction)
    gone = np.zeros(points.shape[:-1])
    for _ in range(_STEPS):
        distance = np.min([distance_at(bone, points) for bone in bones], axis=0)
        open_ = (distance > _CLOSE_MM) & (gone < 2 * _FAR_MM)
        if not open_.any():
            break
        stride = np.where(open_, np.maximum(distance, _CLOSE_MM), 0.0)
        points += stride[..., None] * step
        gone += stride
    points[distance > _CLOSE_MM * 10] = np.nan
    return points


def _on_vertebra(vertebra: Vertebra, bone: Bone) -> Iterator[Landmark]:
    size, level = vertebra.size, vertebra.level
    axes, half = vertebra.pose.matrix[:3, :3], size.height / 2
    tip_y, tip_z = vertebra.spinous_tip_mm
    lamina_y, lamina_z = vertebra.lamina_mm
    yield Landmark("body_centre", level, Side.MIDLINE, vertebra.to_patient(0.0, 0.0, 0.0))
    for kind, sign in (("upper_end_plate", 1), ("lower_end_plate", -1)):
        yield _hit(
            kind, level, Side.MIDLINE, bone, (vertebra.to_patient(0.0, 0.0, sign * (half + 3.0)), -sign * axes[:, 2])
        )
    yield _hit("spinous_tip", level, Side.MIDLINE, bone, (vertebra.to_patient(0.0, tip_y + 9.0, tip_z), -axes[:, 1]))
    for sign, side in _SIDES:
        behind = vertebra.to_patient(sign * size.interfacet / 4, lamina_y + 30.0, lamina_z)
        yield _hit("lamina", level, side, bone, (behind, -axes[:, 1]))
        x, y, z = vertebra.transverse_tip_mm
        beside = vertebra.to_patient(sign * (x + 9.0), y, z)
        yield _hit("transverse_tip", level, side, bone, (beside, -sign * axes[:, 0]))


def _of_joints(spine: Spine, vertebra: Vertebra, bones: dict[str, Bone]) -> Iterator[Landmark]:
    """Facets and interlaminar windows below `vertebra`, and the mamillary processes that it bears itself."""
    index = spine.vertebrae.index(vertebra)
    below, above = spine.vertebrae[index + 1], spine.vertebrae[index - 1]
    lower = bones["sacrum" if below.level == "S1" else below.level]
    for sign, side in _SIDES:
        joint = spine.joint(vertebra.level, sign)
        back = spine.discs[index].pose.matrix[:3, 1]
        yield Landmark("facet", vertebra.level, side, _backmost(joint, back, (bones[vertebra.level], lower)))
        joint = spine.joint(above.level, sign)
        behind = joint.pose.apply(mamillary_mm(joint)) + 30.0 * vertebra.pose.matrix[:3, 1]
        yield _hit("mamillary", vertebra.level, side, bones[vertebra.level], (behind, -vertebra.pose.matrix[:3, 1]))
        yield Landmark("interlaminar", vertebra.level, side, _window(vertebra, below, sign))


def _backmost(joint: Joint, back: Floats, bones: tuple[Bone, ...]) -> Floats:
    """The point of a joint's two processes that lies farthest back, about the middle of the joint's height."""
    across, up = np.meshgrid(np.linspace(-4.0, 8.0, 13), np.linspace(-0.3, 0.3, 7) * joint.height_mm)
    x_axis = np.cross(back, joint.pose.matrix[:3, 2]) * joint.sign
    start = joint.pose.matrix[:3, 3] + across[..., None] * x_axis + up[..., None] * joint.pose.matrix[:3, 2]
    points = surface_point(bones, start + 35.0 * back, -back).reshape(-1, 3)
    best: Floats = points[np.nanargmax(points @ back)]
    return best


def _window(upper: Vertebra, lower: Vertebra, sign: int) -> Floats:
    """Half-way between the edges of two laminae, a quarter of the way from the midline to the other joint."""
    x = sign * upper.size.interfacet / 4
    edges = []
    for vertebra, end in ((upper, -0.5), (lower, 0.5)):
        y, z = vertebra.lamina_mm
        edges.append(vertebra.to_patient(x, y + 2.0, z + end * vertebra.size.lamina_height))
    middle: Floats = (edges[0] + edges[1]) / 2
    return middle


def _on_sacrum(spine: Spine, bones: dict[str, Bone]) -> Iterator[Landmark]:
    sacrum, bone = spine.vertebrae[-1], bones["sacrum"]
    axes, half = sacrum.pose.matrix[:3, :3], sacrum.size.height / 2
    yield Landmark("body_centre", "S1", Side.MIDLINE, sacrum.to_patient(0.0, 0.0, 0.0))
    yield _hit("upper_end_plate", "S1", Side.MIDLINE, bone, (sacrum.to_patient(0.0, 0.0, half + 3.0), -axes[:, 2]))
    tips = {"S1": sacrum.to_patient(0.0, *sacrum.spinous_tip_mm), **sacral_tips(spine)}
    for level, tip in tips.items():
        yield _hit("spinous_tip", level, Side.MIDLINE, bone, (tip + 12.0 * axes[:, 1], -axes[:, 1]))
    for sign, side in _SIDES:
        joint = spine.joint("L5", sign)
        behind = joint.pose.apply(mamillary_mm(joint)) + 30.0 * axes[:, 1]
        yield _hit("mamillary", "S1", side, bone, (behind, -axes[:, 1]))
        behind = posterior_spine_mm(spine, sign) + 25.0 * axes[:, 1]
        yield _hit("psis", "S2", side, bones[f"ilium_{sign}"], (behind, -axes[:, 1]))


def _hit(kind: str, level: str, side: Side, bone: Bone, ray: tuple[Floats, Floats]) -> Landmark:
    point = surface_point((bone,), *ray)
    if not np.all(np.isfinite(point)):
        raise GeometryError(f"{level}: the bone has no {kind} where its own sizes say")
    return Landmark(kind, level, side, point)
