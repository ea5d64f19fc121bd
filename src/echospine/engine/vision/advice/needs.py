"""What is still wrong with where the probe is, in the order in which it is put right."""

from __future__ import annotations

import math
from dataclasses import dataclass

from echospine.domain.labels import View
from echospine.domain.sights import Bearing, ViewBelief
from echospine.engine.vision.advice.moves import Advice, Move
from echospine.engine.vision.advice.targets import LEVEL_MM, OUTWARDS, TARGETS, Target

LEAST_CONTACT = 0.5
TURN_OFF_DEG, ROCK_OFF_DEG = 14.0, 14.0
"""So far off a turn and a rock are still right."""
MOST_MM, MOST_DEG = 30.0, 60.0
"""Largest amount of one advice: a hand overshoots more."""
CLEAR = 0.6
"""Probability from which a view says on which side of the wanted one the probe is."""


_KINDS = {Move.SLIDE_HEAD: "along", Move.SLIDE_FEET: "along"}


@dataclass(frozen=True, slots=True)
class Need:
    """Something that may be wrong: what would put it right, and how far off it is, 1 at the edge of what is right."""

    advice: Advice
    off: float

    @property
    def kind(self) -> str:
        """What is wrong, whichever way: the turn, the way across the spine, the way along it, the tilt, the rock."""
        return _KINDS.get(self.advice.move, self.advice.move.value.split()[0])


def needs(wanted: View, bearing: Bearing, view: ViewBelief | None) -> list[Need]:
    """Return everything about the place that could be better, the first to be put right first; `off` may be below 1.

    Contact, then the turn, then across the spine and along it, then the tilt and the rock: each is told best when those
    before it are right.
    """
    target = TARGETS[wanted]
    found = [
        Need(Advice(Move.TOUCH), 2.0 if bearing.contact < LEAST_CONTACT else 0.0),
        _turn(target, bearing),
        _aside(wanted, target, bearing, view),
        _along(target, bearing),
        _tilt(target, bearing),
        _rock(target, bearing),
    ]
    return found[:2] if found[1].off > 3.0 else found


def _turn(target: Target, bearing: Bearing) -> Need:
    off = target.turn_deg - math.degrees(bearing.turn_rad)
    off = (off + 90.0) % 180.0 - 90.0
    return _signed(off, TURN_OFF_DEG, (Move.TURN_CLOCKWISE, Move.TURN_ANTICLOCKWISE), MOST_DEG)


def _aside(wanted: View, target: Target, bearing: Bearing, view: ViewBelief | None) -> Need:
    """Return the way across the spine."""
    to_be, most = target.lateral_mm
    if not target.across:
        off = to_be - bearing.lateral_mm
        seen = view.view if view is not None and view.confidence >= CLEAR else None
        if wanted in OUTWARDS and seen in OUTWARDS and seen is not wanted:
            outwards = OUTWARDS.index(wanted) > OUTWARDS.index(seen)
            off = max(off, 1.1 * most) if outwards else min(off, -1.1 * most)
        elif seen is wanted:
            off = math.copysign(max(0.0, abs(off) - most), off)
        return _signed(off, most, (Move.SLIDE_OUT, Move.SLIDE_IN), MOST_MM)
    if bearing.along_mm is None:
        return _signed(to_be - bearing.lateral_mm, most, (Move.SLIDE_OUT, Move.SLIDE_IN), MOST_MM)
    at = -bearing.along_mm
    return _signed(math.copysign(to_be, at) - at, most, (Move.SLIDE_RIGHT, Move.SLIDE_LEFT), MOST_MM)


def _along(target: Target, bearing: Bearing) -> Need:
    to_be, most = target.phase_deg
    off = (to_be - math.degrees(bearing.phase_rad) + 180.0) % 360.0 - 180.0
    mm = off / 360.0 * LEVEL_MM
    return _signed(mm, most / 360.0 * LEVEL_MM, (Move.SLIDE_FEET, Move.SLIDE_HEAD), MOST_MM)


def _tilt(target: Target, bearing: Bearing) -> Need:
    to_be, most = target.tilt_deg
    if bearing.tilt_deg is None or not target.across:
        return Need(Advice(Move.TILT_IN), 0.0)
    return _signed(to_be - bearing.tilt_deg, most, (Move.TILT_FEET, Move.TILT_HEAD), MOST_DEG)


def _rock(target: Target, bearing: Bearing) -> Need:
    """Along the spine a probe lies as the skin does; across it, it stands upright."""
    if not target.across:
        return Need(Advice(Move.ROCK_LEFT), 0.0)
    return _signed(-bearing.rock_deg, ROCK_OFF_DEG, (Move.ROCK_LEFT, Move.ROCK_RIGHT), MOST_DEG)


def _signed(off: float, most: float, moves: tuple[Move, Move], at_most: float) -> Need:
    """Return the need for the first of two moves where `off` is above zero, else for the other."""
    return Need(Advice(moves[0] if off > 0 else moves[1], min(abs(off), at_most)), abs(off) / most)
