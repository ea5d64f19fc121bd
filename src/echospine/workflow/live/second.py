"""A second opinion on bone beside the live loop: asked now and then, never waited for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from echospine.domain.errors import EchoSpineError
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure
from echospine.engine.vision.reading import NOMINAL_DEPTH_MM, agreement_of
from echospine.ports import Model

EVERY_S = 1.0
"""How often the other is asked at most: it takes longer than a live picture may."""
LASTS_S = 3.0
"""An opinion older than this is none of the picture that is shown."""
IN_A_ROW = 2
"""So many opinions in a row must disagree: one picture of a moving probe is soon another."""

log = logging.getLogger("echospine.live")


class SecondOpinion:
    """Compares what is named bone with what another model, that needs no training, takes for bone.

    It adds a sentence to the doubt of the frames that follow, where the two disagreed in the last pictures that both
    saw. `update` returns at once: the other model looks in a thread of its own, at one frame at a time.
    """

    def __init__(self, other: Model, now_s: Callable[[], float] = time.monotonic) -> None:
        self._other, self._now_s = other, now_s
        self._lock = threading.Lock()
        self._asked_s: float | None = None
        self._busy = False
        self._told = ""
        self._told_s = 0.0
        self._against = 0

    def update(self, seen: Interpretation, frame: Frame) -> Interpretation:
        """Return what is seen, with a doubt where the other lately saw it otherwise."""
        doubt = seen.doubt
        if doubt is None or doubt.silent:
            return seen
        now_s = self._now_s()
        with self._lock:
            due = not self._busy and (self._asked_s is None or now_s - self._asked_s >= EVERY_S)
            if due:
                self._busy, self._asked_s = True, now_s
            told = self._told if now_s - self._told_s <= LASTS_S else ""
        if due:
            threading.Thread(target=self._ask, args=(seen, frame), name="second opinion", daemon=True).start()
        return replace(seen, doubt=replace(doubt, reasons=(*doubt.reasons, told))) if told else seen

    def _ask(self, seen: Interpretation, frame: Frame) -> None:
        """Ask the other about a frame, and keep what it comes to; an other that fails has no opinion."""
        reason = ""
        try:
            reason = disagreement(seen, self._other.interpret(frame, seen.field), frame)
        except EchoSpineError as error:
            log.info("no second opinion on frame %d: %s", frame.index, error)
        except Exception:
            log.exception("%s failed on frame %d", self._other.method, frame.index)
        with self._lock:
            self._busy = False
            self._against = self._against + 1 if reason else 0
            self._told, self._told_s = reason if self._against >= IN_A_ROW else "", self._now_s()


def disagreement(seen: Interpretation, other: Interpretation, frame: Frame) -> str:
    """Return how two differ about bone in one frame, one sentence for a clinician; empty where they do not."""
    region, sector = frame.geometry.main_region(), seen.field.sector
    if region is not None:
        step_mm = region.step_mm[1]
    elif np.isfinite(sector.top_px).any():
        step_mm = NOMINAL_DEPTH_MM / max(float(np.nanmax(sector.bottom_px) - np.nanmin(sector.top_px)), 1.0)
    else:
        return ""
    return agreement_of(seen.surfaces, other.surface(Structure.BONE), step_mm, frame.geometry.width).reason
