"""A small body and a plain way to picture it, for tests of the scanner's loop; the real ones take seconds."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.labels import Side, View
from echospine.domain.poses import Pose
from echospine.engine.twin.anatomy import DISTANCE_STEP_MM, Anatomy, Landmark
from echospine.engine.twin.body import Body
from echospine.engine.twin.patient import LEVELS, PatientParameters
from echospine.engine.twin.probe import ABDOMINAL, MUSCULOSKELETAL, Machine, Settings
from echospine.engine.twin.tissues import Tissue
from echospine.workflow.scanner import Run, Twin

SIDE_PX = 96
SKIN_MM = 40.0
BONE_MM = 5.0


def back() -> Anatomy:
    """A block of muscle under 10 mm of fat, with a ridge of bone along its middle; 2 mm voxels."""
    z, y, x = np.mgrid[-150:151:2, -60:61:2, -120:121:2].astype(np.float64)
    tissues = np.full(z.shape, Tissue.AIR, np.uint8)
    skin = SKIN_MM - x**2 / 600
    tissues[y <= skin] = Tissue.FAT
    tissues[y <= skin - 10] = Tissue.MULTIFIDUS
    bone = (np.abs(x) < 8) & (y <= BONE_MM)
    tissues[bone] = Tissue.SPINOUS_PROCESS
    away = np.maximum(np.maximum(np.abs(x) - 8, y - BONE_MM), -5.0)
    distance = np.clip(np.rint(away / DISTANCE_STEP_MM), -125, 125).astype(np.int8)
    heights = {level: 80.0 - 40.0 * place for place, level in enumerate(LEVELS)}
    tips = [
        Landmark("spinous_tip", level, Side.MIDLINE, np.array([0.0, BONE_MM, height]))
        for level, height in heights.items()
    ]
    return Anatomy(tissues, distance, np.array([-120.0, -60.0, -150.0]), 2.0, {tip.name: tip for tip in tips})


def aim(anatomy: Anatomy, view: View, level: str, side: Side) -> Pose:
    """Stand upright over a level, across the spine, 20 mm aside for a sided view."""
    if view is View.ABDOMINAL_WALL_LATERAL:
        raise GeometryError("this body has no flank")
    x = {Side.LEFT: 20.0, Side.RIGHT: -20.0}.get(side, 0.0)
    z = float(anatomy.landmarks[f"{level}_spinous_tip"].point_mm[2])
    return upright(x, z, press_mm=2.0)


def usual(view: View) -> Machine:
    return MUSCULOSKELETAL if view is View.PARASAGITTAL_LAMINA else ABDOMINAL


def upright(x: float, z: float, press_mm: float = 2.0) -> Pose:
    """A probe straight down, patient's left at the left of its picture."""
    axes = np.array([[-1.0, 0, 0, x], [0, -1.0, 0, SKIN_MM - x**2 / 600 - press_mm], [0, 0, 1.0, z], [0, 0, 0, 1]])
    return Pose("Patient", "Probe", axes)


@dataclass(frozen=True)
class PlainImage:
    pixels: np.ndarray
    geometry: ImageGeometry
    image_to_probe: Pose


@dataclass
class PlainTwin:
    """Counts what it is asked for, and waits at its gates."""

    built: list[PatientParameters] = field(default_factory=list)
    poses: list[Pose] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    fault: Exception | None = None

    def __post_init__(self) -> None:
        self.gate.set()

    def twin(self) -> Twin:
        views = (View.TRANSVERSE_SPINOUS, View.PARASAGITTAL_LAMINA, View.ABDOMINAL_WALL_LATERAL)
        machines = {machine.name: machine for machine in (ABDOMINAL, MUSCULOSKELETAL)}
        return Twin(
            build=self.build,
            aim=aim,
            usual=usual,
            prepare=lambda machine, settings: machine,
            render=self.render,
            machines=machines,
            views=views,
        )

    def build(self, parameters: PatientParameters) -> Anatomy:
        assert self.gate.wait(30), "the gate was never opened"
        self.built.append(parameters)
        if parameters.age_years > 90:
            raise GeometryError("nobody is that old here")
        return back()

    def render(
        self,
        body: Body,
        pose: Pose,
        machine: Machine,
        settings: Settings,
        *,
        frame_seed: int,
        scanner: Machine,
        run: Run,
    ) -> PlainImage:
        """Draw tissue ids as grey levels, brighter with gain, with one dark corner of noise."""
        if self.fault is not None:
            raise self.fault
        self.poses.append(pose)
        step = settings.depth_mm / SIDE_PX
        matrix = np.array([[step, 0, 0, -step * SIDE_PX / 2], [0, step, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
        to_probe = Pose("Probe", "Image", matrix)
        pixels = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
        row, column = np.mgrid[:SIDE_PX, :SIDE_PX].astype(np.float64)
        points = pose.apply(to_probe.apply(np.stack([column, row, np.zeros_like(row)], axis=-1)))

        def line(place: int) -> None:
            tissues = body.anatomy.tissue_at(points[place]).astype(np.float64)
            pixels[place] = np.clip(tissues * 8 + settings.gain_db, 0, 255)

        list(run(line, range(SIDE_PX)))
        pixels[0, :8] = np.random.default_rng(frame_seed).integers(0, 255, 8)
        geometry = ImageGeometry.uniform(SIDE_PX, SIDE_PX, step, step, Spacing.DICOM_REGION)
        return PlainImage(pixels, geometry, to_probe)
