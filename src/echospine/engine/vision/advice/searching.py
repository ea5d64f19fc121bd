"""Small steps around the place where a view should be, uphill in what it is known by: one direction after the other."""

from __future__ import annotations

from echospine.domain.labels import View
from echospine.engine.vision.advice.moves import Advice, Move
from echospine.engine.vision.advice.targets import TARGETS

STEP_MM, STEP_DEG = 4.0, 6.0
BETTER, BETTER_BY = 1.1, 0.015
"""A step has made it better when this many times as much is seen, and by this share of the picture."""
Axis = tuple[Move, Move]
TILT: Axis = (Move.TILT_HEAD, Move.TILT_FEET)
TILT_ASIDE: Axis = (Move.TILT_IN, Move.TILT_OUT)
UP: Axis = (Move.SLIDE_HEAD, Move.SLIDE_FEET)
ASIDE: Axis = (Move.SLIDE_OUT, Move.SLIDE_IN)
TURN: Axis = (Move.TURN_CLOCKWISE, Move.TURN_ANTICLOCKWISE)


def axes_of(view: View) -> tuple[Axis, ...]:
    """Return the directions in which a view is looked for, the likeliest first."""
    target = TARGETS[view]
    if target.below_lumbar:
        return (UP[::-1], TILT_ASIDE, ASIDE)
    if target.across:
        return (UP,) if view is View.TRANSVERSE_SPINOUS else (UP, TILT)
    return (TILT_ASIDE, ASIDE, TURN) if target.inwards else (ASIDE,)


class Search:
    """Gives the next step, from how much each place showed."""

    def __init__(self, view: View) -> None:
        self._axes = axes_of(view)
        self._axis, self._side, self._steps = 0, 0, 0
        self._best: float | None = None
        self._found = False
        self._returning = False
        self.rounds = 0
        """How often every direction has been tried in vain."""

    def step(self, shown: float) -> Advice:
        """Return the next step, given how much is seen here; what was worse is undone by the step after it."""
        if self._best is None or self._returning:
            self._best = shown if self._best is None else self._best
            self._returning = False
            return self._go()
        if shown > max(BETTER * self._best, self._best + BETTER_BY):
            self._best, self._found = shown, True
            return self._go()
        if self._side == 0 and self._steps == 1:
            self._side = 1
            return self._go(2.0)
        back = self._axes[self._axis][1 - self._side]
        self._turn()
        self._returning = True
        return _advice(back, 1.0)

    def _go(self, times: float = 1.0) -> Advice:
        self._steps += 1
        return _advice(self._axes[self._axis][self._side], times * (1.0 + 0.5 * min(self.rounds, 2)))

    def _turn(self) -> None:
        """Go over to the next direction."""
        self._axis, self._side, self._steps = self._axis + 1, 0, 0
        if self._axis == len(self._axes):
            self._axis = 0
            self.rounds += not self._found
            self._found = False


def _advice(move: Move, times: float) -> Advice:
    return Advice(move, times * (STEP_MM if move.value.startswith("slide") else STEP_DEG))
