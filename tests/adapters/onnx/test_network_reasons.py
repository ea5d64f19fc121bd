"""A real network says why: evidence on the picture, what would change it, what it is like, in words, in a second."""

from __future__ import annotations

import hashlib
import json
import time

import numpy as np
import pytest

from echospine.adapters.onnx import NetworkModel, open_network
from echospine.adapters.onnx.examples import Examples, written
from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure
from echospine.domain.sights import Landmark
from small_network import FEATURES, write_network

BOUND_S = 1.0
LINE = (300, 200, 400)
"""Row and columns of the bright line."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> NetworkModel:
    folder = write_network(tmp_path_factory.mktemp("model") / "small")
    rng = np.random.default_rng(4)
    pictures = rng.integers(0, 255, (5, 80, 80)).astype(np.uint8)
    features = np.array([[0.35, 1.0], [1.0, 0.1], [0.0, 1.0], [1.0, 0.0], [-1.0, 0.5]])
    assert features.shape[1] == FEATURES
    data = written(Examples(pictures, features, ("lamina, L3", "muscle", "midline", "fat", "sacrum")))
    (folder / "examples.npz").write_bytes(data)
    card = next(folder.glob("*.json"))
    document = json.loads(card.read_text()) | {"examples_sha256": hashlib.sha256(data).hexdigest()}
    card.write_text(json.dumps(document))
    return open_network(folder)


@pytest.fixture(scope="module")
def looked(model: NetworkModel) -> tuple[Frame, Interpretation]:
    pixels = np.clip(110 * np.random.default_rng(0).uniform(0.7, 1.3, (480, 640)), 0, 170)
    row, first, last = LINE
    pixels[row : row + 8, first:last] = 250
    pixels[row + 8 :, first:last] = 6
    frame = Frame(pixels.astype(np.uint8), ImageGeometry.uniform(640, 480, 0.1, 0.1, Spacing.USER), 7)
    return frame, model.interpret(frame, model.survey([frame]))


def test_a_structure_rests_on_its_own_line(model: NetworkModel, looked: tuple[Frame, Interpretation]) -> None:
    why = model.explain(*looked, Structure.LAMINA)
    assert (why.frame_index, why.name, why.method) == (7, "lamina", model.method)
    assert why.probability > 0.9
    row, column = np.unravel_index(why.evidence.values.argmax(), why.evidence.values.shape)
    x, y = (c + why.evidence.step_px * n for c, n in zip(why.evidence.corner_px, (column, row), strict=True))
    assert abs(y - LINE[0] - 4) < 80 and LINE[1] - 60 < x < LINE[2] + 60
    assert why.evidence.values.max() == pytest.approx(1.0, abs=0.1)
    assert why.otherwise.startswith("Without the echoes on it")
    left, top, right, bottom = why.decisive_px[0]
    assert top < LINE[0] + 8 and bottom > LINE[0] and right > LINE[1] and left < LINE[2]
    assert why.clinician.startswith("Lamina, ") and "shadow" in why.clinician
    assert why.patient.startswith("This is the bony roof")


def test_what_is_everywhere_stays_whatever_is_covered(
    model: NetworkModel, looked: tuple[Frame, Interpretation]
) -> None:
    why = model.explain(*looked, Structure.MULTIFIDUS)
    assert why.decisive_px == () and why.otherwise.startswith("It stays multifidus")


def test_a_landmark_is_explained_with_its_doubt_in_millimetres(
    model: NetworkModel, looked: tuple[Frame, Interpretation]
) -> None:
    mark = next(one for one in looked[1].landmarks if one.landmark is Landmark.LAMINA)
    why = model.explain(*looked, mark)
    assert "mm (95 %)" in why.clinician and "on lamina" in why.clinician
    assert "on it" in why.otherwise


def test_the_most_alike_training_pictures_come_first(model: NetworkModel, looked: tuple[Frame, Interpretation]) -> None:
    found = model.explain(*looked, Structure.LAMINA).precedents
    assert [one.name for one in found[:2]] == ["lamina, L3", "midline"]
    assert found[0].picture.shape == (80, 80)
    assert found[0].likeness > 0.98 > found[2].likeness


def test_what_was_not_seen_is_not_explained(model: NetworkModel, looked: tuple[Frame, Interpretation]) -> None:
    with pytest.raises(ModelError, match="nothing to explain"):
        model.explain(*looked, Structure.NERVE)


def test_it_takes_less_than_a_second(model: NetworkModel, looked: tuple[Frame, Interpretation]) -> None:
    """Counted in processor time of all its threads: others use these processors too."""
    model.explain(*looked, Structure.LAMINA)
    for subject in (Structure.LAMINA, Structure.MULTIFIDUS, looked[1].landmarks[0]):
        began_s = time.process_time()
        model.explain(*looked, subject)
        assert time.process_time() - began_s < BOUND_S
