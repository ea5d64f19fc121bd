"""Sites that first measure their own error, and then their patients: what the promise is tried on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

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
    def true_mdc(self) -> float:
        """MDC95 from the errors themselves."""
        return 1.959964 * math.sqrt(2 * (PLACING_SD**2 + READING_SD**2 / N_READINGS))

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
