"""How two values of a muscle compare: rest and contraction, left and right, frames of one kind.

Doubts are one standard deviation; those of the two values are taken as independent and carried on to first order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from echospine.domain.errors import InputError

Valued = tuple[float, float]
"""A value and its standard deviation."""


@dataclass(frozen=True, slots=True)
class Compared:
    """`value` with its standard deviation, and the `definition` that it follows, in words."""

    value: float
    sd: float
    definition: str


class Asymmetry(StrEnum):
    """How a difference between sides is put; the name goes with every result."""

    OF_LARGER = "(larger - smaller) / larger, %"
    OF_MEAN = "(left - right) / mean of both, %"


def percent_change(rest: Valued, contracted: Valued) -> Compared:
    """Return (C - R) / R in per cent (Kiesel et al. 2007, Man Ther 12:161); raises InputError at rest 0 or less."""
    ratio = contraction_ratio(rest, contracted)
    return Compared(100.0 * (ratio.value - 1.0), 100.0 * ratio.sd, "(contracted - rest) / rest, %")


def contraction_ratio(rest: Valued, contracted: Valued) -> Compared:
    """Return C / R (Teyhen et al. 2009, Phys Ther 89:469); raises InputError at rest 0 or less."""
    _positive(rest, "at rest")
    value = contracted[0] / rest[0]
    return Compared(value, math.hypot(contracted[1], value * rest[1]) / rest[0], "contracted / rest")


def preferential_activation(rest: tuple[Valued, Valued, Valued], contracted: tuple[Valued, Valued, Valued]) -> Compared:
    """Return the preferential activation of the first of three muscles of one wall.

    Its share of the thickness of all three contracted, less that at rest: TrA, internal, external oblique (Teyhen et
    al. 2009). Raises InputError where a sum is 0 or less.
    """
    shares = [_share(one) for one in (rest, contracted)]
    (before, before_sd), (after, after_sd) = shares
    words = "share of the wall's thickness contracted - at rest"
    return Compared(after - before, math.hypot(before_sd, after_sd), words)


def _share(wall: tuple[Valued, Valued, Valued]) -> Valued:
    total = (sum(value for value, _ in wall), 0.0)
    _positive(total, "of the whole wall")
    share = wall[0][0] / total[0]
    others = math.hypot(wall[1][1], wall[2][1])
    return share, math.hypot((1.0 - share) * wall[0][1], share * others) / total[0]


def asymmetry(left: Valued, right: Valued, how: Asymmetry = Asymmetry.OF_LARGER) -> Compared:
    """Return the difference of two sides, %, as `how` defines it; raises InputError for values that are not above 0.

    OF_LARGER has no sign (Hides et al. 2008, Man Ther 13:43); OF_MEAN is above zero where the left is larger.
    """
    _positive(left, "on the left")
    _positive(right, "on the right")
    if how is Asymmetry.OF_LARGER:
        small, large = sorted((left, right))
        ratio = small[0] / large[0]
        return Compared(100.0 * (1.0 - ratio), 100.0 * math.hypot(small[1], ratio * large[1]) / large[0], how.value)
    mean = 0.5 * (left[0] + right[0])
    sd = math.hypot(right[0] * left[1], left[0] * right[1]) / mean**2
    return Compared(100.0 * (left[0] - right[0]) / mean, 100.0 * sd, how.value)


def repeated(values: Sequence[Valued]) -> Valued:
    """Return the mean of repeated frames and its standard deviation.

    The spread of the frames over the root of their number, and the mean doubt of one frame, which frames of one course
    share, added in quadrature. Raises InputError for no value.
    """
    if not values:
        raise InputError("no value was given; a mean needs at least one")
    each = np.array([value for value, _ in values])
    spread = float(each.std(ddof=1)) / math.sqrt(each.size) if each.size > 1 else 0.0
    return float(each.mean()), math.hypot(spread, float(np.mean([sd for _, sd in values])))


def _positive(one: Valued, where: str) -> None:
    if not one[0] > 0.0:
        raise InputError(f"a value of {one[0]:g} {where} cannot be compared; it must be above 0")
