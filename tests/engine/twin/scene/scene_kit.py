"""A person in a hurry: true bones in plain soft tissue, 1 mm voxels, for tests of scenes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.person.bones.landmarks import bone_landmarks
from echospine.engine.twin.person.bones.painting import paint_bones
from echospine.engine.twin.person.spine import make_spine
from echospine.engine.twin.probe import Machine
from echospine.engine.twin.tissues import BONES, Tissue

LOW_MM, HIGH_MM = np.array((-150.0, -60.0, -170.0)), np.array((150.0, 130.0, 110.0))
OVER_TIP_MM = 14.0


NOBODY_ELSE = PatientParameters()


@cache
def plain_person(parameters: PatientParameters = NOBODY_ELSE, spacing_mm: float = 1.0) -> Anatomy:
    """Bones, a canal with fluid, muscle, fascia, fat and skin that follows the tips of the spinous processes."""
    spine = make_spine(parameters)
    shape = np.rint((HIGH_MM - LOW_MM) / spacing_mm).astype(int)[::-1] + 1
    z, y, x = (LOW_MM[axis] + spacing_mm * np.arange(shape[2 - axis]) for axis in (2, 1, 0))
    section = spine.section(z)
    tips = section.spinous_tip[:, 1][:, None, None]
    skin = tips + OVER_TIP_MM - (x**2 / 500.0)[None, None, :]
    depth = skin - y[None, :, None]
    aside = np.abs(x)[None, None, :]
    tissues = np.full(shape, Tissue.AIR, np.uint8)
    for over, tissue in ((0.0, Tissue.SKIN), (2.0, Tissue.FAT), (9.0, Tissue.FASCIA), (11.0, Tissue.LONGISSIMUS)):
        tissues[depth >= over] = tissue
    muscle = depth >= 11.0
    tissues[muscle & (aside < 32.0)] = Tissue.MULTIFIDUS
    tissues[muscle & (y[None, :, None] < section.canal[:, 1][:, None, None])] = Tissue.PSOAS
    inwards = 150.0 - aside + 0.0 * depth
    for over, tissue in (
        (1.0, Tissue.FAT), (12.0, Tissue.EXTERNAL_OBLIQUE), (18.0, Tissue.INTERNAL_OBLIQUE),
        (26.0, Tissue.TRANSVERSUS_ABDOMINIS), (30.0, Tissue.ABDOMEN),
    ):  # fmt: skip
        tissues[(inwards >= over) & (inwards < 40.0) & (depth >= 11.0)] = tissue
    from_canal = np.hypot(x[None, None, :] - section.canal[:, 0][:, None, None],
                          1.2 * (y[None, :, None] - section.canal[:, 1][:, None, None]))  # fmt: skip
    tissues[from_canal < 12.0] = Tissue.EPIDURAL_FAT
    tissues[from_canal < 9.0] = Tissue.DURA
    tissues[from_canal < 8.0] = Tissue.CSF
    distance = np.full(shape, 127, np.int8)
    paint_bones(tissues, distance, LOW_MM, spacing_mm, spine)
    return Anatomy(tissues, distance, LOW_MM, spacing_mm, bone_landmarks(spine), tuple(v.pose for v in spine.vertebrae))


def small(machine: Machine) -> Machine:
    """The same machine with few lines and a small picture, so that tests are quick."""
    return replace(machine, n_lines=64, n_samples=256, width_px=160, height_px=160)


@cache
def person_with_soft_targets() -> Anatomy:
    """The plain person with nerves beside the joints, and vessels."""
    plain = plain_person()
    tissues = np.array(plain.tissues)
    for landmark in plain.landmarks.values():
        if landmark.kind == "facet":
            sign = np.sign(landmark.point_mm[0])
            for tissue, at in ((Tissue.NERVE_ROOT, (16.0, -22.0)), (Tissue.SEGMENTAL_VESSEL, (12.0, -10.0))):
                put(tissues, landmark.point_mm + np.array((sign * at[0], at[1], 0.0)), tissue)
    return replace(plain, tissues=tissues)


def put(tissues: np.ndarray, centre_mm: np.ndarray, tissue: Tissue, half_mm: float = 2.0) -> None:
    """Put a cube of a tissue where there is no bone."""
    low, high = (np.rint(centre_mm - LOW_MM + sign * half_mm).astype(int) for sign in (-1.0, 1.0))
    part = tissues[low[2] : high[2] + 1, low[1] : high[1] + 1, low[0] : high[0] + 1]
    part[~np.isin(part, [int(bone) for bone in BONES])] = tissue
