"""Drawn pictures of the back with known sizes, and what a model would say of them; for tests and for the bench."""

from __future__ import annotations

import numpy as np

from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Structure, View
from echospine.domain.sights import LevelBelief, Sighting, StructureMap, ViewBelief
from echospine.domain.units import Labels

WIDTH, HEIGHT, STEP = 600, 400, 0.15
MIDDLE = 300
ALONG, ACROSS = View.PARASAGITTAL_ARTICULAR_PROCESS, View.MULTIFIDUS_TRANSVERSE


def layered() -> Labels:
    """Skin and fat to 8 mm, fascia to 10 mm."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    depth = np.arange(HEIGHT) * STEP
    labels[(depth >= 1.5) & (depth < 8.0)] = Structure.SUBCUTANEOUS
    labels[(depth >= 8.0) & (depth < 10.0)] = Structure.FASCIA
    return labels


def along() -> Labels:
    """Multifidus from 10 mm down to three facets: at 26, 30 and 34 mm, left, middle and right."""
    labels = layered()
    depth = np.arange(HEIGHT)[:, None] * STEP
    for column, top in ((100, 26.0), (MIDDLE, 30.0), (500, 34.0)):
        x = np.abs(np.arange(WIDTH) - column) * STEP
        under = top + x**2 / 10.0
        here = x < 15.0
        labels[(depth >= 10.0) & (depth < under) & here] = Structure.MULTIFIDUS
        labels[(depth >= under) & (depth < under + 2.0) & (x < 5.0)] = Structure.ARTICULAR_PROCESS
    return labels


def across() -> Labels:
    """Two ellipses of multifidus, 24 x 30 mm left and 20 x 30 mm right of a spinous process, with erector spinae."""
    labels = layered()
    y, x = np.mgrid[:HEIGHT, :WIDTH] * STEP
    for middle, half in ((MIDDLE * STEP - 16.0, 12.0), (MIDDLE * STEP + 16.0, 10.0)):
        labels[((x - middle) / half) ** 2 + ((y - 26.0) / 15.0) ** 2 <= 1.0] = Structure.MULTIFIDUS
    labels[(np.abs(x - 6.0) < 5.0) & (np.abs(y - 26.0) < 12.0)] = Structure.ERECTOR_SPINAE
    labels[(np.abs(x - MIDDLE * STEP) < 1.5) & (y > 14.0) & (y < 16.0)] = Structure.SPINOUS_PROCESS
    return labels


def seen(labels: Labels, view: View | None, *marks: Sighting, level: str = "") -> Interpretation:
    return Interpretation(
        0,
        Method("drawn", "1"),
        Field(Sector(np.zeros(WIDTH), np.full(WIDTH, HEIGHT - 1.0))),
        (),
        Quality(1.0, 0.0, 0.0, 1.0),
        StructureMap(labels, np.full_like(labels, 255), (0.0, 0.0), 1.0),
        marks,
        ViewBelief(((view, 0.9), (View.OTHER, 0.1))) if view else None,
        LevelBelief(((level, 1.0),), "told") if level else None,
    )


def frame(*, calibrated: bool = True) -> Frame:
    geometry = ImageGeometry.uniform(WIDTH, HEIGHT, STEP, STEP, Spacing.USER)
    pixels = np.random.default_rng(2).rayleigh(30.0, (HEIGHT, WIDTH)).clip(0, 255).astype(np.uint8)
    return Frame(pixels, geometry if calibrated else ImageGeometry(WIDTH, HEIGHT), 0)
