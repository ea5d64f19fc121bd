"""What is shown, held steady while the probe is still, and let go while it moves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure, Surface, View
from echospine.domain.sights import Sighting, StructureMap, ViewBelief
from echospine.domain.units import Labels
from echospine.engine.vision.steady.cells import BONUS, Scores, blend, shift_of
from echospine.engine.vision.steady.tracks import Course, Tracked, follow, settled

STILL_S, VIEW_S = 0.14, 0.30
"""Time constants while the probe is still: of places, and of the view."""
GAP_S = 0.5
"""After a longer pause nothing is carried on."""
MOVING, FAST = 0.25, 0.9
"""Cells per frame from which a picture moves, and from which nothing is held back."""
CHANGED, JUMPED = 0.07, 0.20
"""The same for the share of the map that agrees less than it usually does from frame to frame."""
SHIFT_FRAMES, USUAL_FRAMES = 3.0, 15.0
"""Over so many frames shifts, and the usual agreement, are averaged."""


class Steady:
    """Smooths what is seen over one course of frames of one form; fed with each frame once."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._last: Interpretation | None = None
        self._last_s = 0.0
        self._scores: Scores | None = None
        self._named: Labels = np.zeros((2, 0, 0), np.uint8)
        self._landmarks: list[Tracked] = []
        self._courses: dict[Structure, Course] = {}
        self._views: dict[View, float] = {}
        self._top: View | None = None
        self._shift = np.zeros(2)
        self._usual: float | None = None

    def update(self, interpretation: Interpretation, time_s: float) -> Interpretation:
        """Return what is to be shown of a frame: its own index, its own quality and doubt, its places held steady.

        What is silent is passed on as it is, and forgets what was before: silence must come at once.
        """
        if self._broken(interpretation, time_s):
            self._forget()
        passed_s = 1.0 if self._last is None else time_s - self._last_s
        motion = self._motion(interpretation)
        share = motion + (1.0 - motion) * (1.0 - math.exp(-passed_s / STILL_S))
        made = replace(
            interpretation,
            structures=self._structures(interpretation.structures, share),
            landmarks=self._sightings(interpretation, share),
            surfaces=self._surfaces(interpretation, share),
            view=self._view(interpretation.view, max(motion, 1.0 - math.exp(-passed_s / VIEW_S))),
        )
        self._last, self._last_s = interpretation, time_s
        if interpretation.doubt is not None and interpretation.doubt.silent:
            self._forget()
            return interpretation
        return made

    def _broken(self, now: Interpretation, time_s: float) -> bool:
        """Return whether nothing can be carried on to this frame."""
        last = self._last
        if last is None:
            return False
        if not 0.0 <= time_s - self._last_s <= GAP_S or last.method != now.method:
            return True
        if last.field.sector.top_px.size != now.field.sector.top_px.size:
            return True
        return _form(last.structures) != _form(now.structures)

    def _motion(self, now: Interpretation) -> float:
        """Return how far the picture moves, 0 still to 1 fast, by its map and that of the frame before."""
        if self._last is None or self._last.structures is None or now.structures is None:
            return 0.0 if self._last is not None else 1.0
        right, down, agreement = shift_of(self._last.structures.labels, now.structures.labels)
        self._shift += (np.array((right, down)) - self._shift) / SHIFT_FRAMES
        usual = agreement if self._usual is None else self._usual
        less = usual - agreement
        self._usual = usual + (agreement - usual) / USUAL_FRAMES
        by_shift = (float(np.hypot(*self._shift)) - MOVING) / (FAST - MOVING)
        by_change = (less - CHANGED) / (JUMPED - CHANGED)
        return min(max(by_shift, by_change, 0.0), 1.0)

    def _structures(self, found: StructureMap | None, share: float) -> StructureMap | None:
        if found is None:
            return None
        if self._scores is None:
            self._scores = np.zeros((2, *found.labels.shape), np.float32)
            self._named = np.stack([found.labels, found.labels])
            share = 1.0
        blend(self._scores, self._named, found.labels, found.probability, share)
        probability = np.rint(255.0 * self._scores[0]).astype(np.uint8)
        return replace(found, labels=self._named[0].copy(), probability=probability)

    def _sightings(self, now: Interpretation, share: float) -> tuple[Sighting, ...]:
        self._landmarks = follow(self._landmarks, now.landmarks, share)
        return tuple(one.shown for one in self._landmarks)

    def _surfaces(self, now: Interpretation, share: float) -> tuple[Surface, ...]:
        bottom = now.field.sector.bottom_px
        height = float(np.nanmax(bottom)) if np.isfinite(bottom).any() else 500.0
        self._courses = {
            one.structure: settled(self._courses.get(one.structure), one, share, height) for one in now.surfaces
        }
        return tuple(self._courses[one.structure].shown for one in now.surfaces)

    def _view(self, found: ViewBelief | None, share: float) -> ViewBelief | None:
        """Return the mean of views over time; the one on top stays there until another is clearly likelier."""
        if found is None:
            self._views, self._top = {}, None
            return None
        said, part = dict(found.shares), share if self._views else 1.0
        names = {*said, *self._views}
        self._views = {n: (1.0 - part) * self._views.get(n, 0.0) + part * said.get(n, 0.0) for n in names}
        told, best = dict(self._views), max(self._views, key=lambda one: self._views[one])
        if self._top is None or told[best] >= told.get(self._top, 0.0) + BONUS:
            self._top = best
        elif best is not self._top:
            told[best] = told[self._top] = (told[best] + told[self._top]) / 2.0
        total = sum(told.values())
        ranked = sorted(told.items(), key=lambda one: (-one[1], one[0] is not self._top))
        return ViewBelief(tuple((name, part / total) for name, part in ranked))


def _form(found: StructureMap | None) -> object:
    return None if found is None else (found.labels.shape, found.corner_px, found.step_px)
