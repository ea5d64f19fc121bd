"""Poses chain by name, invert, and refuse what is no transform."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose, chain

angles = st.floats(-math.pi, math.pi)
distances = st.floats(-1000, 1000)


@st.composite
def rigid(draw, target="B", source="A"):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", [draw(angles) for _ in range(3)]).as_matrix()
    matrix[:3, 3] = [draw(distances) for _ in range(3)]
    return Pose(target, source, matrix)


points_mm = st.tuples(distances, distances, distances)


@given(rigid(), points_mm)
def test_there_and_back_again(pose, point):
    np.testing.assert_allclose(pose.inverse.apply(pose.apply(point)), point, atol=1e-8)
    np.testing.assert_allclose((pose.inverse @ pose).matrix, np.eye(4), atol=1e-8)
    assert str(pose.inverse @ pose) == "AToA"


@given(rigid(), points_mm, points_mm)
def test_rigid_poses_keep_distances(pose, a, b):
    moved = np.linalg.norm(pose.apply(a) - pose.apply(b))
    assert moved == pytest.approx(math.dist(a, b), abs=1e-7)
    assert pose.is_rigid


@given(rigid("C", "B"), rigid("B", "A"), st.lists(points_mm, min_size=1, max_size=4))
def test_chained_is_one_after_the_other(outer, inner, points):
    np.testing.assert_allclose((outer @ inner).apply(points), outer.apply(inner.apply(points)), atol=1e-7)


@given(rigid("Tracker", "Probe"), rigid("Tracker", "Reference"), rigid("Probe", "Image"), points_mm)
def test_a_chain_is_found_through_inverses(probe, reference, image, point):
    """Image -> Probe -> Tracker -> Reference, as in every freehand sweep."""
    found = chain([reference, image, probe], "Reference", "Image")
    by_hand = reference.inverse.apply(probe.apply(image.apply(point)))
    assert str(found) == "ImageToReference"
    np.testing.assert_allclose(found.apply(point), by_hand, atol=1e-6)


def test_a_frame_leads_to_itself():
    np.testing.assert_array_equal(chain([], "Image", "Image").matrix, np.eye(4))


def test_the_missing_link_is_named():
    known = [Pose("Probe", "Image", np.eye(4)), Pose("Tracker", "Reference", np.eye(4))]
    with pytest.raises(GeometryError, match="no pose leads from Image to Tracker: Image reaches Probe"):
        chain(known, "Tracker", "Image")
    with pytest.raises(GeometryError, match="Stylus reaches nothing"):
        chain(known, "Tracker", "Stylus")


def test_the_shortest_chain_counts():
    direct = Pose("C", "A", np.diag([1.0, 1.0, 1.0, 1.0]))
    around = [Pose("B", "A", np.diag([2.0, 2.0, 2.0, 1.0])), Pose("C", "B", np.eye(4))]
    np.testing.assert_array_equal(chain([*around, direct], "C", "A").matrix, np.eye(4))


def test_poses_that_do_not_meet_cannot_be_chained():
    with pytest.raises(GeometryError, match="cannot chain BToC after AToX: 'B' is not 'X'"):
        Pose("C", "B", np.eye(4)) @ Pose("X", "A", np.eye(4))


def matrix(**changes):
    found = np.eye(4)
    for place, value in changes.items():
        found[int(place[1]), int(place[2])] = value
    return found


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.eye(3), "has shape"),
        (matrix(m03=math.nan), "not finite"),
        (matrix(m00=math.inf), "not finite"),
        (matrix(m30=0.5), "last row"),
        (matrix(m22=0.0), "singular"),
        (matrix(m22=1e-12), "singular"),
        (np.diag([0.0, 0.0, 0.0, 1.0]), "singular"),
    ],
)
def test_what_is_no_transform_is_refused(values, says):
    with pytest.raises(GeometryError, match=says):
        Pose("B", "A", values)


@pytest.mark.parametrize(("target", "source"), [("", "A"), ("B", "")])
def test_both_ends_have_names(target, source):
    with pytest.raises(GeometryError, match="names of both its frames"):
        Pose(target, source, np.eye(4))


def test_a_calibration_with_pixel_sizes_is_not_rigid_but_invertible():
    pose = Pose("Probe", "Image", np.diag([0.0854, 0.0790, 0.0854, 1.0]))
    assert not pose.is_rigid
    np.testing.assert_allclose(pose.inverse.apply(pose.apply((10, 20, 0))), (10, 20, 0))


def test_a_mirror_is_not_rigid():
    assert not Pose("B", "A", np.diag([1.0, 1.0, -1.0, 1.0])).is_rigid


def test_a_pose_keeps_its_own_read_only_copy():
    values = np.eye(4)
    pose = Pose("B", "A", values)
    values[0, 3] = 99
    assert pose.matrix[0, 3] == 0
    with pytest.raises(ValueError, match="read-only"):
        pose.matrix[0, 0] = 2


@given(st.integers(1, 4), st.integers(1, 4))
def test_points_of_any_shape_keep_it(rows, columns):
    pose = Pose("B", "A", matrix(m03=1.0))
    assert pose.apply(np.zeros((rows, columns, 3))).shape == (rows, columns, 3)
