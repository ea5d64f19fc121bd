"""Any frame in the square: where it lies, and that grey comes through as it is."""

from __future__ import annotations

import numpy as np
import pytest

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Sector
from echospine.engine.vision.framing import echo_grey, fitted, framing_of

SIZE = 256


def whole(width, height):
    return Sector(np.zeros(width), np.full(width, height - 1.0))


def frame_of(pixels):
    return Frame(pixels.astype(np.uint8), ImageGeometry(pixels.shape[1], pixels.shape[0]), 0)


def square_of(pixels, sector=None):
    frame = frame_of(pixels)
    sector = sector or whole(pixels.shape[1], pixels.shape[0])
    framing = framing_of(frame.geometry, sector, SIZE)
    return fitted(frame, sector, framing), framing


def test_four_pixels_make_one_cell():
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (512, 512))
    square, framing = square_of(pixels)
    expected = pixels.reshape(256, 2, 256, 2).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(square, expected, atol=1e-6)
    assert (framing.step_px, framing.corner_px) == (2.0, (0.5, 0.5))


@pytest.mark.parametrize(("width", "height"), [(820, 616), (333, 777), (100, 90), (1920, 1080), (256, 256)])
def test_a_spot_comes_back_where_it_is(width, height):
    rng = np.random.default_rng(width)
    x, y = rng.uniform(0.2, 0.8, 2) * (width, height)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    spread = max(width, height) / 40
    spot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * spread**2))
    square, framing = square_of(spot)
    i, j = np.indices(square.shape)
    cell = (square * j).sum() / square.sum(), (square * i).sum() / square.sum()
    found = framing.to_picture([cell])[0]
    np.testing.assert_allclose(found, (x, y), atol=0.1 * max(1.0, framing.step_px))


def test_aspect_is_kept_and_black_lies_around():
    square, framing = square_of(np.full((100, 400), 200))
    lit = square > 0
    assert framing.step_px == pytest.approx(400 / 256)
    assert lit.any(axis=1).sum() == pytest.approx(64, abs=1)
    assert lit.any(axis=0).all()
    np.testing.assert_allclose(square[110:146], 200 / 255, atol=1e-5)


def test_only_the_sector_is_seen():
    pixels = np.full((300, 300), 100)
    pixels[:, :40] = 255  # writing beside the field
    top, bottom = np.full(300, np.nan), np.full(300, np.nan)
    top[50:250], bottom[50:250] = 20, 219
    square, framing = square_of(pixels, Sector(top, bottom))
    assert framing.box_px == (50, 20, 250, 220)
    assert framing.step_px == pytest.approx(200 / 256)
    assert square.max() == pytest.approx(100 / 255, abs=1e-5)


def test_corners_beside_a_fan_stay_black():
    pixels = np.full((200, 200), 90)
    top = np.abs(np.arange(200) - 100.0)
    square, _ = square_of(pixels, Sector(top, np.full(200, 199.0)))
    assert square[5, 5] == 0
    assert square[5, 250] == 0
    assert square[5, 128] == pytest.approx(90 / 255, abs=1e-5)


def test_a_sector_that_reaches_past_the_picture_is_cut():
    square, framing = square_of(np.full((100, 120), 80), Sector(np.full(120, -30.0), np.full(120, 180.0)))
    assert framing.box_px == (0, 0, 120, 100)
    assert np.isfinite(square).all()


@pytest.mark.parametrize("grey", [0, 255])
@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (37, 23), (256, 256), (3000, 2000)])
def test_any_size_and_any_grey_gives_a_square(size, grey):
    square, _ = square_of(np.full(size, grey))
    assert square.shape == (SIZE, SIZE)
    assert square.dtype == np.float32
    assert square.min() >= 0
    assert square.max() <= 1 + 1e-6
    assert (square.max() > 0) == (grey > 0)


def test_a_sector_of_no_column_gives_the_whole_picture():
    nothing = np.full(60, np.nan)
    square, framing = square_of(np.full((50, 60), 120), Sector(nothing, nothing))
    assert framing.box_px == (0, 0, 60, 50)
    assert square.max() == pytest.approx(120 / 255, abs=1e-5)


def test_a_sector_of_another_picture_is_refused():
    with pytest.raises(ModelError, match="80 columns"):
        framing_of(ImageGeometry(60, 50), whole(80, 50), SIZE)


def test_flow_is_black_and_grey_beside_it_stays():
    pixels = np.full((40, 40, 3), 70, np.uint8)
    pixels[10:20, 10:20] = (230, 40, 20)
    grey = echo_grey(frame_of(pixels))
    assert (grey[10:20, 10:20] == 0).all()
    assert (grey[0] == 70).all()


def test_a_picture_that_is_tinted_as_a_whole_keeps_its_echoes():
    grey = np.random.default_rng(5).integers(90, 250, (40, 40))
    sepia = np.stack([grey, 0.8 * grey, 0.5 * grey], axis=2).astype(np.uint8)
    seen = echo_grey(frame_of(sepia)).astype(float)
    assert np.corrcoef(seen.ravel(), grey.ravel())[0, 1] > 0.999
