"""Pictures without the physics of ultrasound, to learn what that physics is worth: an ablation, nothing that ships.

Each tissue has its mean level and fully developed speckle, as pictures painted from label maps have (Billot et al.
2023, SynthSeg). Sound is neither weakened nor kept away, and a surface is as bright from the side as from in front.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter1d

from echospine.domain.units import Floats, Labels, Mask, Pixels
from echospine.engine.twin.body import Body
from echospine.engine.twin.image import prepare, truth
from echospine.engine.twin.tissues import BONES, TISSUES, Tissue
from training.augment import MUSCLE_DB, STEP_DB
from training.draw import Drawn, landmarks_in
from training.machines import Setup
from training.people import Person
from training.places import place_of
from training.poses import Held

BAND_MM = 1.5
"""Thickness of a bone's surface; as thick as in pictures with physics."""
SURFACE_DB = 30.0
"""Of a bone's surface, over resting muscle."""
GRAIN_PX = (0.8, 1.6)
"""SD of the blur that makes speckle, down and across."""
NO_LEVEL_DB = -60.0


def draw_painted(rng: np.random.Generator, person: Person, held: Held, setup: Setup) -> Drawn:
    """Return what `draw` returns, painted: the same people, holds and machines' geometry, and no needle."""
    anatomy, machine, settings = person.anatomy, setup.machine, setup.settings
    scanner = prepare(machine, settings)
    true = truth(Body(anatomy, person.seed), held.pose, machine, settings, scanner=scanner)
    to_pixels = scanner.raster.image_to_probe.inverse
    step_mm = float(scanner.raster.image_to_probe.matrix[0, 0])
    labels, surface = _named(true.tissues, max(1, round(BAND_MM / step_mm)))
    pixels = _painted(rng, true.tissues, surface)
    points = landmarks_in(anatomy, held.pose, to_pixels, labels, true)
    origin = float(to_pixels.apply(np.zeros((1, 3)))[0, 0])
    return Drawn(pixels, labels, points, held.view, place_of(anatomy, held.pose, machine.probe), step_mm, origin)


def _named(tissues: Labels, band_px: int) -> tuple[Labels, Mask]:
    """Return the structure of every tissue, bone by its surface towards the probe alone; and where that is."""
    names = np.zeros(max(TISSUES) + 1, np.uint8)
    for tissue, acoustics in TISSUES.items():
        names[tissue] = acoustics.structure
    bone = np.isin(tissues, [int(one) for one in BONES])
    soft = (~bone & (tissues != Tissue.AIR)).astype(np.uint8)
    surface = bone & (maximum_filter1d(soft, band_px + 1, axis=0, origin=band_px // 2) > 0)
    return np.where(bone & ~surface, 0, names[tissues]).astype(np.uint8), surface


def _painted(rng: np.random.Generator, tissues: Labels, surface: Mask) -> Pixels:
    """Return levels: the mean of each tissue, and the speckle of many scatterers (Goodman 1976)."""
    means = np.full(max(TISSUES) + 1, NO_LEVEL_DB)
    for tissue, acoustics in TISSUES.items():
        means[tissue] = max(acoustics.echo_db, NO_LEVEL_DB)
    level_db: Floats = np.where(surface, SURFACE_DB, means[tissues])
    parts = [gaussian_filter(rng.standard_normal(tissues.shape), GRAIN_PX) for _ in range(2)]
    power = parts[0] ** 2 + parts[1] ** 2
    level_db = MUSCLE_DB + level_db + 10.0 * np.log10(power / power.mean() + 1e-9)
    inside = tissues != Tissue.AIR
    return np.where(inside, np.clip(np.rint(level_db / STEP_DB), 1, 255), 0).astype(np.uint8)


__all__ = ["draw_painted"]
