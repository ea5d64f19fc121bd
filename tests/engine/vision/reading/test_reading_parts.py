"""Parts of a reading, on made outputs whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import BONES, Field, Method, Sector, Structure, Surface
from echospine.domain.sights import Landmark
from echospine.engine.vision.framing import Framing
from echospine.engine.vision.reading import Card, Look, Strangeness, agreement_of, naming
from echospine.engine.vision.reading.crests import on_crest, steady, tops
from echospine.engine.vision.reading.naming import share_of
from echospine.engine.vision.reading.points import HEAT_SD, LEAST_SD, peaks, sightings

N = len(Structure)
FLAT = Strangeness(np.zeros(2), np.array([[1.0, 0.0]]), np.array([4.0]), 1.0, 1.0)


def card(**changes):
    return Card(**{"method": Method("made", "1"), "size": 32, "strangeness": FLAT, **changes})


def named(logits, known):
    return naming.named(logits, known, np.ones(logits.shape[1:], bool))


def logits_of(shares, size=32):
    """Logits whose softmax is `shares` ({structure: probability}) in every cell; the rest is background."""
    each = np.full(N, 1e-9)
    for structure, share in shares.items():
        each[structure] = share
    each[0] = max(1.0 - sum(shares.values()), 1e-9)
    return np.broadcast_to(np.log(each)[:, None, None], (N, size, size)).astype(np.float32).copy()


def test_the_likeliest_above_its_threshold_is_named_with_its_probability():
    found = named(logits_of({Structure.MULTIFIDUS: 0.7, Structure.FASCIA: 0.2}), card())
    assert (found.labels == Structure.MULTIFIDUS).all()
    assert found.probability[0, 0] == round(0.7 * 255)
    assert found.unsure == ()


def test_what_stays_under_its_threshold_is_background_and_said_to_be_unsure():
    found = named(logits_of({Structure.NERVE: 0.4, Structure.MULTIFIDUS: 0.15}), card())
    assert (found.labels == 0).all()
    assert found.probability[0, 0] == round(0.45 * 255)
    assert found.unsure == (Structure.NERVE,)


def test_a_threshold_belongs_to_its_structure():
    shares = {Structure.NERVE: 0.4}
    assert (named(logits_of(shares), card(thresholds={Structure.NERVE: 0.3})).labels == Structure.NERVE).all()
    assert (named(logits_of(shares), card(thresholds={Structure.VESSEL: 0.3})).labels == 0).all()


def test_parts_of_bone_that_share_their_probability_are_bone():
    parts = {Structure.LAMINA: 0.35, Structure.ARTICULAR_PROCESS: 0.3, Structure.SACRUM: 0.2}
    found = named(logits_of(parts), card())
    assert (found.labels == Structure.BONE).all()
    assert found.probability[0, 0] == round(0.85 * 255)


def test_a_temperature_of_two_takes_the_root_of_the_odds():
    found = named(logits_of({Structure.VESSEL: 0.9}), card(temperature=np.full(N, 2.0)))
    share = share_of(logits_of({Structure.VESSEL: 0.9}), Structure.VESSEL, found, card(temperature=np.full(N, 2.0)))
    odds = share / (1 - share)
    assert odds[0, 0] == pytest.approx(3.0, rel=0.01)


@given(st.integers(0, 2**32 - 1), st.floats(0.3, 4.0), st.floats(0.0, 30.0))
@settings(deadline=None, max_examples=30)
def test_the_kernel_agrees_with_the_plain_formula(seed, temperature, spread):
    rng = np.random.default_rng(seed)
    logits = (rng.normal(size=(N, 16, 16)) * spread).astype(np.float32)
    least = {one: float(rng.uniform(0.05, 0.9)) for one in Structure if one}
    found = named(logits, card(temperature=np.full(N, temperature), thresholds=least))
    raised = np.exp((logits / temperature) - (logits / temperature).max(axis=0))
    shares = raised / raised.sum(axis=0)
    for one in np.unique(found.labels):
        at = found.labels == one
        if one in {0, Structure.BONE}:
            continue
        assert (shares[one][at] >= least[Structure(int(one))] - 1e-4).all()
        np.testing.assert_allclose(found.probability[at] / 255, shares[one][at], atol=0.003)
        assert (found.labels == one).sum() >= 12


def test_nothing_is_named_beside_the_sector():
    inside = np.zeros((32, 32), bool)
    inside[4:20, 8:30] = True
    inside[4:10, 8:12] = False
    found = naming.named(logits_of({Structure.MULTIFIDUS: 0.9}), card(), inside)
    np.testing.assert_array_equal(found.labels == Structure.MULTIFIDUS, inside)
    assert (found.probability[~inside] == 255).all()
    nothing = naming.named(logits_of({Structure.MULTIFIDUS: 0.9}), card(), np.zeros((32, 32), bool))
    assert (nothing.labels == 0).all()


def test_a_speck_is_not_named():
    logits = logits_of({})
    logits[Structure.NERVE, 5:8, 5:8] = 10.0
    assert (named(logits, card()).labels == 0).all()
    logits[Structure.NERVE, 5:10, 5:10] = 10.0
    assert (named(logits, card()).labels == Structure.NERVE).sum() == 25


def heat_of(places, covariance, size=64, height=0.95):
    i, j = np.indices((size, size))
    inverse = np.linalg.inv(covariance)
    heat = np.zeros((size, size))
    for x, y in places:
        away = np.stack((j - x, i - y))
        heat = np.maximum(heat, height * np.exp(-0.5 * np.einsum("aij,ab,bij->ij", away, inverse, away)))
    return heat


@example(20.0, 20.5)
@example(20.5, 20.5)
@given(st.floats(20, 40), st.floats(20, 40))
@settings(deadline=None, max_examples=40)
def test_a_certain_peak_lies_between_cells_and_is_as_sure_as_the_grid(x, y):
    ((at, covariance, height),) = peaks(heat_of([(x, y)], HEAT_SD**2 * np.eye(2)), 0.3)
    np.testing.assert_allclose(at, (x, y), atol=0.12)
    np.testing.assert_allclose(covariance, LEAST_SD**2 * np.eye(2), atol=0.35)
    assert 0.8 < height <= 0.95


def test_a_drawn_out_peak_tells_where_the_doubt_lies():
    turn = np.radians(30.0)
    axis = np.array([np.cos(turn), np.sin(turn)])
    belief = 4.0 * np.outer(axis, axis) + 0.3 * np.eye(2)
    ((_, covariance, _),) = peaks(heat_of([(32.3, 30.8)], belief + HEAT_SD**2 * np.eye(2)), 0.3)
    values, vectors = np.linalg.eigh(covariance)
    assert values[1] == pytest.approx(4.3, rel=0.25)
    assert values[0] < 1.2
    assert abs(vectors[:, 1] @ axis) > 0.99


def test_two_peaks_do_not_pull_at_each_other():
    places = [(25.0, 30.0), (34.0, 30.0)]
    found = peaks(heat_of(places, HEAT_SD**2 * np.eye(2)), 0.3)
    assert len(found) == 2
    np.testing.assert_allclose(sorted(at for at, _, _ in found), places, atol=0.15)


def test_sightings_come_in_picture_coordinates():
    heat = np.full((len(Landmark), 128, 128), -12.0, np.float32)
    made = np.clip(heat_of([(60.0, 50.0)], HEAT_SD**2 * np.eye(2), 128), 1e-5, 1)
    heat[list(Landmark).index(Landmark.FACET)] = np.log(made / (1 - made))
    framing = Framing(256, (10.0, 20.0), 2.5, (0, 0, 640, 640))
    frame = Frame(np.zeros((640, 640), np.uint8), ImageGeometry(640, 640), 0)
    field = Field(Sector(np.zeros(640), np.full(640, 639.0)))
    (seen,) = sightings(heat, Look(frame, field, framing, card(size=256)))
    assert seen.landmark is Landmark.FACET
    np.testing.assert_allclose(seen.at_px, (10 + 2.5 * 120.5, 20 + 2.5 * 100.5), atol=0.6)
    assert seen.confidence == pytest.approx(0.95, abs=0.01)
    long_px, short_px, _ = seen.ellipse_mm((1.0, 1.0))
    assert 5.0 < short_px <= long_px < 10.0, "half a cell of 5 px, as an ellipse of 95 %"


IS_BONE = np.isin(np.arange(N), [int(one) for one in BONES])


def tops_of(parts):
    """Tops of cells given as (rows, 1) structure and probability."""
    labels, shares = (np.array([[one[k]] for one in parts]) for k in (0, 1))
    bone = np.where(IS_BONE[labels], shares, 0.0)
    return tops(labels.astype(np.uint8), np.rint(shares * 255).astype(np.uint8), bone.astype(np.float32), IS_BONE)


def test_the_top_of_a_band_lies_where_bone_passes_half():
    labels, shares = np.zeros((40, 3), np.uint8), np.zeros((40, 3))
    labels[20:24, :2], shares[20:24] = Structure.LAMINA, 0.8
    shares[19, 1] = 0.3
    top, sure = tops(labels, np.rint(shares * 255).astype(np.uint8), shares.astype(np.float32), IS_BONE)
    assert top[Structure.LAMINA, 0] == pytest.approx(19.5)
    assert top[Structure.LAMINA, 1] == pytest.approx(19.2)
    assert np.isnan(top[:, 2]).all()
    np.testing.assert_allclose(sure[Structure.LAMINA], [0.8, 0.8, 0.0], atol=0.002)


def test_of_two_bands_of_one_name_in_a_column_the_surer_counts():
    background, body = (0, 0.9), (Structure.VERTEBRAL_BODY, 0.6)
    surer = (Structure.VERTEBRAL_BODY, 0.9)
    top, sure = tops_of([background] * 5 + [body] * 2 + [background] * 13 + [surer] * 4)
    assert top[Structure.VERTEBRAL_BODY, 0] == pytest.approx(19.5, abs=0.5)
    assert sure[Structure.VERTEBRAL_BODY, 0] == pytest.approx(0.9, abs=0.002)


def test_one_run_of_bone_has_one_name_and_its_doubt():
    mixed = [(0, 0.9)] * 4 + [(Structure.BONE, 0.7), (Structure.LAMINA, 0.6), (Structure.LAMINA, 0.6)]
    top, sure = tops_of(mixed)
    assert np.flatnonzero(np.isfinite(top[:, 0])).tolist() == [Structure.LAMINA]
    assert top[Structure.LAMINA, 0] == pytest.approx(3.5, abs=0.5)
    assert sure[Structure.LAMINA, 0] == pytest.approx(0.4, abs=0.002)
    top, sure = tops_of([(0, 0.9)] * 4 + [(Structure.BONE, 0.7)] * 2)
    assert sure[Structure.BONE, 0] == pytest.approx(0.7, abs=0.002)


def test_a_steady_top_has_no_holes_and_no_columns_that_jump():
    top = np.full(40, np.nan)
    top[10:30] = np.linspace(20, 30, 20)
    broken = top.copy()
    broken[[14, 20]], broken[25] = np.nan, 90.0
    found = steady(broken)
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(top))
    assert np.abs(found - top)[10:30].max() < 1.2
    assert np.isnan(steady(np.full(9, np.nan))).all()


def test_a_row_is_moved_to_the_crest_and_pieces_are_never_joined_over_a_jump():
    truth = 60.0 + 10.0 * np.sin(np.arange(200) / 30.0)
    truth[120:] += 45.0
    depth = np.arange(160)[:, None]
    grey = (40 + 200 * np.exp(-(((depth - truth) / 2.0) ** 2))).astype(np.uint8)
    found = on_crest(grey, truth - 3.4, (0.2, 0.2))
    assert np.abs(found - truth)[5:115].max() < 0.8
    assert np.abs(found - truth)[125:195].max() < 0.8
    assert abs(found[119] - truth[119]) < 2
    assert np.isnan(found[120]), "a column between two pieces, so that no drawing joins them"
    assert abs(found[121] - truth[121]) < 2
    short = np.full(200, np.nan)
    short[50:58] = 60.0
    assert np.isnan(on_crest(grey, short, (0.2, 0.2))).all(), "1.6 mm of surface is a speck"


def surface(rows, confidence=0.9, structure=Structure.LAMINA):
    rows = np.asarray(rows, float)
    return Surface(structure, rows, np.full(rows.size, confidence))


def test_agreement_counts_columns_within_two_millimetres():
    ours = np.full(100, np.nan)
    ours[10:50] = 30.0
    theirs = np.full(100, np.nan)
    theirs[20:60] = 38.0
    near = agreement_of([surface(ours)], surface(theirs, structure=Structure.BONE), 0.2, 100)
    assert near.columns == 50
    assert near.share == pytest.approx(30 / 50)
    assert near.reason == ""
    far = agreement_of([surface(ours)], surface(theirs, structure=Structure.BONE), 0.5, 100)
    assert far.share == 0
    assert "at different depths" in far.reason


def test_one_that_sees_alone_is_said_to():
    ours, nothing = np.full(100, 20.0), np.full(100, np.nan)
    alone = agreement_of([surface(ours)], surface(nothing, structure=Structure.BONE), 0.2, 100)
    assert "casts no clear shadow" in alone.reason
    unnamed = agreement_of([], surface(ours, structure=Structure.BONE), 0.2, 100)
    assert "was not named bone" in unnamed.reason
    assert agreement_of([], surface(nothing), 0.2, 100).reason == ""
    unsure = agreement_of([], surface(ours, 0.2, Structure.BONE), 0.2, 100)
    assert unsure.columns == 0, "columns of which the finder is not sure are not asked about"
    assert agreement_of([surface(ours)], None, 0.2, 100).share == 0.0


def test_strangeness_is_the_mahalanobis_distance():
    rng = np.random.default_rng(3)
    directions = np.linalg.qr(rng.normal(size=(6, 6)))[0].T[:2]
    known = Strangeness(rng.normal(size=6), directions, np.array([9.0, 4.0]), 0.5, 2.0)
    covariance = directions.T @ np.diag([9.0, 4.0]) @ directions + 0.5 * (np.eye(6) - directions.T @ directions)
    features = rng.normal(size=6) * 3
    away = features - known.mean
    assert known.of(features) == pytest.approx(np.sqrt(away @ np.linalg.inv(covariance) @ away) / 2.0)
    assert known.of(known.mean) == 0.0
    assert known.of(np.full(6, np.inf)) == np.inf


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"temperature": np.zeros(N)}, "temperature"),
        ({"temperature": np.ones(3)}, "temperature"),
        ({"view_temperature": np.nan}, "temperature"),
        ({"thresholds": {Structure.NERVE: 0.0}}, "probability"),
        ({"landmark_thresholds": {Landmark.LAMINA: 1.5}}, "probability"),
        ({"size": 255}, "even"),
    ],
)
def test_a_card_that_cannot_be_is_refused(changes, words):
    with pytest.raises(ModelError, match=words):
        card(**changes)
