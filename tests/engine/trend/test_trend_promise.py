"""Noise is never called a change: patients are simulated who did not change, and others who did.

A site first measures its own error, on as few as ten people who are seen twice with three readings each; then its
patients come, and every visit is judged by that error against the first and against the one before. What is printed by
`python -m benchmarks trend` is this, over more sites.
"""

from __future__ import annotations

import numpy as np
import pytest
from trend_sites import share_called_changed, site


@pytest.mark.parametrize("n_people", [10, 30])
def test_patients_who_did_not_change_are_called_changed_in_no_more_than_one_visit_of_twenty(n_people: int) -> None:
    rng = np.random.default_rng(2026)
    shares = np.array([share_called_changed(site(rng, n_people), 0.0) for _ in range(20)])
    assert shares.mean() <= 0.05
    assert (shares <= 0.05).mean() >= 0.9, "also at a site whose study was unlucky"


@pytest.mark.parametrize("n_people", [10, 30])
def test_a_change_of_twice_what_can_be_detected_is_seen(n_people: int) -> None:
    rng = np.random.default_rng(2026)
    sites = [site(rng, n_people) for _ in range(20)]
    shares = np.array([share_called_changed(at, 2 * at.mdc) for at in sites])
    assert shares.mean() >= 0.95
