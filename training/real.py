"""Real pictures with labels of some structures: nerves and vessels (usgra), aponeuroses (DL_Track).

A set labels only what it was made for. What else is in its pictures is not absent: it is not known (`KNOWN`).
Neither set says which pictures are of one person; neighbours in the numbering are often look-alikes, so that a fold is
a run of numbers, never every fifth picture.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from echospine.domain.labels import Structure
from echospine.domain.units import Floats, Labels, Pixels
from training.machines import SIZE

FOLDS = 5
KNOWN = {
    "usgra_train": (Structure.NERVE, Structure.VESSEL),
    "dltrack_aponeurosis": (Structure.FASCIA,),
}
"""Which structures a set labels."""
IDS = {
    "usgra_train": {1: Structure.NERVE, 2: Structure.VESSEL},
    "dltrack_aponeurosis": {255: Structure.FASCIA},
}
"""What the values of a set's masks mean."""


@dataclass(frozen=True, slots=True, eq=False)
class RealSet:
    """Pictures of one set: `pixels`, `labels`: (n, SIZE, SIZE); `fold`: of each, (n,); `known`: what it labels."""

    name: str
    pixels: Pixels
    labels: Labels
    fold: Floats
    known: tuple[Structure, ...]


def data_folder() -> Path:
    """Return the folder of the public example data."""
    return Path(os.environ.get("ECHOSPINE_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def real_sets() -> list[RealSet]:
    """Return all sets that are there."""
    return [read_set(name) for name in KNOWN if (data_folder() / name / "images").is_dir()]


def read_set(name: str) -> RealSet:
    """Return one set, each picture fitted into a square."""
    folder = data_folder() / name
    files = sorted((folder / "images").iterdir())
    pixels, labels = [], []
    for file in files:
        mask = next((folder / "masks").glob(file.stem + ".*"))
        pixels.append(fitted(np.asarray(Image.open(file).convert("L")), Image.Resampling.BOX))
        labels.append(_named(fitted(np.asarray(Image.open(mask).convert("L")), Image.Resampling.NEAREST), IDS[name]))
    fold = np.arange(len(files)) * FOLDS // len(files)
    return RealSet(name, np.stack(pixels), np.stack(labels), fold, KNOWN[name])


def fitted(picture: Pixels, how: Image.Resampling) -> Pixels:
    """Return a picture fitted into the square, its aspect kept, zero around it."""
    size = _size(picture)
    inside = np.asarray(Image.fromarray(picture).resize(size, how))
    square = np.zeros((SIZE, SIZE), np.uint8)
    left, top = margins(picture)
    square[top : top + size[1], left : left + size[0]] = inside
    return square


def cells_per_pixel(picture: Pixels) -> float:
    """Return by how much a fitted picture is smaller."""
    return SIZE / max(picture.shape)


def margins(picture: Pixels) -> tuple[int, int]:
    """Return where a fitted picture begins in the square: column, row."""
    width, height = _size(picture)
    return (SIZE - width) // 2, (SIZE - height) // 2


def _size(picture: Pixels) -> tuple[int, int]:
    cells = cells_per_pixel(picture)
    height, width = picture.shape
    return max(1, round(width * cells)), max(1, round(height * cells))


def _named(mask: Labels, ids: dict[int, Structure]) -> Labels:
    named = np.zeros_like(mask)
    for value, structure in ids.items():
        named[mask == value] = structure
    return named
