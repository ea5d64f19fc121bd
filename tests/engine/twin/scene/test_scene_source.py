"""A scene as a recording: lazy, the same every time, and its truth is that of its pictures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from scene_kit import person_with_soft_targets, plain_person, small

from echospine.domain.labels import Side, Structure, View
from echospine.engine.twin.motion import Contraction, displacement_at
from echospine.engine.twin.needle import Needle
from echospine.engine.twin.probe import ABDOMINAL, Settings
from echospine.engine.twin.scene import SIMULATED, Insertion, Place, Scene, SceneSource, Stay, Tremor
from echospine.engine.twin.tracker import TrackerNoise
from echospine.ports import FrameSource

MACHINE = small(ABDOMINAL)
FACET = Place("facet", "L4", Side.LEFT)
EXACT = TrackerNoise(0.0, 0.0)


@cache
def needle_scene() -> SceneSource:
    scene = Scene(
        "needle",
        (
            Stay(View.TRANSVERSE_INTERLAMINAR, "L4", for_s=5.0, through=FACET),
            Insertion(FACET, Needle(20, 150.0), speed_mm_s=20.0, inject_ml=1.0, inject_ml_s=1.0),
        ),
        machine=MACHINE,
        tracker=EXACT,
        frame_rate_hz=5.0,
        seed=4,
    )
    return SceneSource(scene, person_with_soft_targets())


def muscle_scene(seed: int = 1) -> SceneSource:
    scene = Scene(
        "muscle",
        (
            Stay(View.PARASAGITTAL_ARTICULAR_PROCESS, "L4", Side.LEFT, for_s=2.0),
            Contraction(Side.LEFT, ("L4",), 0.2, onset_s=0.2, rise_s=0.5),
        ),
        machine=MACHINE,
        settings=Settings(70.0),
        tremor=Tremor(0.0, 0.0),
        frame_rate_hz=5.0,
        seed=seed,
    )
    return SceneSource(scene, plain_person())


def test_it_is_a_recording_like_any_other():
    source: FrameSource = muscle_scene()
    with source as opened:
        header = opened.header
        assert (header.n_frames, len(opened)) == (10, 10)
        assert header.times_s == pytest.approx(np.arange(10) / 5.0)
        assert header.notes == (SIMULATED,)
        assert header.tracked
        first = next(iter(opened))
        assert first.pixels.shape == (160, 160)
        assert first.geometry == header.geometry
        assert not first.pixels.flags.writeable
        for index in (-1, 10):
            with pytest.raises(IndexError, match="has no frame"):
                opened.frame(index)


def test_the_same_scene_gives_the_same_bytes_in_any_order_and_on_any_threads():
    one, two = muscle_scene(), muscle_scene()
    later = one.frame(5)
    with ThreadPoolExecutor(3) as pool:
        threaded = SceneSource(one.scene, plain_person(), pool.map)
        for index in (0, 5):
            frames = [source.frame(index) for source in (one, two, threaded)]
            assert len({frame.pixels.tobytes() for frame in frames}) == 1
            assert len({b"".join(pose.matrix.tobytes() for pose in frame.poses) for frame in frames}) == 1
        assert later.pixels.tobytes() == threaded.frame(5).pixels.tobytes()
        assert one.truth(5).labels.tobytes() == threaded.truth(5).labels.tobytes()


def test_another_seed_gives_other_noise_and_other_tracking_errors():
    one, two = muscle_scene(1).frame(0), muscle_scene(2).frame(0)
    assert one.pixels.tobytes() != two.pixels.tobytes()
    assert not np.array_equal(one.pose("Tracker", "Probe").matrix, two.pose("Tracker", "Probe").matrix)


def test_poses_lead_from_a_pixel_to_where_its_tissue_is():
    source = needle_scene()
    frame, truth = source.frame(3), source.truth(3)
    tracker_to_patient = source.stage.tools(truth.probe, None)["Probe"] @ truth.probe.inverse
    said = (tracker_to_patient.inverse @ frame.pose("Tracker", "Image")).apply((80.0, 60.0, 0.0))
    assert np.allclose(said, (truth.probe @ truth.image_to_probe).apply((80.0, 60.0, 0.0)), atol=1e-6)


def test_landmarks_are_where_the_picture_shows_their_bone():
    truth = needle_scene().truth(0)
    seen = {one.landmark.name: one for one in truth.landmarks}
    facet = seen["L4_facet_left"]
    assert abs(facet.off_plane_mm) < 0.7, "tremor alone"
    column, row = np.rint(facet.pixel).astype(int)
    around = truth.labels[row - 3 : row + 4, column - 3 : column + 4]
    assert Structure.ARTICULAR_PROCESS in around
    assert np.linalg.norm(facet.displacement_mm) < 0.05, "the probe presses muscle, not bone"


def test_the_needle_is_labelled_where_its_tip_is_told_and_goes_on():
    source = needle_scene()
    tips = []
    for index in (4, 8, 12):
        seen = source.truth(index).needle
        assert seen is not None
        labels = source.truth(index).labels
        rows, columns = np.nonzero(labels == Structure.NEEDLE)
        away = np.hypot(columns - seen.tip_px[0], rows - seen.tip_px[1])
        assert seen.truth.tip_visible
        assert away.min() < 2.0
        tips.append(seen.tip_to_target_mm)
    assert tips[0] > tips[1] > tips[2]
    assert source.truth(0).needle is None


def test_the_needle_is_bright_where_it_is_labelled():
    source = needle_scene()
    with_needle, before = source.frame(10), source.frame(0)
    mask = source.truth(10).labels == Structure.NEEDLE
    assert with_needle.pixels[mask].mean() > before.pixels[mask].mean() + 25


def test_what_is_injected_is_told_and_is_dark():
    source = needle_scene()
    last = len(source) - 1
    assert source.truth(last).injected_ml == pytest.approx(1.0)
    arrives_s = source.stage.course.arrives_s
    index = int(np.searchsorted(source.stage.times_s, arrives_s + 0.4)) - 1
    assert source.truth(index).injected_ml == 0.0
    column, row = np.rint(source.truth(last).needle.tip_px).astype(int)
    where = (slice(row - 8, row - 2), slice(column - 3, column + 4))
    assert source.frame(last).pixels[where].mean() < source.frame(index).pixels[where].mean() - 15


def test_displacement_of_a_pixel_is_that_of_its_tissue():
    source = muscle_scene()
    truth = source.truth(6)
    field = source.stage.moment(source.stage.times_s[6]).body.displacement
    inside = np.argwhere(np.isfinite(truth.displacement_mm[..., 0]))[::97]
    now = (truth.probe @ truth.image_to_probe).apply(
        np.column_stack([inside[:, 1], inside[:, 0], np.zeros(len(inside))])
    )
    told = truth.displacement_mm[inside[:, 0], inside[:, 1]]
    assert np.abs(displacement_at(field, now - told) - told).max() < 0.02
    assert np.linalg.norm(told, axis=1).max() > 1.0


def test_muscle_is_thicker_when_it_contracts():
    """By 20 percent of the muscle at rest; the probe has pressed it, so it is more of what the picture shows."""
    source = muscle_scene()
    rest, peak = (source.truth(index).middle_mm[Structure.MULTIFIDUS] for index in (0, 6))
    assert 1.1 < peak / rest < 1.4


def test_facts_of_the_middle_line_add_up_to_the_depth_of_the_bone():
    truth = muscle_scene().truth(0)
    assert truth.skin_to_bone_mm == pytest.approx(sum(truth.middle_mm.values()), abs=4.0)
    assert 0.6 < truth.contact <= 1.0
    assert (truth.view, truth.level, truth.side) == (View.PARASAGITTAL_ARTICULAR_PROCESS, "L4", Side.LEFT)


def test_what_is_seen_is_part_of_what_is_there():
    truth = needle_scene().truth(0)
    soft = np.isin(truth.labels, (Structure.MULTIFIDUS, Structure.SUBCUTANEOUS, Structure.FASCIA))
    assert soft.any()
    assert np.array_equal(truth.labels[soft], truth.anatomy[soft])
    assert (truth.anatomy == Structure.DURAL_SAC).sum() >= (truth.labels == Structure.DURAL_SAC).sum()
