"""Painted bones: sizes and angles measured back in voxels, joint gaps, windows between laminae, true distances."""

import hashlib
import time

import numpy as np
import pytest
from bones_kit import LOW_MM, Painted, end_plate_normal, gap_mm, painted, volume

from echospine.domain.poses import Pose
from echospine.engine.twin.anatomy import DISTANCE_STEP_MM
from echospine.engine.twin.patient import LEVELS, PatientParameters, Sex, Transition
from echospine.engine.twin.person.bones.bars import Bar, Bone, place
from echospine.engine.twin.person.bones.painting import distance_at, paint, paint_bones, spine_bones
from echospine.engine.twin.person.spine import make_spine
from echospine.engine.twin.tissues import BONES, Tissue

PLAIN = PatientParameters()
BENT = PatientParameters(
    seed=11, sex=Sex.MALE, height_mm=1800.0, lordosis_deg=62.0, scoliosis_deg=22.0, rotation_deg=10.0
)


@pytest.mark.parametrize("parameters", [PLAIN, BENT], ids=["plain", "bent"])
@pytest.mark.parametrize("level", LEVELS)
def test_vertebrae_have_the_sizes_of_the_spine(parameters, level):
    body = painted(parameters)
    vertebra = body.spine[level]
    size, (x, y, z) = vertebra.size, vertebra.pose.matrix[:3, :3].T
    rim = size.height / 2 - 2.0
    assert body.extent_mm(vertebra.to_patient(0, 0, rim), x) == pytest.approx(size.upper_width, abs=1.5)
    assert body.extent_mm(vertebra.to_patient(0, 0, rim), y) == pytest.approx(size.upper_depth, abs=1.5)
    back = vertebra.back_wall_mm
    assert body.extent_mm(vertebra.to_patient(0, back - 3.0, 0), z) == pytest.approx(size.back_height, abs=1.8)
    canal = vertebra.to_patient(0, back + 0.35 * size.canal_depth, vertebra.pedicle_mm)
    assert body.extent_mm(canal, x) == pytest.approx(size.canal_width, abs=1.2)
    lamina_y, lamina_z = vertebra.lamina_mm
    rows = [vertebra.to_patient(0, back + size.canal_depth / 2, lamina_z + up) for up in np.arange(-2.0, 9.0, 0.5)]
    assert min(body.crossing_mm(row, y) for row in rows) == pytest.approx(size.canal_depth / 2, abs=1.0)
    middle = vertebra.to_patient(0, lamina_y + 0.65 * size.spinous_length, lamina_z - 0.1 * size.spinous_length)
    assert body.extent_mm(middle, z) == pytest.approx(size.spinous_height, abs=2.5)


@pytest.mark.parametrize("level", LEVELS[:4])  # L5's pedicle is oblique
def test_pedicles_have_their_width_and_height(level):
    body = painted(PLAIN)
    vertebra = body.spine[level]
    size, (x, _, z) = vertebra.size, vertebra.pose.matrix[:3, :3].T
    for sign in (1, -1):
        middle = vertebra.to_patient(
            sign * (size.canal_width + size.pedicle_width) / 2, vertebra.back_wall_mm + 2.0, vertebra.pedicle_mm
        )
        assert body.extent_mm(middle, x) == pytest.approx(size.pedicle_width, abs=1.5)
        assert body.extent_mm(middle, z) == pytest.approx(size.pedicle_height, abs=2.5)


def test_bodies_have_a_waist_and_a_hollow_back():
    body = painted(PLAIN)
    for level in LEVELS:
        vertebra = body.spine[level]
        x, y, _ = vertebra.pose.matrix[:3, :3].T
        low = vertebra.to_patient(0, 0, -vertebra.size.height / 2 + 2.0)
        middle = vertebra.to_patient(0, 0, -2.0)
        assert body.extent_mm(middle, x) < 0.95 * body.extent_mm(low, x)
        to_back = [body.crossing_mm(vertebra.to_patient(side, 0, 8.0), y) for side in (-9.0, 0.0, 9.0)]
        assert to_back[1] <= max(to_back[0], to_back[2])


