"""Speckle of known movement is followed: by rolled and warped noise, and by the twin's own tissue."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from echospine.domain.errors import GeometryError
from echospine.engine.muscle.motion import Matching, follow, grid_points, match


def speckle(seed: int = 0, shape=(240, 320)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.standard_normal((2, *shape)), (0, 1.2, 2.2))
    level = np.log(np.hypot(*field))
    return np.clip(140 + 45 * (level - level.mean()) / level.std(), 0, 255)


def moved_by(picture: np.ndarray, dx: float, dy: float) -> np.ndarray:
    return np.clip(np.rint(ndimage.shift(picture, (dy, dx), order=3, mode="nearest")), 0, 255).astype(np.uint8)


POINTS = grid_points((60, 60), (200, 120), 6, 8)


@pytest.mark.parametrize(("dx", "dy"), [(0.0, 0.0), (3.0, -2.0), (0.4, 0.3), (-7.6, 5.2), (18.3, -11.7)])
def test_a_shift_is_found_below_a_tenth_of_a_pixel(dx, dy):
    picture = speckle()
    found = match(np.rint(picture).astype(np.uint8), moved_by(picture, dx, dy), POINTS)
    error = np.linalg.norm(found.displacement_px - (dx, dy), axis=1)
    assert np.median(error) < 0.08
    assert error.max() < 0.25
    assert found.score.min() > 0.9
    assert np.median(found.drift_px) < 0.1


def test_noise_spoils_the_score_before_the_answer():
    picture, rng = speckle(1), np.random.default_rng(2)
    noisy = [
        np.clip(moved_by(picture, dx, 1.5) + rng.normal(0, 25, picture.shape), 0, 255).astype(np.uint8) for dx in (0, 4)
    ]
    found = match(noisy[0], noisy[1], POINTS)
    assert np.median(found.score) < 0.85
    assert np.median(np.abs(found.displacement_px - (4.0, 0.0))) < 0.2


def test_another_picture_is_told_by_score_and_drift():
    found = match(
        np.rint(speckle(3)).astype(np.uint8), np.rint(speckle(4)).astype(np.uint8), POINTS, Matching(neighbours=0)
    )
    assert np.median(found.score) < 0.5
    assert np.median(found.drift_px) > 1.0


def test_black_and_the_border_give_no_answer():
    picture = np.rint(speckle(5)).astype(np.uint8)
    picture[:, :100] = 0
    found = match(picture, picture, np.array([[40.0, 120.0], [3.0, 3.0], [200.0, 120.0]]), Matching(neighbours=0))
    assert np.isnan(found.displacement_px[:2]).all()
    assert found.displacement_px[2] == pytest.approx((0.0, 0.0), abs=0.1)


def test_one_stray_among_neighbours_is_put_right():
    picture = speckle(6)
    after = moved_by(picture, 4.0, 0.0)
    x, y = POINTS[20].astype(int)
    after[y - 14 : y + 15, x - 12 : x + 21] = np.rint(speckle(7)).astype(np.uint8)[:29, :33]
    found = match(np.rint(picture).astype(np.uint8), after, POINTS)
    assert np.linalg.norm(found.displacement_px[20] - (4.0, 0.0)) < 0.3


def test_who_goes_and_comes_back_ends_where_he_began():
    picture = speckle(8)
    way = 6.0 * np.sin(np.linspace(0, 2 * np.pi, 41))
    followed = follow((moved_by(picture, dx, 0.5 * dx) for dx in way), POINTS)
    assert np.median(np.abs(followed.displacement_px[:, :, 0] - way[:, None])) < 0.08
    assert np.abs(followed.displacement_px[-1]).max() < 0.1
    assert followed.anchored.mean() > 0.95


def test_frames_of_two_sizes_are_refused():
    with pytest.raises(GeometryError, match="one size"):
        match(np.zeros((50, 50), np.uint8), np.zeros((50, 60), np.uint8), POINTS)
    with pytest.raises(GeometryError, match="no frame"):
        follow([], POINTS)
