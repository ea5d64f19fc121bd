"""The outline of a cross-section as a few points: of the very area, where the muscle is."""

from __future__ import annotations

import numpy as np
import pytest

from echospine.engine.muscle.outlines import outline_px
from echospine.engine.muscle.outlines.contour import MOST_POINTS


def area(points: tuple[tuple[float, float], ...]) -> float:
    x, y = np.array(points).T
    return 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


@pytest.mark.parametrize(("width", "height"), [(20, 14), (120, 60), (500, 300)])
def test_the_outline_of_an_ellipse_has_its_area_and_place(width: int, height: int) -> None:
    rows, columns = np.mgrid[: 2 * height + 40, : 2 * width + 40]
    mask = ((columns - width - 20) / width) ** 2 + ((rows - height - 10) / height) ** 2 <= 1
    points = outline_px(mask)
    assert 3 <= len(points) <= MOST_POINTS
    assert area(points) == pytest.approx(mask.sum(), rel=1e-3)
    x, y = np.array(points).T
    assert 0.5 * (x.min() + x.max()) == pytest.approx(width + 20, abs=0.05 * width)
    assert 0.5 * (y.min() + y.max()) == pytest.approx(height + 10, abs=0.05 * height)
    inside = ((x - width - 20) / width) ** 2 + ((y - height - 10) / height) ** 2
    assert np.all((inside > 0.75) & (inside < 1.3))


def test_a_speck_has_no_outline_or_one_of_its_size() -> None:
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    points = outline_px(mask)
    assert not points or area(points) == pytest.approx(1.0, abs=0.01)