@pytest.mark.parametrize("parameters", [PLAIN, BENT], ids=["plain", "bent"])
def test_lordosis_and_cobb_angle_come_back_from_the_end_plates(parameters):
    body = painted(parameters)
    first, last, sacral = (end_plate_normal(body, *plate) for plate in (("L1", 1), ("L5", -1), ("S1", 1)))
    lordosis = np.degrees(np.arctan2(first[1], first[2]) - np.arctan2(sacral[1], sacral[2]))
    cobb = np.degrees(np.arctan2(last[0], last[2]) - np.arctan2(first[0], first[2]))
    assert lordosis == pytest.approx(parameters.lordosis_deg, abs=1.0)
    assert cobb == pytest.approx(parameters.scoliosis_deg, abs=1.0)


@pytest.mark.parametrize(
    "parameters",
    [PLAIN, BENT, PatientParameters(seed=2, lordosis_deg=80.0), PatientParameters(seed=9, lordosis_deg=15.0)],
    ids=["plain", "bent", "deep", "flat"],
)
def test_no_two_bones_share_a_place(parameters):
    spine = make_spine(parameters)
    taken = np.zeros(volume(spacing_mm=1.0)[0].shape, bool)
    for bone in spine_bones(spine):
        tissues, distance = volume(spacing_mm=1.0)
        paint(bone, tissues, distance, LOW_MM, 1.0)
        inside = distance < 0
        assert not np.any(inside & taken), bone.name
        taken |= inside


@pytest.mark.parametrize("parameters", [PLAIN, BENT], ids=["plain", "bent"])
def test_every_facet_joint_has_a_gap(parameters):
    body = painted(parameters)
    for level in LEVELS:
        for sign in (1, -1):
            joint = body.spine.joint(level, sign)
            assert 1.5 < gap_mm(body, joint) < 2.5, (level, sign)
            block = np.stack(np.meshgrid(*[np.linspace(-4.0, 4.0, 17)] * 3), -1)
            filled = np.sum(body.tissue(joint.pose.apply(block)) == Tissue.FACET_GAP) * 0.5**3
            assert filled > 0.7 * 8.0 * 8.0 * 1.5, (level, sign)
            outward = joint.pose.matrix[:3, 0]
            assert body.tissue(joint.pose.matrix[:3, 3] + 3.5 * outward) == Tissue.SUPERIOR_ARTICULAR
            assert body.tissue(joint.pose.matrix[:3, 3] - 3.5 * outward) == Tissue.INFERIOR_ARTICULAR


def test_facet_joints_stand_at_their_angle_and_apart():
    body = painted(PLAIN)
    gap = np.argwhere(body.tissues == Tissue.FACET_GAP)[:, ::-1] * body.spacing_mm + body.origin_mm
    for level, disc in zip(LEVELS, body.spine.discs[1:], strict=True):
        size, middles = body.spine[level].size, []
        for sign in (1, -1):
            near = gap[np.linalg.norm(gap - body.spine.joint(level, sign).pose.matrix[:3, 3], axis=1) < 9.0]
            flat = disc.pose.inverse.apply(near)[:, :2]
            along = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)[2][0]
            angle = np.degrees(np.arctan2(abs(along[0]), abs(along[1])))
            assert angle == pytest.approx(size.facet_deg, abs=12.0)  # the gap is curved
            middles.append(flat.mean(axis=0)[0])
        assert middles[0] - middles[1] == pytest.approx(size.interfacet, abs=2.0)


def test_a_hypertrophic_joint_is_larger_and_tighter():
    rows = ((0.0, 0.0),) * 3 + ((1.0, 0.0), (0.0, 0.0))
    body = painted(PatientParameters(facet_hypertrophy=rows))
    left, right = (body.spine.joint("L4", sign).pose for sign in (1, -1))
    assert 1.2 < gap_mm(body, body.spine.joint("L4", 1)) < gap_mm(body, body.spine.joint("L4", -1)) - 0.1
    points = np.stack(np.meshgrid(*[np.linspace(-16, 16, 65)] * 3), -1)
    articular = (Tissue.SUPERIOR_ARTICULAR, Tissue.INFERIOR_ARTICULAR)
    volumes = [np.isin(body.tissue(pose.apply(points)), articular).sum() for pose in (left, right)]
    assert volumes[0] > 1.35 * volumes[1]


