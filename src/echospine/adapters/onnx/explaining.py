"""Why a network calls something what it calls it, in under a second: as many questions as there is time for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from echospine.domain.explanations import Explanation, Precedent, Subject
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure
from echospine.domain.units import Floats
from echospine.engine.vision.explain import (
    evidence,
    facts_of,
    for_clinician,
    for_patient,
    mark_for_clinician,
    mark_for_patient,
    nearest,
    on_picture,
    otherwise,
    otherwise_sentence,
    question_of,
    shown_evidence,
)
from echospine.engine.vision.explain.otherwise import MOST_PATCHES
from echospine.engine.vision.framing import fitted, framing_of

if TYPE_CHECKING:
    from echospine.adapters.onnx.examples import Examples
    from echospine.adapters.onnx.model import NetworkModel

BUDGET_S = 0.45
"""For the questions to the network, judged by the first of them; the rest takes about a tenth of a second."""
GRIDS = (8, 7, 6, 5, 4)
"""Patches along an edge, the finest first: as fine as there is time for, and no coarser than the last."""
MOST_LIKE = 3


def explain(model: NetworkModel, frame: Frame, seen: Interpretation, subject: Subject) -> Explanation:
    """Return why something was seen. Raises ModelError where it was not, or the network cannot be run."""
    framing = framing_of(frame.geometry, seen.field.sector, model.card.size)
    square = fitted(frame, seen.field.sector, framing)
    question = question_of(subject, seen, framing, model.card)

    def score(pictures: np.ndarray) -> Floats:
        return question.score(pictures, model.output)

    one_s = _taken_s(lambda: score(np.stack((square, square)))) / 2.0
    found = evidence(square, score, _grid(one_s))
    change = otherwise(square, score, found, question.least)
    name, clinician, patient = _words(frame, seen, subject)
    return Explanation(
        frame.index,
        model.method,
        name,
        found.score,
        shown_evidence(found, framing),
        tuple(on_picture(one, framing) for one in change.patches),
        otherwise_sentence(name, change, question),
        () if model.examples is None else _precedents(model.examples, model.answer(square).features),
        clinician,
        patient,
    )


def _taken_s(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def _grid(one_s: float) -> int:
    """Return how fine the evidence can be, when one picture takes so long."""
    return next((grid for grid in GRIDS if (grid * grid + 1 + MOST_PATCHES) * one_s <= BUDGET_S), GRIDS[-1])


def _words(frame: Frame, seen: Interpretation, subject: Subject) -> tuple[str, str, str]:
    """Return the name, and the sentences for a clinician and for a patient."""
    if isinstance(subject, Structure):
        facts = facts_of(subject, seen, frame)
        return subject.label.replace("_", " "), for_clinician(facts), for_patient(facts)
    name = subject.landmark.value.replace("_", " ")
    return name, mark_for_clinician(subject, seen, frame), mark_for_patient(subject)


def _precedents(examples: Examples, features: np.ndarray) -> tuple[Precedent, ...]:
    places = [str(n) for n in range(len(examples.names))]
    found = nearest(np.asarray(features, np.float64), examples.features, places, MOST_LIKE)
    return tuple(
        Precedent(examples.names[int(one.name)], one.likeness, examples.pictures[int(one.name)]) for one in found
    )
