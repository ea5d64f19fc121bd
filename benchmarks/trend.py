"""How often noise is called a change, and a change is seen, at simulated sites that measured their own error first.

A site studies people whom it sees twice, with three readings each (readings err by 0.8 mm, placing the probe by 0.6
mm); then come its patients, five visits each after the first, and every visit is judged against the first and the one
before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.table import Row

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "engine" / "trend"))

from trend_sites import share_called_changed, site

N_SITES = 200
SEED = 2026


def rows() -> Iterable[Row]:
    """Yield the shares for studies of ten and of thirty people."""
    for n_people in (10, 30):
        rng = np.random.default_rng(SEED)
        sites = [site(rng, n_people) for _ in range(N_SITES)]
        still = np.array([share_called_changed(at, 0.0) for at in sites])
        moved = np.array([share_called_changed(at, 2 * at.mdc) for at in sites])
        true = np.array([share_called_changed(at, 2 * sites[0].true_mdc) for at in sites])
        of = f"study of {n_people} people (simulated)"
        yield Row(f"called changed without a change, {of}", 100 * still.mean(), "% of visits", "at most 5")
        yield Row(f"sites that do so more often, {of}", 100 * float((still > 0.05).mean()), "% of sites")
        yield Row(f"twice the site's smallest change seen, {of}", 100 * moved.mean(), "% of visits", "at least 95")
        yield Row(f"the least of all sites, {of}", 100 * moved.min(), "% of visits", "at least 95")
        yield Row(f"twice the MDC95 of an endless study seen, {of}", 100 * true.mean(), "% of visits")
