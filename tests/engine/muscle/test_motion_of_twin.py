"""The twin's tissue, moved by known amounts, is followed as near as is promised."""

from __future__ import annotations

import numpy as np
import pytest
from twin_moved import error_mm, noisy, slid, usual

from echospine.engine.muscle.motion import Follower, match

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slid twin")]


@pytest.mark.parametrize("way_mm", [0.1, 1.0, 3.0])
def test_displacement_between_frames(way_mm):
    body, true = slid(), (0.95 * way_mm, 0.3 * way_mm)
    found = match(body.picture(), body.picture(*true, seed=2), body.points(), usual(body.step_mm))
    assert np.nanmedian(error_mm(found.displacement_px, body.step_mm, true)) < 0.05


def test_noise_and_half_a_millimetre_out_of_plane_are_borne_and_one_is_told_by_correlation():
    body, true = slid(), (1.0, 0.3)
    first, how, points = body.picture(), usual(body.step_mm), body.points()
    spoiled = noisy(body.picture(*true, seed=2), 20.0, 1)
    assert np.nanmedian(error_mm(match(first, spoiled, points, how).displacement_px, body.step_mm, true)) < 0.05
    out = [match(first, body.picture(*true, out_mm=by, seed=3), points, how) for by in (0.25, 1.0)]
    assert np.nanmedian(error_mm(out[0].displacement_px, body.step_mm, true)) < 0.05
    assert np.nanmedian(out[0].score) > 0.8 > 0.6 > np.nanmedian(out[1].score)


def test_a_loop_ends_where_it_began():
    body = slid()
    follower = Follower(body.points(), usual(body.step_mm))
    for n in range(26):
        follower.see(body.picture(3.0 * float(np.sin(2 * np.pi * n / 25)), seed=10 + n))
    end = follower.followed().displacement_px[-1]
    assert np.nanmedian(error_mm(end, body.step_mm, (0.0, 0.0))) < 0.1
