"""The shape of one vertebra, as bars in its own frame and in those of its facet joints."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from echospine.domain.units import Floats, frozen
from echospine.engine.twin.patient import Transition
from echospine.engine.twin.person.bones.bars import Bar, Bone, Role, capsule, place
from echospine.engine.twin.person.spine import Disc, Joint, Spine, Vertebra
from echospine.engine.twin.tissues import Tissue

GAP_MM = 2.0
"""Cartilage, fluid and capsule between two articular processes, before hypertrophy narrows it."""
_SWELL_MM = 1.2
"""What flowing into its neighbours adds to an inferior articular process towards the joint."""
_PEDICLE_DEG = {"T12": -4.0, "L1": 10.0, "L2": 12.0, "L3": 14.0, "L4": 18.0, "L5": 29.0}
"""Transverse angle of the pedicles (Zindrick et al. 1987)."""
_LAMINA_DEG = {"T12": 62.0, "L1": 62.0, "L2": 62.0, "L3": 62.0, "L4": 58.0, "L5": 54.0, "S1": 60.0}
"""Half the angle between the laminae (Wang et al. 2024, World Neurosurg, surface angle 124 to 108 degrees)."""
_KIDNEY_MM = 1.3
"""Half of how far the body would reach into the canal, which then leaves its round front in the body's back."""
_X, _Y, _Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
_ROUGH_MM, _N_WAVES = 0.10, 4


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Facet joints (left, right) above and below a vertebra, and the vertebra above, where there are any."""

    above: tuple[Joint, ...]
    below: tuple[Joint, ...]
    upper: Vertebra | None


def neighbours(spine: Spine, index: int) -> Neighbours:
    """Return what vertebra `index` meets."""
    above = tuple(joint for joint in spine.joints if index and joint.level == spine.vertebrae[index - 1].level)
    below = tuple(joint for joint in spine.joints if joint.level == spine.vertebrae[index].level)
    return Neighbours(above, below, spine.vertebrae[index - 1] if index else None)


def vertebra_bone(spine: Spine, index: int) -> Bone:
    """Return vertebra `index` of `spine` (T12 to L5), cut free of the vertebra above it."""
    vertebra, met = spine.vertebrae[index], neighbours(spine, index)
    parts = [_body(vertebra), *_arch(vertebra), *_spinous(vertebra)]
    for sign in (1, -1):
        parts += _side(spine, vertebra, met, sign)
    rows = [place(part, vertebra.pose) for part in parts]
    for joint in met.above:
        rows += [place(part, joint.pose) for part in superior_process(joint)]
    rows.append(place(_canal(vertebra), vertebra.pose))
    for joint in met.below:
        rows.append(place(inferior_process(joint), joint.pose))
    rows += parts_beside(met)
    return Bone(vertebra.level, np.concatenate(rows), roughness(spine, index, vertebra.pose.matrix[:3, 3]))


def disc_bone(disc: Disc) -> Bone:
    """Return a disc: it fills what the end plates leave, and is painted below bone."""
    half = disc.height_mm / 2 + 4.0
    size = (disc.width_mm / 2 + 0.5,) * 2
    bar = Bar(Tissue.DISC, (0.0, 0.0, 0.0), _Z, _X, size, (disc.depth_mm / 2 + 0.5,) * 2, half, square=0.45)
    behind = (0.0, disc.depth_mm / 2 + 11.0, 0.0)
    notch = Bar(Tissue.DISC, behind, _Z, _X, (14.0,) * 2, (11.5,) * 2, 30.0, role=Role.CUT)
    rows = np.concatenate([place(bar, disc.pose), place(notch, disc.pose)])
    return Bone(f"{disc.level}_disc", rows, frozen(np.zeros((0, 5))), hard=False)


def roughness(spine: Spine, index: int, centre_mm: Floats) -> Floats:
    """Return low waves (wave vector, phase, amplitude) of one bone's surface, mm, shape (4, 5)."""
    rng = np.random.default_rng([spine.parameters.seed, 2, index])
    directions = rng.standard_normal((_N_WAVES, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    vectors = directions * (2 * np.pi / rng.uniform(9.0, 22.0, (_N_WAVES, 1)))
    phases = rng.uniform(0.0, 2 * np.pi, _N_WAVES) - vectors @ centre_mm
    return frozen(np.column_stack((vectors, phases, np.full(_N_WAVES, _ROUGH_MM))))


def parts_beside(met: Neighbours) -> list[npt.NDArray[np.void]]:
    """Return the parts of the vertebra above that a vertebra keeps its gap to: its arch, with all it bears."""
    if met.upper is None:
        return []
    parts = [(bar, met.upper.pose, GAP_MM) for bar in (*_arch(met.upper), *_spinous(met.upper))]
    for joint in met.above:
        gap = GAP_MM - 0.8 * (joint.scale - 1.0)
        pedicle, junction = _pedicle(met.upper, np.array((joint.sign, 1.0, 1.0)))
        pars = _pars(junction, _foot(met.upper, joint))
        parts += [(pedicle, met.upper.pose, gap), (pars, met.upper.pose, gap)]
        parts.append((inferior_process(joint), joint.pose, gap))
    return [place(replace(bar, role=Role.BESIDE, gap=gap), pose) for bar, pose, gap in parts]


def _body(vertebra: Vertebra) -> Bar:
    size = vertebra.size
    return Bar(
        Tissue.VERTEBRAL_BODY,
        (0.0, _KIDNEY_MM, 0.0),
        _Z,
        _X,
        (size.lower_width / 2 + 0.6, size.upper_width / 2 + 0.6),
        (size.lower_depth / 2 + _KIDNEY_MM + 0.4, size.upper_depth / 2 + _KIDNEY_MM + 0.4),
        size.height / 2,
        square=0.45,
        rounding=1.5,
        waist=0.13,
        dish=1.0,
        wedge=float(np.tan(np.radians(size.wedge_deg))),
    )


def _canal(vertebra: Vertebra) -> Bar:
    size = vertebra.size
    half = (size.canal_width / 2, size.canal_depth / 2)
    centre = (0.0, vertebra.back_wall_mm + half[1], 0.0)
    return Bar(
        Tissue.VERTEBRAL_BODY, centre, _Z, _X, half[:1] * 2, half[1:] * 2, 60.0, square=0.25, role=Role.CUT, blend=1.5
    )


def lamina_line(vertebra: Vertebra) -> tuple[Floats, Floats]:
    """Return (middle of the laminae's meeting, direction of the left lamina outwards), own frame."""
    size = vertebra.size
    y, z = vertebra.lamina_mm
    tilt = np.radians(size.lamina_slope_deg)
    back = 0.5 * size.lamina_thickness + 0.3 * size.lamina_height * np.sin(tilt)
    half = np.radians(_LAMINA_DEG[vertebra.level])
    return np.array((0.0, y + back, z)), np.array((np.sin(half), -np.cos(half), 0.0))


def _arch(vertebra: Vertebra) -> list[Bar]:
    """Laminae: plates that slope back and down like roof tiles."""
    size = vertebra.size
    middle, out = lamina_line(vertebra)
    tilt = np.radians(size.lamina_slope_deg)
    half = size.lamina_height / 2
    bars = []
    for sign in (1, -1):
        end = middle + out * (sign, 1, 1) * size.interfacet * 0.52 + np.array((0.0, 0.0, 1.5))
        wide = (0.0, -float(np.sin(tilt)), float(np.cos(tilt)))
        start = middle - out * (sign, 1, 1) * 1.0
        sizes = ((half, half * 0.85), (size.lamina_thickness / 2,) * 2)
        bars.append(capsule(Tissue.LAMINA, (start, end), *sizes, wide, square=0.55, rounding=2.0, blend=3.0))
    return bars


def _spinous(vertebra: Vertebra) -> list[Bar]:
    """A hatchet: a blade that is tallest and thickest at its end."""
    size = vertebra.size
    middle, _ = lamina_line(vertebra)
    tip_y, tip_z = vertebra.spinous_tip_mm
    half = size.spinous_height / 2
    ends = (middle + np.array((0.0, -1.0, 0.5)), np.array((0.0, tip_y, tip_z)))
    blade = capsule(
        Tissue.SPINOUS_PROCESS, ends, (half * 0.8, half * 0.88), (3.8, 3.3), _Z, square=0.5, rounding=2.2, blend=4.0
    )
    knob = capsule(
        Tissue.SPINOUS_PROCESS,
        (np.array((0.0, tip_y - 5.0, tip_z + half * 0.85)), np.array((0.0, tip_y - 5.5, tip_z - half * 1.02))),
        (3.6, 4.8),
        (5.0, 5.5),
        _X,
        square=0.2,
        rounding=3.0,
        blend=6.0,
    )
    return [blade, knob]


def _side(spine: Spine, vertebra: Vertebra, met: Neighbours, sign: int) -> list[Bar]:
    """Pedicle, pars and transverse process of one side."""
    mirror = np.array((sign, 1.0, 1.0))
    own = vertebra.pose.inverse
    pedicle, junction = _pedicle(vertebra, mirror)
    bars = [pedicle]
    below = next((joint for joint in met.below if joint.sign == sign), None)
    above = next((joint for joint in met.above if joint.sign == sign), None)
    if below is not None:
        bars.append(_pars(junction, _foot(vertebra, below)))
    if above is not None:
        socket = own.apply(above.pose.apply((4.8, 0.5, -1.0)))
        root = junction - np.array((0.0, 0.0, 0.2 * vertebra.size.pedicle_height))
        bars.append(
            capsule(
                Tissue.SUPERIOR_ARTICULAR, (root, socket), (5.8, 5.2), (5.6, 5.0), _X,
                square=0.2, rounding=3.5, blend=4.0,
            )
        )  # fmt: skip
    return [*bars, *_transverse(spine, vertebra, junction, mirror), *_joining(spine, vertebra, mirror)]


def _pedicle(vertebra: Vertebra, mirror: Floats) -> tuple[Bar, Floats]:
    """Return the pedicle and the place behind it where articular and transverse processes begin."""
    size = vertebra.size
    angle = np.radians(_PEDICLE_DEG[vertebra.level])
    direction = np.array((np.sin(angle), np.cos(angle), 0.0))
    half = size.pedicle_width / 2
    x = size.canal_width / 2 + half * np.cos(angle) - 0.6
    isthmus = np.array((x, vertebra.back_wall_mm + 2.0, vertebra.pedicle_mm))
    ends = ((isthmus - 10.0 * direction) * mirror, (isthmus + 8.0 * direction) * mirror)
    tall = size.pedicle_height / 2
    bar = capsule(
        Tissue.PEDICLE, ends, (tall * 1.12 - 0.5, tall * 1.08 - 0.5), (half * 1.15 - 1.1, half * 1.15 - 1.1), _Z,
        square=0.25, rounding=2.5, waist=0.13, blend=3.0,
    )  # fmt: skip
    return bar, (isthmus + 7.0 * direction) * mirror


def _foot(vertebra: Vertebra, joint: Joint) -> Floats:
    """Where the pars meets the inferior articular process, own frame of the vertebra above the joint."""
    foot: Floats = vertebra.pose.inverse.apply(joint.pose.apply((-6.0 - _SWELL_MM, 0.0, 0.45 * joint.height_mm)))
    return foot


def _pars(junction: Floats, foot: Floats) -> Bar:
    """The strut from pedicle to inferior articular process, narrowest in its middle."""
    return capsule(
        Tissue.LAMINA, (junction + np.array((0.0, 1.0, 1.0)), foot), (7.0, 6.8), (5.0, 5.0), _X,
        square=0.3, rounding=3.0, waist=0.10, blend=4.0,
    )  # fmt: skip


def inferior_process(joint: Joint) -> Bar:
    """The inferior articular process, in the frame of its joint: its convex face looks outwards and forwards."""
    half_gap, thick = 1.0, min(5.2, 0.38 * joint.width_mm) * joint.scale
    tall, wide = joint.height_mm / 2, joint.width_mm / 2 * joint.scale
    return Bar(
        Tissue.INFERIOR_ARTICULAR,
        (-half_gap - thick - _SWELL_MM, 0.3, 1.5),
        _Z,
        _Y,
        (wide * 0.85, wide),
        (thick * 0.9, thick),
        tall + 0.5,
        square=0.25,
        rounding=3.0,
        blend=4.5,
        claim=1.5,
    )


def mamillary_mm(joint: Joint) -> Floats:
    """Return the middle of the mamillary process behind a joint, in the frame of the joint, shape (3,)."""
    return np.array((5.4 * joint.scale, joint.width_mm * 0.475 * joint.scale + 0.4, -joint.height_mm * 0.1))


def superior_process(joint: Joint) -> list[Bar]:
    """The superior articular process with its mamillary process, in the frame of its joint."""
    tall, wide = joint.height_mm / 2, joint.width_mm / 2 * joint.scale
    thick = 5.0 * joint.scale
    face = Bar(
        Tissue.SUPERIOR_ARTICULAR,
        (thick - 0.8, 0.4, -1.0),
        _Z,
        _Y,
        (wide * 1.15, wide * 1.05),
        (thick, thick * 0.9),
        tall + 1.0,
        square=0.45,
        rounding=3.0,
        blend=3.0,
        claim=1.0,
    )
    y = wide * 0.95
    ends = (np.array((thick + 0.6, y, -tall + 0.5)), np.array((thick + 0.2, y + 0.6, tall * 0.45)))
    knob = capsule(
        Tissue.SUPERIOR_ARTICULAR, ends,
        (3.4 * joint.scale, 3.0 * joint.scale), (3.4 * joint.scale, 3.0 * joint.scale), _X,
        square=0.0, rounding=3.2, blend=2.5, claim=1.0,
    )  # fmt: skip
    return [face, knob]


def _transverse(spine: Spine, vertebra: Vertebra, junction: Floats, mirror: Floats) -> list[Bar]:
    """Long and flat at L1 to L4, short and stout at L5, which grows on to the sacrum where sacralised."""
    tip = np.array(vertebra.transverse_tip_mm) * mirror
    root = junction + np.array((-1.0, -1.0, -1.0)) * mirror
    if vertebra.level == "L5":
        stout = spine.parameters.transition == Transition.SACRALISED
        height, depth = ((9.5, 10.5), (7.5, 7.0)) if stout else ((8.5, 6.0), (7.0, 4.6))
        root += np.array((-3.0, -7.0, 0.0)) * mirror
        tip[2] -= 12.0 if stout else 0.0
    else:
        height, depth = (6.5, 4.8), (4.4, 3.2)
    if vertebra.level == "T12":
        height, depth = (4.5, 4.0), (4.0, 3.5)
    process = capsule(
        Tissue.TRANSVERSE_PROCESS, (root, tip), height, depth, _Z,
        square=0.15, rounding=3.0, waist=0.10, blend=5.0,
    )  # fmt: skip
    place_of = root + (tip - root) * 0.2 + np.array((0.0, depth[0] - 0.5, -3.0))
    accessory = Bar(
        Tissue.TRANSVERSE_PROCESS, (place_of[0], place_of[1], place_of[2]), _Z, _X, (2.0, 1.8), (2.0, 1.6), 2.6,
        square=0.0, rounding=1.6, blend=2.0,
    )  # fmt: skip
    return [process, accessory]


def _joining(spine: Spine, vertebra: Vertebra, mirror: Floats) -> list[Bar]:
    """What joins L5's transverse process to the sacrum's ala where L5 is sacralised."""
    if vertebra.level != "L5" or spine.parameters.transition != Transition.SACRALISED:
        return []
    ala = vertebra.pose.inverse.apply(spine.vertebrae[-1].pose.apply(np.array((40.0, 8.0, 0.0)) * mirror))
    tip = np.array(vertebra.transverse_tip_mm) * mirror + np.array((-8.0, -2.0, -4.0)) * mirror
    return [
        capsule(
            Tissue.TRANSVERSE_PROCESS, (tip, ala), (10.0, 11.0), (7.0, 8.0), _X, square=0.2, rounding=4.0, blend=6.0
        )
    ]
