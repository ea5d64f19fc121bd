"""Drawn people, read back into memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from echospine.domain.labels import View
from echospine.domain.units import Labels, Mask, Pixels
from training.echoes import painted
from training.people import Part
from training.poses import UNSURE, VIEWS

FASCIA = VIEWS.index(View.FASCIA_LONGITUDINAL)
Singles = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Pictures of a part of the split, and what is true of each; see draw.Drawn.

    `points`: (n_points, 4): picture, kind, x, y, sorted by picture; `person`: number of each picture's person; `setup`:
    name of each one's machine; `phantom`: whether it is one.
    """

    pixels: Pixels
    labels: Labels
    points: Singles
    view: npt.NDArray[np.int8]
    place: Singles
    step_mm: Singles
    origin_px: Singles
    person: npt.NDArray[np.int64]
    setup: npt.NDArray[np.str_]
    phantom: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.pixels)

    def points_of(self, index: int) -> Singles:
        """Return the landmarks of one picture, (n, 3): kind, x, y."""
        first, last = np.searchsorted(self.points[:, 0], (index, index + 1))
        return self.points[first:last, 1:]


def read(folder: Path, part: Part, at_most: int | None = None) -> Pictures:
    """Return all people of a part that have been drawn, by number, or the first so many; bone is its echo.

    The view of the fascia lengthwise is a linear probe's: a fan in that place shows transverse or articular processes.
    """
    files = sorted(folder.glob(f"{part.value}_[0-9]*.npz"))
    files = [file for file in files if ".part" not in file.name][:at_most]
    if not files:
        raise FileNotFoundError(f"no pictures of {part.value} in {folder}: draw them with python -m training.generate")
    found: dict[str, list[npt.NDArray[np.generic]]] = {}
    n_frames = 0
    for file in files:
        with np.load(file) as shard:
            one = {name: shard[name] for name in shard.files}
        count = len(one["pixels"])
        one["labels"] = painted(one["pixels"], one["labels"], one["step_mm"])
        one["view"] = np.where(_is_fan(one["pixels"]) & (one["view"] == FASCIA), UNSURE, one["view"])
        one["points"][:, 0] += n_frames
        one["person"] = np.full(count, int(file.stem.split("_")[1]))
        one["phantom"] = np.full(count, bool(one["phantom"]))
        n_frames += count
        for name, value in one.items():
            found.setdefault(name, []).append(value)
    return Pictures(**{name: np.concatenate(values) for name, values in found.items()})


def _is_fan(pixels: Pixels) -> Mask:
    """Return which pictures, (n, SIZE, SIZE), are of a curved probe: black beside the middle of their first row."""
    lit = pixels > 0
    first = lit.any(axis=2).argmax(axis=1)
    across = lit.any(axis=1).sum(axis=1)
    top = np.array([lit[n, first[n] : first[n] + 3].any(axis=0).sum() for n in range(len(pixels))])
    return np.asarray(top < 0.85 * across)
