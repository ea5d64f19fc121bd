"""Thresholds are those of the best overlap, and of the best F measure. Needs torch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: how thresholds are chosen was not tried")

from echospine.domain.labels import Structure  # noqa: E402
from echospine.domain.sights import Landmark  # noqa: E402
from training.net import N_STRUCTURES  # noqa: E402
from training.thresholds import of_landmarks, of_structures  # noqa: E402


def test_a_structure_is_named_from_where_it_overlaps_best():
    shares = torch.zeros(1, N_STRUCTURES, 10, 100)
    labels = torch.zeros(1, 10, 100, dtype=torch.long)
    lamina = int(Structure.LAMINA)
    shares[0, lamina, :, :30], labels[0, :, :30] = 0.37, lamina
    shares[0, lamina, :, 30:90] = 0.28
    shares[0, 0] = 1.0 - shares[0, lamina]
    found = of_structures(shares, labels)
    assert found["lamina"] == pytest.approx(0.3)
    assert found["bone"] == pytest.approx(0.3)
    assert found["nerve"] == 0.5, "never there: nothing to choose by"


def test_a_landmark_is_named_from_where_hits_outweigh_errors():
    rows, columns = np.mgrid[:64, :64]
    bump = lambda x, y: np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 4.5)  # noqa: E731
    logit = lambda share: np.log(share / (1.0 - share))  # noqa: E731
    heat, said = np.zeros((len(Landmark), 64, 64)), np.full((len(Landmark), 64, 64), 1e-4)
    facet = list(Landmark).index(Landmark.FACET)
    heat[facet] = np.maximum(bump(20, 20), bump(45, 40))
    said[facet] = np.maximum.reduce([0.42 * bump(21, 20), 0.41 * bump(45, 41), 0.22 * bump(10, 50), 0.24 * bump(55, 8)])
    found = of_landmarks([logit(np.maximum(said, 1e-4))], [heat])
    assert 0.24 < found["facet"] <= 0.41
    assert found["midline"] == 0.3, "never there: the usual one"
