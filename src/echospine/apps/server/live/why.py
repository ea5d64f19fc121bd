"""Why something is called what it is called, of a frame that one viewer was just shown."""

from __future__ import annotations

import base64
import threading
import time
from collections import OrderedDict

import numpy as np
from pydantic import Field

from echospine.apps.server.schemas import Shape
from echospine.domain.errors import NotFound
from echospine.domain.explanations import EvidenceMap, Explanation, Precedent, Subject
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure
from echospine.ports import Explainer

KEPT = 6
"""Frames that can be asked about: two may be on their way when a page freezes."""
FULL = 127
STRUCTURES = {one.label: one for one in Structure}


class EvidenceView(Shape):
    """Where the evidence lies: square cells over the picture, row by row, one signed byte each, base64."""

    columns: int
    rows: int
    x_px: float = Field(description="Picture column of the centre of the first cell.")
    y_px: float = Field(description="Picture row of the centre of the first cell.")
    step_px: float = Field(description="Picture pixels per cell.")
    cells: str = Field(description="127: covering takes most from the answer; below zero: it adds to it.")


class PrecedentView(Shape):
    """A training picture that is like this one."""

    name: str = Field(description="What it shows.")
    likeness: float = Field(description="Cosine of features: 1 is the same.")
    columns: int
    rows: int
    pixels: str = Field(description="Grey, one byte each, row by row, base64.")


class WhyView(Shape):
    """Why something in one frame is called what it is called."""

    name: str
    method: str
    probability: float
    clinician: str = Field(description="One sentence for a clinician.")
    patient: str = Field(description="One sentence for a patient.")
    otherwise: str = Field(description="What would change the answer, one sentence.")
    decisive: list[tuple[float, float, float, float]] = Field(
        description="Squares of the picture without which the answer would be another: left, top, right, bottom."
    )
    evidence: EvidenceView
    precedents: list[PrecedentView] = Field(description="Training pictures most like this one; empty: none are kept.")
    ms: float = Field(description="How long it took to find out.")


class Looks:
    """The last frames of one viewer with what was seen in them, by the number that the page knows them by."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[Frame, Interpretation]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, index: int, frame: Frame, seen: Interpretation) -> None:
        """Keep one frame; the oldest is forgotten."""
        with self._lock:
            self._kept[index] = frame, seen
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def at(self, index: int) -> tuple[Frame, Interpretation]:
        """Return a frame and what was seen in it; raises NotFound where it is gone."""
        with self._lock:
            found = self._kept.get(index)
        if found is None:
            raise NotFound(f"picture {index} is not kept any more; freeze, and ask about the frozen picture")
        return found


def explained(
    explainer: Explainer | None, looks: Looks, index: int, structure: str | None, landmark: int | None
) -> WhyView:
    """Return why a structure, or the landmark of that place in the list, was seen in a frame.

    Raises NotFound for what is not there, or was seen by a model that gives no reasons; ModelError where it fails.
    """
    frame, seen = looks.at(index)
    if explainer is None or seen.method != explainer.method:
        raise NotFound(f"{seen.method.name} gives no reasons; a learned model does")
    began_s = time.perf_counter()
    why = explainer.explain(frame, seen, _subject(seen, structure, landmark))
    return _view(why, 1000.0 * (time.perf_counter() - began_s))


def _subject(seen: Interpretation, structure: str | None, landmark: int | None) -> Subject:
    if structure is not None and structure in STRUCTURES:
        return STRUCTURES[structure]
    if structure is not None or landmark is None or landmark >= len(seen.landmarks):
        raise NotFound("nothing in this picture bears that name")
    return seen.landmarks[landmark]


def _view(why: Explanation, ms: float) -> WhyView:
    return WhyView(
        name=why.name,
        method=str(why.method),
        probability=round(why.probability, 3),
        clinician=why.clinician,
        patient=why.patient,
        otherwise=why.otherwise,
        decisive=[(round(a, 1), round(b, 1), round(c, 1), round(d, 1)) for a, b, c, d in why.decisive_px],
        evidence=_evidence(why.evidence),
        precedents=[_precedent(one) for one in why.precedents],
        ms=round(ms, 1),
    )


def _evidence(found: EvidenceMap) -> EvidenceView:
    cells = np.rint(FULL * found.values).astype(np.int8)
    return EvidenceView(
        columns=cells.shape[1],
        rows=cells.shape[0],
        x_px=round(found.corner_px[0], 3),
        y_px=round(found.corner_px[1], 3),
        step_px=found.step_px,
        cells=base64.b64encode(cells.tobytes()).decode(),
    )


def _precedent(one: Precedent) -> PrecedentView:
    rows, columns = one.picture.shape
    pixels = base64.b64encode(np.ascontiguousarray(one.picture).tobytes()).decode()
    return PrecedentView(name=one.name, likeness=round(one.likeness, 3), columns=columns, rows=rows, pixels=pixels)
