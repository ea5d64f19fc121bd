"""The stored form of an interpreted recording: what goes in comes out, and damage is found, never believed."""

from __future__ import annotations

import random
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from echospine.domain.errors import ModelError, StorageError
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Box, Field, Method, Quality, Sector, Side, Structure, Surface
from echospine.domain.measures import Measurement, Quantity
from echospine.domain.units import Unit
from echospine.workflow.exam import Interpreted, decode, encode
from echospine.workflow.exam.codec import CONFIDENCE_STEPS, LARGEST_BODY, MAGIC

ROWS = st.floats(0, 16_383) | st.just(np.nan)
SHARE = st.floats(0, 1)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


def fields(width):
    rows = hnp.arrays(np.float64, width, elements=ROWS)
    apex = st.none() | st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
    edge = st.integers(0, 5000)
    boxes = st.lists(st.builds(Box, edge, edge, edge, edge), max_size=2).map(tuple)
    return st.builds(Field, st.builds(Sector, rows, rows, apex), boxes)


def surfaces(width):
    return st.builds(
        Surface,
        st.sampled_from(Structure),
        hnp.arrays(np.float64, width, elements=ROWS),
        hnp.arrays(np.float64, width, elements=SHARE),
    )


def measurements(frame):
    valued = st.builds(
        Measurement,
        structure=st.sampled_from(Structure),
        side=st.sampled_from(Side),
        quantity=st.sampled_from(Quantity),
        value=st.floats(allow_nan=False, allow_infinity=False),
        unit=st.sampled_from(Unit),
        method=st.builds(Method, TEXT, TEXT),
        level=TEXT,
        uncertainty=st.none() | st.floats(0, allow_infinity=False),
        frame=st.just(frame),
        n_frames=st.integers(1, 10**6),
        note=TEXT,
    )
    absent = valued.map(lambda m: replace(m, value=None, note=m.note or "uncalibrated"))
    return valued | absent


@st.composite
def recordings(draw):
    width, count = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    shared = draw(st.lists(fields(width), min_size=1, max_size=2))
    quality = st.builds(Quality, SHARE, SHARE, SHARE, SHARE, st.lists(TEXT, max_size=2).map(tuple))
    frames = tuple(
        Interpretation(
            index,
            Method(draw(TEXT), draw(TEXT)),
            draw(st.sampled_from(shared)),
            tuple(draw(st.lists(surfaces(width), max_size=2))),
            draw(quality),
        )
        for index in range(count)
    )
    per_frame = tuple(tuple(draw(st.lists(measurements(index), max_size=3))) for index in range(count))
    summary = tuple(draw(st.lists(measurements(draw(st.none() | st.integers(0, 9))), max_size=3)))
    return Interpreted(frames, per_frame, summary, tuple(draw(st.lists(TEXT, max_size=2))))


def assert_same(one: Interpreted, two: Interpreted) -> None:
    assert (one.per_frame, one.summary, one.notes) == (two.per_frame, two.summary, two.notes)
    assert len(one.interpretations) == len(two.interpretations)
    for a, b in zip(one.interpretations, two.interpretations, strict=True):
        assert (a.frame_index, a.method, a.quality) == (b.frame_index, b.method, b.quality)
        assert (a.field.text_boxes, a.field.sector.apex_px) == (b.field.text_boxes, b.field.sector.apex_px)
        near(a.field.sector.top_px, b.field.sector.top_px, 1e-3)
        near(a.field.sector.bottom_px, b.field.sector.bottom_px, 1e-3)
        for p, q in zip(a.surfaces, b.surfaces, strict=True):
            assert p.structure is q.structure
            near(p.row_px, q.row_px, 1e-3)
            near(p.confidence, q.confidence, 0.6 / CONFIDENCE_STEPS)


def near(one, two, tolerance):
    np.testing.assert_array_equal(np.isnan(one), np.isnan(two))
    np.testing.assert_allclose(one, two, rtol=0, atol=tolerance)


