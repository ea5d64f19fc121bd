"""The truth of a needle: places, plane, visible length and what it is near."""

from __future__ import annotations

import numpy as np
import pytest
from needle_kit import SKIN_Y, anatomy, probe_pose, slanted

from echospine.domain.errors import GeometryError
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.image.beams import slice_width_mm
from echospine.engine.twin.motion import grid_over
from echospine.engine.twin.motion.fields import on_grid
from echospine.engine.twin.needle import Needle, NeedlePose, NeedleTruth, clearance, needle_truth
from echospine.engine.twin.probe import LINEAR, Probe, Settings
from echospine.engine.twin.tissues import Tissue


def truth(pose: NeedlePose, probe: Probe = LINEAR, needle: Needle | None = None, **knobs: float) -> NeedleTruth:
    return needle_truth(needle or Needle(22, 120.0), pose, probe_pose(), probe, Settings(**knobs))


def in_plane_pose(angle_deg: float = 30.0, inserted_mm: float = 40.0, z_mm: float = 75.0) -> NeedlePose:
    return NeedlePose(np.array([-20.0, SKIN_Y, z_mm]), slanted(angle_deg), inserted_mm)


def test_tip_and_entry_are_told_in_both_frames() -> None:
    known = truth(in_plane_pose())
    tip = np.array([-20.0, SKIN_Y, 75.0]) + 40.0 * slanted(30.0)
    np.testing.assert_allclose(known.tip_mm, tip, atol=1e-9)
    np.testing.assert_allclose(known.tip_probe_mm, [tip[0], 20.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(known.entry_probe_mm, [-20.0, 0.0, 0.0], atol=1e-9)
    assert known.out_of_plane_mm == pytest.approx(0.0, abs=1e-9)
    assert known.in_plane
    assert known.tip_visible
    assert known.visible_mm == pytest.approx(40.0, abs=0.3)


@pytest.mark.parametrize("aside_mm", [-6.0, 6.0])
def test_a_needle_beside_the_slice_is_out_of_plane(aside_mm: float) -> None:
    known = truth(in_plane_pose(z_mm=75.0 + aside_mm))
    assert known.out_of_plane_mm == pytest.approx(-aside_mm)
    assert not known.in_plane
    assert not known.tip_visible
    assert known.visible_mm == 0.0


def test_a_needle_across_the_plane_shows_only_where_it_crosses() -> None:
    across = NeedlePose(np.array([0.0, SKIN_Y, 45.0]), np.array([0.0, -0.7, 1.0]), 60.0)
    known = truth(across)
    assert not known.in_plane
    assert not known.tip_visible
    crossing_depth = 0.7 * 30.0
    expected = float(slice_width_mm(LINEAR, crossing_depth)) * np.hypot(1.0, 0.7)
    assert known.visible_mm == pytest.approx(expected, abs=0.8)


def test_a_needle_that_leaves_the_field_is_visible_only_inside_it() -> None:
    shallow = truth(in_plane_pose(30.0, 100.0), depth_mm=30.0)
    at_the_edge = 45.0 / np.cos(np.radians(30.0))
    assert shallow.visible_mm == pytest.approx(min(at_the_edge, 60.0), abs=0.5)
    assert shallow.in_plane
    assert not shallow.tip_visible


# Clearance


def with_vessel() -> Anatomy:
    body = anatomy()
    tissues = body.tissues.copy()
    # a vessel of 4 x 4 mm along x at y 58 to 61, z 80 to 83
    tissues[80:84, 58:62, 60:90] = Tissue.SEGMENTAL_VESSEL
    tissues[90:94, 58:62, 60:90] = Tissue.NERVE_ROOT
    return Anatomy(tissues, body.bone_distance, body.origin_mm, body.spacing_mm, body.landmarks)


@pytest.mark.parametrize(
    ("point", "gap_mm", "tissue"),
    [
        ((25.0, 60.0, 75.0), 4.5, Tissue.SEGMENTAL_VESSEL),
        ((25.0, 65.0, 75.5), 5.315, Tissue.SEGMENTAL_VESSEL),
        ((25.0, 60.0, 88.5), 1.0, Tissue.NERVE_ROOT),
        ((25.0, 60.0, 82.0), 0.0, Tissue.SEGMENTAL_VESSEL),
    ],
)
def test_the_gap_to_the_nearest_vessel_or_nerve(point: tuple[float, ...], gap_mm: float, tissue: Tissue) -> None:
    found = clearance(with_vessel(), point)
    assert found is not None
    assert found.tissue is tissue
    assert found.gap_mm == pytest.approx(gap_mm, abs=0.01)


def test_only_the_tissues_that_are_asked_for_count() -> None:
    found = clearance(with_vessel(), (25.0, 60.0, 75.0), frozenset({Tissue.NERVE_ROOT}))
    assert found is not None
    assert (found.tissue, found.gap_mm) == (Tissue.NERVE_ROOT, pytest.approx(14.5, abs=0.01))
    assert clearance(with_vessel(), (25.0, 60.0, 75.0), frozenset({Tissue.AORTA})) is None
    assert clearance(with_vessel(), (25.0, 60.0, 75.0), frozenset({Tissue.NERVE_ROOT}), within_mm=10.0) is None
    assert clearance(with_vessel(), (500.0, 0.0, 0.0)) is None


def test_the_gap_is_to_where_the_vessel_has_moved() -> None:
    grid = grid_over((-50.0, 0.0, 0.0), (50.0, 100.0, 150.0), 10.0)
    away = on_grid(grid, np.broadcast_to(np.array([0.0, 0.0, 2.0]), (*grid.shape, 3)))
    found = clearance(with_vessel(), (25.0, 60.0, 75.0), displacement=away)
    assert found is not None
    assert found.gap_mm == pytest.approx(6.5, abs=0.01)


def test_the_truth_needs_the_pose_of_the_probe() -> None:
    with pytest.raises(GeometryError, match="ProbeToPatient"):
        needle_truth(Needle(), in_plane_pose(), probe_pose().inverse, LINEAR, Settings())
