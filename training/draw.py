"""One picture with everything that is true of it."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from scipy.ndimage import maximum_filter, median_filter

from echospine.domain.labels import Structure
from echospine.domain.poses import Pose
from echospine.domain.sights import Landmark
from echospine.domain.units import Floats, Labels, Pixels
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.body import Body, Echoes
from echospine.engine.twin.image import Truth, prepare, render, truth
from echospine.engine.twin.needle import Needle, aimed, needle_echoes, shaft_mm
from echospine.engine.twin.tissues import BONES, Tissue
from training.machines import Setup
from training.people import Person
from training.places import Place, place_of
from training.poses import Held

IGNORE = 255
"""Label of pixels from which nothing is learned: bone that is there and does not show."""
LANDMARKS = tuple(Landmark)
KINDS = {
    "spinous_tip": Landmark.SPINOUS_TIP,
    "lamina": Landmark.LAMINA,
    "facet": Landmark.FACET,
    "transverse_tip": Landmark.TRANSVERSE_TIP,
    "interlaminar": Landmark.INTERLAMINAR_WINDOW,
    "posterior_dura": Landmark.MIDLINE,
    "nerve_exit": Landmark.NERVE_EXIT,
}
"""What the twin's points are called here."""
IN_PLANE_MM = {Landmark.NERVE_EXIT: 2.5, Landmark.INTERLAMINAR_WINDOW: 4.0}
"""How far from the picture plane a landmark may lie and still count; 3 mm for the others."""
NEEDLE_SHARE = 0.12
OFF_PLANE_MM = 2.5
"""Of a shaft that may still show."""
STANDS_OUT = 15
"""Steps of level by which a shaft must be brighter than what is around it to be taught as needle."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture and its truth.

    `pixels`: level, 0.4 dB per step, (SIZE, SIZE); `labels`: Structure ids, IGNORE where nothing is taught; `points`:
    landmarks, (n, 3): index into LANDMARKS, x and y in pixels; `view`: see Held; `place`: see Place; `step_mm`: of a
    pixel; `origin_px`: x of the probe's axis.
    """

    pixels: Pixels
    labels: Labels
    points: Floats
    view: int
    place: Place
    step_mm: float
    origin_px: float


def draw(rng: np.random.Generator, person: Person, held: Held, setup: Setup) -> Drawn:
    """Return the picture of a person by `setup` with the probe as `held`."""
    anatomy, machine, settings = person.anatomy, setup.machine, setup.settings
    scanner = prepare(machine, settings)
    body = Body(anatomy, person.seed)
    echoes, shaft = _needle(rng, held.pose, setup) if rng.random() < NEEDLE_SHARE else (None, None)
    noise = int(rng.integers(1 << 30))
    picture = render(body, held.pose, machine, settings, scanner=scanner, echoes=echoes, frame_seed=noise)
    true = truth(body, held.pose, machine, settings, scanner=scanner)
    labels = true.labels.copy()
    if person.cast_in is not None:
        labels[true.tissues == person.cast_in] = Structure.BACKGROUND
    hidden = np.isin(true.tissues, [int(one) for one in BONES]) & (labels == 0) & np.logical_not(true.shadow)
    labels[hidden] = IGNORE
    step_mm = float(np.linalg.norm(picture.image_to_probe.matrix[:3, 0]))
    to_pixels = picture.image_to_probe.inverse
    if shaft is not None:
        _mark(labels, to_pixels.apply(held.pose.inverse.apply(shaft)), picture.pixels, true)
    points = landmarks_in(anatomy, held.pose, to_pixels, labels, true)
    origin = float(to_pixels.apply(np.zeros((1, 3)))[0, 0])
    place = place_of(anatomy, held.pose, machine.probe)
    return Drawn(picture.pixels, labels, points, held.view, place, step_mm, origin)


