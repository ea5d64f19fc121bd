"""Bone is taught as the echo that a reader would paint."""

from __future__ import annotations

import numpy as np
import pytest

from echospine.domain.labels import Structure
from training.echoes import IGNORE, STEP_DB, painted
from training.machines import SIZE

STEP_MM = 0.25
SURFACE = 120
"""Row at which the twin says that bone begins."""
BAND = round(2.0 / STEP_MM)


def scene(
    rng: np.random.Generator, crest_db: float, above_mm: float, below_mm: float, slope: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return levels, labels and the row of the surface: an echo from `above_mm` over it to `below_mm` under it."""
    rows = np.arange(SIZE)[:, None]
    surface = SURFACE + np.rint(slope * (np.arange(SIZE) - SIZE / 2)).astype(int)
    level = np.where(rows < surface, 40.0, 10.0) + rng.normal(0.0, 4.0, (SIZE, SIZE))
    echo = (rows >= surface - round(above_mm / STEP_MM)) & (rows < surface + round(below_mm / STEP_MM))
    level[echo] = crest_db + rng.normal(0.0, 1.5, int(echo.sum()))
    labels = np.where(rows < surface, int(Structure.MULTIFIDUS), int(Structure.BACKGROUND))
    labels[(rows >= surface) & (rows < surface + BAND)] = Structure.LAMINA
    return np.clip(np.rint(level / STEP_DB), 1, 255).astype(np.uint8), labels.astype(np.uint8), surface


def taught(pixels: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return painted(pixels[None], labels[None], np.array([STEP_MM], np.float32))[0]


@pytest.mark.parametrize("slope", [0.0, 0.4, -0.7])
@pytest.mark.parametrize(("above_mm", "below_mm"), [(0.5, 0.75), (1.0, 1.5), (1.0, 3.0)])
def test_bone_reaches_from_edge_to_edge_of_its_echo(above_mm: float, below_mm: float, slope: float):
    pixels, labels, surface = scene(np.random.default_rng(1), 75.0, above_mm, below_mm, slope)
    found = taught(pixels, labels) == Structure.LAMINA
    inner = slice(10, -10)
    first, last = found.argmax(axis=0), SIZE - found[::-1].argmax(axis=0)
    assert np.abs(first - (surface - above_mm / STEP_MM))[inner].max() <= 1
    assert np.abs(last - (surface + below_mm / STEP_MM))[inner].max() <= 1


def test_what_is_left_of_the_band_is_no_bone():
    pixels, labels, _ = scene(np.random.default_rng(2), 75.0, 0.5, 0.75)
    found = taught(pixels, labels)
    under = found[SURFACE + round(1.25 / STEP_MM) : SURFACE + BAND]
    assert (under == Structure.BACKGROUND).all()
    assert (found[: SURFACE - 8] == Structure.MULTIFIDUS).all()


def test_bone_that_only_its_shadow_tells_of_keeps_a_band_at_its_surface():
    pixels, labels, _ = scene(np.random.default_rng(3), 40.0, 0.0, 0.0)
    found = taught(pixels, labels) == Structure.LAMINA
    assert found[SURFACE].mean() > 0.95
    assert not found[: SURFACE - 4].any()
    assert not found[SURFACE + BAND :].any()


def test_others_and_what_nobody_knows_stay():
    pixels, labels, _ = scene(np.random.default_rng(4), 75.0, 0.5, 0.75)
    labels[:20] = IGNORE
    labels[20:40] = Structure.SUBCUTANEOUS
    found = taught(pixels, labels)
    assert (found[:40] == labels[:40]).all()
