"""The bones at the ends of the lumbar spine: sacrum, the iliac crests beside it, and the twelfth ribs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from echospine.domain.poses import Pose
from echospine.domain.units import Floats
from echospine.engine.twin.patient import Transition
from echospine.engine.twin.person.bones.bars import Bar, Bone, Role, capsule, place
from echospine.engine.twin.person.bones.vertebra import neighbours, parts_beside, roughness, superior_process
from echospine.engine.twin.person.spine import Spine, Vertebra
from echospine.engine.twin.tissues import Tissue

SACROILIAC_GAP_MM = 2.2
_X, _Y, _Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
_REFERENCE_WIDTH_MM = 49.0
"""Width of the S1 end plate of the sacrum that the numbers below describe."""
_CREST = ((42.0, 54.0, -8.0), (61.0, 40.0, 26.0), (86.0, 16.0, 49.0), (114.0, -20.0, 58.0))
"""Left iliac crest from the posterior superior spine (level with S2) to its top (level with L4/L5), from S1's middle,
mm, where the sacrum slopes by 35 degrees."""
_CREST_SLOPE_DEG = 35.0
_TUBERCLES = {"S2": (0.0, 41.0, -34.0), "S3": (0.0, 39.0, -54.0)}
"""Tips of the spinous tubercles of the sacrum, own frame of S1, mm."""
_RIB = ((28.0, 12.0, 4.0), (42.0, 27.0, 0.0), (64.0, 31.0, -15.0), (88.0, 22.0, -33.0), (110.0, 4.0, -50.0))
"""Left twelfth rib, own frame of T12, mm."""


def sacrum_bone(spine: Spine) -> Bone:
    """Return the sacrum down to S4, with the joints to L5 cut out."""
    index = len(spine.vertebrae) - 1
    sacrum, met = spine.vertebrae[index], neighbours(spine, index)
    scale = sacrum.size.upper_width / _REFERENCE_WIDTH_MM
    parts = [*_bodies(sacrum, scale), *_back(sacrum, scale)]
    for sign in (1, -1):
        parts += lateral_mass(scale, sign)
        joint = next(joint for joint in met.above if joint.sign == sign)
        foot = sacrum.pose.inverse.apply(joint.pose.apply((5.0, 0.0, -3.0)))
        root = np.array((sign * 22.0, 22.0, -12.0)) * scale
        parts.append(capsule(Tissue.SACRUM, (root, foot), (7.5, 5.5), (7.0, 5.0), _X, rounding=4.0, blend=5.0))
    rows = [place(part, sacrum.pose) for part in parts]
    for joint in met.above:
        rows += [place(part, joint.pose) for part in superior_process(joint)]
    rows += [place(part, sacrum.pose) for part in _holes(spine, sacrum, scale)]
    return Bone("sacrum", np.concatenate([*rows, *parts_beside(met)]), roughness(spine, index, _middle(sacrum)))


def _bodies(sacrum: Vertebra, scale: float) -> list[Bar]:
    size = sacrum.size
    first = Bar(
        Tissue.SACRUM, (0.0, 0.0, 0.0), _Z, _X, (size.lower_width / 2, size.upper_width / 2),
        (size.lower_depth / 2, size.upper_depth / 2), size.height / 2, square=0.4, rounding=2.0, dish=0.8, blend=4.0,
    )  # fmt: skip
    second = capsule(
        Tissue.SACRUM, (_of((0.0, 2.0, -11.0), scale), _of((0.0, 8.0, -38.0), scale)), (18.0 * scale, 14.5 * scale),
        (11.0 * scale, 9.0 * scale), _X, rounding=2.0, blend=5.0,
    )  # fmt: skip
    third = capsule(
        Tissue.SACRUM, (_of((0.0, 7.5, -36.0), scale), _of((0.0, 21.0, -74.0), scale)), (14.0 * scale, 10.0 * scale),
        (9.0 * scale, 5.5 * scale), _X, rounding=2.0, blend=5.0,
    )  # fmt: skip
    return [first, second, third]


def _back(sacrum: Vertebra, scale: float) -> list[Bar]:
    """The dorsal plate of joined laminae, and the median crest with the tubercles of S1 to S3 on it."""
    tip_y, tip_z = sacrum.spinous_tip_mm
    lamina_y, lamina_z = sacrum.lamina_mm
    top = lamina_z + sacrum.size.lamina_height / 2
    ends = (np.array((0.0, lamina_y + 2.0, top)), _of((0.0, 33.0, -74.0), scale))
    plate = capsule(
        Tissue.SACRUM, ends, (18.5 * scale, 12.0 * scale), (4.0, 3.2), _X,
        square=0.2, rounding=1.8, bend=(0.0, 1.5), blend=5.0,
    )  # fmt: skip
    ends = (np.array((0.0, lamina_y + 3.0, lamina_z - 2.0)), _of((0.0, 34.0, -62.0), scale))
    crest = capsule(Tissue.SACRUM, ends, (3.2, 2.8), (5.0, 4.0), _X, rounding=1.5, blend=4.0)
    tips = [np.array((0.0, tip_y, tip_z)), *(_of(tip, scale) for tip in _TUBERCLES.values())]
    bars = [plate, crest]
    for end, tall, thick in zip(tips, (7.0, 7.0, 6.0), (3.6, 3.2, 3.0), strict=True):
        ends = (end - np.array((0.0, 11.0, -2.0)), end)
        sizes = ((tall, tall * 0.8), (thick * 0.8, thick))
        bars.append(capsule(Tissue.SACRUM, ends, *sizes, _Z, rounding=2.2, blend=3.5))
    return bars


def lateral_mass(scale: float, sign: int) -> list[Bar]:
    """Return ala and lateral part of one side, own frame of S1: what the ilium rests on."""
    mirror = np.array((sign, 1.0, 1.0)) * scale
    ala = capsule(
        Tissue.SACRUM, (np.array((13.0, 1.0, -5.0)) * mirror, np.array((50.0, 9.0, -9.0)) * mirror),
        (11.5 * scale, 15.0 * scale), (12.0 * scale, 14.0 * scale), _Z, square=0.2, rounding=6.0, blend=7.0,
    )  # fmt: skip
    side = capsule(
        Tissue.SACRUM, (np.array((34.0, 15.0, -6.0)) * mirror, np.array((18.5, 27.0, -78.0)) * mirror),
        (19.0 * scale, 10.0 * scale), (15.0 * scale, 7.0 * scale), _X, square=0.35, rounding=5.0, blend=8.0,
    )  # fmt: skip
    return [ala, side]


def _holes(spine: Spine, sacrum: Vertebra, scale: float) -> list[Bar]:
    """Sacral canal, dorsal foramina of S1 to S3, and the cleft below S1 where it is lumbarised."""
    size = sacrum.size
    half = size.canal_depth / 2
    top = np.array((0.0, sacrum.back_wall_mm + half + 2.0, 30.0))
    canal = capsule(
        Tissue.SACRUM, (top, _of((0.0, 27.5, -90.0), scale)), (size.canal_width / 2, 6.0), (half, 2.5), _X,
        square=0.0, bend=(0.0, 3.5), role=Role.CUT, blend=2.0,
    )  # fmt: skip
    bars = [canal]
    for x, z, radius in ((19.5, -20.0, 4.2), (17.0, -43.0, 3.8), (14.5, -62.0, 3.2)):
        for sign in (1, -1):
            mirror = np.array((sign, 1.0, 1.0)) * scale
            bars.append(
                capsule(
                    Tissue.SACRUM, (np.array((x - 3.0, 15.0, z)) * mirror, np.array((x + 6.0, 60.0, z + 4.0)) * mirror),
                    (radius, radius * 1.3), (radius * 1.25, radius * 1.5), _X, square=0.0, role=Role.CUT, blend=2.0,
                )
            )  # fmt: skip
    if spine.parameters.transition == Transition.LUMBARISED:
        bars.append(
            Bar(
                Tissue.SACRUM, (0.0, 12.0, -size.height / 2 - 2.5), _Y, _X, (90.0, 90.0), (2.5, 2.5), 70.0,
                square=0.9, rounding=1.0, role=Role.CUT, blend=2.0,
            )
        )  # fmt: skip
    return bars


def pelvis_bones(spine: Spine) -> tuple[Bone, Bone]:
    """Return the posterior parts of the left and right iliac bones, with the sacroiliac gap cut out."""
    sacrum = spine.vertebrae[-1]
    scale = sacrum.size.upper_width / _REFERENCE_WIDTH_MM
    left, right = (_ilium(spine, sacrum, scale, sign) for sign in (1, -1))
    return left, right


def _ilium(spine: Spine, sacrum: Vertebra, scale: float, sign: int) -> Bone:
    frame = sacrum.pose @ _level_frame(sacrum)
    mirror = np.array((sign, 1.0, 1.0)) * scale
    points = [np.array(point) * mirror for point in _CREST]
    inwards = [np.array(v) * (sign, 1.0, 1.0) for v in ((0.0, -0.92, -0.38), (-0.1, -0.7, -0.7), (-0.3, -0.1, -1.0))]
    bars = []
    for n, (thick, deep) in enumerate(((6.0, 24.0), (4.5, 26.0), (3.6, 27.0))):
        start, end = points[n], points[n + 1]
        bars.append(capsule(Tissue.ILIUM, (start, end), (6.2, 6.4), (6.2, 6.4), _X, rounding=4.0, blend=5.0))
        along = (end - start) / np.linalg.norm(end - start)
        inward = inwards[n] - (inwards[n] @ along) * along
        inward /= np.linalg.norm(inward)
        shift, reach = inward * deep, along * 6.0
        wide = (float(inward[0]), float(inward[1]), float(inward[2]))
        bars.append(
            capsule(
                Tissue.ILIUM, (start - reach + shift, end + reach + shift), (deep, deep), (thick, thick * 0.9), wide,
                square=0.7, rounding=3.0, blend=6.0,
            )
        )  # fmt: skip
    spine_end = points[0] + np.array((sign * 1.0, -1.0, -4.0))
    bars.append(capsule(Tissue.ILIUM, (points[0], spine_end), (7.6, 7.0), (7.6, 7.0), _X, rounding=5.0, blend=5.0))
    rows = [place(bar, frame) for bar in bars]
    for part in lateral_mass(scale, sign):
        rows.append(place(replace(part, role=Role.BESIDE, gap=SACROILIAC_GAP_MM), sacrum.pose))
    return Bone(f"ilium_{sign}", np.concatenate(rows), roughness(spine, 10 + sign, _middle(sacrum)))


def _level_frame(sacrum: Vertebra) -> Pose:
    """The frame in which _CREST is given: S1's, turned back by the slope that _CREST was measured at."""
    slope = np.radians(_CREST_SLOPE_DEG)
    matrix = np.eye(4)
    matrix[1:3, 1:3] = ((np.cos(slope), np.sin(slope)), (-np.sin(slope), np.cos(slope)))
    return Pose(sacrum.level, f"{sacrum.level}_level", matrix)


