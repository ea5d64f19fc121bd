"""How a picture is varied while training: sample a record of changes, then apply it.

What decides whether a network trained on simulation works on real pictures is how widely it has been varied: gain,
dynamic range, grey curve, gain over depth, zoom, blur, haze, multiples, and what a screen draws around a picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.machines import SIZE

STEP_DB = 100.0 / 255.0
"""Of one grey step of a stored picture."""
MUSCLE_DB = 54.0
"""Level of resting muscle in a stored picture, over its black."""


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """One record per picture of a batch, each (n,) unless said.

    `zoom`, `stretch`, `turn_rad`, `shift` (n, 2), `mirrored`: geometry; `range_db`, `muscle_grey`, `gamma`: how levels
    become greys; `tgc_db`, (n, 6): at knots from top to bottom; `aside_db`, (n, 5): at knots from left to right;
    `blur_px`, (n, 2); `coarse`: factor of a coarser grid; `noise`, `haze`, `clutter`, `echo`, `echo_rows`, `twice`,
    `near`, `near_rows`; `frame`: seed of what is drawn around, 0 for nothing; `seed`.
    """

    zoom: Tensor
    stretch: Tensor
    turn_rad: Tensor
    shift: Tensor
    mirrored: Tensor
    range_db: Tensor
    muscle_grey: Tensor
    gamma: Tensor
    tgc_db: Tensor
    aside_db: Tensor
    blur_px: Tensor
    coarse: Tensor
    noise: Tensor
    haze: Tensor
    clutter: Tensor
    echo: Tensor
    echo_rows: Tensor
    twice: Tensor
    near: Tensor
    near_rows: Tensor
    frame: Tensor
    seed: int


def sample_changes(rng: np.random.Generator, n: int) -> Changes:
    """Return random changes for `n` pictures."""

    def some(values: np.ndarray, share: float) -> Tensor:
        return torch.tensor(np.where(rng.random(n) < share, values, 0.0), dtype=torch.float32)

    def plain(values: np.ndarray) -> Tensor:
        return torch.tensor(values, dtype=torch.float32)

    return Changes(
        zoom=plain(np.exp(rng.uniform(math.log(0.8), math.log(1.9), n))),
        stretch=plain(np.exp(rng.normal(0.0, 0.08, n))),
        turn_rad=plain(rng.normal(0.0, 0.06, n)),
        shift=plain(rng.uniform(-1.0, 1.0, (n, 2))),
        mirrored=torch.tensor(rng.random(n) < 0.5),
        range_db=plain(rng.uniform(32.0, 80.0, n)),
        muscle_grey=plain(rng.beta(1.6, 2.2, n) * 0.85 + 0.05),
        gamma=plain(np.exp(rng.normal(0.0, 0.3, n))),
        tgc_db=plain(rng.normal(0.0, 1.0, (n, 6)) * rng.choice((2.0, 5.0, 10.0), (n, 1))),
        aside_db=plain(rng.normal(0.0, 1.0, (n, 5)) * rng.choice((0.5, 3.0), (n, 1))),
        blur_px=plain(rng.uniform(0.0, 1.4, (n, 2)) * rng.choice((0.0, 1.0), (n, 1), p=(0.4, 0.6))),
        coarse=plain(rng.choice((1.0, 1.0, 1.5, 2.0), n)),
        noise=some(rng.uniform(0.0, 0.06, n), 0.5),
        haze=some(rng.uniform(0.0, 0.15, n), 0.35),
        clutter=some(rng.uniform(0.03, 0.25, n), 0.4),
        echo=some(rng.uniform(0.05, 0.35, n), 0.25),
        echo_rows=plain(rng.integers(12, 90, n)),
        twice=some(rng.uniform(0.05, 0.45, n), 0.35),
        near=some(rng.uniform(0.2, 0.9, n), 0.25),
        near_rows=plain(rng.uniform(6.0, 70.0, n)),
        frame=torch.tensor(np.where(rng.random(n) < 0.35, rng.integers(1, 1 << 30, n), 0)),
        seed=int(rng.integers(1 << 30)),
    )


def unchanged(n: int, muscle_grey: float = 0.33, range_db: float = 60.0) -> Changes:
    """Return what a usual machine does and nothing else, for tuning and testing."""
    one, none = torch.ones(n), torch.zeros(n)
    return Changes(
        zoom=one, stretch=one, turn_rad=none, shift=torch.zeros(n, 2), mirrored=none.bool(),
        range_db=range_db * one, muscle_grey=muscle_grey * one, gamma=one, tgc_db=torch.zeros(n, 6),
        aside_db=torch.zeros(n, 5), blur_px=torch.zeros(n, 2), coarse=one, noise=none, haze=none, clutter=none,
        echo=none, echo_rows=one, twice=none, near=none, near_rows=one, frame=none.long(), seed=0,
    )  # fmt: skip


def to_source(changes: Changes) -> Tensor:
    """Return the map from places in the new picture to the old one, (n, 2, 3), in units of half an edge."""
    zoom, stretch = changes.zoom, changes.stretch
    cos, sin = torch.cos(changes.turn_rad), torch.sin(changes.turn_rad)
    across = torch.where(changes.mirrored, -1.0, 1.0) / (zoom * stretch)
    down = stretch / zoom
    free = (1.0 - 1.0 / zoom).abs() * 0.9
    matrix = torch.zeros(len(zoom), 2, 3)
    matrix[:, 0, 0], matrix[:, 0, 1] = across * cos, -across * sin
    matrix[:, 1, 0], matrix[:, 1, 1] = down * sin, down * cos
    matrix[:, 0, 2], matrix[:, 1, 2] = changes.shift[:, 0] * free, changes.shift[:, 1] * free
    return matrix


def warped(batch: Tensor, matrix: Tensor, mode: str) -> Tensor:
    """Return pictures (n, 1, SIZE, SIZE) read where `to_source` says, 0 outside."""
    grid = functional.affine_grid(matrix, list(batch.shape), align_corners=False)
    return functional.grid_sample(batch, grid, mode=mode, padding_mode="zeros", align_corners=False)


def moved_points(points_px: Tensor, matrix: Tensor) -> Tensor:
    """Return where points (n, 2) of one old picture are in the new one; `matrix`: its (2, 3) of `to_source`."""
    half = (points_px + 0.5) * (2.0 / SIZE) - 1.0
    new = torch.linalg.solve(matrix[:, :2], (half - matrix[:, 2]).T).T
    return (new + 1.0) * (SIZE / 2.0) - 0.5


def greys_of(levels: Tensor, inside: Tensor, changes: Changes) -> Tensor:
    """Return greys, 0 to 1, of stored levels, both (n, 1, SIZE, SIZE); `inside`: 1 where the picture is."""
    level_db = levels * STEP_DB + _knots(changes.tgc_db, 2) + _knots(changes.aside_db, 3)
    black = MUSCLE_DB - changes.muscle_grey * changes.range_db
    grey = ((level_db - _wide(black)) / _wide(changes.range_db)).clamp(0.0, 1.0)
    return grey.pow(_wide(changes.gamma)) * inside


def disturbed(grey: Tensor, inside: Tensor, changes: Changes) -> Tensor:
    """Return greys with blur, haze, clutter, multiples, a glaring near field, noise, and a screen around them."""
    grey = _blurred(_coarser(grey, changes.coarse), changes.blur_px)
    rows = torch.arange(SIZE, dtype=torch.float32)[None, None, :, None]
    glare = _wide(changes.near) * torch.exp(-((rows - _first_row(inside)) / _wide(changes.near_rows)).clamp(min=0.0))
    grey = grey + glare * (0.4 + grey)
    grey = grey + _wide(changes.echo) * _delayed(grey, changes.echo_rows) + _wide(changes.twice) * _twice(grey, inside)
    generator = torch.Generator().manual_seed(changes.seed)
    grey = grey + _wide(changes.clutter) * _clutter(grey.shape, generator)
    noise = torch.randn(grey.shape, generator=generator) * _wide(changes.noise)
    grey = ((grey + _wide(changes.haze) + noise).clamp(0.0, 1.0)) * inside
    for n in torch.nonzero(changes.frame)[:, 0].tolist():
        _screen(grey[n, 0], inside[n, 0], int(changes.frame[n]))
    return grey


def _wide(values: Tensor) -> Tensor:
    return values[:, None, None, None]


def _knots(values: Tensor, axis: int) -> Tensor:
    """Return values at knots read along an axis, (n, 1, SIZE, 1) or (n, 1, 1, SIZE)."""
    line = functional.interpolate(values[:, None, :], size=SIZE, mode="linear", align_corners=True)
    return line[:, :, :, None] if axis == 2 else line[:, :, None, :]


def _first_row(inside: Tensor) -> Tensor:
    """Return the first row of each column that lies in the picture, (n, 1, 1, SIZE)."""
    return inside.argmax(dim=2, keepdim=True).float()


def _delayed(grey: Tensor, rows: Tensor) -> Tensor:
    """Return pictures moved down by whole rows, each by its own."""
    moved = torch.zeros_like(grey)
    for n, row in enumerate(rows.long().tolist()):
        moved[n, :, row:] = grey[n, :, : SIZE - row]
    return moved


def _twice(grey: Tensor, inside: Tensor) -> Tensor:
    """Return what comes back a second time after the probe's face has thrown it back: everything at twice its depth."""
    top = _first_row(inside)[:, :, :, ::8].amin(dim=(1, 2, 3))
    matrix = torch.zeros(len(grey), 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1] = 1.0, 0.5
    matrix[:, 1, 2] = top / SIZE - 0.5
    return warped(grey, matrix, "bilinear")


