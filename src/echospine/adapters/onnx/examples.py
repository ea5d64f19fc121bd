"""Pictures that a network was trained on, kept beside it, so that an answer can be shown next to what it is like."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from echospine.domain.errors import ModelError
from echospine.domain.units import Floats, Pixels

NAME = "examples.npz"
LARGEST = 32 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Training pictures: `pictures`, (n, rows, columns); `features` of each, (n, size); `names`: what each shows."""

    pictures: Pixels
    features: Floats
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.names)
        if self.pictures.ndim != 3 or self.features.ndim != 2 or not n == len(self.pictures) == len(self.features):
            raise ModelError(
                f"{n} names do not go with pictures of {self.pictures.shape} and features of {self.features.shape}"
            )


def read_examples(folder: Path, document: Mapping[str, Any]) -> Examples | None:
    """Return the examples of a model's folder, None where its card has none.

    `document`: the card, which holds their digest. Raises ModelError, one line, where they are missing or others.
    """
    expected = document.get("examples_sha256")
    if expected is None:
        return None
    path = folder / NAME
    try:
        if path.stat().st_size > LARGEST:
            raise ModelError(f"{path}: is {path.stat().st_size:,} bytes, examples have at most {LARGEST:,}")
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise ModelError(f"{path}: is not the file that the card was written for; get model and examples again")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            names = tuple(str(one) for one in held["names"])
            return Examples(held["pictures"].astype(np.uint8), held["features"].astype(np.float64), names)
    except (KeyError, ValueError, OSError) as error:
        raise ModelError(f"{path}: holds no examples ({error})") from error


def written(examples: Examples) -> bytes:
    """Return examples as they are kept in a file."""
    target = io.BytesIO()
    np.savez_compressed(
        target,
        pictures=examples.pictures,
        features=examples.features.astype(np.float16),
        names=np.array(examples.names),
    )
    return target.getvalue()
