"""Asking a network about one thing in a picture: how sure it is of it, and what that rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import zoom

from echospine.domain.errors import ModelError
from echospine.domain.explanations import EvidenceMap, Subject
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import BONES, Structure
from echospine.domain.sights import Landmark, Sighting
from echospine.domain.units import Floats, Mask
from echospine.engine.vision.explain.occlusion import Evidence, Patch, Singles
from echospine.engine.vision.explain.otherwise import Otherwise
from echospine.engine.vision.framing import Framing
from echospine.engine.vision.reading import Card

Answering = Callable[[Singles, str], npt.NDArray[np.float32]]
"""Pictures, (n, size, size), and the name of an output, to that output for each of them."""
AROUND = 3
"""A landmark's peak is looked for within so many cells of the heat map from where it was seen."""
MOST_CELLS = 500
"""Of a structure are asked about, spread evenly over it: its mean changes little by the others."""
SHOWN = 64
"""Cells along an edge of the map that is shown: evidence is smooth."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """How sure the network is of one thing. `cells`: where it is, on the grid of the output that tells of it.

    `middle`: its middle on the network's square, cells, (x, y); `least`: the probability from which it is named.
    """

    subject: Subject
    cells: Mask
    middle: tuple[float, float]
    least: float
    card: Card

    def score(self, pictures: Singles, answer: Answering) -> Floats:
        """Return how sure the network is of it in each picture, (n,)."""
        if isinstance(self.subject, Structure):
            return structure_score(answer(pictures, "structures"), self.subject, self.cells, self.card.temperature)
        place = list(Landmark).index(self.subject.landmark)
        heat = answer(pictures, "landmarks")[:, place][:, self.cells].max(axis=1).astype(np.float64)
        return np.asarray(1.0 / (1.0 + np.exp(-heat)))


def question_of(subject: Subject, seen: Interpretation, framing: Framing, card: Card) -> Question:
    """Return the question for something that was seen. Raises ModelError where it was not."""
    if isinstance(subject, Sighting):
        return _landmark(subject, framing, card)
    if seen.structures is None or seen.structures.labels.shape != (framing.size, framing.size):
        raise ModelError(f"frame {seen.frame_index} has no map on which {subject.label} could be asked about")
    cells = seen.structures.labels == subject
    if not cells.any():
        raise ModelError(f"{subject.label} is not seen in frame {seen.frame_index}: there is nothing to explain")
    rows, columns = np.nonzero(cells)
    middle = float(np.median(columns)), float(np.median(rows))
    return Question(subject, cells, middle, float(card.least()[subject]), card)


def _landmark(subject: Sighting, framing: Framing, card: Card) -> Question:
    x, y = ((subject.at_px[n] - framing.corner_px[n]) / framing.step_px for n in (0, 1))
    rows, columns = np.indices((framing.size // 2, framing.size // 2))
    cells = np.hypot(columns - (x - 0.5) / 2.0, rows - (y - 0.5) / 2.0) <= AROUND
    if not cells.any():
        raise ModelError(f"{subject.landmark} lies beside what the network saw")
    return Question(subject, cells, (x, y), card.least_landmark(subject.landmark), card)


def structure_score(logits: npt.NDArray[np.float32], structure: Structure, cells: Mask, temperature: Floats) -> Floats:
    """Return the mean calibrated probability of a structure in cells. `logits`: (n, 19, rows, columns); returns (n,).

    Bone whose part is unknown is as sure as all parts together, as it is named.
    """
    members = [int(one) for one in BONES] if structure is Structure.BONE else [int(structure)]
    places = np.flatnonzero(cells)
    few = places[:: max(1, places.size // MOST_CELLS)]
    here = logits.reshape(*logits.shape[:2], -1)[:, :, few] / temperature.astype(np.float32)[None, :, None]
    raised = np.exp(here - here.max(axis=1, keepdims=True))
    share = raised[:, members].sum(axis=1) / raised.sum(axis=1)
    return np.asarray(share.mean(axis=1), np.float64)


def shown_evidence(found: Evidence, framing: Framing) -> EvidenceMap:
    """Return evidence on the picture, in few cells."""
    step = framing.size / SHOWN
    values = np.clip(zoom(found.map, 1.0 / step, order=1, grid_mode=True, mode="nearest"), -1.0, 1.0)
    shift = framing.step_px * (step - 1.0) / 2.0
    corner = framing.corner_px[0] + shift, framing.corner_px[1] + shift
    return EvidenceMap(values, corner, framing.step_px * step)


def on_picture(patch: Patch, framing: Framing) -> tuple[float, float, float, float]:
    """Return the square of the picture that a patch covers: left, top, right, bottom."""
    (left, top), (right, bottom) = framing.to_picture(
        [(patch.left - 0.5, patch.top - 0.5), (patch.right + 0.5, patch.bottom + 0.5)]
    ).tolist()
    return left, top, right, bottom


def otherwise_sentence(name: str, found: Otherwise, question: Question) -> str:
    """Return what would change the answer, in one sentence."""
    if not found.patches:
        return f"It stays {name} whatever single part of the picture is blurred."
    places = list(dict.fromkeys(_where(one, question) for one in found.patches))
    return f"Without the echoes {_joined(places)}, it would no longer be named {name} ({found.score:.0%} left)."


def _where(patch: Patch, question: Question) -> str:
    x, y = question.middle
    if isinstance(question.subject, Structure):
        here = bool(question.cells[patch.top : patch.bottom + 1, patch.left : patch.right + 1].any())
    else:
        here = patch.left <= x <= patch.right and patch.top <= y <= patch.bottom
    if here:
        return "on it"
    right, down = (patch.left + patch.right) / 2.0 - x, (patch.top + patch.bottom) / 2.0 - y
    if abs(down) >= abs(right):
        return "below it" if down > 0 else "above it"
    return "to its right" if right > 0 else "to its left"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
