from __future__ import annotations

import numpy as np
import pytest

from training.measures import (
    average_precision,
    by_person,
    calibration_error,
    overlaps,
    ranked_apart,
    ratio_by_person,
    tops,
    within,
)


def test_dice_of_two_shifted_squares():
    truth, found = np.zeros((20, 20), np.uint8), np.zeros((20, 20), np.uint8)
    truth[5:15, 5:15], found[5:15, 10:20] = 3, 3
    both, sizes, true = overlaps(found, truth, np.ones((20, 20), bool), 19)
    assert both[3] / sizes[3] == pytest.approx(0.5)
    assert true[3] == 100
    assert both[0] / sizes[0] == pytest.approx(2 * 250 / 600)


def test_what_is_not_taught_counts_for_nothing():
    truth, found = np.full((4, 4), 2, np.uint8), np.full((4, 4), 5, np.uint8)
    both, sizes, _ = overlaps(found, truth, np.zeros((4, 4), bool), 19)
    assert both.sum() == sizes.sum() == 0


def test_a_surface_is_the_top_of_each_run():
    band = np.zeros((10, 3), bool)
    band[2:5, 0] = band[7:9, 0] = band[4:6, 2] = True
    assert [tuple(one) for one in np.argwhere(tops(band))] == [(2, 0), (4, 2), (7, 0)]


def test_points_within_reach():
    ours, theirs = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    ours[5, :], theirs[8, :10] = True, True
    assert within(ours, theirs, 3.0) == 10
    assert within(ours, theirs, 2.9) == 0
    assert within(ours, np.zeros((20, 20), bool), 9.0) == 0


def test_the_mean_is_over_people_not_pictures():
    above, below, person = np.array([1.0, 1.0, 1.0, 0.0]), np.ones(4), np.array([0, 0, 0, 1])
    assert ratio_by_person(above, below, person).mean == pytest.approx(0.5)
    assert by_person([1.0, np.nan]).n == 1
    assert ratio_by_person(above, below, person, has=np.array([5.0, 0.0, 0.0, 0.0])).mean == 1.0


def test_calibration_of_one_who_is_always_sure_and_half_right():
    assert calibration_error(np.ones(100), np.arange(100) % 2 == 0) == pytest.approx(0.5)
    assert calibration_error(np.full(100, 0.5), np.arange(100) % 2 == 0) == pytest.approx(0.0)


def test_rank_of_strange_among_good():
    assert ranked_apart(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == 1.0
    assert ranked_apart(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == 0.5


def test_average_precision_is_one_when_all_true_ones_come_first_and_their_share_by_chance():
    true = np.array([True, False, True, False])
    assert average_precision(np.array([0.9, 0.1, 0.8, 0.2]), true) == 1.0
    assert average_precision(np.array([0.9, 0.8, 0.2, 0.1]), true) == pytest.approx((1 / 1 + 2 / 3) / 2)
    rng = np.random.default_rng(1)
    chance = average_precision(rng.random(20_000), rng.random(20_000) < 0.3)
    assert chance == pytest.approx(0.3, abs=0.02)
    assert np.isnan(average_precision(np.array([0.5]), np.array([False])))
