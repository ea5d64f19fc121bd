"""The learned model: a network and its card behind the port of every interpretation engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from echospine.adapters.onnx.cards import card_of, files_in, read_card, read_quick, read_weights
from echospine.adapters.onnx.examples import Examples, read_examples
from echospine.adapters.onnx.explaining import explain
from echospine.adapters.onnx.session import Provider, Session, open_session
from echospine.domain.errors import ModelError
from echospine.domain.explanations import Explanation, Subject
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method
from echospine.engine.vision.bone import BoneFinder
from echospine.engine.vision.field import find_field
from echospine.engine.vision.framing import fitted, framing_of
from echospine.engine.vision.reading import Card, Look, Outputs, read

Singles = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkModel:
    """Names what a picture shows by a network.

    `second`: who is asked about bone as well, None for nobody; `examples`: pictures it was trained on, None where it
    came without; `quick`: the same network in 8 bits, None where there is none. One model may be asked by several
    threads at a time.
    """

    card: Card
    session: Session
    second: BoneFinder | None
    examples: Examples | None = None
    quick: Session | None = None

    @property
    def method(self) -> Method:
        """Name and version of the model, with the beginning of the digest of its weights."""
        return self.card.method

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as it was asked for, one sentence each."""
        return self.session.notes

    def alone(self) -> NetworkModel:
        """Return the same model for live pictures: in 8 bits where there is that, and without the second opinion.

        What is read in 8 bits says so in the name of its method.
        """
        if self.quick is None:
            return replace(self, second=None)
        name, version = self.card.method.name, self.card.method.version
        card = replace(self.card, method=Method(name, version.removesuffix(")") + ", 8 bits)"))
        return replace(self, second=None, session=self.quick, card=card, quick=None)

    def survey(self, samples: Sequence[Frame]) -> Field:
        """Return the image field from a few frames spread over the recording."""
        return find_field(samples)

    def interpret(self, frame: Frame, field: Field) -> Interpretation:
        """Return what one frame shows; raises ModelError where the network cannot be run."""
        look = Look(frame, field, framing_of(frame.geometry, field.sector, self.card.size), self.card)
        outputs = self.answer(fitted(frame, field.sector, look.framing))
        second = None if self.second is None else self.second.interpret(frame, field)
        return read(outputs, look, second)

    def answer(self, square: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Outputs:
        """Return what the network answers for one square, (size, size); raises ModelError for another form."""
        found = self.session.run(np.ascontiguousarray(square[None, None]))
        return Outputs.checked(found, self.card.size, self.card.strangeness.mean.size)

    def output(self, pictures: Singles, name: str) -> Singles:
        """Return one output for several squares, (n, size, size), as the network gives it; raises ModelError."""
        return np.asarray(self.session.run(np.ascontiguousarray(pictures[:, None]), (name,))[name], np.float32)

    def explain(self, frame: Frame, seen: Interpretation, subject: Subject) -> Explanation:
        """Return why something was seen in a frame; raises ModelError where it was not."""
        return explain(self, frame, seen, subject)


def open_network(
    folder: Path, *, provider: Provider = Provider.CPU, threads: int = 0, second: BoneFinder | None = None
) -> NetworkModel:
    """Return the model in a folder, tried once on a black picture.

    Raises ModelError, one line, for weights or a card that are missing, damaged, of another version, or not each
    other's, and for a network whose outputs have other shapes than they must have.
    """
    files = files_in(folder)
    document = read_card(files)
    card = card_of(files, document)
    session = open_session(files.weights.name, read_weights(files, document), provider, threads)
    small = read_quick(files, document)
    quick = None if small is None else open_session(files.quick.name, small, provider, threads)
    model = NetworkModel(card, session, second, read_examples(folder, document), quick)
    for path, one in ((files.weights, model), (files.quick, model.alone())):
        try:
            one.answer(np.zeros((card.size, card.size), np.float32))
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error
    return model
