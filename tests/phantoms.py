"""Simulated pictures of bone with exact truth, for tests: speckle, fascia, a cortex, a shadow. Seeded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.units import Floats


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn: `bone_mm` depth of the cortex per beam, NaN where there is none; fascia depths; tissue gain."""

    bone_mm: Floats
    fascia_mm: tuple[float, ...] = (9.0, 16.0)
    tissue: float = 45.0
    bone: float = 210.0
    haze: float = 0.18
    seed: int = 1


def dome(n_beams: int, top_mm: float = 22.0, height_mm: float = 10.0, share: float = 0.7) -> Floats:
    """Return a rounded cortex over the middle `share` of the beams, NaN beside it; depth in mm, shape (n_beams,)."""
    x = np.linspace(-1, 1, n_beams) / share
    return np.where(np.abs(x) < 1, top_mm + height_mm * np.abs(x) ** 2.2, np.nan)


def beams(scene: Scene, depth_mm: float = 50.0, step_mm: float = 0.1) -> Floats:
    """Return grey levels per depth and beam, shape (depth_mm / step_mm, n_beams)."""
    rng = np.random.default_rng(scene.seed)
    depth = np.arange(0, depth_mm, step_mm)[:, None]
    n_beams = scene.bone_mm.size
    speckle = gaussian_filter(rng.rayleigh(1.0, (depth.size, n_beams)), (1.5, 2.5))
    speckle = (speckle - speckle.mean()) / speckle.std()
    picture = scene.tissue * np.exp(-depth / 60.0) * (1 + 0.35 * speckle)
    for number, fascia in enumerate(scene.fascia_mm):
        wave = fascia + 0.8 * np.sin(np.linspace(0, 3 + number, n_beams))
        picture += 120 * np.exp(-0.5 * ((depth - wave) / 0.35) ** 2)
    bone = np.nan_to_num(scene.bone_mm, nan=1e9)
    shaded = 0.5 * (1 + np.tanh((depth - bone - 0.6) / 0.3))
    picture = picture * (1 - shaded) + picture * scene.haze * shaded
    slope = np.nan_to_num(np.gradient(scene.bone_mm), nan=0.0) / step_mm
    picture += scene.bone / (1 + 0.1 * slope**2) * np.exp(-0.5 * ((depth - bone) / 0.45) ** 2)
    return picture.clip(0, 255)


def linear(scene: Scene, step_mm: float = 0.1, index: int = 0) -> tuple[Frame, Floats]:
    """Return a frame of a linear probe, one beam per column, and the row of the cortex per column, pixels."""
    picture = beams(scene, step_mm=step_mm).astype(np.uint8)
    geometry = ImageGeometry.uniform(picture.shape[1], picture.shape[0], step_mm, step_mm, Spacing.USER)
    return Frame(picture, geometry, index), scene.bone_mm / step_mm


def curved(
    scene: Scene, radius_mm: float = 40.0, half_angle: float = 0.5, pixel_mm: float = 0.15, depth_mm: float = 60.0
) -> tuple[Frame, Floats, tuple[float, float]]:
    """Return a frame of a curved probe, the depth of the cortex per beam, mm, and the apex (x, y), pixels."""
    picture = beams(scene, depth_mm=depth_mm)
    width = int(2 * (radius_mm + depth_mm) * np.sin(half_angle) / pixel_mm) + 40
    top_mm = radius_mm * np.cos(half_angle)
    height = int((radius_mm + depth_mm - top_mm) / pixel_mm) + 20
    apex = (width / 2, 8 - top_mm / pixel_mm)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    x_mm, y_mm = (columns - apex[0]) * pixel_mm, (rows - apex[1]) * pixel_mm
    depth = (np.hypot(x_mm, y_mm) - radius_mm) / 0.1
    beam = (np.arctan2(x_mm, y_mm) / half_angle + 1) / 2 * (picture.shape[1] - 1)
    image = map_coordinates(picture, (depth, beam), order=1, mode="constant")
    inside = (depth >= 0) & (depth < picture.shape[0] - 1) & (beam >= 0) & (beam <= picture.shape[1] - 1)
    image = np.where(inside, np.maximum(image, 6), 0).astype(np.uint8)
    geometry = ImageGeometry.uniform(width, height, pixel_mm, pixel_mm, Spacing.USER)
    return Frame(image, geometry, 0), scene.bone_mm, apex
