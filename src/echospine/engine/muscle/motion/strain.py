"""Strain of tissue from the displacement of a grid of points."""

from __future__ import annotations

import numpy as np

from echospine.domain.errors import InputError
from echospine.domain.units import Floats


def strain_fields(displacement_mm: Floats, step_mm: tuple[float, float], window: int = 5) -> Floats:
    """Return Lagrangian strain at each point of a grid, (rows, columns, 3): along x, along y, and shear exy; a share.

    `displacement_mm`: (rows, columns, 2), x and y; `step_mm`: between points along x and y. Gradients are slopes of
    least squares over `window` points, as in elastography (Kallel and Ophir 1997, Ultrason Imaging 19:195), NaN points
    left out; E = (F'F - I) / 2, so that turning alone is no strain. Raises InputError for a grid smaller than 3 x 3.
    """
    rows, columns, _ = displacement_mm.shape
    if min(rows, columns) < 3:
        raise InputError("strain needs a grid of 3 x 3 points or more")
    gradient = np.empty((rows, columns, 2, 2))
    for k in range(2):
        gradient[..., k, 0] = _slopes(displacement_mm[..., k], window) / step_mm[0]
        gradient[..., k, 1] = _slopes(displacement_mm[..., k].T, window).T / step_mm[1]
    stretch = gradient + np.eye(2)
    strain = 0.5 * (np.swapaxes(stretch, -1, -2) @ stretch - np.eye(2))
    return np.stack([strain[..., 0, 0], strain[..., 1, 1], strain[..., 0, 1]], axis=-1)


def _slopes(values: Floats, window: int) -> Floats:
    """Return the slope along each row at each point, by least squares over `window` points that have a value."""
    half = window // 2
    slopes = np.full(values.shape, np.nan)
    for column in range(values.shape[1]):
        at = np.arange(max(0, column - half), min(values.shape[1], column + half + 1))
        part = values[:, at]
        known = np.isfinite(part)
        count = known.sum(axis=1)
        place = np.where(known, at, 0.0)
        middle = place.sum(axis=1) / np.maximum(count, 1)
        away = np.where(known, at - middle[:, None], 0.0)
        spread = (away**2).sum(axis=1)
        told = (count >= 2) & (spread > 0)
        slopes[told, column] = (away * np.where(known, part, 0.0)).sum(axis=1)[told] / spread[told]
    return slopes
