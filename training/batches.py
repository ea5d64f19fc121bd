"""Batches: pictures of the twin and of real sets, varied, with what is to be answered for each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from training.augment import Changes, disturbed, greys_of, moved_points, sample_changes, to_source, warped
from training.machines import SIZE
from training.net import N_LANDMARKS, N_PLACE, N_STRUCTURES
from training.outliers import outlier
from training.real import RealSet
from training.shards import Pictures

Varied: TypeAlias = Callable[[np.random.Generator, int], Changes]
HEAT = SIZE // 2
HEAT_SD = 1.5
"""Of a landmark's peak, cells of the heat map."""
IGNORE = 255
TURNED = 4.0
"""How much farther real pictures of limbs are turned than the twin's."""
LEAST_ON_SKIN = 0.8
"""Share of the probe's face on skin, from which a picture of the twin shows a spine for sure."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pictures, (n, 1, SIZE, SIZE), and answers.

    `labels`: (n, SIZE, SIZE), IGNORE where nothing is taught; `known`: which structures each one's labels cover,
    (n, 19); where a structure is not covered, label 0 says only that it is none of those that are; `heat`:
    (n, 7, HEAT, HEAT); `view`: (n,), -1 for none; `place`: (n, 9), NaN for none; `whole`: pictures of which all is
    known, (n,); `strange`: 1 for pictures of no spine, 0 for those of one, NaN where nobody is to learn it, (n,).
    """

    pictures: Tensor
    labels: Tensor
    known: Tensor
    heat: Tensor
    view: Tensor
    place: Tensor
    whole: Tensor
    strange: Tensor


def twin_batch(pictures: Pictures, index: np.ndarray, changes: Changes) -> Batch:
    """Return those pictures of the twin, changed."""
    levels = torch.from_numpy(pictures.pixels[index].astype(np.float32))[:, None]
    labels = torch.from_numpy(pictures.labels[index].astype(np.float32))[:, None]
    matrix = to_source(changes)
    inside = warped((_field(levels) > 0).float(), matrix, "nearest")
    grey = greys_of(warped(levels, matrix, "bilinear"), inside, changes)
    heat, place = _points_and_place(pictures, index, matrix, changes)
    return Batch(
        disturbed(grey, inside, changes),
        warped(labels, matrix, "nearest")[:, 0].long(),
        torch.ones(len(index), N_STRUCTURES, dtype=torch.bool),
        heat,
        torch.from_numpy(pictures.view[index].astype(np.int64)),
        place,
        torch.ones(len(index), dtype=torch.bool),
        torch.where(torch.from_numpy(pictures.place[index, 6]) > LEAST_ON_SKIN, 0.0, math.nan),
    )


def _field(levels: Tensor) -> Tensor:
    """Return 1 where a picture holds anything between its first and last bright row of a column, else 0."""
    seen = levels > 0
    below = torch.cumsum(seen, dim=2) > 0
    above = torch.flip(torch.cumsum(torch.flip(seen, (2,)), dim=2), (2,)) > 0
    return (below & above).float()


def _points_and_place(pictures: Pictures, index: np.ndarray, matrix: Tensor, changes: Changes) -> tuple[Tensor, Tensor]:
    heat = torch.zeros(len(index), N_LANDMARKS, HEAT, HEAT)
    place = torch.full((len(index), N_PLACE), math.nan)
    for n, one in enumerate(index.tolist()):
        points = torch.from_numpy(pictures.points_of(one))
        if len(points):
            for kind, at in zip(points[:, 0].long().tolist(), moved_points(points[:, 1:], matrix[n]), strict=True):
                _peak(heat[n, kind], at / 2.0 - 0.25)
        place[n] = _place(pictures, one, matrix[n], mirrored=bool(changes.mirrored[n]))
    return heat, place


def _peak(heat: Tensor, at: Tensor) -> None:
    """Raise a heat map to a Gaussian around a point, cells."""
    x, y = float(at[0]), float(at[1])
    if not (-0.5 <= x < HEAT - 0.5 and -0.5 <= y < HEAT - 0.5):
        return
    left, top = max(0, round(x) - 6), max(0, round(y) - 6)
    rows = torch.arange(top, min(HEAT, top + 13), dtype=torch.float32)[:, None]
    columns = torch.arange(left, min(HEAT, left + 13), dtype=torch.float32)[None]
    peak = torch.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2.0 * HEAT_SD**2))
    part = heat[top : top + len(rows), left : left + columns.shape[1]]
    part.copy_(torch.maximum(part, peak))


