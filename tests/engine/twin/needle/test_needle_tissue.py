"""What needles and injectate do to tissue: known volumes, known distances."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from needle_kit import SKIN_Y, anatomy, slanted

from echospine.domain.errors import GeometryError
from echospine.engine.twin.motion import Back, combine, determinant, displacement_at, grid_over, rest_point, survey_back
from echospine.engine.twin.needle import (
    Injection,
    Needle,
    NeedlePose,
    Pocket,
    inject,
    injected_ml,
    needle_push,
    tip_mm,
)
from echospine.engine.twin.needle.injectate import ALONG_A_PLANE
from echospine.engine.twin.tissues import BONES, Tissue

CENTRE = np.array([24.0, 66.0, 75.0])


@cache
def back() -> Back:
    return survey_back(anatomy(), grid_over((4.0, 46.0, 50.0), (46.0, 88.0, 100.0), 1.0))


def volume_now_ml(injection: Injection, t_s: float, reach_mm: float) -> float:
    """Share of points now whose tissue at rest lies in a pocket, times the volume they fill."""
    reach = reach_mm * np.ones(3)
    low, high = CENTRE - reach, CENTRE + reach
    rng = np.random.default_rng(7)
    now = rng.uniform(low, high, (150_000, 3))
    done = inject(injection, t_s, back())
    rest = rest_point(done.displacement, now)
    inside = np.zeros(len(now), bool)
    for pocket in done.inclusions:
        inside |= (((rest - pocket.centre_mm) / pocket.radii_mm) ** 2).sum(axis=1) < 1.0
    return float(inside.mean() * np.prod(high - low) / 1000.0)


def test_the_volume_rises_at_the_stated_rate_and_stops() -> None:
    injection = Injection(CENTRE, volume_ml=2.0, start_s=1.0, rate_ml_s=0.5)
    assert [injected_ml(injection, t) for t in (0.0, 1.0, 2.0, 4.0, 5.0, 60.0)] == pytest.approx([0, 0, 0.5, 1.5, 2, 2])
    assert inject(injection, 0.5, back()).inclusions == ()
    assert np.abs(inject(injection, 0.5, back()).displacement.vectors_mm).max() == 0.0
    assert inject(injection, 2.0, back()).volume_ml == pytest.approx(0.5)


@pytest.mark.parametrize("volume_ml", [0.3, 1.0, 2.0])
def test_a_pocket_holds_the_volume_that_is_in(volume_ml: float) -> None:
    injection = Injection(CENTRE, volume_ml)
    assert volume_now_ml(injection, 60.0, 6.5 * volume_ml ** (1 / 3)) == pytest.approx(volume_ml, rel=0.05)


def test_a_flat_pocket_holds_it_too() -> None:
    injection = Injection(CENTRE, 1.0, pockets=(Pocket(np.zeros(3), np.array([1.3, 0.6, 1.4])),))
    assert volume_now_ml(injection, 60.0, 10.5) == pytest.approx(1.0, rel=0.05)


def test_several_pockets_share_the_volume() -> None:
    injection = Injection(CENTRE, 0.8, pockets=ALONG_A_PLANE)
    pockets = inject(injection, 60.0, back()).inclusions
    assert [pocket.tissue for pocket in pockets] == [Tissue.INJECTATE] * 3
    assert volume_now_ml(injection, 60.0, 21.0) == pytest.approx(0.8, rel=0.05)


def test_tissue_around_a_pocket_keeps_its_volume_and_bone_stays() -> None:
    field = inject(Injection(CENTRE, 1.0), 60.0, back()).displacement
    rng = np.random.default_rng(8)
    out = rng.normal(size=(4000, 3))
    out *= (rng.uniform(8.0, 13.0, 4000) / np.linalg.norm(out, axis=1))[:, None]
    out = out[out[:, 1] > -6.0]
    assert np.abs(determinant(field, CENTRE + out) - 1.0).max() < 0.05
    body = anatomy()
    bone = np.argwhere(np.isin(body.tissues, [int(one) for one in BONES]))[:, ::-1] * body.spacing_mm + body.origin_mm
    near = bone[np.linalg.norm(bone - CENTRE, axis=1) < 25.0]
    assert len(near) > 1000
    assert np.abs(displacement_at(field, near)).max() == 0.0


def needle_pose(inserted_mm: float = 45.0) -> NeedlePose:
    return NeedlePose(np.array([0.0, SKIN_Y, 75.0]), slanted(40.0), inserted_mm)


@pytest.mark.parametrize("bend_mm", [0.0, 8.0])
def test_tissue_at_the_shaft_is_dragged_along_and_far_tissue_is_not(bend_mm: float) -> None:
    needle, pose = Needle(20, 90.0, bend_mm=bend_mm), needle_pose()
    pushed, pulled = (needle_push(needle, pose, back(), drag) for drag in (0.8, -0.8))
    tip = tip_mm(needle, pose)
    ahead = displacement_at(pushed, tip + 1.0 * pose.direction)
    assert ahead @ pose.direction > 0.5
    assert displacement_at(pulled, tip + 1.0 * pose.direction) @ pose.direction < 0.0
    assert np.abs(displacement_at(pushed, tip + np.array([0.0, 0.0, 15.0]))).max() < 0.05


def test_the_shaft_makes_room_for_itself() -> None:
    needle, pose = Needle(18), needle_pose()
    field = needle_push(needle, pose, back(), 0.0)
    middle = pose.entry_mm + 25.0 * pose.direction
    for away in (1.5, 3.0, 5.0):
        aside = displacement_at(field, middle + np.array([0.0, 0.0, away]))
        assert aside[2] == pytest.approx(np.hypot(away, needle.outer_mm / 2) - away, abs=0.02)


def test_needle_and_injectate_add() -> None:
    parts = [needle_push(Needle(), needle_pose(), back()), inject(Injection(CENTRE, 1.0), 60.0, back()).displacement]
    total = combine(parts)
    np.testing.assert_allclose(total.vectors_mm, parts[0].vectors_mm + parts[1].vectors_mm, atol=1e-6)


def test_what_cannot_be_injected_is_refused() -> None:
    with pytest.raises(GeometryError, match="add up"):
        Injection(CENTRE, pockets=(Pocket(np.zeros(3), np.ones(3), 0.5),))
    with pytest.raises(GeometryError, match="50 mL"):
        Injection(CENTRE, volume_ml=100.0)
    with pytest.raises(GeometryError, match="proportions"):
        Pocket(np.zeros(3), np.array([1.0, 0.0, 1.0]))
