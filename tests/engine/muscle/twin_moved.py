"""The twin's tissue moved by known amounts: a probe slid over a body that keeps still, or a body that moves itself."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from echospine.adapters.scenes import open_scene_file
from echospine.domain.labels import Structure
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Pixels
from echospine.engine.muscle.motion import Follower, Matching, layer_shear
from echospine.engine.muscle.motion.plan import fascia_layers, layer_matching
from echospine.engine.muscle.motion.shear import LANGEVIN_2011, LANGEVIN_APART_MM
from echospine.engine.twin.image import prepare, render
from echospine.engine.twin.motion import Flexion, displacement_at
from echospine.engine.twin.person import build_patient
from echospine.engine.twin.scene import Scene, SceneSource


class Slid:
    """Pictures of one body at rest by a probe that is slid by known amounts, mm; `step_mm`: of a pixel."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.anatomy = build_patient(scene.patient)
        self.source = SceneSource(scene, self.anatomy)
        self._moment = self.source.stage.moment(0.0)
        self._scanner = prepare(scene.machine, scene.settings)
        region = self.source.header.geometry.main_region()
        assert region is not None
        self.step_mm = region.step_mm

    def picture(self, across_mm: float = 0.0, deep_mm: float = 0.0, out_mm: float = 0.0, seed: int = 1) -> Pixels:
        """Return what is seen when tissue has gone that far in the picture, to its right, deeper, and out of it."""
        matrix = np.eye(4)
        matrix[:3, 3] = -across_mm, -deep_mm, out_mm
        probe = self._moment.probe @ Pose("Probe", "Probe", matrix)
        scene = self._scene
        image = render(self._moment.body, probe, scene.machine, scene.settings, frame_seed=seed, scanner=self._scanner)
        return image.pixels

    def points(self) -> Floats:
        """Return a grid well inside the picture, pixels, (n, 2)."""
        height, width = self.picture().shape[:2]
        x, y = np.meshgrid(np.linspace(0.25, 0.75, 10) * width, np.linspace(0.15, 0.7, 10) * height)
        return np.stack([x.ravel(), y.ravel()], axis=-1)


@cache
def slid() -> Slid:
    """Return the body of the flexion scene, built once."""
    return Slid(open_scene_file("flexion").scene)


def noisy(picture: Pixels, sd: float, seed: int) -> Pixels:
    """Return a picture with grey noise of that SD."""
    noise = np.random.default_rng(seed).normal(0.0, sd, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


def error_mm(found_px: Floats, step_mm: tuple[float, float], true_mm: tuple[float, float]) -> Floats:
    """Return how far displacements, pixels, (n, 2), are from the true one, mm."""
    error: Floats = np.linalg.norm(found_px * step_mm - true_mm, axis=-1)
    return error


PEAK_S = 2.0
"""When the flexion of the scene is at its end."""


def sheared_percent(nominal_percent: float, hop: int = 2) -> tuple[float, float]:
    """Return the Langevin 2011 shear that is measured in the flexion scene, and the true one of the same sub-regions.

    True is the movement of all tissue in each sub-region, as high as the blocks that are compared: the mean from top to
    bottom, the median from left to right, as it is measured.
    """
    body = slid()
    scene = body.source.scene
    steps = tuple(
        replace(step, shear_percent=nominal_percent) if isinstance(step, Flexion) else step for step in scene.steps
    )
    source = SceneSource(replace(scene, steps=steps), body.anatomy)
    geometry = source.header.geometry
    column = geometry.width // 2
    fascia = np.flatnonzero(source.truth(0).anatomy[:, column] == Structure.FASCIA)
    middle = (float(column), float(fascia.mean()))
    layers, how = fascia_layers(middle, geometry), layer_matching(geometry, middle)
    follower = Follower(layers.points_px, how)
    for n in range(0, 41, hop):
        follower.see(source.frame(n).grey)
    half = len(layers.superficial_px)
    moved_mm = follower.followed().displacement_px[..., 0] * body.step_mm[0]
    measured = layer_shear(moved_mm[:, :half], moved_mm[:, half:]).value(LANGEVIN_2011)
    rows = np.arange(-how.half[0], how.half[0] + 1)
    true_mm = [
        np.median(np.mean([_went_mm(source, layer + np.array([0, row])) for row in rows], axis=0))
        for layer in (layers.superficial_px, layers.deep_px)
    ]
    return measured, 100.0 * abs(true_mm[0] - true_mm[1]) / LANGEVIN_APART_MM


def _went_mm(source: SceneSource, points_px: Floats) -> Floats:
    """Return how far tissue that lies at these points in the first frame has gone along the picture's x at the peak."""
    truth, at = source.truth(0), np.rint(points_px).astype(int)
    now = (truth.probe @ truth.image_to_probe).apply(np.column_stack([at, np.zeros(len(at))]).astype(float))
    rest = now - truth.displacement_mm[at[:, 1], at[:, 0]]
    field = source.stage.moment(PEAK_S).body.displacement
    assert field is not None
    went: Floats = (displacement_at(field, rest) - (now - rest)) @ truth.probe.matrix[:3, 0]
    return went


def usual(step_mm: tuple[float, float]) -> Matching:
    """Return how blocks are sought between frames that are up to 3 mm apart."""
    return Matching.within(3.2, step_mm)
