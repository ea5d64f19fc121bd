"""Evidence lies where the answer comes from, changes with the weights, and is told in plain words."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Structure
from echospine.domain.sights import StructureMap
from echospine.engine.vision.explain import (
    alike,
    evidence,
    facts_of,
    for_clinician,
    for_patient,
    nearest,
    otherwise,
    sane,
)

SIZE = 256
WHERE = (150, 90)


def picture() -> np.ndarray:
    """Speckle, a bright line with a shadow below it at WHERE, and a bright line without one elsewhere."""
    rng = np.random.default_rng(0)
    made = 0.3 + 0.06 * rng.normal(0, 1, (SIZE, SIZE))
    made[WHERE[0] : WHERE[0] + 4, WHERE[1] - 20 : WHERE[1] + 20] = 0.95
    made[WHERE[0] + 4 :, WHERE[1] - 20 : WHERE[1] + 20] *= 0.15
    made[60:64, 150:200] = 0.95
    return made.clip(0, 1).astype(np.float32)


def matched(kernel: np.ndarray):
    """A scorer: the strongest answer of a filter anywhere, squashed to 0 to 1."""

    def score(pictures: np.ndarray) -> np.ndarray:
        answers = fftconvolve(pictures - 0.3, kernel[None, ::-1, ::-1], mode="same", axes=(1, 2))
        return 1.0 / (1.0 + np.exp(-(answers.max(axis=(1, 2)) - 6.0)))

    return score


def bone() -> np.ndarray:
    """Looks for a bright line with a dark zone below."""
    kernel = np.zeros((40, 24))
    kernel[:4], kernel[6:] = 0.1, -0.02
    return kernel


def test_evidence_lies_on_the_line_with_the_shadow():
    found = evidence(picture(), matched(bone()))
    row, column = np.unravel_index(found.map.argmax(), found.map.shape)
    assert abs(row - WHERE[0]) < 30 and abs(column - WHERE[1]) < 30
    assert found.map.max() == pytest.approx(1.0)
    assert 64 <= found.evaluations <= 100


def linear(weights: np.ndarray):
    """A scorer that weighs every pixel."""
    return lambda pictures: 1.0 / (1.0 + np.exp(-np.tensordot(pictures - 0.3, weights, 2)))


def test_evidence_changes_when_the_weights_are_randomised():
    rows, columns = np.indices((SIZE, SIZE))
    near = np.exp(-((rows - WHERE[0]) ** 2 + (columns - WHERE[1]) ** 2) / (2 * 30.0**2))
    trained = 0.01 * near * np.where(rows < WHERE[0] + 4, 1.0, -1.0)
    rng = np.random.default_rng(2)
    random = [gaussian_filter(rng.normal(0, 0.1, (SIZE, SIZE)), 8.0) for _ in range(5)]
    assert all(sane(picture(), linear(trained), linear(one)) for one in random)
    assert not sane(picture(), linear(trained), linear(1.3 * trained))
    one = evidence(picture(), linear(trained)).map
    assert alike(one, one) == pytest.approx(1.0)
    assert alike(one, np.zeros_like(one)) == 0.0


def test_what_shows_nothing_is_not_covered():
    half = picture()
    half[:, 128:] = 0.0
    assert all(one.right < 130 for one in evidence(half, matched(bone())).patches)
    assert evidence(np.zeros((SIZE, SIZE), np.float32), matched(bone())).evaluations == 1


def test_a_scorer_that_does_not_answer_for_each_picture_is_refused():
    with pytest.raises(ModelError, match="one finite number"):
        evidence(picture(), lambda pictures: np.array([np.nan] * len(pictures)))
    with pytest.raises(ModelError, match="one finite number"):
        evidence(picture(), lambda pictures: np.zeros(1))


def test_what_would_change_the_answer_is_the_fewest_patches():
    scorer = matched(bone())
    found = evidence(picture(), scorer)
    assert found.score > 0.5
    change = otherwise(picture(), scorer, found, 0.7)
    assert 1 <= len(change.patches) <= 3 and change.score < 0.7
    first = change.patches[0]
    assert abs((first.top + first.bottom) / 2 - WHERE[0]) < 40
    assert otherwise(picture(), scorer, found, 0.5).patches == (), "the other line alone is enough for that"
    assert otherwise(picture(), scorer, found, 0.999999).patches == (), "it is below that as it is"
    assert otherwise(picture(), lambda many: np.full(len(many), 0.9), found, 0.5).patches == ()


def test_with_a_network_of_twelve_milliseconds_it_takes_less_than_a_second_in_all():
    scorer = matched(bone())
    scorer(picture()[None])
    began = time.process_time()
    found = evidence(picture(), lambda pictures: np.linspace(0.1, 0.9, len(pictures)))
    own_s = time.process_time() - began
    assert own_s + 0.012 * found.evaluations < 1.2


def test_the_nearest_training_pictures_are_named():
    table = np.eye(4)[[0, 1, 2]] + 0.1
    found = nearest(np.array([0.1, 1.0, 0.3, 0.1]), table, ["a", "b", "c"], 2)
    assert [one.name for one in found] == ["b", "c"]
    assert 1.0 >= found[0].likeness > found[1].likeness
    with pytest.raises(ModelError):
        nearest(np.ones(3), table, ["a", "b", "c"])


def interpreted(structure: Structure, *, shadow: bool = True) -> tuple[Interpretation, Frame]:
    labels = np.zeros((100, 100), np.uint8)
    labels[10:40], labels[40:43, 30:70] = Structure.MULTIFIDUS, structure
    grey = np.full((200, 200), 70, np.uint8)
    grey[80:86, 60:140] = 230
    if shadow:
        grey[87:, 60:140] = 8
    geometry = ImageGeometry.uniform(200, 200, 0.4, 0.4, Spacing.USER)
    field = Field(Sector(np.zeros(200), np.full(200, 199.0)))
    names = StructureMap(labels, np.full(labels.shape, 235, np.uint8), (0.5, 0.5), 2.0)
    seen = Interpretation(2, Method("made", "1"), field, (), Quality(1, 0, 0, 1), structures=names)
    return seen, Frame(grey, geometry, 2)


def test_the_facts_of_bone_are_told_to_clinician_and_patient():
    facts = facts_of(Structure.LAMINA, *interpreted(Structure.LAMINA))
    assert facts.bright and facts.shadow and facts.above == (Structure.MULTIFIDUS,)
    assert facts.depth_mm == pytest.approx(33.0, abs=1.0)
    assert for_clinician(facts) == "Lamina, 92% sure: bright, with a dark shadow below, under multifidus, at 33 mm."
    assert for_patient(facts) == (
        "This is the bony roof at the back of your spine. It looks bright, and dark below, because sound does not pass "
        "through bone."
    )


def test_bone_without_a_shadow_is_told_with_a_caution():
    told = for_clinician(facts_of(Structure.LAMINA, *interpreted(Structure.LAMINA, shadow=False)))
    assert "with echoes below" in told and "look twice" in told


def test_every_structure_has_words_for_a_patient():
    for structure in Structure:
        if structure not in (Structure.BACKGROUND, Structure.MULTIFIDUS):
            told = for_patient(facts_of(structure, *interpreted(structure)))
            assert "no name" not in told and "_" not in told


def test_what_is_not_seen_cannot_be_explained():
    with pytest.raises(ModelError, match="nerve is not seen in frame 2"):
        facts_of(Structure.NERVE, *interpreted(Structure.LAMINA))
