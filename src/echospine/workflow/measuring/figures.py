"""Figures made of two values or more: change on contraction, asymmetry, preferential activation; or why not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from echospine.domain.errors import EchoSpineError
from echospine.domain.labels import Side
from echospine.domain.measures import Quantity
from echospine.domain.takes import Contraction
from echospine.domain.units import Unit
from echospine.engine.muscle.echo import Acquisition, Echo, difference
from echospine.engine.muscle.outlines import (
    Asymmetry,
    Compared,
    asymmetry,
    contraction_ratio,
    percent_change,
    preferential_activation,
)

SIDES = (Side.LEFT, Side.RIGHT)
GREYS = "left - right, grey levels"


@dataclass(frozen=True, slots=True)
class Value:
    """What figures are made of: a value, None where there is none, with its doubt.

    `ways`: how it was taken; `recordings`: the ids of those that it is of.
    """

    value: float | None
    sd: float | None
    ways: frozenset[str]
    recordings: frozenset[str]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its definition; without a value, `refused` says why.

    `of`: of which side or state, in words.
    """

    name: str
    of: str
    definition: str
    value: float | None
    sd: float | None
    unit: Unit
    refused: str = ""


Values = Mapping[tuple[Side, Contraction], Value]
Way = Callable[[tuple[float, float], tuple[float, float]], Compared]


def figures_of(quantity: Quantity, values: Values, acquired: Mapping[str, Acquisition]) -> tuple[Figure, ...]:
    """Return the figures of one measure at one level, refused ones among them."""
    if quantity is Quantity.ECHO_INTENSITY:
        return tuple(_echo(values, acquired))
    return (*_changes(values), *_asymmetries(values))


def wall_figures(muscles: Sequence[Values]) -> tuple[Figure, ...]:
    """Return the preferential activation of the first muscle of a wall, on each side that shows any of it."""
    definition = "share of the wall's thickness contracted - at rest (transversus of all three)"
    made = []
    for side in SIDES:
        both = [[muscle.get((side, state)) for muscle in muscles] for state in STATES]
        if not any(one is not None and one.value is not None for several in both for one in several):
            continue
        found: Compared | str = "all three muscles are needed, at rest and contracted"
        rest, contracted = ([_pair(one) for one in several if _present(one)] for several in both)
        if len(rest) == len(contracted) == 3:
            walls = (rest[0], rest[1], rest[2]), (contracted[0], contracted[1], contracted[2])
            found = _tried(partial(preferential_activation, *walls))
        parts = [one for several in both for one in several]
        made.append(_figure("Preferential activation", side.value, definition, found, Unit.ONE, parts))
    return tuple(made)


STATES = (Contraction.REST, Contraction.CONTRACTED)


def _changes(values: Values) -> Iterator[Figure]:
    """Yield percent change and contraction ratio on each side."""
    ways: tuple[tuple[str, str, Way, Unit], ...] = (
        ("Percent change", "(contracted - rest) / rest", percent_change, Unit.PERCENT),
        ("Contraction ratio", "contracted / rest", contraction_ratio, Unit.ONE),
    )
    for side in SIDES:
        pair = [values.get((side, state)) for state in STATES]
        if any(_present(one) for one in pair):
            for name, definition, way, unit in ways:
                missing = [f"no value of the {side.value} side {state.words}" for state in STATES]
                yield _compared(name, side.value, definition, way, unit, pair, missing)


def _asymmetries(values: Values) -> Iterator[Figure]:
    for state in Contraction:
        pair = [values.get((side, state)) for side in SIDES]
        if not any(_present(one) for one in pair):
            continue
        words = f" {state.words}" if state.words else ""
        missing = [f"no value of the {side.value} side{words}" for side in SIDES]
        for how in Asymmetry:
            yield _compared(
                *("Asymmetry", state.words or "state not said", how.value.removesuffix(", %")),
                *(partial(asymmetry, how=how), Unit.PERCENT),
                *(pair, missing),
            )


def _echo(values: Values, acquired: Mapping[str, Acquisition]) -> Iterator[Figure]:
    """Yield the difference between sides where both pictures were taken alike, or the reasons against it."""
    for state in Contraction:
        left, right = (values.get((side, state)) for side in SIDES)
        found: tuple[float, float] | str
        if left is None or right is None or left.value is None or right.value is None:
            if not (_present(left) or _present(right)):
                continue
            found = f"no value of the {'right' if _present(left) else 'left'} side"
        else:
            found = _grey_difference(left, right, acquired)
        of = state.words or "state not said"
        if isinstance(found, str):
            yield Figure("Difference of sides", of, GREYS, None, None, Unit.GREY, found)
        else:
            yield Figure("Difference of sides", of, GREYS, *found, Unit.GREY)


def _grey_difference(left: Value, right: Value, acquired: Mapping[str, Acquisition]) -> tuple[float, float] | str:
    """Return left - right with its doubt, or what speaks against it; two sides of one recording are alike."""
    (one, one_sd), (other, other_sd) = _pair(left), _pair(right)
    if left.recordings == right.recordings and len(left.recordings) == 1:
        return one - other, math.hypot(one_sd, other_sd)
    try:
        taken = [_taken(side, acquired) for side in (left, right)]
        return difference(Echo(one, one_sd, taken[0]), Echo(other, other_sd, taken[1]))
    except EchoSpineError as error:
        return str(error)


def _taken(value: Value, acquired: Mapping[str, Acquisition]) -> Acquisition:
    """Return how a value was taken; nothing of it is known where its recordings were not taken alike."""
    found = {acquired[one] for one in value.recordings}
    return found.pop() if len(found) == 1 else Acquisition()


def _compared(  # noqa: PLR0917 -- private, in the order of Figure
    name: str,
    of: str,
    definition: str,
    way: Way,
    unit: Unit,
    pair: Sequence[Value | None],
    missing: Sequence[str],
) -> Figure:
    first, second = pair
    found: Compared | str
    if first is None or second is None or not (_present(first) and _present(second)):
        found = next(said for said, one in zip(missing, pair, strict=True) if not _present(one))
    elif first.ways != second.ways:
        found = "one was taken along the spine, the other across it: not compared"
    else:
        found = _tried(partial(way, _pair(first), _pair(second)))
    return _figure(name, of, definition, found, unit, pair)


def _tried(way: Callable[[], Compared]) -> Compared | str:
    try:
        return way()
    except EchoSpineError as error:
        return str(error)


def _figure(  # noqa: PLR0917 -- private, in the order of Figure
    name: str, of: str, definition: str, found: Compared | str, unit: Unit, parts: Sequence[Value | None]
) -> Figure:
    if isinstance(found, str):
        return Figure(name, of, definition, None, None, unit, found)
    known = all(one is not None and one.sd is not None for one in parts)
    return Figure(name, of, definition, found.value, found.sd if known else None, unit)


def _present(one: Value | None) -> bool:
    return one is not None and one.value is not None


def _pair(one: Value | None) -> tuple[float, float]:
    return (0.0, 0.0) if one is None else (one.value or 0.0, one.sd or 0.0)
