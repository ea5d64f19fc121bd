"""Pictures of no spine, to learn from what the network does not know (outlier exposure, Hendrycks et al. 2019).

None is of a real organ and none is what `score_real` scores by: they are drawn by chance, as speckle with chambers,
vessels, walls and layers where they would not be in a back, as known pictures taken apart, and as no ultrasound at
all. They are levels, as pictures of the twin are, and are varied alike, so that only what they show is strange.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from echospine.domain.units import Floats, Mask, Pixels
from training.augment import MUSCLE_DB, STEP_DB
from training.machines import SIZE

BLACK_DB, FLOOR_DB = -60.0, -45.0
PIECES = 4
"""Pieces along an edge, into which a known picture is taken apart."""


def outlier(rng: np.random.Generator, known: Pixels) -> Pixels:
    """Return levels of a strange picture, (SIZE, SIZE), 0 outside.

    `known`: a picture of the twin, from which the form or the parts are taken.
    """
    kind = rng.choice(4, p=(0.55, 0.2, 0.1, 0.15))
    if kind == 0:
        return _levels(_organ(rng), _form(rng, known))
    if kind == 1:
        return _taken_apart(rng, known)
    if kind == 2:
        return _levels(_clouds(rng), _form(rng, known))
    return _levels(_no_ultrasound(rng), np.ones((SIZE, SIZE), bool))


def _form(rng: np.random.Generator, known: Pixels) -> Mask:
    """Return where the picture is: the form of a known one, or a whole square."""
    if rng.random() < 0.2:
        return np.ones((SIZE, SIZE), bool)
    lit = known > 0
    inside: Mask = np.logical_or.accumulate(lit, axis=0) & np.logical_or.accumulate(lit[::-1], axis=0)[::-1]
    return inside


def _levels(level_db: Floats, inside: Mask) -> Pixels:
    steps = np.clip(np.rint((MUSCLE_DB + level_db) / STEP_DB), 1, 255)
    return np.where(inside, steps, 0).astype(np.uint8)


def _speckle_db(rng: np.random.Generator) -> Floats:
    """Return speckle that widens with depth (Goodman 1976)."""
    across = float(rng.uniform(1.0, 3.5))
    parts = [ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE)), (rng.uniform(0.6, 1.2), across)) for _ in "ab"]
    power = parts[0] ** 2 + parts[1] ** 2
    return 10.0 * np.log10(power / power.mean() + 1e-6)


def _clouds(rng: np.random.Generator) -> Floats:
    """Return smooth changes of level with speckle: parenchyma, or nothing in particular."""
    smooth = sum(
        float(rng.uniform(2.0, 12.0)) * _standard(ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE)), width))
        for width in (6.0, 20.0, 60.0)
    )
    return np.asarray(smooth) + _speckle_db(rng) - float(rng.uniform(0.0, 12.0))


def _standard(values: Floats) -> Floats:
    return (values - values.mean()) / max(float(values.std()), 1e-9)


def _organ(rng: np.random.Generator) -> Floats:
    """Return speckle with round chambers and walls, tubes and curved lines, no bone and no shadow."""
    level = _clouds(rng) * float(rng.uniform(0.3, 1.0))
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float64)
    for _ in range(int(rng.integers(1, 7))):
        inside, wall = _round(rng, rows, columns)
        level[inside] += float(rng.choice((FLOOR_DB, -20.0, -10.0, 8.0)))
        if rng.random() < 0.7:
            level[wall] += float(rng.uniform(6.0, 24.0))
        if rng.random() < 0.4:
            below = np.logical_or.accumulate(inside, axis=0) & ~inside
            level[below] += float(rng.uniform(0.0, 8.0))
    for _ in range(int(rng.integers(0, 5))):
        level[_line(rng, rows, columns)] += float(rng.uniform(8.0, 24.0))
    loss = float(rng.uniform(0.0, 0.15)) * rows
    return np.maximum(level - loss, FLOOR_DB + _speckle_db(rng))


def _round(rng: np.random.Generator, rows: Floats, columns: Floats) -> tuple[Mask, Mask]:
    """Return an ellipse with a wavy edge, and its wall."""
    x, y = columns - rng.uniform(20, SIZE - 20), rows - rng.uniform(30, SIZE - 20)
    turn, long = rng.uniform(0, np.pi), float(rng.uniform(8.0, 80.0))
    wide = long * float(rng.uniform(0.4, 1.0))
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    angle = np.arctan2(across, along)
    wave = 1.0 + float(rng.uniform(0.0, 0.2)) * np.sin(int(rng.integers(2, 6)) * angle + rng.uniform(0, 6.3))
    radius = np.hypot(along / long, across / wide) / wave
    thick = float(rng.uniform(0.03, 0.3))
    return radius < 1.0, (radius >= 1.0) & (radius < 1.0 + thick)


def _line(rng: np.random.Generator, rows: Floats, columns: Floats) -> Mask:
    """Return a curved band at any angle."""
    turn = rng.uniform(0, np.pi)
    x, y = columns - rng.uniform(0, SIZE), rows - rng.uniform(0, SIZE)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    bent = across - float(rng.normal(0.0, 0.004)) * along**2
    found: Mask = np.abs(bent) < float(rng.uniform(0.8, 4.0))
    return found


def _taken_apart(rng: np.random.Generator, known: Pixels) -> Pixels:
    """Return a known picture upside down, on its side, or with its pieces in another order."""
    how = int(rng.integers(3))
    if how == 0:
        return np.ascontiguousarray(known[::-1])
    if how == 1:
        return np.ascontiguousarray(np.rot90(known, int(rng.choice((1, 3)))))
    edge = SIZE // PIECES
    pieces = known.reshape(PIECES, edge, PIECES, edge).swapaxes(1, 2).reshape(-1, edge, edge)
    mixed = rng.permutation(pieces).reshape(PIECES, PIECES, edge, edge).swapaxes(1, 2)
    return np.ascontiguousarray(mixed.reshape(SIZE, SIZE))


def _no_ultrasound(rng: np.random.Generator) -> Floats:
    """Return noise, a slope, stripes, boxes as of a screen, or a soft landscape without speckle, dB around muscle."""
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float64)
    how = int(rng.integers(5))
    if how == 0:
        return rng.normal(0.0, float(rng.uniform(2.0, 25.0)), (SIZE, SIZE))
    if how == 1:
        return float(rng.uniform(-0.2, 0.2)) * rows + float(rng.uniform(-0.2, 0.2)) * columns + rng.uniform(-30, 20)
    if how == 2:
        turn, period = rng.uniform(0, np.pi), float(rng.uniform(6.0, 60.0))
        wave = np.sin(2.0 * np.pi * (rows * np.cos(turn) + columns * np.sin(turn)) / period)
        return float(rng.uniform(5.0, 30.0)) * np.sign(wave) - 10.0
    if how == 3:
        return _boxes(rng)
    smooth = _standard(ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE)), float(rng.uniform(1.5, 25.0))))
    return float(rng.uniform(5.0, 20.0)) * smooth + float(rng.uniform(-30.0, 10.0))


def _boxes(rng: np.random.Generator) -> Floats:
    """Return what a screen shows: boxes, lines of dots like text, on an even ground."""
    level = np.full((SIZE, SIZE), float(rng.uniform(BLACK_DB, 10.0)))
    for _ in range(int(rng.integers(5, 40))):
        i, j = (int(rng.integers(0, SIZE - 4)) for _ in range(2))
        height, width = int(rng.integers(1, 40)), int(rng.integers(3, 120))
        part = level[i : i + height, j : j + width]
        dots = rng.random(part.shape) < rng.choice((0.5, 1.0))
        part[dots] = float(rng.uniform(-40.0, 30.0))
    return level


__all__ = ["outlier"]
