"""Pictures varied, points and labels with them; what is not labelled is not taught. Needs torch."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: learning itself was not tried")

from training.augment import disturbed, greys_of, moved_points, sample_changes, to_source, unchanged, warped  # noqa: E402
from training.batches import IGNORE, Batch  # noqa: E402
from training.fit import EDGE, loss_of  # noqa: E402
from training.machines import SIZE  # noqa: E402
from training.net import N_PLACE, N_STRUCTURES, Network, n_weights  # noqa: E402


def test_a_point_moves_as_its_pixel_does():
    rng, points = np.random.default_rng(4), torch.tensor([[120.0, 110.0], [140.0, 150.0]])
    changes = sample_changes(rng, 12)
    matrix = to_source(changes)
    picture = torch.zeros(12, 1, SIZE, SIZE)
    for x, y in points.long().tolist():
        picture[:, 0, y - 1 : y + 2, x - 1 : x + 2] = 1.0
    seen = warped(picture, matrix, "bilinear")
    for n in range(12):
        for x, y in moved_points(points, matrix[n]).tolist():
            if 4 < x < SIZE - 5 and 4 < y < SIZE - 5:
                assert seen[n, 0, round(y), round(x)] > 0.5


def test_muscle_gets_the_grey_that_is_asked_for():
    level = torch.full((1, 1, SIZE, SIZE), 54.0 / 100.0 * 255.0)
    grey = greys_of(level, torch.ones_like(level), unchanged(1, muscle_grey=0.4))
    assert float(grey.mean()) == pytest.approx(0.4, abs=0.01)
    brighter = greys_of(level + 25.5, torch.ones_like(level), unchanged(1, muscle_grey=0.4, range_db=50.0))
    assert float(brighter.mean()) == pytest.approx(0.6, abs=0.01), "10 dB more of 50"


def test_what_lies_at_some_depth_comes_back_at_twice_that_depth():
    grey = torch.zeros(1, 1, SIZE, SIZE)
    grey[:, :, 99:102] = 1.0
    inside = torch.zeros_like(grey)
    inside[:, :, 40:] = 1.0
    seen = disturbed(grey, inside, replace(unchanged(1), twice=torch.tensor([0.5])))[0, 0, :, SIZE // 2]
    assert float(seen[100]) == pytest.approx(1.0, abs=0.02)
    assert float(seen[158:163].max()) == pytest.approx(0.5, abs=0.03)
    assert float(seen[110:150].max()) < 0.01


def test_clutter_is_in_clouds_and_leaves_places_dark():
    grey, inside = torch.zeros(1, 1, SIZE, SIZE), torch.ones(1, 1, SIZE, SIZE)
    seen = disturbed(grey, inside, replace(unchanged(1), clutter=torch.tensor([0.2]), seed=3))
    assert 0.02 < float(seen.mean()) < 0.15
    assert 0.2 < float((seen == 0.0).float().mean()) < 0.8


def _batch(labels, known, *, whole, strange=math.nan):
    return Batch(
        torch.zeros(1, 1, SIZE, SIZE), labels, known, torch.zeros(1, 7, SIZE // 2, SIZE // 2), torch.tensor([-1]),
        torch.full((1, N_PLACE), float("nan")), torch.tensor([whole]), torch.tensor([strange]),
    )  # fmt: skip


def _outputs(logits, odds=0.0):
    features = torch.full((1, 129), odds)
    return logits, torch.zeros(1, 7, 128, 128), torch.zeros(1, 11), torch.zeros(1, N_PLACE), features


def test_what_a_set_does_not_label_is_not_taught():
    known = torch.zeros(1, N_STRUCTURES, dtype=torch.bool)
    known[0, 15:17] = True
    labels = torch.zeros(1, SIZE, SIZE, dtype=torch.long)
    muscle, nerve = (torch.zeros(1, N_STRUCTURES, SIZE, SIZE) for _ in range(2))
    muscle[:, 3], nerve[:, 15] = 12.0, 12.0
    partial = _batch(labels, known, whole=False)
    assert float(loss_of(_outputs(muscle), partial)["structures"]) < 0.01
    assert float(loss_of(_outputs(nerve), partial)["structures"]) > 5.0
    whole = _batch(labels, torch.ones_like(known), whole=True)
    assert float(loss_of(_outputs(muscle), whole)["structures"]) > 5.0
    nothing = _batch(torch.full_like(labels, IGNORE), torch.ones_like(known), whole=True)
    assert float(loss_of(_outputs(nerve), nothing)["structures"]) == 0.0


def test_pictures_of_no_spine_are_to_be_called_strange_and_teach_nothing_else():
    labels = torch.full((1, SIZE, SIZE), IGNORE)
    known = torch.ones(1, N_STRUCTURES, dtype=torch.bool)
    logits = torch.zeros(1, N_STRUCTURES, SIZE, SIZE)
    loss = lambda odds, truth: loss_of(_outputs(logits, odds), _batch(labels, known, whole=True, strange=truth))  # noqa: E731
    assert float(loss(EDGE + 6.0, 1.0)["strange"]) < 0.01 < 1.0 < float(loss(EDGE - 6.0, 1.0)["strange"])
    assert float(loss(EDGE - 6.0, 0.0)["strange"]) < 0.01 < 1.0 < float(loss(EDGE + 6.0, 0.0)["strange"])
    assert float(loss(EDGE + 6.0, math.nan)["strange"]) == 0.0
    assert float(loss(EDGE, 1.0)["structures"]) == 0.0


def test_the_network_is_small_and_answers_in_the_shapes_it_says():
    network = Network().eval()
    assert n_weights(network) < 1_600_000
    with torch.no_grad():
        shapes = [tuple(one.shape) for one in network(torch.zeros(2, 1, SIZE, SIZE))]
    assert shapes == [(2, 19, 256, 256), (2, 7, 128, 128), (2, 11), (2, 9), (2, 129)]