def window_mm(body, level, x_mm):
    """Height of the window below the laminae of `level` that straight rays from behind pass into the canal, mm."""
    disc = body.spine.discs[LEVELS.index(level) + 1]
    z = np.arange(-24.0, 6.0, 0.5)
    y = np.arange(disc.depth_mm / 2 + 6.0, 75.0, 0.5)
    rays = disc.pose.apply(np.stack(np.broadcast_arrays(x_mm, y[None, :], z[:, None]), -1))
    free = np.all(body.distance_mm(rays) > 0, axis=1)
    runs = np.split(free, np.flatnonzero(np.diff(free)) + 1)
    return max(0.5 * run.sum() for run in runs)


@pytest.mark.parametrize("seed", range(3))
def test_sound_passes_between_the_laminae(seed):
    body = painted(PatientParameters(seed=seed, lordosis_deg=40.0 + 8.0 * seed))
    for level in ("L2", "L3", "L4", "L5"):
        best = max(window_mm(body, level, sign * x) for sign in (1, -1) for x in (5.0, 6.0, 7.0, 8.0))
        assert 6.0 < best < 20.0, level
    assert 8.0 <= max(window_mm(body, "L3", x) for x in (5.0, 6.0, 7.0, 8.0)) <= 16.0


def test_no_sound_passes_through_a_lamina_or_along_the_midline():
    body = painted(PLAIN)
    for level in LEVELS:
        vertebra = body.spine[level]
        y, z = vertebra.lamina_mm
        for x in (-8.0, 0.0, 8.0):
            line = np.array([vertebra.to_patient(x, back, z) for back in np.arange(y - 6.0, y + 40.0, 0.5)])
            assert body.distance_mm(line).min() < -1.5


def test_a_straight_person_is_symmetric():
    body = painted(PLAIN)
    near = np.abs(body.distance) * DISTANCE_STEP_MM < 2.0
    apart = np.abs(body.distance.astype(int) - body.distance[:, :, ::-1])[near] * DISTANCE_STEP_MM
    assert np.median(apart) < 0.25
    assert np.quantile(apart, 0.99) < 0.9


@pytest.mark.parametrize("transition", [Transition.SACRALISED, Transition.LUMBARISED])
def test_transitional_vertebrae(transition):
    body = painted(PatientParameters(transition=transition))
    sacrum = body.spine["S1"]
    gap = np.array([sacrum.to_patient(0.0, y, -sacrum.size.height / 2 - 2.5) for y in (-6.0, 0.0, 6.0)])
    free = body.distance_mm(gap) > 0
    assert np.all(free) if transition == Transition.LUMBARISED else not np.any(free)
    low, top = body.spine["L5"].transverse_tip_mm, (40.0, 8.0, 0.0)
    line = np.linspace(body.spine["L5"].to_patient(low[0] - 8.0, low[1], low[2] - 4.0), sacrum.to_patient(*top), 60)
    assert np.all(body.distance_mm(line) < 0) == (transition == Transition.SACRALISED)


def test_the_same_person_has_the_same_bytes():
    def digest(seed):
        tissues, distance = volume(spacing_mm=1.5)
        paint_bones(tissues, distance, LOW_MM, 1.5, make_spine(PatientParameters(seed=seed)))
        return hashlib.sha256(tissues.tobytes() + distance.tobytes()).hexdigest()

    assert digest(7) == digest(7)
    assert digest(7) != digest(8)


def test_bone_is_where_the_distance_is_below_zero():
    body = painted(PLAIN)
    bone = np.isin(body.tissues, list(BONES))
    assert np.array_equal(bone & (body.distance != 0), body.distance < 0)