def _clutter(shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Return clouds of fine speckle, mean about one where they are: what real shadows are full of."""
    speckle = torch.randn((2, *shape), generator=generator).square().sum(dim=0).sqrt() / 1.25
    clouds = functional.interpolate(
        torch.randn((shape[0], 1, 6, 6), generator=generator), size=shape[2:], mode="bicubic", align_corners=True
    )
    return speckle * clouds.clamp(0.0, 1.5)


def _coarser(grey: Tensor, factor: Tensor) -> Tensor:
    """Return pictures as of a coarser grid."""
    result = grey.clone()
    for one in (1.5, 2.0):
        chosen = factor == one
        if chosen.any():
            small = functional.interpolate(grey[chosen], scale_factor=1.0 / one, mode="bilinear", antialias=True)
            result[chosen] = functional.interpolate(small, size=(SIZE, SIZE), mode="bilinear", align_corners=False)
    return result


def _blurred(grey: Tensor, sigma_px: Tensor) -> Tensor:
    """Return pictures blurred by a Gaussian down and across, each by its own SD."""
    reach = torch.arange(-4, 5, dtype=torch.float32)
    for axis, name in ((0, 2), (1, 3)):
        sigma = sigma_px[:, axis].clamp(min=1e-3)
        weights = torch.exp(-0.5 * (reach / sigma[:, None]) ** 2)
        weights = (weights / weights.sum(dim=1, keepdim=True))[:, None]
        kernel = weights[..., None] if name == 2 else weights[:, :, None, :]
        padding = (4, 0) if name == 2 else (0, 4)
        grey = functional.conv2d(grey.transpose(0, 1), kernel, padding=padding, groups=len(grey)).transpose(0, 1)
    return grey


def _screen(grey: Tensor, inside: Tensor, seed: int) -> None:
    """Draw what a screen shows around a picture: a background, boxes, lines, marks, text-like dots."""
    rng = np.random.default_rng(seed)
    outside = inside < 0.5
    if rng.random() < 0.4:
        grey[outside] = float(rng.uniform(0.0, 0.25))
    for _ in range(int(rng.integers(1, 6))):
        i, j = (int(rng.integers(0, SIZE - 8)) for _ in range(2))
        height, width = int(rng.integers(1, 12)), int(rng.integers(3, 60))
        part = grey[i : i + height, j : j + width]
        free = outside[i : i + height, j : j + width]
        dots = torch.tensor(rng.random(tuple(part.shape)) < rng.uniform(0.3, 1.0))
        part[free & dots] = float(rng.uniform(0.4, 1.0))
    if rng.random() < 0.3:
        j, step = int(rng.integers(0, SIZE - 4)), int(rng.integers(8, 30))
        grey[::step, j : j + 3] = float(rng.uniform(0.5, 1.0))