def _place(pictures: Pictures, one: int, matrix: Tensor, *, mirrored: bool) -> Tensor:
    """Return what is asked of a picture's place, (9,): along, lateral, turn (2), phase (2), tilt, rock, contact."""
    along_mm, lateral_mm, turn, phase, tilt, rock, contact = (float(value) for value in pictures.place[one])
    sign = -1.0 if mirrored else 1.0
    across = abs(math.sin(turn)) < 0.5
    along = math.nan
    if across and math.isfinite(along_mm):
        x = float(pictures.origin_px[one]) + along_mm / float(pictures.step_mm[one])
        along = (float(moved_points(torch.tensor([[x, SIZE / 2.0]]), matrix)[0, 0]) - SIZE / 2.0) / SIZE
    if contact < 0.3:
        return torch.tensor([math.nan] * 8 + [contact])
    return torch.tensor(
        [
            max(-1.5, min(1.5, along)) if math.isfinite(along) else math.nan,
            min(abs(lateral_mm) / 20.0, 4.0),
            math.cos(2.0 * turn),
            sign * math.sin(2.0 * turn),
            math.cos(phase),
            math.sin(phase),
            tilt / 15.0 if across else math.nan,
            sign * rock / 15.0,
            contact,
        ]
    )


def real_batch(chosen: RealSet, index: np.ndarray, changes: Changes) -> Batch:
    """Return those pictures of a real set, changed: their greys are what a machine made of levels, and are bent on.

    They are turned TURNED times as far as the twin's, whose backs lie as backs do.
    """
    changes = replace(changes, turn_rad=TURNED * changes.turn_rad)
    grey = torch.from_numpy(chosen.pixels[index].astype(np.float32))[:, None] / 255.0
    labels = torch.from_numpy(chosen.labels[index].astype(np.float32))[:, None]
    matrix = to_source(changes)
    inside = warped(torch.ones_like(grey), matrix, "nearest")
    bent = warped(grey, matrix, "bilinear").pow(changes.gamma[:, None, None, None])
    bent = (bent * (0.6 + changes.muscle_grey)[:, None, None, None] * 1.2).clamp(0.0, 1.0)
    known = torch.zeros(len(index), N_STRUCTURES, dtype=torch.bool)
    known[:, [int(one) for one in chosen.known]] = True
    return Batch(
        disturbed(bent, inside, changes),
        torch.where(inside[:, 0] > 0.5, warped(labels, matrix, "nearest")[:, 0], float(IGNORE)).long(),
        known,
        torch.zeros(len(index), N_LANDMARKS, HEAT, HEAT),
        torch.full((len(index),), -1),
        torch.full((len(index), N_PLACE), math.nan),
        torch.zeros(len(index), dtype=torch.bool),
        torch.full((len(index),), math.nan),
    )


def strange_batch(rng: np.random.Generator, pictures: Pictures, n: int, changes: Changes) -> Batch:
    """Return pictures of no spine, changed as those of the twin: nothing is to be learned of them but that."""
    of_spine = pictures.pixels[rng.integers(0, len(pictures), n)]
    drawn = np.stack([outlier(rng, one) for one in of_spine]).astype(np.float32)
    levels = torch.from_numpy(drawn)[:, None]
    matrix = to_source(changes)
    inside = warped((_field(levels) > 0).float(), matrix, "nearest")
    return Batch(
        disturbed(greys_of(warped(levels, matrix, "bilinear"), inside, changes), inside, changes),
        torch.full((n, SIZE, SIZE), IGNORE),
        torch.ones(n, N_STRUCTURES, dtype=torch.bool),
        torch.zeros(n, N_LANDMARKS, HEAT, HEAT),
        torch.full((n,), -1),
        torch.full((n, N_PLACE), math.nan),
        torch.zeros(n, dtype=torch.bool),
        torch.ones(n),
    )


def joined(batches: list[Batch]) -> Batch:
    """Return one batch of several."""
    return Batch(*(torch.cat([getattr(one, name) for one in batches]) for name in Batch.__slots__))


def training_batches(
    rng: np.random.Generator,
    pictures: Pictures,
    real: list[RealSet],
    fold: int | None,
    size: int,
    varied: Varied = sample_changes,
) -> Iterator[Batch]:
    """Return batches without end: a sixteenth of no spine, a quarter real (but those of `fold`), the rest the twin's.

    `varied`: says how so many pictures are changed.
    """
    n_strange, n_real = size // 16, size // 4 if real else 0
    usable = [np.flatnonzero(one.fold != fold) if fold is not None else np.arange(len(one.fold)) for one in real]
    while True:
        index = rng.integers(0, len(pictures), size - n_real - n_strange)
        parts = [twin_batch(pictures, index, varied(rng, len(index)))]
        for which, count in zip(
            *np.unique(rng.integers(0, max(1, len(real)), n_real), return_counts=True), strict=True
        ):
            index = rng.choice(usable[which], count)
            parts.append(real_batch(real[which], index, varied(rng, count)))
        if n_strange:
            parts.append(strange_batch(rng, pictures, n_strange, varied(rng, n_strange)))
        yield joined(parts)
