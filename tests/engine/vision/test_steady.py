"""What is shown does not jitter over a still twin, and follows a probe that moves or jumps."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Side, Structure, Surface, View
from echospine.domain.poses import Pose
from echospine.domain.sights import Doubt, Landmark, Sighting, StructureMap, ViewBelief
from echospine.engine.twin.body import Body
from echospine.engine.twin.image import prepare, truth
from echospine.engine.twin.person import build_patient, sample_patient
from echospine.engine.twin.probe import Settings
from echospine.engine.twin.scene.views import standard_view
from echospine.engine.vision.steady import Slider, Steady
from echospine.engine.vision.steady.cells import shift_of
from training.machines import HELD_OUT

SIZE = 256
HZ = 30.0
FIELD = Field(Sector(np.zeros(SIZE), np.full(SIZE, SIZE - 1.0)))


@pytest.fixture(scope="module")
def slide():
    """Label maps of the twin while a probe slides along the spine, 0.5 mm (one cell) a frame, (n, 256, 256)."""
    anatomy = build_patient(sample_patient(900_003))
    machine, settings = replace(HELD_OUT["convex C5-2"].machine, n_lines=64), Settings(depth_mm=90.0)
    body, scanner = Body(anatomy, 1), prepare(machine, settings)
    pose = standard_view(anatomy, View.PARASAGITTAL_LAMINA, "L3", Side.LEFT, machine.probe)
    maps = []
    for n in range(12):
        matrix = np.array(pose.matrix)
        matrix[:3, 3] += 0.5 * n * matrix[:3, 0]
        maps.append(truth(body, Pose("Patient", "Probe", matrix), machine, settings, scanner=scanner).labels)
    return np.array(maps)


def noisy(rng: np.random.Generator, labels: np.ndarray) -> StructureMap:
    """A map as a network makes it: edges that wander by a cell or two, and patches that flicker."""
    move = np.stack([4.0 * gaussian_filter(rng.normal(0, 1, labels.shape), 3.0) * 5.0 for _ in range(2)])
    rows, columns = np.indices(labels.shape)
    at = np.clip(np.rint(np.stack([rows, columns]) + move), 0, SIZE - 1).astype(int)
    wobbly = labels[at[0], at[1]].copy()
    patch = gaussian_filter(rng.normal(0, 1, labels.shape), 4.0) > 0.16
    wobbly[patch & (wobbly > 0)] = Structure.ERECTOR_SPINAE
    return StructureMap(wobbly, np.full(labels.shape, 200, np.uint8), (0.0, 0.0), 1.0)


def seen(structures: StructureMap | None, index: int = 0, **parts: object) -> Interpretation:
    base = Interpretation(index, Method("made", "1"), FIELD, (), Quality(1, 0, 0, 1), structures=structures)
    return replace(base, **parts)


def flicker(maps: list[np.ndarray]) -> float:
    return float(np.mean([np.mean(a != b) for a, b in pairwise(maps)]))


def test_labels_of_a_still_twin_flicker_less_than_half_as_much(slide):
    rng, steady = np.random.default_rng(0), Steady()
    raw = [noisy(rng, slide[0]) for _ in range(25)]
    shown = [steady.update(seen(one, n), n / HZ) for n, one in enumerate(raw)]
    assert [one.frame_index for one in shown] == list(range(25))
    before = flicker([one.labels for one in raw[10:]])
    after = flicker([one.structures.labels for one in shown[10:]])
    assert after < 0.5 * before
    wrong_before = np.mean([np.mean(one.labels != slide[0]) for one in raw[10:]])
    wrong_after = np.mean([np.mean(one.structures.labels != slide[0]) for one in shown[10:]])
    assert wrong_after < wrong_before


def test_a_moving_probe_is_not_lagged_behind(slide):
    rng, steady = np.random.default_rng(0), Steady()
    lag = []
    for n in range(12):
        shown = steady.update(seen(noisy(rng, slide[n]), n), n / HZ).structures.labels
        agreement = [np.mean(shown[slide[k] > 0] == slide[k][slide[k] > 0]) for k in range(n + 1)]
        lag.append(n - int(np.argmax(agreement)))
    assert np.median(lag[4:]) <= 2


def test_a_jump_is_followed_within_two_frames(slide):
    rng, steady = np.random.default_rng(0), Steady()
    away = np.roll(slide[0], (25, 60), axis=(0, 1))
    for n in range(20):
        steady.update(seen(noisy(rng, slide[0]), n), n / HZ)
    for n in (20, 21):
        shown = steady.update(seen(noisy(rng, away), n), n / HZ).structures.labels
    there, before = (np.mean((shown == one)[one > 0]) for one in (away, slide[0]))
    assert there > 0.8 > before


def mark(x: float, y: float, kind: Landmark = Landmark.LAMINA) -> Sighting:
    return Sighting(kind, (x, y), np.diag([4.0, 4.0]), 0.8)


def test_landmarks_of_a_still_twin_jitter_less_than_half_as_much(slide):
    rng, steady = np.random.default_rng(1), Steady()
    raw, shown = [], []
    for n in range(40):
        raw.append(rng.normal((100.0, 120.0), 2.0))
        one = seen(noisy(rng, slide[0]), n, landmarks=(mark(*raw[-1]), mark(60.0, 90.0, Landmark.FACET)))
        told = steady.update(one, n / HZ).landmarks
        shown.append(next(s.at_px for s in told if s.landmark is Landmark.LAMINA and s.confidence > 0))
    assert np.std(shown[12:], axis=0).mean() < 0.5 * np.std(raw[12:], axis=0).mean()


def test_a_landmark_that_jumps_is_shown_where_it_is_at_once():
    steady = Steady()
    for n in range(10):
        steady.update(seen(None, n, landmarks=(mark(100, 120),)), n / HZ)
    told = steady.update(seen(None, 10, landmarks=(mark(140, 120),)), 10 / HZ).landmarks
    assert (140.0, 120.0) in [one.at_px for one in told]
    for n in range(11, 16):
        told = steady.update(seen(None, n, landmarks=(mark(140, 120),)), n / HZ).landmarks
    assert [one.at_px for one in told] == [(140.0, 120.0)]


def test_a_landmark_missed_in_one_frame_does_not_blink():
    steady = Steady()
    for n in range(20):
        found = () if n == 15 else (mark(100, 120),)
        assert len(steady.update(seen(None, n, landmarks=found), n / HZ).landmarks) == 1


def surface(rows: np.ndarray) -> Surface:
    return Surface(Structure.LAMINA, rows, np.full(SIZE, 0.8))


def test_a_surface_is_steadied_where_it_is_and_let_go_where_it_jumps():
    rng, steady = np.random.default_rng(2), Steady()
    for n in range(30):
        raw = 100.0 + rng.normal(0, 1.5, SIZE)
        shown = steady.update(seen(None, n, surfaces=(surface(raw),)), n / HZ).surfaces[0]
    assert np.std(shown.row_px) < 0.5 * np.std(raw)
    stepped = np.where(np.arange(SIZE) < 100, 150.0, 100.0)
    after = steady.update(seen(None, 30, surfaces=(surface(stepped),)), 1.0).surfaces[0]
    assert np.all(after.row_px[:100] == 150.0)
    gone = np.full(SIZE, np.nan)
    for n in range(31, 40):
        last = steady.update(seen(None, n, surfaces=(surface(gone),)), n / HZ).surfaces[0]
    assert not last.found.any()


def view(name: View, share: float) -> ViewBelief:
    other = View.OTHER if name is not View.OTHER else View.SACRAL
    return ViewBelief(tuple(sorted(((name, share), (other, 1 - share)), key=lambda one: -one[1])))


def test_the_named_view_does_not_flip_between_two_that_are_as_likely():
    rng, steady, names = np.random.default_rng(3), Steady(), []
    for n in range(120):
        share = float(np.clip(rng.normal(0.5, 0.15), 0.05, 0.95))
        told = steady.update(seen(None, n, view=view(View.SACRAL, share)), n / HZ).view
        names.append(told.view)
        assert sum(part for _, part in told.shares) == pytest.approx(1.0)
    assert sum(a is not b for a, b in pairwise(names)) <= 2
    for n in range(120, 160):
        told = steady.update(seen(None, n, view=view(View.OTHER, 0.9)), n / HZ).view
    assert told.view is View.OTHER and told.confidence > 0.8


def test_a_gap_another_form_and_silence_carry_nothing_on(slide):
    one, other = (seen(StructureMap(slide[k], np.full((SIZE, SIZE), 250, np.uint8), (0.0, 0.0), 1.0)) for k in (0, 11))
    for pause, index in ((2.0, 1), (-1.0, 2)):
        steady = Steady()
        steady.update(one, 5.0)
        after = steady.update(replace(other, frame_index=index), 5.0 + pause)
        np.testing.assert_array_equal(after.structures.labels, slide[11])
    steady = Steady()
    steady.update(one, 0.0)
    small = StructureMap(slide[11][:128], np.full((128, SIZE), 250, np.uint8), (0.0, 0.0), 1.0)
    assert steady.update(seen(small), 0.1).structures.labels.shape == (128, SIZE)
    steady = Steady()
    steady.update(one, 0.0)
    silent = seen(None, 7, doubt=Doubt(2.0, True))
    assert steady.update(silent, 0.03) is silent
    np.testing.assert_array_equal(steady.update(other, 0.06).structures.labels, slide[11])


def test_the_shift_between_two_maps_is_found(slide):
    for right, down in ((3, 0), (-2, 0), (0, 4), (0, 0)):
        found = shift_of(slide[0], np.roll(slide[0], (down, right), axis=(0, 1)))
        assert found[:2] == pytest.approx((right, down), abs=0.8)


def test_it_takes_a_few_milliseconds(slide):
    rng, steady = np.random.default_rng(4), Steady()
    maps = [seen(noisy(rng, slide[0]), n) for n in range(8)]
    for n, one in enumerate(maps):
        steady.update(one, n / HZ)
    began = time.process_time()
    for n, one in enumerate(maps):
        steady.update(one, 0.3 + n / HZ)
    assert (time.process_time() - began) / 8 < 0.015


def test_the_slide_of_an_untracked_probe_is_read_from_the_picture(slide):
    """0.5 mm a frame along the picture's x; a picture column is the twin's column."""
    rng, slider = np.random.default_rng(5), Slider()
    column_mm = 0.66
    way = [slider.update(noisy(rng, one), column_mm, n / HZ) for n, one in enumerate(slide)]
    assert way[0] is None
    assert sum(one for one in way[1:] if one is not None) == pytest.approx(0.5 * (len(slide) - 1), rel=0.35)
    resting = [slider.update(noisy(rng, slide[0]), column_mm, 10.0 + n / HZ) for n in range(12)]
    assert resting[0] is None, "after a gap nothing is known"
    assert abs(sum(one for one in resting[1:] if one is not None)) < 2.0
    assert slider.update(None, column_mm, 11.0) is None
