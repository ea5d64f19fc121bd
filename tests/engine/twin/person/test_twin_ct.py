"""A twin from a CT: a made-up spine scanned coarsely comes back; a real one agrees with an independent label map."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side
from echospine.engine.twin.anatomy import DISTANCE_STEP_MM
from echospine.engine.twin.patient import LEVELS, PatientParameters
from echospine.engine.twin.person.bones.landmarks import bone_landmarks
from echospine.engine.twin.person.bones.painting import paint, spine_bones
from echospine.engine.twin.person.ct import LABELS, anatomy_from_ct
from echospine.engine.twin.person.spine import make_spine
from echospine.engine.twin.tissues import BONES, Tissue

LOW_MM, SPACING_MM, SHAPE = np.array((-81.0, -60.0, -150.0)), 1.5, (180, 130, 109)
AXES = np.eye(3)
SKIN_Y_MM, FASCIA_Y_MM = 105.0, 88.0
SURFACE = ("spinous_tip", "lamina", "facet", "transverse_tip", "upper_end_plate", "lower_end_plate")
DATA = "totalsegmentator"


@cache
def scanned():
    """A made-up person in a scanner with 1.5 mm voxels: (spine, labels, HU)."""
    spine = make_spine(PatientParameters(seed=2, lordosis_deg=52.0, scoliosis_deg=10.0))
    numbers = {level: number for number, level in LABELS.items()} | {"sacrum": 26}
    labels, hu = np.zeros(SHAPE, np.uint8), np.full(SHAPE, -1000.0, np.float32)
    y = LOW_MM[1] + SPACING_MM * np.arange(SHAPE[1])
    hu[:, y < SKIN_Y_MM] = -100.0
    hu[:, y < FASCIA_Y_MM] = 55.0
    for bone in spine_bones(spine):
        tissues, distance = np.zeros(SHAPE, np.uint8), np.full(SHAPE, 127, np.int8)
        paint(bone, tissues, distance, LOW_MM, SPACING_MM)
        if bone.hard:
            hu[distance < 0] = 500.0
        if bone.name in numbers:
            labels[distance < 0] = numbers[bone.name]
    sacral = np.argwhere(labels == 26)
    x, _, z = spine["S1"].pose.inverse.apply(sacral[:, ::-1] * SPACING_MM + LOW_MM).T
    labels[tuple(sacral[(np.abs(x) > 28.0) | (z < -14.0)].T)] = 0  # as the tool labels it: S1 alone, without its wings
    return spine, labels, hu


@cache
def rebuilt():
    spine, labels, hu = scanned()
    return spine, anatomy_from_ct(labels, hu, LOW_MM, (SPACING_MM,) * 3, AXES, grid_mm=1.2)


@cache
def real(folder: Path):
    sitk = pytest.importorskip("SimpleITK")
    image = sitk.ReadImage(folder / DATA / "example_ct.nii.gz")
    names, bodies = (
        sitk.GetArrayFromImage(sitk.ReadImage(folder / DATA / f"example_ct_totalseg{end}.nii.gz"))
        for end in ("", "_vertebrae_body")
    )
    frame = image.GetOrigin(), image.GetSpacing(), np.reshape(image.GetDirection(), (3, 3))
    return names, bodies, frame, anatomy_from_ct(names, sitk.GetArrayFromImage(image), *frame, grid_mm=1.5)


def voxel_points(mask, frame):
    origin, spacing, axes = frame
    return np.array(origin) + (np.argwhere(mask)[:, ::-1] * np.array(spacing)) @ np.array(axes).T


def bone_mm(anatomy, points):
    index = (np.asarray(points) - anatomy.origin_mm).T[::-1] / anatomy.spacing_mm
    return map_coordinates(anatomy.bone_distance.astype(np.float32), index, order=1) * DISTANCE_STEP_MM


def test_frames_of_a_scanned_spine_come_back():
    spine, anatomy = rebuilt()
    poses = {pose.source: pose for pose in anatomy.vertebrae}
    assert set(LEVELS) | {"S1"} <= set(poses)
    for level in LEVELS:
        truth, found = spine[level].pose.matrix, poses[level].matrix
        assert np.linalg.norm(truth[:3, 3] - found[:3, 3]) < 2.5, level
        assert np.degrees(np.arccos(truth[:3, 2] @ found[:3, 2])) < 4.0, level
        assert np.degrees(np.arccos(truth[:3, 0] @ found[:3, 0])) < 5.0, level
    lordosis = np.arctan2(*poses["L1"].matrix[1:3, 2]) - np.arctan2(*poses["S1"].matrix[1:3, 2])
    assert np.degrees(lordosis) == pytest.approx(52.0, abs=5.0)


def test_landmarks_of_a_scanned_spine_come_back():
    spine, anatomy = rebuilt()
    truth = bone_landmarks(spine)
    far = {
        kind: [np.linalg.norm(anatomy.landmarks[name].point_mm - truth[name].point_mm) for name in names]
        for kind, names in {
            "spinous_tip": [f"{level}_spinous_tip" for level in LEVELS],
            "transverse_tip": [f"{level}_transverse_tip_{side}" for level in LEVELS for side in ("left", "right")],
            "upper_end_plate": [f"{level}_upper_end_plate" for level in LEVELS],
        }.items()
    }
    assert max(far["spinous_tip"]) < 6.0  # the end is a ridge: its rearmost point may lie higher or lower
    assert max(far["transverse_tip"]) < 5.0
    assert max(far["upper_end_plate"]) < 2.5
    for level in LEVELS:
        for side in ("left", "right"):
            facet = f"{level}_facet_{side}"
            apart = anatomy.landmarks[facet].point_mm - truth[facet].point_mm
            assert np.linalg.norm(apart[:2]) < 6.0, facet
            assert abs(apart[2]) < 12.0, facet  # the joint's back is an upright ridge


def test_parts_of_a_scanned_spine_are_named_as_they_were():
    spine, anatomy = rebuilt()
    tissues, distance = np.zeros(anatomy.tissues.shape, np.uint8), np.full(anatomy.tissues.shape, 127, np.int8)
    for bone in spine_bones(spine):
        if bone.name in LEVELS:
            paint(bone, tissues, distance, anatomy.origin_mm, anatomy.spacing_mm)
    both = (distance < 0) & np.isin(anatomy.tissues, list(BONES))
    assert both.sum() > 0.85 * (distance < 0).sum()
    same = anatomy.tissues[both] == tissues[both]
    least = {Tissue.VERTEBRAL_BODY: 0.9, Tissue.SPINOUS_PROCESS: 0.75, Tissue.TRANSVERSE_PROCESS: 0.6}
    for tissue, share in least.items():
        assert same[tissues[both] == tissue].mean() > share, tissue.name


def test_distances_of_a_scanned_spine_are_true():
    spine, anatomy = rebuilt()
    tissues, distance = np.zeros(anatomy.tissues.shape, np.uint8), np.full(anatomy.tissues.shape, 127, np.int8)
    for bone in spine_bones(spine):
        if bone.hard:
            paint(bone, tissues, distance, anatomy.origin_mm, anatomy.spacing_mm)
    inner = np.zeros(distance.shape, bool)
    inner[25:-25, 5:-5, 5:-5] = True
    near = inner & (np.abs(distance) < 50)
    apart = (anatomy.bone_distance[near].astype(float) - distance[near]) * DISTANCE_STEP_MM
    assert abs(np.median(apart)) < 0.5
    assert np.quantile(np.abs(apart), 0.9) < 1.5


def test_soft_tissue_is_named_by_place_and_density():
    spine, anatomy = rebuilt()
    lines = spine.section(spine["L4"].pose.matrix[2, 3])
    z = float(lines.z_mm[0])
    x = float(lines.facet_left[0, 0])
    assert anatomy.tissue_at((x, 108.0, z)) == Tissue.AIR
    assert anatomy.tissue_at((x, SKIN_Y_MM - 2.2, z)) == Tissue.SKIN
    assert anatomy.tissue_at((x, 95.0, z)) == Tissue.FAT
    across = anatomy.tissue_at([(x, y, z) for y in np.arange(FASCIA_Y_MM - 3.0, FASCIA_Y_MM + 3.0, 0.2)])
    assert 0.8 < 0.2 * np.sum(across == Tissue.FASCIA) < 2.5
    assert anatomy.tissue_at((x, 60.0, z)) == Tissue.MULTIFIDUS
    assert anatomy.tissue_at((x + 28.0, 60.0, z)) == Tissue.LONGISSIMUS
    assert anatomy.tissue_at((*lines.canal[0], z)) in (Tissue.CSF, Tissue.CAUDA_EQUINA)
    assert anatomy.tissue_at((x + 18.0, 5.0, z)) == Tissue.PSOAS
    for disc in spine.discs[1:5]:
        assert anatomy.tissue_at(disc.pose.matrix[:3, 3]) == Tissue.DISC


def test_every_landmark_lies_on_bone():
    for anatomy in (rebuilt()[1],):
        surface = [mark for mark in anatomy.landmarks.values() if mark.kind in SURFACE]
        assert len(surface) > 40
        assert np.abs(bone_mm(anatomy, [mark.point_mm for mark in surface])).max() < 0.5


@pytest.mark.parametrize(("order", "flips"), [((0, 1, 2), (-1, -1, 1)), ((2, 0, 1), (1, -1, -1))])
def test_it_does_not_matter_how_the_voxels_lie(order, flips):
    _, labels, hu = scanned()
    part = slice(40, 150)  # L2 to L5, to be quick
    labels, hu = labels[part], hu[part]
    origin = LOW_MM + np.array((0.0, 0.0, 40 * SPACING_MM))
    plain = anatomy_from_ct(labels, hu, origin, (SPACING_MM,) * 3, AXES, grid_mm=2.0)
    flipped = [np.flip(a, [n for n in range(3) if flips[2 - n] < 0]) for a in (labels, hu)]
    last = origin + SPACING_MM * (np.array(labels.shape[::-1]) - 1)
    corner = np.where(np.array(flips) < 0, last, origin)
    turned = [np.transpose(a, [2 - order[2 - n] for n in range(3)]) for a in flipped]
    axes = (AXES * np.array(flips))[:, list(order)]
    other = anatomy_from_ct(*turned, corner, (SPACING_MM,) * 3, axes, grid_mm=2.0)
    assert np.allclose(other.origin_mm, plain.origin_mm)
    assert np.mean(other.tissues == plain.tissues) > 0.9999


def test_what_is_no_spine_is_refused():
    _, labels, hu = scanned()
    frame = (LOW_MM, (SPACING_MM,) * 3, AXES)
    with pytest.raises(GeometryError, match="differ in shape"):
        anatomy_from_ct(labels[1:], hu, *frame)
    with pytest.raises(GeometryError, match="no lumbar vertebra"):
        anatomy_from_ct(np.zeros_like(labels), hu, *frame)
    with pytest.raises(GeometryError, match="two labelled vertebrae"):
        anatomy_from_ct(np.where(labels == 29, labels, 0), hu, *frame, grid_mm=3.0)
    with pytest.raises(GeometryError, match="nothing but air"):
        anatomy_from_ct(labels, np.full_like(hu, -1000.0), *frame)
    with pytest.raises(GeometryError, match="orthonormal"):
        anatomy_from_ct(labels, hu, LOW_MM, (SPACING_MM,) * 3, 2 * AXES)


def test_a_real_person_has_bodies_where_another_map_has_them(shared_data):
    names, bodies, frame, anatomy = real(shared_data)
    poses = {pose.source: pose for pose in anatomy.vertebrae}
    for number, level in LABELS.items():
        if level not in poses or level == "S1":
            continue
        points = voxel_points((names == number) & (bodies == 1), frame)
        assert np.linalg.norm(points.mean(axis=0) - poses[level].matrix[:3, 3]) < 4.0, level
        assert np.mean(anatomy.tissue_at(points) == Tissue.VERTEBRAL_BODY) > 0.85, level
        behind = voxel_points((names == number) & (bodies == 0), frame)
        assert np.mean(anatomy.tissue_at(behind) == Tissue.VERTEBRAL_BODY) < 0.25, level
    discs = voxel_points(bodies == 2, frame)
    height = discs[:, 2]
    between = discs[(height > poses["L5"].matrix[2, 3]) & (height < poses["L1"].matrix[2, 3])]
    assert np.mean(anatomy.tissue_at(between) == Tissue.DISC) > 0.6


def test_a_real_person_has_all_of_its_bone_and_its_landmarks(shared_data):
    names, _, frame, anatomy = real(shared_data)
    for number, level in ((31, "L1"), (29, "L3"), (27, "L5")):
        points = voxel_points(names == number, frame)
        share = np.mean(np.isin(anatomy.tissue_at(points), list(BONES)))
        assert share > 0.8, level
        tip = anatomy.landmarks[f"{level}_spinous_tip"].point_mm
        assert abs(tip[1] - points[:, 1].max()) < 4.0
    poses = {pose.source: pose for pose in anatomy.vertebrae}
    surface = [mark for mark in anatomy.landmarks.values() if mark.kind in SURFACE]
    assert len(surface) > 35
    assert np.abs(bone_mm(anatomy, [mark.point_mm for mark in surface])).max() < 0.5
    for mark in surface:
        if mark.side != Side.MIDLINE and mark.level != "S1":
            x = poses[mark.level].inverse.apply(mark.point_mm)[0]
            assert (x > 0) == (mark.side == Side.LEFT), mark.name
    tilts = {pose.source: np.degrees(np.arctan2(pose.matrix[1, 2], pose.matrix[2, 2])) for pose in anatomy.vertebrae}
    assert 35.0 < tilts["L1"] - tilts["S1"] < 70.0
