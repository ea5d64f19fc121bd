"""One line for whoever holds the probe: what to do next, calm enough to be followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import View
from echospine.engine.vision.advice import Advice, Advisor, Move, hallmark_share
from echospine.engine.vision.advice.knobs import knob_advice
from echospine.engine.vision.advice.targets import TARGETS

SURE = 0.8
LASTS_S = 0.3
"""Another move is told when it has been the one to make for so long."""
RESTS_S = 1.0
"""What is told stays for so long at least."""
OTHER_SHARE, OTHER_LEAST = 0.3, 3.0
"""An amount is told anew when it differs by this share of what was told, and by so many mm or degrees."""
KNOB_S = 0.7
"""A knob is spoken of when it has stood wrong for so long."""
GAIN = frozenset({Move.GAIN_UP, Move.GAIN_DOWN})


@dataclass(frozen=True, slots=True)
class Aim:
    """What a viewer is after. `focus_mm`: where the focus of its scanner stands, None where nobody knows."""

    wanted: View | None = None
    focus_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """What is said to a viewer: one sentence, or an empty one; `move`: what it asks for, None where that is nothing."""

    sentence: str = ""
    move: Move | None = None


class Adviser(Protocol):
    """Leads one viewer, frame by frame; it may remember what it said. Each viewer has its own."""

    def advise(self, seen: Interpretation, frame: Frame, aim: Aim, time_s: float) -> Hint:
        """Return what to do next toward the wanted view, or an empty hint. `time_s`: monotonic."""
        ...


class PlainAdviser:
    """Says what stands in the way of a good picture; else whether the wanted view is reached; else nothing."""

    def advise(self, seen: Interpretation, frame: Frame, aim: Aim, time_s: float) -> Hint:
        """Return that hint; it stands on this frame alone."""
        if seen.quality.reasons:
            reason = seen.quality.reasons[0]
            return Hint(f"{reason[0].upper()}{reason[1:].rstrip('.')}.")
        view = seen.view
        if aim.wanted is not None and view is not None and view.view is aim.wanted and view.confidence >= SURE:
            return Hint("This is the view that you want: hold still.", Move.HOLD)
        return Hint()


class Guide:
    """Leads to the wanted view where the model tells where pictures lie, the probe first and the knobs then.

    Where no view is wanted, or nobody can lead to it, what the plain adviser says.
    """

    def __init__(self) -> None:
        self._plain = PlainAdviser()
        self._advisor: Advisor | None = None
        self._calm = Calm()
        self._knob: Advice | None = None
        self._knob_s = 0.0

    def advise(self, seen: Interpretation, frame: Frame, aim: Aim, time_s: float) -> Hint:
        """Return what to do next."""
        wanted, bearing = aim.wanted, seen.bearing
        if wanted is None or wanted not in TARGETS or bearing is None:
            return self._plain.advise(seen, frame, aim, time_s)
        if self._advisor is None or self._advisor.wanted is not wanted:
            self._advisor, self._calm = Advisor(wanted), Calm()
        shown = None if seen.structures is None else hallmark_share(seen.structures, wanted)
        advice = self._advisor.update(bearing, seen.view, time_s, shown)
        knob = self._lasting(knob_advice(seen, frame, wanted, aim.focus_mm), time_s)
        # In the wrong gain nothing else can be told; depth and focus can wait until the probe is where it should be.
        if knob is not None and (advice.move is Move.HOLD or (knob.move in GAIN and advice.move is not Move.TOUCH)):
            advice = knob
        told = self._calm.tell(advice, time_s)
        return Hint(told.sentence, told.move)

    def _lasting(self, knob: Advice | None, time_s: float) -> Advice | None:
        """Return the knob's advice where it has been the same for a while."""
        same = knob is not None and self._knob is not None and knob.move is self._knob.move
        if not same:
            self._knob_s = time_s
        self._knob = knob
        return knob if time_s - self._knob_s >= KNOB_S else None


class Calm:
    """Keeps to what was told until something else has held for a while: what flickers cannot be followed."""

    def __init__(self) -> None:
        self._told: Advice | None = None
        self._told_s = 0.0
        self._next: Move | None = None
        self._next_s = 0.0

    def tell(self, advice: Advice, time_s: float) -> Advice:
        """Return what is told, given what is right now."""
        told = self._told
        if told is None:
            return self._tell(advice, time_s)
        if advice.move is not self._next:
            self._next, self._next_s = advice.move, time_s
        rested = time_s - self._told_s >= RESTS_S
        if advice.move is told.move:
            changed = abs(advice.amount - told.amount) >= max(OTHER_LEAST, OTHER_SHARE * told.amount)
            return self._tell(advice, time_s) if changed and rested else told
        lasted = time_s - self._next_s >= LASTS_S
        return self._tell(advice, time_s) if lasted and rested else told

    def _tell(self, advice: Advice, time_s: float) -> Advice:
        self._told, self._told_s = advice, time_s
        return advice
