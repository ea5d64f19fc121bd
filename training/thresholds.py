"""From which probability a structure or a landmark is named: what is best on people that tune, pictures varied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from echospine.domain.labels import BONES, Structure
from echospine.domain.sights import Landmark
from echospine.domain.units import Floats
from training.answers import heights, places
from training.batches import IGNORE
from training.real import RealSet

TRIED = np.round(np.arange(0.15, 0.66, 0.05), 2)
"""Thresholds that are compared."""
FROM_REAL = (Structure.NERVE, Structure.VESSEL)
FLOOR = 0.08
"""Peaks lower than this are never landmarks."""
NEAR_CELLS = 6.0
"""A peak so near a true place is that landmark."""


def of_structures(shares: Tensor, labels: Tensor) -> dict[str, float]:
    """Return the threshold of best Dice of each structure, each where it is the likeliest; by name.

    `shares`: calibrated probabilities, (n, 19, rows, columns); `labels`: ids, (n, rows, columns).
    """
    likeliest = shares[:, 1:].amax(dim=1)
    found = {}
    for structure in Structure:
        if structure is Structure.BACKGROUND:
            continue
        if structure is Structure.BONE:
            parts = torch.tensor([int(one) for one in BONES])
            share, true = shares[:, parts].sum(dim=1), torch.isin(labels, parts)
        else:
            share, true = shares[:, structure] * (shares[:, structure] >= likeliest), labels == structure
        found[structure.label] = _best(share[labels != IGNORE], true[labels != IGNORE])
    return found


def of_real(network: nn.Module, sets: Sequence[RealSet], fold: int, warmth: float) -> dict[str, float]:
    """Return the threshold of best mean Dice on one fold of real sets, of structures that the twin hardly shows.

    What is best for a nerve that simulation draws is far too low for real ones. The fold is one that was trained on:
    none is left over.
    """
    found = {}
    for one in sets:
        held = one.pixels[one.fold == fold]
        labels = torch.from_numpy(one.labels[one.fold == fold].astype(np.int64))
        with torch.no_grad():
            logits = [network(torch.from_numpy(some.astype(np.float32) / 255.0)[None, None])[0] for some in held]
        shares = torch.softmax(torch.cat(logits) / warmth, dim=1)
        likeliest = shares[:, 1:].amax(dim=1)
        for structure in one.known:
            if structure in FROM_REAL:
                share, true = shares[:, structure] * (shares[:, structure] >= likeliest), labels == structure
                found[structure.label] = _best_of_pictures(share, true)
    return found


def _best_of_pictures(share: Tensor, true: Tensor) -> float:
    """Return the threshold of best Dice, mean over the pictures that have the structure."""
    share, true = share[true.any(dim=(1, 2))], true[true.any(dim=(1, 2))]
    dice = []
    for least in TRIED:
        named = share >= float(least)
        both, sizes = (named & true).sum(dim=(1, 2)), named.sum(dim=(1, 2)) + true.sum(dim=(1, 2))
        dice.append(float((2.0 * both / sizes).mean()))
    return float(TRIED[int(np.argmax(dice))])


def _best(share: Tensor, true: Tensor) -> float:
    """Return the threshold of best Dice; the middle one where the structure never is."""
    n_true = int(true.sum())
    if n_true == 0:
        return 0.5
    dice = []
    for least in TRIED:
        named = share >= float(least)
        dice.append(2.0 * int((named & true).sum()) / (int(named.sum()) + n_true))
    return float(TRIED[int(np.argmax(dice))])


def of_landmarks(logits: Sequence[Floats], heat: Sequence[Floats]) -> dict[str, float]:
    """Return the threshold of best F measure of each landmark; by name.

    `logits`, `heat`: what is said and what is true of each picture, (7, rows, columns).
    """
    found = {}
    for kind, landmark in enumerate(Landmark):
        hits, misses, n_true = [], [], 0
        for said, true in zip(logits, heat, strict=True):
            at, peaks = heights(true[kind], 0.6), places(said[kind], FLOOR)
            right = _matched(peaks, at)
            hits += peaks[right, 2].tolist()
            misses += peaks[~right, 2].tolist()
            n_true += len(at)
        found[landmark.value] = _best_f(np.array(hits), np.array(misses), n_true)
    return found


def _matched(peaks: Floats, at: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which peaks, highest first, are the first near a true place."""
    right = np.zeros(len(peaks), bool)
    for x, y, _ in at:
        near = (np.hypot(peaks[:, 0] - x, peaks[:, 1] - y) <= NEAR_CELLS) & ~right
        if near.any():
            right[int(np.argmax(near))] = True
    return right


def _best_f(hits: Floats, misses: Floats, n_true: int) -> float:
    tried = TRIED[TRIED <= 0.5]
    if n_true == 0:
        return 0.3
    scores = []
    for least in tried:
        good, bad = int((hits >= least).sum()), int((misses >= least).sum())
        scores.append(2.0 * good / max(n_true + good + bad, 1))
    return float(tried[int(np.argmax(scores))])
