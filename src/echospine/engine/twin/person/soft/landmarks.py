"""Named places in soft tissue: where nerves leave, where vessels run, the middle of the canal and of the muscles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from echospine.domain.labels import Side
from echospine.engine.twin.anatomy import Landmark
from echospine.engine.twin.patient import LEVELS
from echospine.engine.twin.person.soft.outlines import Outlines
from echospine.engine.twin.person.soft.tubes import Tube
from echospine.engine.twin.person.spine import Spine


def soft_landmarks(spine: Spine, lines: Outlines, tubes: tuple[Tube, ...]) -> dict[str, Landmark]:
    """Return the landmarks by name."""
    found = [*_of_tubes(tubes), *_of_canal(spine, lines), *_of_muscle(spine, lines)]
    return {landmark.name: landmark for landmark in found}


def _of_tubes(tubes: tuple[Tube, ...]) -> Iterator[Landmark]:
    kinds = {"root": ("nerve_exit", 2), "branch": ("medial_branch", 2), "artery": ("dorsal_vessel", 4)}
    for tube in tubes:
        level, _, rest = tube.name.partition("_")
        kind, _, side = rest.partition("_")
        if level in LEVELS and kind in kinds:
            name, index = kinds[kind]
            yield Landmark(name, level, Side(side), tube.points_mm[index])


def _row(lines: Outlines, z: float) -> int:
    return int(np.argmin(np.abs(lines.z - z)))


def _of_canal(spine: Spine, lines: Outlines) -> Iterator[Landmark]:
    """Yield the middle of the canal, the posterior dura and the epidural target of the space below each level."""
    for level, disc in zip(LEVELS, spine.discs[1:], strict=True):
        z = float(disc.pose.matrix[2, 3]) - 4.0
        k = _row(lines, z)
        x, y, _, deep = lines.canal[k]
        yield Landmark("canal", level, Side.MIDLINE, np.array((x, y, lines.z[k])))
        yield Landmark("posterior_dura", level, Side.MIDLINE, np.array((x, y + 0.66 * deep, lines.z[k])))
        yield Landmark("epidural", level, Side.MIDLINE, np.array((x, y + 0.85 * deep, lines.z[k])))


def _of_muscle(spine: Spine, lines: Outlines) -> Iterator[Landmark]:
    """Yield the middle of multifidus, and the fascia over it, at the height of each level's spinous process."""
    for level in LEVELS:
        y_tip, z_tip = spine[level].spinous_tip_mm
        k = _row(lines, float(spine[level].to_patient(0.0, y_tip, z_tip)[2]))
        for side, sign, column in ((Side.LEFT, 1, 0), (Side.RIGHT, -1, 1)):
            border = lines.multifidus[k, column]
            ground, roof = lines.floor[k, column, 1], lines.tip[k] + 0.6 + 0.6 * lines.bulge[k]
            across = 0.5 * (4.5 + 0.5 * (border[0] + border[1]))
            height = ground + 0.5 * border[2] * (roof - ground)
            for kind, y in (("multifidus", height), ("fascia", roof - lines.fascia_mm / 2)):
                x = lines.middle[k] + lines.lean[k] * (y - lines.canal[k, 1]) + sign * across
                yield Landmark(kind, level, side, np.array((x, y, lines.z[k])))