def sacral_tips(spine: Spine) -> dict[str, Floats]:
    """Return the tips of the spinous tubercles of S2 and S3, mm, Patient."""
    sacrum = spine.vertebrae[-1]
    scale = sacrum.size.upper_width / _REFERENCE_WIDTH_MM
    return {level: sacrum.pose.apply(_of(tip, scale)) for level, tip in _TUBERCLES.items()}


def posterior_spine_mm(spine: Spine, sign: int) -> Floats:
    """Return the middle of the posterior superior iliac spine of one side, mm, Patient."""
    sacrum = spine.vertebrae[-1]
    scale = sacrum.size.upper_width / _REFERENCE_WIDTH_MM
    return (sacrum.pose @ _level_frame(sacrum)).apply(np.array(_CREST[0]) * (sign * scale, scale, scale))


def rib_bones(spine: Spine) -> tuple[Bone, Bone]:
    """Return the left and right twelfth ribs."""
    upper = spine.vertebrae[0]
    scale = upper.size.upper_width / 39.0
    bones = []
    for sign in (1, -1):
        points = [np.array(point) * (sign * scale, scale, scale) for point in _RIB]
        tall = (5.2, 5.6, 5.4, 4.6, 3.0)
        bars = [
            capsule(
                Tissue.RIB, (points[n], points[n + 1]), (tall[n], tall[n + 1]), (3.4, 3.2 if n < 3 else 2.2), _Z,
                rounding=2.0, blend=4.0,
            )
            for n in range(4)
        ]  # fmt: skip
        rows = np.concatenate([place(bar, upper.pose) for bar in bars])
        bones.append(Bone(f"rib_{sign}", rows, roughness(spine, 20 + sign, _middle(upper))))
    return bones[0], bones[1]


def _of(point: tuple[float, float, float], scale: float) -> Floats:
    return np.array(point) * scale


def _middle(vertebra: Vertebra) -> Floats:
    middle: Floats = vertebra.pose.matrix[:3, 3]
    return middle
