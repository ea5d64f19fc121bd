"""The image field of a live source: surveyed anew whenever the picture changes its form, or shows more than it did."""

from __future__ import annotations

from collections import deque

import numpy as np

from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Field
from echospine.domain.units import Floats
from echospine.ports import Model

SAMPLES = 6
"""Frames that a survey looks at."""
SAMPLE_EVERY_S = 0.25
SOON = 8
"""After so many frames the first survey, of one frame, is made again with all of them."""
AGAIN_S = 30.0
"""After so long the survey is made again in any case: somebody may have changed what the screen shows."""
MORE = 0.05
"""A share of the picture that has grown by so much since the survey, lit by echoes, is another field."""
LIT_FROM = 8
EVERY_PX = 8


class Fields:
    """Keeps the field for one model. Time is an argument; for one thread."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._samples: deque[tuple[float, Frame]] = deque(maxlen=SAMPLES)
        self._form: tuple[ImageGeometry, bytes] | None = None
        self._field: Field | None = None
        self._surveyed_s = 0.0
        self._lit = 0.0
        self._seen = 0

    def field(self, frame: Frame, now_s: float) -> tuple[Field, bool]:
        """Return the field for `frame`, and whether the picture has another form than that of the frame before.

        A probe that leaves the skin leaves the field as it was; one that comes back makes a survey. Raises what a
        survey raises.
        """
        form = (frame.geometry, _image_to_probe(frame).tobytes())
        changed = form != self._form
        if changed:
            self._samples.clear()
            self._form, self._field, self._seen = form, None, 0
        self._seen += 1
        if not self._samples or now_s - self._samples[-1][0] >= SAMPLE_EVERY_S:
            self._samples.append((now_s, frame))
        field = self._field
        if field is None or self._due(frame, now_s):
            field = self._field = self._survey(frame, now_s)
        return field, changed

    def _due(self, frame: Frame, now_s: float) -> bool:
        return self._seen == SOON or now_s - self._surveyed_s > AGAIN_S or lit_share(frame) > self._lit + MORE

    def _survey(self, frame: Frame, now_s: float) -> Field:
        samples = [*(sample for _, sample in self._samples if sample is not frame), frame]
        field = self._model.survey(samples)
        self._surveyed_s, self._lit = now_s, max(map(lit_share, samples))
        return field


def lit_share(frame: Frame) -> float:
    """Return the share of the picture that is brighter than black, from every eighth pixel both ways."""
    few = frame.pixels[::EVERY_PX, ::EVERY_PX]
    return float(np.mean(few >= LIT_FROM))


def _image_to_probe(frame: Frame) -> Floats:
    """Return where the picture lies on the probe, (4, 4), rounded to what matters; zeros where nobody knows."""
    found = next((pose.matrix for pose in frame.poses if pose.source == "Image"), np.zeros((4, 4)))
    return np.round(found, 4) + 0.0
