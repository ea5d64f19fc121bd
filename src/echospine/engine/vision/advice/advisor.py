"""One advice at a time that does not flip, from where the picture lies and from what it shows."""

from __future__ import annotations

import math
from dataclasses import replace

from echospine.domain.errors import ModelError
from echospine.domain.labels import View
from echospine.domain.sights import Bearing, ViewBelief
from echospine.engine.vision.advice.hallmarks import enough
from echospine.engine.vision.advice.moves import Advice, Move
from echospine.engine.vision.advice.needs import Need, needs
from echospine.engine.vision.advice.searching import Search
from echospine.engine.vision.advice.targets import TARGETS

BEGIN, END = 1.0, 0.6
"""An advice begins when something is this far off, and stays until it is no further off than the second."""
LEAVE, PULL_BACK = 1.5, 2.5
"""What was right, and a view that was reached, are left when something is this far off; a search from the second on."""
SURE = 0.45
"""Turn and phase whose pairs are shorter than this are not known."""
SEEN, LOST = 0.5, 0.6
"""Probability from which the wanted view is there where nothing is known of its hallmarks; and share of either limit
below which a view that was there is lost."""
SMOOTH_S = 0.35
"""Over which bearings, views and hallmarks are averaged."""
SEARCH_S = 1.5
"""For so long a step of a search is shown before the next."""
ROUNDS, NEARLY = 1, 0.7
"""After so many searches in vain, so much of the limit will do where the view is named."""


class Advisor:
    """Leads a hand to one wanted view; fed with every frame once. Raises ModelError for a view without a way to it."""

    def __init__(self, wanted: View) -> None:
        if wanted not in TARGETS:
            raise ModelError(f"nobody can be led to the view {wanted.value}; to: {', '.join(TARGETS)}")
        self.wanted = wanted
        self._now: Advice | None = None
        self._bearing: Bearing | None = None
        self._view: dict[View, float] = {}
        self._shown: float | None = None
        self._last_s: float | None = None
        self._search = Search(wanted)
        self._stepped_s: float | None = None
        self._met: set[str] = set()

    def update(self, bearing: Bearing, view: ViewBelief | None, time_s: float, shown: float | None = None) -> Advice:
        """Return what to do next. `shown`: see `hallmark_share`, None where no map of structures is known."""
        share = 1.0 if self._last_s is None else 1.0 - math.exp(-max(time_s - self._last_s, 0.0) / SMOOTH_S)
        self._bearing = bearing if self._bearing is None else blended(self._bearing, bearing, share)
        self._shown = shown if self._shown is None or shown is None else mixed(self._shown, shown, share)
        if view is not None:
            said = dict(view.shares)
            part = share if self._view else 1.0
            names = {*said, *self._view}
            self._view = {one: mixed(self._view.get(one, 0.0), said.get(one, 0.0), part) for one in names}
        self._last_s = time_s
        self._now = self._next(self._bearing, time_s)
        return self._now

    def moved(self) -> None:
        """Forget what was averaged: the probe was moved since."""
        self._bearing, self._view, self._shown, self._last_s = None, {}, None, None

    def _belief(self) -> ViewBelief | None:
        total = sum(self._view.values())
        if total <= 0.0:
            return None
        ranked = sorted(self._view.items(), key=lambda one: -one[1])
        return ViewBelief(tuple((name, share / total) for name, share in ranked))

    def _next(self, bearing: Bearing, time_s: float) -> Advice:
        if bearing.turn_sure < SURE <= bearing.contact:
            return Advice(Move.WAIT)
        view = self._belief()
        found = needs(self.wanted, bearing, view)
        if bearing.phase_sure < SURE:
            found = [one for one in found if one.advice.move not in (Move.SLIDE_HEAD, Move.SLIDE_FEET)]
        there = self._reached(view)
        if (need := self._pressing(found, there=there)) is not None:
            return need.advice
        return Advice(Move.HOLD) if there else self._step(time_s)

    def _pressing(self, found: list[Need], *, there: bool) -> Need | None:
        """Return the need to be told of: the one told of last until it is met, else the first."""
        if there and (self._holding or self._stepped_s is not None):
            return next((one for one in found if one.off > LEAVE), None)
        if self._stepped_s is not None:
            return next((one for one in found if one.off > PULL_BACK), None)
        kept = next((one for one in found if self._now is not None and one.advice.move is self._now.move), None)
        first = next((one for one in found if one.off > (LEAVE if one.kind in self._met else BEGIN)), None)
        self._met |= {one.kind for one in found if one.off <= END}
        if kept is None or kept.off <= END:
            return first
        worse = first is not None and found.index(first) < found.index(kept) and first.off > LEAVE
        return first if worse else kept

    @property
    def _holding(self) -> bool:
        return self._now is not None and self._now.move is Move.HOLD

    def _reached(self, view: ViewBelief | None) -> bool:
        """Return whether the picture shows the view: by its hallmarks, or by its name where those are not known."""
        part = LOST if self._holding else 1.0
        named = 1.0 if view is None else dict(view.shares).get(self.wanted, 0.0)
        if self._shown is None:
            return named >= part * SEEN
        best = self._search.rounds >= ROUNDS and named >= part * SEEN
        return self._shown >= part * enough(self.wanted) * (NEARLY if best else 1.0)

    def _step(self, time_s: float) -> Advice:
        """Return the step of the search that is due."""
        due = self._stepped_s is None or time_s - self._stepped_s >= SEARCH_S
        if self._now is None or due:
            self._stepped_s = time_s
            return self._search.step(0.0 if self._shown is None else self._shown)
        return self._now


def blended(before: Bearing, now: Bearing, share: float) -> Bearing:
    """Return a bearing between two, `share` of the way to the newer; angles by their pairs, so that they wrap."""
    turn, turn_sure = _angle(2 * before.turn_rad, before.turn_sure, 2 * now.turn_rad, now.turn_sure, share)
    phase, phase_sure = _angle(before.phase_rad, before.phase_sure, now.phase_rad, now.phase_sure, share)
    return replace(
        now,
        along_mm=_maybe(before.along_mm, now.along_mm, share),
        lateral_mm=mixed(before.lateral_mm, now.lateral_mm, share),
        turn_rad=turn / 2,
        turn_sure=turn_sure,
        phase_rad=phase,
        phase_sure=phase_sure,
        tilt_deg=_maybe(before.tilt_deg, now.tilt_deg, share),
        rock_deg=mixed(before.rock_deg, now.rock_deg, share),
        contact=mixed(before.contact, now.contact, share),
    )


def _angle(one: float, one_sure: float, other: float, other_sure: float, share: float) -> tuple[float, float]:
    x = mixed(one_sure * math.cos(one), other_sure * math.cos(other), share)
    y = mixed(one_sure * math.sin(one), other_sure * math.sin(other), share)
    return math.atan2(y, x), min(math.hypot(x, y), 1.0)


def _maybe(one: float | None, other: float | None, share: float) -> float | None:
    return other if one is None or other is None else mixed(one, other, share)


def mixed(one: float, other: float, share: float) -> float:
    """Return a value `share` of the way from one to the other."""
    return one + share * (other - one)
