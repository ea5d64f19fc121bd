"""Noise is never called a change: patients are simulated who did not change, and others who did.

A site first measures its own error, on as few as ten people who are seen twice with three readings each; then its
patients come, and every visit is judged by that error against the first and against the one before. What is printed by
`python -m benchmarks trend` is this, over more sites.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pytest

from echospine.engine.trend import ErrorSource, KnownError, Reading, Visit, judge_visits, visit_errors

READING_SD, PLACING_SD, N_READINGS = 0.8, 0.6, 3
"""Errors of one reading and of placing the probe, mm."""


@dataclass(frozen=True)
class Site:
    """Its study, and how its patients are measured."""

    error: KnownError
    rng: np.random.Generator

    def visit(self, truth: float, day: int) -> Visit:
        readings = truth + self.rng.normal(0, PLACING_SD) + self.rng.normal(0, READING_SD, N_READINGS)
        reading = Reading(float(readings.mean()), "mm", "thickness", "hand 1", "A", "left", N_READINGS)
        return Visit(date(2026, 1, 1) + timedelta(day), reading, float(readings.std(ddof=1)), draft=False)

    @property
    def mdc(self) -> float:
        return self.error.least_change(N_READINGS, N_READINGS)


def site(rng: np.random.Generator, n_people: int) -> Site:
    people = rng.normal(30, 4, (n_people, 1, 1)) + rng.normal(0, PLACING_SD, (n_people, 2, 1))
    sem, visit = visit_errors(people + rng.normal(0, READING_SD, (n_people, 2, N_READINGS)))
    return Site(KnownError("thickness", "hand 1", "mm", sem, visit, ErrorSource.SITE, "own study"), rng)


def share_called_changed(at: Site, step: float, n_visits: int = 1000) -> float:
    """Return the share of visits that are called changed, of patients with five visits after their first.

    `step`: by how much the truth is other than it was at the first visit, mm, all at once before the second.
    """
    changed = 0
    for _ in range(n_visits // 5):
        visits = [at.visit(30.0 + (step if day else 0.0), 30 * day) for day in range(6)]
        changed += sum(one.changed for one in judge_visits(visits, at.error))
    return changed / n_visits


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
    assert shares.min() >= 0.95
