"""Bones as sums of bars: smooth tapered pieces of which the distance to their surface is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from echospine.domain.poses import Pose
from echospine.domain.units import Floats
from echospine.engine.twin.tissues import Tissue


class Role(IntEnum):
    """What a bar does to its bone."""

    ADD = 0
    """It is part of it."""
    CUT = 1
    """It is a hole in what came before it."""
    BESIDE = 2
    """It is part of a neighbour, to which the bone keeps a gap."""


@dataclass(frozen=True, slots=True, eq=False)
class Bar:
    """A straight or bent bar with rounded ends, mm, in the frame of its bone.

    `centre`; `along`: its length direction; `wide`: its width direction (made square to `along`); half sizes
    `width`, `thickness` at the start and at the end of its length and half its `length`; `square`: 0 elliptic
    to 1 nearly rectangular section; `rounding` of its ends' rims; `bend`: of its middle, in width and thickness;
    `waist`: share by which its middle is slimmer; `dish`: depth of the hollow in each end; `wedge`: slope of its
    starting end along its thickness; `blend`: width over which it flows into the rest of the bone; `claim`: how far it
    extends its name into parts that it meets; `role`, `gap`: see Role.
    """

    tissue: Tissue
    centre: tuple[float, float, float]
    along: tuple[float, float, float]
    wide: tuple[float, float, float]
    width: tuple[float, float]
    thickness: tuple[float, float]
    length: float
    square: float = 0.3
    rounding: float = 2.0
    bend: tuple[float, float] = (0.0, 0.0)
    waist: float = 0.0
    dish: float = 0.0
    wedge: float = 0.0
    blend: float = 3.0
    claim: float = 0.0
    role: Role = Role.ADD
    gap: float = 0.0


class Finish(TypedDict, total=False):
    """The fields of Bar that have a default."""

    square: float
    rounding: float
    bend: tuple[float, float]
    waist: float
    dish: float
    wedge: float
    blend: float
    claim: float
    role: Role
    gap: float


@dataclass(frozen=True, slots=True, eq=False)
class Bone:
    """Bars placed in Patient as records of PLACED, later ones upon earlier ones.

    `waves`: what makes the surface uneven, rows of wave vector, phase and amplitude (n, 5), mm; `hard`: False for
    what is no bone (a disc) and gives way to it.
    """

    name: str
    bars: npt.NDArray[np.void]
    waves: Floats
    hard: bool = True


PLACED = np.dtype(
    [("tissue", np.int64), ("role", np.int64)]
    + [
        (name, np.float64)
        for name in (
            *("claim", "blend", "gap", "x", "y", "z", "ux", "uy", "uz", "vx", "vy", "vz", "wx", "wy", "wz"),
            *("wide", "wider", "thick", "thicker", "half", "ellipse", "rounding", "bend_u", "bend_v", "waist"),
            *("dish", "wedge", "box_u", "box_v", "box_w", "per_half", "per_slope"),
        )
    ]
)
"""A bar in Patient: axes u (width), v (thickness), w (length) and its middle; `wider`, `thicker`: half of how much it
grows from start to end; `ellipse`: 1 less `square`; box: half sizes of what holds it; the last two save divisions."""


def place(bar: Bar, pose: Pose) -> npt.NDArray[np.void]:
    """Return one bar in the target frame of `pose`, a record of PLACED, shape (1,)."""
    along = np.array(bar.along) / np.linalg.norm(bar.along)
    wide = np.array(bar.wide) - (np.array(bar.wide) @ along) * along
    wide /= np.linalg.norm(wide)
    axes = pose.matrix[:3, :3] @ np.stack((wide, np.cross(along, wide), along), 1)
    rounding = min(bar.rounding, 0.7 * min(*bar.width, *bar.thickness), 0.7 * bar.length)
    thick = max(bar.thickness)
    grown = ((bar.width[1] - bar.width[0]) / 2, (bar.thickness[1] - bar.thickness[0]) / 2)
    section = (bar.width[0], grown[0], bar.thickness[0], grown[1])
    shape = (bar.length, 1.0 - bar.square, rounding, *bar.bend, bar.waist, bar.dish, bar.wedge)
    box = (max(bar.width) + abs(bar.bend[0]), thick + abs(bar.bend[1]), bar.length + abs(bar.wedge) * thick)
    ready = (1.0 / bar.length, 1.0 / np.hypot(1.0, bar.wedge))
    head = (int(bar.tissue), int(bar.role), bar.claim, bar.blend, bar.gap)
    return np.array([(*head, *pose.apply(bar.centre), *axes.T.ravel(), *section, *shape, *box, *ready)], dtype=PLACED)


def capsule(
    tissue: Tissue,
    ends: tuple[Floats, Floats],
    width: tuple[float, float],
    thickness: tuple[float, float],
    wide: tuple[float, float, float],
    **finish: Unpack[Finish],
) -> Bar:
    """Return the bar that reaches from the first to the second of `ends`, both at its very tips."""
    middle, along = (ends[0] + ends[1]) / 2, ends[1] - ends[0]
    return Bar(
        tissue,
        (float(middle[0]), float(middle[1]), float(middle[2])),
        (float(along[0]), float(along[1]), float(along[2])),
        wide,
        width,
        thickness,
        float(np.linalg.norm(along)) / 2,
        **finish,
    )