def plain(n_frames=3, width=40) -> Interpreted:
    field = Field(Sector(np.zeros(width), np.full(width, 99.0)))
    method = Method("finder", "1")
    surface = Surface(Structure.BONE, np.linspace(10, 50, width), np.full(width, 0.8))
    frames = tuple(Interpretation(n, method, field, (surface,), Quality(1.0, 0.0, 0.1, 0.9)) for n in range(n_frames))
    depth = Measurement(Structure.BONE, Side.UNKNOWN, Quantity.BONE_DEPTH_MIN, 12.5, Unit.MM, method, frame=0)
    return Interpreted(frames, tuple((replace(depth, frame=n),) for n in range(n_frames)), (depth,))


@given(recordings())
@settings(deadline=None)
def test_what_goes_in_comes_out(interpreted):
    assert_same(decode(encode(interpreted)), interpreted)


@given(recordings())
@settings(deadline=None, max_examples=30)
def test_coding_twice_gives_the_same_bytes(interpreted):
    once = encode(interpreted)
    assert encode(decode(once)) == once


def test_equal_fields_of_view_are_kept_once_and_are_one_object_again():
    few, many = plain(1), plain(200)
    back = decode(encode(many))
    assert len({id(i.field) for i in back.interpretations}) == 1
    assert len(encode(many)) < 40 * len(encode(few))


@given(st.integers(0, 10**6))
@settings(deadline=None)
def test_truncated_bytes_are_found(cut):
    whole = encode(plain())
    with pytest.raises(StorageError, match="interpret the recording again"):
        decode(whole[: cut % len(whole)])


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(deadline=None)
def test_a_flipped_byte_is_found(place, flip):
    damaged = bytearray(encode(plain()))
    damaged[place % len(damaged)] ^= flip
    with pytest.raises(StorageError):
        decode(bytes(damaged))


@given(st.binary(max_size=300))
def test_rubbish_is_not_an_interpretation(rubbish):
    for data in (rubbish, MAGIC + rubbish, MAGIC + b"\1" + len(rubbish).to_bytes(8, "big") + zlib.compress(rubbish)):
        with pytest.raises(StorageError):
            decode(data)


@given(st.integers(0, 2**32))
@settings(deadline=None)
def test_a_body_changed_before_it_was_sealed_is_a_storage_error_or_harmless(seed):
    """Checksums right, content wrong: what a bug or a forger would write."""
    whole = encode(plain())
    body = bytearray(zlib.decompress(whole[len(MAGIC) + 9 :]))
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 4)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    forged = MAGIC + b"\1" + len(body).to_bytes(8, "big") + zlib.compress(bytes(body))
    try:
        assert isinstance(decode(forged), Interpreted)
    except StorageError as error:
        assert "\n" not in str(error)


def test_what_declares_too_much_is_refused_without_being_made():
    bomb = zlib.compress(bytes(1 << 28))
    tracemalloc.start()
    for size in (LARGEST_BODY + 1, 2**64 - 1):
        with pytest.raises(StorageError, match="the limit is"):
            decode(MAGIC + b"\1" + size.to_bytes(8, "big") + bomb)
    with pytest.raises(StorageError, match="truncated or too long"):
        decode(MAGIC + b"\1" + (1000).to_bytes(8, "big") + bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_another_version_is_refused_by_its_number():
    data = bytearray(encode(plain()))
    data[len(MAGIC)] = 9
    with pytest.raises(StorageError, match="version 9, this knows up to 2"):
        decode(bytes(data))


def test_what_was_stored_before_models_came_is_read_and_stored_again_as_it_was():
    old = (Path(__file__).parents[1] / "golden" / "interpretation_version_1.bin").read_bytes()
    back = decode(old)
    assert_same(back, plain(2, 12))
    assert all(one.structures is None and one.doubt is None for one in back.interpretations)
    assert encode(back)[len(MAGIC)] == 1


@pytest.mark.parametrize(
    "broken",
    [
        lambda x: Interpreted((), (), ()),
        lambda x: replace(x, interpretations=x.interpretations[::-1]),
        lambda x: replace(x, per_frame=x.per_frame[:-1]),
        lambda x: replace(x, per_frame=x.per_frame[::-1]),
        lambda x: replace(x, interpretations=(*x.interpretations[:2], replace(plain(3, 50).interpretations[2]))),
    ],
    ids=["no frames", "out of order", "not all measured", "measured on another frame", "two widths"],
)
def test_what_does_not_hold_together_is_never_stored(broken):
    with pytest.raises(ModelError):
        encode(broken(plain()))
