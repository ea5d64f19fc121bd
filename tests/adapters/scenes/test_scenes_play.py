"""Each scene that comes with EchoSpine plays in its patient, and shows what its title says."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from echospine.adapters.scenes import builtin_scenes, open_scene_file
from echospine.domain.labels import Structure, View
from echospine.engine.twin.person import build_patient
from echospine.engine.twin.scene import SceneSource, Truth
from echospine.engine.twin.tissues import Tissue

pytestmark = pytest.mark.slow
SEEN_IN = {
    View.TRANSVERSE_SPINOUS: {Structure.SPINOUS_PROCESS, Structure.MULTIFIDUS, Structure.ARTICULAR_PROCESS},
    View.TRANSVERSE_INTERLAMINAR: {Structure.DURAL_SAC, Structure.POSTERIOR_COMPLEX, Structure.ARTICULAR_PROCESS},
    View.MIDLINE_SAGITTAL: {Structure.SPINOUS_PROCESS},
    View.PARASAGITTAL_LAMINA: {Structure.LAMINA, Structure.POSTERIOR_COMPLEX, Structure.DURAL_SAC},
    View.PARASAGITTAL_ARTICULAR_PROCESS: {Structure.ARTICULAR_PROCESS, Structure.MULTIFIDUS},
    View.PARASAGITTAL_TRANSVERSE_PROCESS: {Structure.TRANSVERSE_PROCESS, Structure.PSOAS},
    View.MULTIFIDUS_TRANSVERSE: {Structure.MULTIFIDUS, Structure.ERECTOR_SPINAE, Structure.FASCIA},
    View.FASCIA_LONGITUDINAL: {Structure.FASCIA, Structure.SUBCUTANEOUS, Structure.ERECTOR_SPINAE},
    View.ABDOMINAL_WALL_LATERAL: {Structure.SUBCUTANEOUS},
    View.SACRAL: {Structure.SACRUM, Structure.LAMINA},
}


@cache
def played(name: str) -> SceneSource:
    scene = open_scene_file(name).scene
    return SceneSource(scene, build_patient(scene.patient))


def last(name: str) -> Truth:
    source = played(name)
    return source.truth(len(source) - 1)


@pytest.mark.parametrize("name", builtin_scenes())
def test_it_plays_from_the_first_frame_to_the_last(name):
    source = played(name)
    for index in (0, len(source) // 2, len(source) - 1):
        frame, truth = source.frame(index), source.truth(index)
        assert frame.pixels.mean() > 5.0
        assert truth.contact > 0.6
        assert np.nanmax(np.linalg.norm(truth.displacement_mm, axis=-1)) < 15.0


@pytest.mark.parametrize("name", ["standard-views", "muscle-views"])
def test_each_view_shows_what_it_is_known_by(name):
    source = played(name)
    for leg in source.stage.way.legs:
        index = int(np.searchsorted(source.stage.times_s, leg.start_s - 1e-9))
        truth = source.truth(index)
        assert truth.view is leg.view
        found = {Structure(n) for n in np.unique(truth.labels) if np.count_nonzero(truth.labels == n) > 25}
        assert SEEN_IN[leg.view] <= found, (leg.view, leg.side)


@pytest.mark.parametrize(
    ("name", "tissue"),
    [
        ("needle-vessel", Tissue.SEGMENTAL_VESSEL),
        ("needle-dura", Tissue.DURA),
        ("needle-nerve", Tissue.NERVE_ROOT),
    ],
)
def test_a_needle_that_goes_wrong_ends_in_what_it_must_not_hit(name, tissue):
    needle = last(name).needle
    assert needle is not None
    assert needle.nearest is not None
    assert needle.nearest.gap_mm < 0.5
    assert needle.nearest.tissue is tissue
    assert abs(needle.truth.out_of_plane_mm) < 2.0


def test_the_good_needle_is_at_the_joint_in_plane_and_has_injected():
    truth = last("needle-good")
    assert truth.needle is not None
    assert truth.needle.tip_to_target_mm < 0.1
    assert truth.needle.truth.in_plane
    assert truth.needle.truth.visible_mm > 30.0
    assert truth.injected_ml == pytest.approx(1.0)
    assert truth.needle.nearest is None or truth.needle.nearest.gap_mm > 2.0


def test_the_needle_out_of_plane_is_lost_from_the_picture_and_the_bent_one_misses():
    slipped, bent = last("needle-out-of-plane").needle, last("needle-bent").needle
    assert slipped is not None
    assert bent is not None
    assert abs(slipped.truth.out_of_plane_mm) > 6.0
    assert not slipped.truth.tip_visible
    assert 3.0 < slipped.truth.visible_mm < 20.0
    assert bent.tip_to_target_mm > 4.0
    assert bent.truth.in_plane


def test_the_muscle_thickens_and_comes_back():
    source = played("contraction")
    rest, peak, after = (source.truth(i).middle_mm[Structure.MULTIFIDUS] for i in (0, 30, len(source) - 1))
    assert 1.08 < peak / rest < 1.25
    assert after / rest == pytest.approx(1.0, abs=0.05)


def test_the_fascia_glides_by_what_is_stated():
    source = played("flexion")
    middle = source.truth(40)
    fascia = middle.anatomy == Structure.FASCIA
    along = middle.displacement_mm[..., 2] - source.truth(0).displacement_mm[..., 2]
    column = along[:, along.shape[1] // 2]
    rows = np.flatnonzero(fascia[:, along.shape[1] // 2])
    glide = abs(column[rows[0] - 6] - column[rows[-1] + 6])
    assert glide == pytest.approx(1.2, abs=0.15), "60 percent of the 2 mm between the layers"


def test_the_sweep_goes_up_the_spine_and_loses_some_poses():
    source = played("sweep")
    heights = [source.stage.probe_at(t).matrix[2, 3] for t in source.stage.times_s]
    assert np.all(np.diff(heights) > 0)
    assert heights[-1] - heights[0] > 100.0
    lost = [source.tracked(i).statuses["ProbeToTracker"] != "OK" for i in range(len(source))]
    assert 0 < sum(lost) < 0.15 * len(source)
