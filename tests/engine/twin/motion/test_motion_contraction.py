"""Multifidus contracts: thicker as stated, no volume lost, no bone moved."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from motion_kit import BONE, anatomy, left_back, points_of

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side
from echospine.engine.twin.motion import (
    Contraction,
    contraction_motion,
    determinant,
    displacement_at,
    grid_over,
    moved,
    rest_point,
    survey_back,
)
from echospine.engine.twin.motion.belly import survey_belly
from echospine.engine.twin.motion.contraction import ContractionMotion, activation
from echospine.engine.twin.tissues import Tissue
from layered import LEVELS


@cache
def motion(thickening: float, levels: tuple[str, ...] = ("L4",)) -> ContractionMotion:
    return contraction_motion(Contraction(Side.LEFT, levels, thickening), anatomy(), left_back())


@pytest.mark.parametrize("thickening", [0.1, 0.2, 0.3])
def test_muscle_keeps_its_volume(thickening: float) -> None:
    points = points_of((Tissue.MULTIFIDUS,), left_back().grid)
    for share in (0.3, 1.0):
        volume = determinant(motion(thickening).at_activation(share), points)
        assert np.abs(volume - 1.0).max() < 0.02


@pytest.mark.parametrize("thickening", [0.1, 0.2, 0.3])
def test_no_bone_moves(thickening: float) -> None:
    points = points_of(BONE, left_back().grid, margin_mm=0.0)
    assert len(points) > 5000
    assert np.abs(displacement_at(motion(thickening).at_activation(1.0), points)).max() == 0.0


@pytest.mark.parametrize("thickening", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("share", [0.25, 0.4, 1.0])
def test_the_stated_thickening_is_recovered(thickening: float, share: float) -> None:
    """Look down the column at the level: where is the tissue now that was the border of the muscle at rest?"""
    x, z = 26.0, LEVELS["L4"]
    heights = np.arange(50.0, 92.0, 0.02)
    column = np.stack([np.full_like(heights, x), heights, np.full_like(heights, z)], axis=-1)
    rest = rest_point(motion(thickening).at_activation(share), column)
    border_now = np.interp(76.5, rest[:, 1], heights)
    assert (border_now - 76.5) / 30.0 == pytest.approx(thickening * share, rel=0.02)


def test_two_levels_both_thicken_as_stated() -> None:
    field = motion(0.2, ("L4", "L5")).at_activation(1.0)
    for level in ("L4", "L5"):
        assert displacement_at(field, [26.0, 76.5, LEVELS[level]])[1] == pytest.approx(6.0, rel=0.03)


def test_the_other_side_stays_still() -> None:
    right = survey_back(anatomy(), grid_over((-48.0, 30.0, 40.0), (0.0, 92.0, 110.0), (3.0, 2.0, 3.0)))
    field = contraction_motion(Contraction(Side.LEFT), anatomy(), right).at_activation(1.0)
    assert np.abs(field.vectors_mm).max() == 0.0
    mirrored = contraction_motion(Contraction(Side.RIGHT), anatomy(), right).at_activation(1.0)
    assert displacement_at(mirrored, [-26.0, 76.5, LEVELS["L4"]])[1] == pytest.approx(6.0, rel=0.02)


def test_muscle_is_drawn_in_along_its_fibres() -> None:
    field = motion(0.2).at_activation(1.0)
    above, below = displacement_at(field, [[26.0, 64.0, 95.0], [26.0, 64.0, 55.0]])[:, 2]
    assert above < -2.0
    assert below > 2.0


def test_a_contraction_comes_stays_and_goes() -> None:
    curve = Contraction(Side.LEFT, onset_s=1.0, rise_s=0.5, hold_s=2.0, return_s=1.0)
    assert [activation(curve, t) for t in (0.0, 1.0, 1.25, 1.5, 2.5, 3.5, 4.0, 4.5, 9.0)] == pytest.approx(
        [0.0, 0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0, 0.0]
    )
    times = np.linspace(1.0, 1.5, 50)
    assert np.all(np.diff([activation(curve, t) for t in times]) > 0)
    here = [26.0, 76.5, LEVELS["L4"]]
    at_peak, at_rest = (displacement_at(motion(0.2).at(t), here)[1] for t in (3.0, 20.0))
    assert at_peak == pytest.approx(6.0, rel=0.02)
    assert at_rest == 0.0


def test_one_point_moves_with_the_activation_without_steps() -> None:
    here = [26.0, 70.0, LEVELS["L4"]]
    heights = [moved(motion(0.3).at_activation(share), here)[1] for share in np.linspace(0, 1, 41)]
    steps = np.diff(heights)
    assert np.all(steps > 0)
    assert steps.max() / steps.min() < 1.5


def test_what_cannot_contract_is_an_error() -> None:
    with pytest.raises(GeometryError, match="above 0"):
        Contraction(Side.LEFT, thickening=0.9)
    with pytest.raises(GeometryError, match="L1_facet_left"):
        contraction_motion(Contraction(Side.LEFT, ("L1",)), anatomy(), left_back())
    with pytest.raises(GeometryError, match="on the left or on the right"):
        survey_belly(anatomy(), Side.MIDLINE, (75.0,))
    with pytest.raises(GeometryError, match="activation"):
        motion(0.2).at_activation(1.2)