def ellipse_bar(width, thickness):
    return Bar(
        Tissue.RIB, (0.3, -0.2, 0.1), (0.3, 0.2, 1.0), (1.0, 0.1, 0.0), (width,) * 2, (thickness,) * 2, 40.0, square=0.0
    )


def painted_bar(bar):
    low, spacing = np.array((-14.0, -14.0, -8.0)), 0.5
    tissues, distance = volume(low, -low, spacing)
    bone = Bone("bar", place(bar, Pose("Patient", "bar", np.eye(4))), np.zeros((0, 5)))
    paint(bone, tissues, distance, low, spacing)
    return Painted(None, tissues, distance, low, spacing), bone


@pytest.mark.parametrize(("width", "thickness"), [(6.0, 6.0), (9.0, 5.0), (5.0, 3.0)])
def test_distance_and_normal_of_a_known_shape(width, thickness):
    body, bone = painted_bar(ellipse_bar(width, thickness))
    row = bone.bars[0]
    u, v, w = (np.array([row[f"{axis}{c}"] for c in "xyz"]) for axis in "uvw")
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    on = np.stack((width * np.cos(turn), thickness * np.sin(turn)), 1)
    normal = np.stack((np.cos(turn) / width, np.sin(turn) / thickness), 1)
    normal = (normal / np.linalg.norm(normal, axis=1, keepdims=True)) @ np.stack((u, v))
    centre = np.array((0.3, -0.2, 0.1))
    for offset in (-1.0, 0.0, 1.0):
        points = centre + on @ np.stack((u, v)) + offset * normal + 0.7 * w
        assert np.abs(body.distance_mm(points) - offset).max() < (0.06 if offset == 0 else 0.17 * abs(offset))
    points = centre + on @ np.stack((u, v)) + 0.4 * w
    steps = 0.5 * np.eye(3)
    gradient = np.stack([body.distance_mm(points + step) - body.distance_mm(points - step) for step in steps], -1)
    cosine = np.sum(gradient * normal, axis=1) / np.linalg.norm(gradient, axis=1)
    angles = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    assert np.sqrt(np.mean(angles**2)) < 2.0
    assert angles.max() < 5.0


def test_the_field_of_real_bones_is_smooth_at_the_surface():
    bone = spine_bones(make_spine(PLAIN))[3]
    rng = np.random.default_rng(0)
    points = rng.uniform((-50, -25, -35), (50, 75, 25), (200_000, 3))
    points = points[np.abs(distance_at(bone, points)) < 0.4]
    steps = 0.05 * np.eye(3)
    slope = np.stack([distance_at(bone, points + step) - distance_at(bone, points - step) for step in steps], -1) / 0.1
    length = np.linalg.norm(slope, axis=1)
    assert 0.9 < np.median(length) < 1.1
    assert np.mean((length > 0.6) & (length < 1.25)) > 0.97


def test_the_painted_distance_is_that_of_the_formula():
    body = painted(PLAIN)
    bones = [bone for bone in spine_bones(body.spine) if bone.hard]
    rng = np.random.default_rng(1)
    voxels = rng.integers(0, body.distance.shape, (4000, 3))
    exact = np.min([distance_at(bone, voxels[:, ::-1] * 0.5 + LOW_MM) for bone in bones], axis=0)
    found = body.distance[tuple(voxels.T)] * DISTANCE_STEP_MM
    near, about = np.abs(exact) < 1.9, np.abs(exact) < 4.5
    assert near.sum() > 100
    assert np.quantile(np.abs(found - exact)[near], 0.99) < 0.021  # half a step
    assert np.abs(found - exact)[near].max() < 0.2
    assert np.quantile(np.abs(found - exact)[about], 0.99) < 0.3


def test_all_bones_are_painted_within_a_second():
    spine = make_spine(PLAIN)
    tissues, distance = volume()
    spent = []
    for _ in range(3):
        begun = time.process_time()
        paint_bones(tissues, distance, LOW_MM, 0.5, spine)
        spent.append(time.process_time() - begun)
    assert min(spent) < 1.0
