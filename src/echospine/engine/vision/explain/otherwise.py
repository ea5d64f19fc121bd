"""What would change an answer, and which training pictures are most like this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from echospine.domain.errors import ModelError
from echospine.domain.units import Floats
from echospine.engine.vision.explain.occlusion import BLUR, Evidence, Patch, Scorer, Singles

MOST_PATCHES = 6
"""A change that needs more patches than this is none that anybody could name."""


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The smallest part that was found to change the answer when it is covered, and the score that is left.

    `patches`: empty where the answer stays whatever is covered.
    """

    patches: tuple[Patch, ...]
    score: float


def otherwise(picture: Singles, scorer: Scorer, found: Evidence, least: float) -> Otherwise:
    """Return the fewest patches that take the score below `least`, those that matter most first.

    One call of the scorer: pictures with one, two, ... MOST_PATCHES patches covered. Greedy, so that a smaller set may
    exist.
    """
    ranked = sorted((one for one in found.patches if one.lost > 0), key=lambda one: -one.lost)[:MOST_PATCHES]
    if found.score < least or not ranked:
        return Otherwise((), found.score)
    filled = gaussian_filter(picture, BLUR * max(picture.shape)).astype(np.float32)
    made, pictures = picture.copy(), []
    for one in ranked:
        part = (slice(one.top, one.bottom + 1), slice(one.left, one.right + 1))
        made[part] = filled[part]
        pictures.append(made.copy())
    scores = np.asarray(scorer(np.stack(pictures)), np.float64)
    below = np.flatnonzero(scores < least)
    if below.size == 0:
        return Otherwise((), float(scores.min()))
    n = int(below[0])
    return Otherwise(tuple(ranked[: n + 1]), float(scores[n]))


@dataclass(frozen=True, slots=True)
class Example:
    """A training picture, by its name, and how like it is, 1 the same (cosine of features)."""

    name: str
    likeness: float


def nearest(features: Floats, table: Floats, names: Sequence[str], count: int = 3) -> tuple[Example, ...]:
    """Return the training pictures whose features, (n, size), point most nearly where these, (size,), do."""
    if table.ndim != 2 or table.shape != (len(names), features.size):
        raise ModelError(f"{len(names)} names of {features.size} features do not go with a table of {table.shape}")
    lengths = np.linalg.norm(table, axis=1) * np.linalg.norm(features)
    cosines = table @ features / np.maximum(lengths, 1e-12)
    order = np.argsort(-cosines, kind="stable")[:count]
    return tuple(Example(names[n], float(cosines[n])) for n in order)
