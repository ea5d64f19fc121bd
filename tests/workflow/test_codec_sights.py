"""What learned models say, stored: it comes back as it was, older files stay as they are, and damage is found."""

from __future__ import annotations

import random
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echospine.domain.errors import StorageError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure, View
from echospine.domain.sights import Doubt, Landmark, LevelBelief, Sighting, StructureMap, ViewBelief
from echospine.workflow.exam import Interpreted, decode, encode
from echospine.workflow.exam.codec import MAGIC
from rich_model import RichModel

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
SHARE = st.floats(0, 1)


@st.composite
def maps(draw):
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    cells = rng.integers(0, len(Structure), shape), rng.integers(0, 256, shape)
    place = st.floats(-1e4, 1e4)
    return StructureMap(*cells, (draw(place), draw(place)), draw(st.floats(0.01, 100)))


@st.composite
def marks(draw):
    root = np.array([[draw(st.floats(0.1, 9)), 0.0], [draw(st.floats(-5, 5)), draw(st.floats(0.1, 9))]])
    at = (draw(st.floats(-1e3, 1e4)), draw(st.floats(-1e3, 1e4)))
    return Sighting(draw(st.sampled_from(Landmark)), at, root @ root.T, draw(SHARE))


@st.composite
def shares(draw, names):
    chosen = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    weights = sorted((draw(st.floats(0.01, 1)) for _ in chosen), reverse=True)
    return tuple((name, weight / sum(weights)) for name, weight in zip(chosen, weights, strict=True))


PARTS = st.fixed_dictionaries(
    {
        "structures": st.none() | maps(),
        "landmarks": st.lists(marks(), max_size=3).map(tuple),
        "view": st.none() | st.builds(ViewBelief, shares(st.sampled_from(View))),
        "level": st.none() | st.builds(LevelBelief, shares(TEXT), TEXT),
        "doubt": st.none()
        | st.builds(
            Doubt,
            st.floats(0, 1e6) | st.just(np.inf),
            st.booleans(),
            st.lists(st.sampled_from(Structure), max_size=2).map(tuple),
            st.lists(TEXT, max_size=2).map(tuple),
        ),
    }
)


def rich(n_frames: int = 3) -> Interpreted:
    model, geometry = RichModel(), ImageGeometry(48, 40)
    frames = [Frame(np.full((40, 48), 90 * (n != 1), np.uint8), geometry, n) for n in range(n_frames)]
    seen = tuple(model.interpret(frame, model.survey(frames)) for frame in frames)
    return Interpreted(seen, ((),) * n_frames, ())


def assert_same_sights(one: Interpretation, two: Interpretation) -> None:
    assert (one.view, one.level, one.doubt) == (two.view, two.level, two.doubt)
    assert (one.structures is None) == (two.structures is None)
    if one.structures and two.structures:
        np.testing.assert_array_equal(one.structures.labels, two.structures.labels)
        np.testing.assert_array_equal(one.structures.probability, two.structures.probability)
        assert one.structures.corner_px == two.structures.corner_px
        assert one.structures.step_px == two.structures.step_px
    assert len(one.landmarks) == len(two.landmarks)
    for a, b in zip(one.landmarks, two.landmarks, strict=True):
        assert (a.landmark, a.at_px, a.confidence) == (b.landmark, b.at_px, b.confidence)
        np.testing.assert_array_equal(a.covariance_px2, b.covariance_px2)


@given(st.lists(PARTS, min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_what_a_model_says_comes_back_as_it_was(parts):
    plain = rich(len(parts)).interpretations
    frames = tuple(replace(frame, **part) for frame, part in zip(plain, parts, strict=True))
    back = decode(encode(Interpreted(frames, ((),) * len(frames), ())))
    for one, two in zip(frames, back.interpretations, strict=True):
        assert_same_sights(one, two)


def test_only_what_says_more_is_of_the_new_version():
    more = rich()
    bare = replace(
        more,
        interpretations=tuple(
            replace(one, structures=None, landmarks=(), view=None, level=None, doubt=None)
            for one in more.interpretations
        ),
    )
    assert encode(more)[len(MAGIC)] == 2
    assert encode(bare)[len(MAGIC)] == 1


def test_maps_take_little_room():
    whole = len(encode(rich(100))) / 100
    cells = 2 * 20 * 24
    assert whole < cells / 10


def test_a_version_that_is_not_that_of_the_content_is_damage():
    data = bytearray(encode(rich()))
    data[len(MAGIC)] = 1
    with pytest.raises(StorageError, match="damaged"):
        decode(bytes(data))


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=150)
def test_a_changed_body_is_a_storage_error_or_harmless(seed):
    """Checksums right, content wrong: what a bug or a forger would write."""
    body = bytearray(zlib.decompress(encode(rich())[len(MAGIC) + 9 :]))
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 4)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    forged = MAGIC + b"\2" + len(body).to_bytes(8, "big") + zlib.compress(bytes(body))
    try:
        assert isinstance(decode(forged), Interpreted)
    except StorageError as error:
        assert "\n" not in str(error)