def _needle(rng: np.random.Generator, pose: Pose, setup: Setup) -> tuple[Echoes, Floats]:
    """Return a needle somewhere in the picture: its echoes, and points along its shaft, Patient, mm."""
    deep = float(rng.uniform(0.25, 0.75)) * setup.settings.depth_mm
    half = setup.machine.probe.width_mm / 2
    side = float(rng.choice((-1.0, 1.0)))
    entry = np.array([side * half * float(rng.uniform(0.6, 1.1)), 2.0, float(rng.normal(0.0, 0.6))])
    tip = np.array([-side * half * float(rng.uniform(-0.3, 0.6)), deep, float(rng.normal(0.0, 0.8))])
    gauge = int(rng.choice((20, 22, 22, 25)))
    length = float(np.linalg.norm(tip - entry)) + 25.0
    needle = Needle(gauge, length, bend_mm=float(rng.uniform(0.0, 0.03)) * length)
    placed = aimed(needle, pose.apply(entry[None])[0], pose.apply(tip[None])[0])
    along = np.linspace(0.0, placed.inserted_mm, 60)
    return needle_echoes(needle, placed, pose, setup.machine), shaft_mm(needle, placed, along)


def _mark(labels: Labels, points_px: Floats, pixels: Pixels, true: Truth) -> None:
    """Label a band along a shaft as needle where it shows, and as not to be learned where it is lost in tissue.

    `points_px`: (n, 3), the third coordinate mm off the picture plane.
    """
    height, width = labels.shape
    around, level = maximum_filter(pixels, 5), median_filter(pixels, 15)
    for x, y, off_mm in points_px:
        i, j = round(y), round(x)
        if not (2 <= i < height - 2 and 2 <= j < width - 2 and abs(off_mm) < OFF_PLANE_MM):
            continue
        if true.shadow[i, j] or true.tissues[i, j] in (Tissue.AIR, Tissue.GEL):
            continue
        shows = int(around[i, j]) - int(level[i, j]) > STANDS_OUT
        band = labels[i - 1 : i + 2, j - 1 : j + 2]
        band[...] = Structure.NEEDLE if shows else np.where(band == Structure.NEEDLE, band, IGNORE)


def landmarks_in(anatomy: Anatomy, pose: Pose, to_pixels: Pose, labels: Labels, true: Truth) -> Floats:
    """Return the landmarks that lie in the picture and can be seen, (n, 3)."""
    found = []
    height, width = labels.shape
    to_probe = pose.inverse
    for name, landmark in anatomy.landmarks.items():
        kind = KINDS.get(name.split("_", 1)[1].removesuffix("_left").removesuffix("_right"))
        if kind is None:
            continue
        at_probe = to_probe.apply(landmark.point_mm[None])
        if abs(at_probe[0, 2]) > IN_PLANE_MM.get(kind, 3.0):
            continue
        x, y = (float(one) for one in to_pixels.apply(at_probe)[0, :2])
        i, j = round(y), round(x)
        if 3 <= i < height - 3 and 3 <= j < width - 3 and _shows(kind, labels, true, i, j):
            found.append((float(LANDMARKS.index(kind)), x, y))
    return np.array(found, np.float64).reshape(-1, 3)


BONY = {
    Landmark.SPINOUS_TIP: (Structure.SPINOUS_PROCESS, Structure.SACRUM),
    Landmark.LAMINA: (Structure.LAMINA, Structure.SACRUM),
    Landmark.FACET: (Structure.ARTICULAR_PROCESS, Structure.SACRUM),
    Landmark.TRANSVERSE_TIP: (Structure.TRANSVERSE_PROCESS, Structure.SACRUM),
}


def _shows(kind: Landmark, labels: Labels, true: Truth, i: int, j: int) -> bool:
    """Return whether a landmark's own bone shows around it, or, for one of soft tissue, sound gets there."""
    if true.tissues[i, j] in (Tissue.AIR, Tissue.GEL):
        return False
    if kind in BONY:
        around = labels[max(i - 10, 0) : i + 11, max(j - 10, 0) : j + 11]
        return bool(np.isin(around, [int(one) for one in BONY[kind]]).any())
    return not true.shadow[i, j]


def as_row(place: Place) -> tuple[float, ...]:
    """Return a place as numbers for a shard; NaN where there is none."""
    return astuple(place)


__all__ = ["IGNORE", "LANDMARKS", "Drawn", "as_row", "draw", "landmarks_in"]
