"""Aponeuroses: drawn ones found to the pixel, and those of public pictures as near as observers are to each other."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from echospine.domain.labels import Sector
from echospine.domain.units import Pixels
from echospine.engine.muscle.aponeuroses import aponeuroses

WIDTH, HEIGHT = 480, 400


def whole(height: int = HEIGHT, width: int = WIDTH) -> Sector:
    return Sector(np.zeros(width), np.full(width, height - 1.0))


def drawn(rise: float, seed: int = 3) -> tuple[Pixels, np.ndarray, np.ndarray]:
    """Speckle with fascicles at 20 degrees, and two lines 12 px thick; return also their inner edges per column."""
    rng = np.random.default_rng(seed)
    picture = 25.0 * rng.rayleigh(1.0, (HEIGHT, WIDTH))
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    picture += 60.0 * (np.sin((y + 0.36 * x) / 4.0) > 0.8) * (rng.random((HEIGHT, WIDTH)) > 0.3)
    upper, lower = 60.0 + 0.05 * x[0], 300.0 + rise * x[0]
    for line in (upper, lower):
        picture[np.abs(y - line) <= 6.0] = 210.0
    smooth = ndimage.gaussian_filter(picture, 1.0)
    return smooth.clip(0, 255).astype(np.uint8), upper + 6.0, lower - 6.0


@pytest.mark.parametrize("rise", [-0.15, 0.0, 0.12])
def test_drawn_lines_are_found_to_the_pixel(rise: float) -> None:
    grey, upper, lower = drawn(rise)
    found = aponeuroses(grey, whole())
    assert found is not None
    assert np.abs(found.superficial_px - upper).max() < 4.0
    assert np.abs(found.deep_px - lower).max() < 8.0, "at the ends, where a line that slants is smoothed"
    assert np.median(np.abs(found.deep_px - lower)) < 1.5


def test_thicker_grey_scales_alike() -> None:
    grey, upper, _ = drawn(0.0)
    faint = aponeuroses((grey // 2 + 20).astype(np.uint8), whole())
    assert faint is not None
    assert np.median(np.abs(faint.superficial_px - upper)) < 1.5


def test_outside_the_field_there_is_nothing() -> None:
    grey, _, _ = drawn(0.0)
    wide = np.pad(grey, ((30, 20), (100, 40)))
    top = np.full(wide.shape[1], np.nan)
    bottom = top.copy()
    top[100:-40], bottom[100:-40] = 30.0, 29.0 + HEIGHT
    found = aponeuroses(wide, Sector(top, bottom))
    alone = aponeuroses(grey, whole())
    assert found is not None
    assert alone is not None
    assert np.isnan(found.deep_px[:100]).all()
    assert np.isnan(found.superficial_px[-40:]).all()
    assert np.allclose(found.deep_px[100:-40], alone.deep_px + 30.0)


def test_a_field_that_is_too_small_has_none() -> None:
    assert (
        aponeuroses(np.zeros((HEIGHT, WIDTH), np.uint8), Sector(np.full(WIDTH, np.nan), np.full(WIDTH, np.nan))) is None
    )
    assert aponeuroses(np.zeros((20, WIDTH), np.uint8), whole(20)) is None


def test_a_black_picture_raises_nothing() -> None:
    assert aponeuroses(np.zeros((HEIGHT, WIDTH), np.uint8), whole()) is not None


@pytest.mark.parametrize("name", ["S3_R20_step_175.jpg", "S9_R20_step_325.jpg", "S11_R20_step_025.jpg"])
def test_public_pictures_are_read_as_near_as_observers_are(shared_data: Path, name: str) -> None:
    """Three that are clear; all 114, those that go wrong included, are in `python -m benchmarks muscle`."""
    folder = shared_data / "timtrack"
    with (folder / "observers.csv").open(newline="") as file:
        row = next(one for one in csv.DictReader(file) if one["image"] == name)
    seen = np.array([float(row[f"observer_{n}_height_px"]) for n in (1, 2, 3)])
    grey = np.asarray(Image.open(folder / row["dataset"] / name).convert("L"))
    found = aponeuroses(grey, whole(*grey.shape))
    assert found is not None
    height = float((found.deep_px - found.superficial_px)[:12].mean())
    assert abs(height - seen.mean()) <= seen.std(ddof=1)
