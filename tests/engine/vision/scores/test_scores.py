"""Scores of made label maps whose truth is known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from echospine.domain.labels import Structure
from echospine.engine.vision.scores import ANY_BONE, IGNORED, Counts, count, scores_of
from echospine.engine.vision.scores.counting import BINS, OTHER
from echospine.engine.vision.scores.intervals import mean_of_ratios

MUSCLE, NERVE, LAMINA, SACRUM, BONE = (
    Structure.MULTIFIDUS, Structure.NERVE, Structure.LAMINA, Structure.SACRUM, Structure.BONE,
)  # fmt: skip
REACH = (5.0, 5.0)


def blank(*areas, shape=(40, 40)):
    """Labels with rectangles (structure, rows, columns)."""
    labels = np.zeros(shape, np.uint8)
    for structure, rows, columns in areas:
        labels[rows, columns] = structure
    return labels


def only(counts: Counts, known, n: int = 1):
    return scores_of([counts] * n, np.arange(n), known, np.random.default_rng(1))


def test_dice_of_two_squares_that_overlap_by_half():
    truth = blank((MUSCLE, slice(0, 20), slice(0, 20)))
    found = blank((MUSCLE, slice(0, 20), slice(10, 30)))
    scores = only(count(found, truth, {MUSCLE}, REACH), {MUSCLE})
    assert scores.dice[MUSCLE].value == pytest.approx(0.5)
    assert scores.confusion[MUSCLE, MUSCLE] == pytest.approx(0.5)
    assert scores.confusion[MUSCLE, 0] == pytest.approx(0.5)


def test_what_a_set_does_not_label_is_no_mistake_on_background_but_one_on_what_it_labels():
    truth = blank((NERVE, slice(0, 10), slice(0, 10)))
    beside = blank((NERVE, slice(0, 10), slice(0, 10)), (MUSCLE, slice(20, 40), slice(0, 40)))
    assert only(count(beside, truth, {NERVE}, REACH), {NERVE}).dice[NERVE].value == 1.0
    over = blank((MUSCLE, slice(0, 5), slice(0, 10)), (NERVE, slice(5, 10), slice(0, 10)))
    scores = only(count(over, truth, {NERVE}, REACH), {NERVE})
    assert scores.dice[NERVE].value == pytest.approx(2 * 50 / 150)
    assert scores.confusion[NERVE, OTHER] == pytest.approx(0.5)


def test_pixels_that_nobody_judges_do_not_count():
    truth = blank((MUSCLE, slice(0, 20), slice(0, 20)), (IGNORED, slice(0, 20), slice(20, 40)))
    found = blank((MUSCLE, slice(0, 20), slice(0, 40)))
    assert only(count(found, truth, {MUSCLE}, REACH), {MUSCLE}).dice[MUSCLE].value == 1.0


def test_where_a_set_knows_bone_and_not_its_parts_every_part_is_bone():
    truth = blank((BONE, slice(20, 23), slice(5, 35)))
    found = blank((LAMINA, slice(20, 23), slice(5, 20)), (SACRUM, slice(20, 23), slice(20, 35)))
    scores = only(count(found, truth, {BONE}, REACH), {BONE})
    assert scores.dice[BONE].value == 1.0
    assert scores.precision["any bone"].value == scores.recall["bone"].value == 1.0


def test_surfaces_agree_within_the_reach_and_not_beyond():
    truth = blank((LAMINA, slice(20, 23), slice(0, 30)))
    near = blank((LAMINA, slice(24, 27), slice(0, 40)))
    far = blank((LAMINA, slice(26, 29), slice(0, 30)))
    scores = only(count(near, truth, {LAMINA}, REACH), {LAMINA})
    assert scores.recall["lamina"].value == 1.0
    assert scores.precision["lamina"].value == pytest.approx(33 / 40, abs=0.01), "three columns beside its end are near"
    scores = only(count(far, truth, {LAMINA}, REACH), {LAMINA})
    assert scores.precision["lamina"].value == scores.recall["lamina"].value == 0.0


def test_reach_is_told_apart_by_columns_and_rows():
    truth = blank((LAMINA, slice(20, 23), slice(0, 40)))
    found = blank((LAMINA, slice(23, 26), slice(0, 40)))
    assert count(found, truth, {LAMINA}, (9.0, 2.0)).surfaces[LAMINA, 0] == 0
    assert count(found, truth, {LAMINA}, (2.0, 9.0)).surfaces[LAMINA, 0] == 40


def test_a_part_mistaken_for_another_is_still_bone():
    truth = blank((LAMINA, slice(20, 23), slice(0, 40)))
    found = blank((SACRUM, slice(20, 23), slice(0, 40)))
    counts = count(found, truth, {LAMINA, SACRUM}, REACH)
    assert tuple(counts.surfaces[LAMINA]) == (0, 0, 0, 40)
    assert tuple(counts.surfaces[ANY_BONE]) == (40, 40, 40, 40)


def test_calibration_is_the_gap_between_what_is_said_and_what_is_so():
    rng = np.random.default_rng(2)
    truth = blank((MUSCLE, slice(0, 40), slice(0, 40)))
    found = np.where(rng.random((40, 40)) < 0.7, MUSCLE, 0).astype(np.uint8)
    honest = count(found, truth, {MUSCLE}, REACH, np.full((40, 40), round(0.7 * 255), np.uint8))
    boastful = count(found, truth, {MUSCLE}, REACH, np.full((40, 40), 255, np.uint8))
    assert honest.bins.shape == (BINS, 3)
    assert only(honest, {MUSCLE}).calibration_error.value == pytest.approx(0.0, abs=0.03)
    assert only(boastful, {MUSCLE}).calibration_error.value == pytest.approx(0.3, abs=0.03)
    assert only(count(found, truth, {MUSCLE}, REACH), {MUSCLE}).calibration_error is None


def test_pictures_of_one_person_are_one_piece_of_evidence():
    above, below = np.array([9.0, 9.0, 9.0, 1.0]), np.full(4, 10.0)
    rng = np.random.default_rng(0)
    alone = mean_of_ratios(above, below, np.arange(4), rng)
    together = mean_of_ratios(above, below, np.array([0, 0, 0, 1]), rng)
    assert alone.value == pytest.approx(0.7)
    assert together.value == pytest.approx(0.5)
    assert (alone.n, together.n) == (4, 2)
    assert together.low == pytest.approx(0.1)
    assert together.high == pytest.approx(0.9)
    assert mean_of_ratios(np.zeros(2), np.zeros(2), np.arange(2), rng) is None


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(60):
        values = rng.normal(0.8, 0.1, 40)
        found = mean_of_ratios(values, np.ones(40), np.arange(40), rng)
        held += found.low <= 0.8 <= found.high
    assert held >= 51, "95 % of 60 is 57, and fewer than 51 happen less than once in a hundred times"
