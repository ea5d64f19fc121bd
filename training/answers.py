"""What the shipped network says of squares, read as EchoSpine reads them: by its card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from echospine.adapters.onnx import NetworkModel, open_network
from echospine.domain.sights import Landmark
from echospine.domain.units import Floats, Labels
from echospine.engine.vision.reading.naming import named
from echospine.engine.vision.reading.points import peaks
from training.machines import SIZE

WHOLE = np.ones((SIZE, SIZE), bool)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What is said of one square.

    `labels`: names, (SIZE, SIZE); `sure`: probability of each, same shape; `bone`: of bone of any part, same shape;
    `places`: of each landmark, in the order of Landmark, (n, 3): x, y in cells of the heat map, height; `view`: index
    into View; `strangeness`: 1 at the edge of what is known.
    """

    labels: Labels
    sure: Floats
    bone: Floats
    places: tuple[Floats, ...]
    view: int
    strangeness: float


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """A network as it ships."""

    model: NetworkModel

    @classmethod
    def of_folder(cls, folder: Path, *, quick: bool = False) -> Answers:
        """Return the model of a folder, in 8 bits where `quick`; raises ModelError."""
        model = open_network(folder)
        return cls(model.alone() if quick else model)

    def of(self, square: Floats) -> Answer:
        """Return what is said of a picture, (SIZE, SIZE), 0 to 1, whether or not it is too strange to be shown."""
        card, outputs = self.model.card, self.model.answer(square.astype(np.float32))
        found = named(outputs.structures, card, WHOLE)
        heat = zip(Landmark, outputs.landmarks, strict=True)
        return Answer(
            found.labels,
            found.probability / 255.0,
            found.bone,
            tuple(places(logits, card.least_landmark(one)) for one, logits in heat),
            int(np.argmax(outputs.view)),
            card.strangeness.of(outputs.features),
        )


def places(logits: Floats, least: float) -> Floats:
    """Return the peaks of a heat map's logits, (n, 3): x, y, height."""
    return heights(1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0))), least)


def heights(heat: Floats, least: float) -> Floats:
    """Return the peaks of a heat map of probabilities, (n, 3): x, y in cells, height; highest first."""
    found = [(*at, height) for at, _, height in peaks(heat, least)]
    return np.array(found, np.float64).reshape(-1, 3)
