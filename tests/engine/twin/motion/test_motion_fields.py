"""Fields of displacement: read, turned round, added."""

from __future__ import annotations

import numpy as np
import pytest

from echospine.domain.errors import GeometryError
from echospine.engine.twin.body import Displacement
from echospine.engine.twin.motion import Grid, combine, determinant, displacement_at, grid_over, moved, rest_point
from echospine.engine.twin.motion.fields import on_grid

GRID = grid_over((-20.0, 0.0, -30.0), (20.0, 50.0, 30.0), (4.0, 2.5, 5.0))


def waves(amplitude_mm: float, grid: Grid = GRID) -> Displacement:
    """A smooth field that goes every way."""
    x, y, z = np.moveaxis(grid.knots_mm, -1, 0)
    u = np.stack([np.sin(y / 8 + z / 11), np.cos(x / 9 - z / 13), np.sin(x / 7) * np.cos(y / 10)], axis=-1)
    return on_grid(grid, amplitude_mm * u)


def affine(matrix: np.ndarray, shift: np.ndarray, grid: Grid = GRID) -> Displacement:
    return on_grid(grid, grid.knots_mm @ (matrix - np.eye(3)).T + shift)


def inside(rng: np.random.Generator, n: int = 2000, margin: float = 3.0) -> np.ndarray:
    return rng.uniform(GRID.origin_mm + margin, GRID.last_mm - margin, (n, 3))


def test_a_linear_field_is_read_exactly_between_knots() -> None:
    matrix = np.array([[1.02, 0.1, 0.0], [-0.05, 0.95, 0.2], [0.0, 0.03, 1.1]])
    points = inside(np.random.default_rng(1))
    field = affine(matrix, np.array([1.0, -2.0, 3.0]))
    np.testing.assert_allclose(moved(field, points), points @ matrix.T + [1.0, -2.0, 3.0], atol=1e-4)
    np.testing.assert_allclose(determinant(field, points), np.linalg.det(matrix), atol=1e-4)


def test_beyond_the_grid_a_field_goes_on_as_at_its_edge() -> None:
    field = waves(1.0)
    edge = GRID.last_mm
    np.testing.assert_allclose(
        displacement_at(field, edge + np.array([9.0, 40.0, 1.0])), displacement_at(field, edge), atol=1e-6
    )


@pytest.mark.parametrize("amplitude_mm", [0.5, 2.0, 4.0])
def test_tissue_is_traced_back_to_a_hundredth_of_a_millimetre(amplitude_mm: float) -> None:
    field, points = waves(amplitude_mm), inside(np.random.default_rng(2), margin=8.0)
    assert np.abs(rest_point(field, moved(field, points)) - points).max() < 0.01


def test_a_steep_shear_is_traced_back_although_the_plain_fixed_point_would_not_converge() -> None:
    shear = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 3.0, 1.0]])
    field, points = affine(shear, np.zeros(3)), inside(np.random.default_rng(3))
    points[:, 2] *= 0.1
    assert np.abs(rest_point(field, moved(field, points)) - points).max() < 0.01


def test_folded_tissue_is_an_error_that_says_where() -> None:
    folded = affine(np.diag([1.0, -0.5, 1.0]), np.array([0.0, 30.0, 0.0]))
    with pytest.raises(GeometryError, match=r"folded at \(1\.0, 20\.0, 2\.0\)"):
        rest_point(folded, [1.0, 20.0, 2.0])
    with pytest.raises(GeometryError, match="finite"):
        rest_point(waves(1.0), [np.nan, 0.0, 0.0])


def test_a_sum_is_the_sum_wherever_it_is_read() -> None:
    other = grid_over((-10.0, 10.0, -12.0), (12.0, 40.0, 20.0), 3.0)
    first, second, third = waves(1.0), affine(np.diag([1.0, 1.1, 1.0]), np.zeros(3)), waves(0.5, other)
    total = combine([first, second, third])
    expected = sum(displacement_at(field, GRID.knots_mm) for field in (first, second, third))
    np.testing.assert_allclose(total.vectors_mm, expected, atol=1e-4)
    assert combine([first, second], other).vectors_mm.shape == (*other.shape, 3)


def test_nothing_to_add_and_grids_that_are_none_are_errors() -> None:
    with pytest.raises(GeometryError, match="no displacement"):
        combine([])
    with pytest.raises(GeometryError, match="no grid"):
        grid_over((0.0, 0.0, 0.0), (1.0, -1.0, 1.0), 1.0)
    with pytest.raises(GeometryError, match="two knots"):
        Grid(np.zeros(3), np.ones(3), (1, 2, 2))
    with pytest.raises(GeometryError, match="do not fit"):
        on_grid(GRID, np.zeros((2, 2, 2, 3)))


def test_a_grid_reaches_over_what_it_is_asked_for() -> None:
    grid = grid_over((0.0, 0.0, 0.0), (10.0, 9.0, 7.5), (2.0, 4.0, 2.5))
    assert grid.shape == (4, 4, 6)
    np.testing.assert_allclose(grid.last_mm, [10.0, 12.0, 7.5])
    np.testing.assert_allclose(grid.knots_mm[3, 2, 1], [2.0, 8.0, 7.5])
