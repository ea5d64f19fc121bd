"""From the counts of many pictures to scores with intervals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from echospine.domain.labels import BONES, Structure
from echospine.domain.units import Floats
from echospine.engine.vision.scores.counting import ANY_BONE, Counts
from echospine.engine.vision.scores.intervals import Groups, Interval, interval, mean_of_ratios


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How right a model is on one set.

    `dice`: by structure that the set labels, None where neither truth nor answer holds it; `precision`, `recall`: of
    the surface of each part of bone, under "any bone" of all; `confusion`: share of each labelled structure's pixels
    (rows, background first) that is named what (columns, the last: what the set does not label), (19, 20);
    `calibration_error`: expected calibration error (Guo et al. 2017, eq. 5), None where the model gives no probability.
    """

    pictures: int
    groups: int
    dice: Mapping[Structure, Interval | None]
    precision: Mapping[str, Interval | None]
    recall: Mapping[str, Interval | None]
    confusion: Floats
    calibration_error: Interval | None


def scores_of(
    counts: Sequence[Counts], groups: Groups, known: Collection[Structure], rng: np.random.Generator
) -> Scores:
    """Return the scores of pictures whose groups (people) are numbered in `groups`."""
    both, sizes, surfaces, confusion, bins = (
        np.array([getattr(one, name) for one in counts]) for name in ("both", "sizes", "surfaces", "confusion", "bins")
    )
    parts: dict[str, int] = {one.label: int(one) for one in sorted(BONES) if one in known}
    parts |= {"any bone": ANY_BONE} if parts else {}
    total = confusion.sum(axis=0)
    return Scores(
        pictures=len(counts),
        groups=len(np.unique(groups)),
        dice={one: mean_of_ratios(both[:, one], sizes[:, one], groups, rng) for one in sorted(known)},
        precision={
            name: mean_of_ratios(surfaces[:, n, 0], surfaces[:, n, 1], groups, rng) for name, n in parts.items()
        },
        recall={name: mean_of_ratios(surfaces[:, n, 2], surfaces[:, n, 3], groups, rng) for name, n in parts.items()},
        confusion=total / np.maximum(total.sum(axis=1, keepdims=True), 1.0),
        calibration_error=_calibration(bins, groups, rng),
    )


def _calibration(bins: Floats, groups: Groups, rng: np.random.Generator) -> Interval | None:
    if not bins.any():
        return None
    count = int(groups.max()) + 1
    of_group = np.zeros((count, *bins.shape[1:]))
    np.add.at(of_group, groups, bins)
    return interval(count, lambda drawn: expected_error(of_group[drawn].sum(axis=0)), rng)


def expected_error(bins: Floats) -> float:
    """Return the mean over pixels of |share right - mean probability| of their bin; `bins`: see Counts."""
    return float(np.abs(bins[:, 1] - bins[:, 2]).sum() / max(bins[:, 0].sum(), 1.0))
