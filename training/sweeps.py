"""Sweeps over drawn spines, and what a reader of pictures would say of each frame, errors and all.

Only the spine is made, no picture: thousands of sweeps can be counted. The errors are of the kinds that networks make:
some last (one place always misread), some come in runs, some flicker.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d

from echospine.domain.units import Floats
from echospine.engine.twin.patient import Transition
from echospine.engine.twin.person import sample_patient
from echospine.engine.twin.person.spine import make_spine
from echospine.engine.vision.level import Evidence
from echospine.engine.vision.level.anatomy import NAMES, SHARE_EDGES, TOP, sacrum_truth

MISLEAD_SHARE = 0.5
"""Of transitional vertebrae that make the sacrum seem to begin a vertebra higher or lower."""


@dataclass(frozen=True, slots=True)
class Errors:
    """How a reader errs. Angles in degrees, SD; shares of frames or sweeps.

    `phase_deg` changes within `lasting_s`; `biased_deg`: of the phase at one place, always; `misread`: frames, in runs,
    of which all is random; `false_sacrum`: sweeps in which a stretch of lumbar spine is called sacrum; `dull_sacrum`:
    sweeps in which a part of the sacrum is always missed; `dropouts_per_s`: losses of contact; `way`: of a tracked way.
    """

    phase_deg: float = 28.0
    biased_deg: float = 18.0
    turn_deg: float = 8.0
    lasting_s: float = 0.4
    misread: float = 0.07
    false_sacrum: float = 0.05
    dull_sacrum: float = 0.10
    dropouts_per_s: float = 0.06
    way: float = 0.06


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """A sweep: `times_s` (n,), `heights` (n,), levels; `evidence` of each frame; whether an anchor was passed."""

    times_s: Floats
    heights: Floats
    evidence: tuple[Evidence, ...]
    anchored: bool
    tracked: bool

    def names(self) -> list[str]:
        """Return the level in the middle of each picture: the one whose spinous tip is nearest."""
        at = np.clip(np.rint(self.heights).astype(int) - TOP, 0, len(NAMES) - 1)
        return [NAMES[n] for n in at]


def sample_sweep(
    seed: int, *, anchored: bool = True, tracked: bool | None = None, errors: Errors | None = None
) -> Sweep:
    """Return one of many sweeps: the same arguments, the same sweep.

    `anchored`: whether it passes the sacrum; one that does not stays above where any of it could be seen.
    """
    rng, errors = np.random.default_rng([seed, 21]), errors or Errors()
    tracked = bool(rng.random() < 0.5) if tracked is None else tracked
    along = bool(rng.random() < 0.5)
    heights_mm, first_sacral = _person(rng, seed)
    rate_hz = float(rng.uniform(10.0, 25.0))
    heights, times = _way(rng, _turning_points(rng, first_sacral, anchored=anchored, along=along), heights_mm, rate_hz)
    moved = np.diff(np.interp(heights, np.arange(TOP, TOP + len(NAMES)), heights_mm), prepend=np.nan)
    slip = gaussian_filter1d(rng.normal(0.0, 1.0, times.size), rate_hz, mode="nearest") * math.sqrt(2 * rate_hz)
    moved = moved * (1.0 + float(rng.normal(0.0, errors.way)) + errors.way * slip) + rng.normal(0.0, 0.1, times.size)
    said = _said(rng, heights, times, first_sacral, errors, along=along)
    evidence = tuple(
        Evidence(**one, moved_mm=float(step) if tracked and math.isfinite(step) else None)
        for one, step in zip(said, moved, strict=True)
    )
    return Sweep(times, heights, evidence, anchored, tracked)


def _person(rng: np.random.Generator, seed: int) -> tuple[Floats, int]:
    """Return how far down the skin each of NAMES lies, mm, and the level at which the sacrum seems to begin."""
    parameters = sample_patient(700_000 + seed)
    spine = make_spine(parameters)
    tips = spine.knots["spinous_tip"][::-1]
    tips = np.concatenate([[2 * tips[0] - tips[1]], tips])[:, 1:]
    back = np.gradient(tips, axis=0) @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    over = rng.uniform(12.0, 22.0) + 0.8 * max(0.0, parameters.body_mass_index - 22.0)
    skin = tips + over * np.abs(back[:, :1]) / np.linalg.norm(back, axis=1, keepdims=True) * (1.0, 0.0)
    down = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(skin, axis=0), axis=1))])
    shift = {Transition.SACRALISED: -1, Transition.LUMBARISED: 1}.get(parameters.transition, 0)
    return down, 6 + (shift if rng.random() < MISLEAD_SHARE else 0)


def _turning_points(rng: np.random.Generator, first_sacral: int, *, anchored: bool, along: bool) -> list[float]:
    """Return the heights between which the probe goes, levels."""
    if not anchored:
        lowest = first_sacral - (3.6 if along else 1.2)
        return [float(one) for one in rng.uniform(0.0, lowest, int(rng.integers(2, 5)))]
    low, high = first_sacral + float(rng.uniform(-0.2, 1.0)), float(rng.uniform(0.0, 4.5))
    ways = ([low, high], [high, low], [high, low, float(rng.uniform(0.5, 5.0))])
    points = ways[int(rng.integers(3))]
    return [*points, float(rng.uniform(0.5, 5.5))] if rng.random() < 0.4 else points


def _way(rng: np.random.Generator, points: list[float], down_mm: Floats, rate_hz: float) -> tuple[Floats, Floats]:
    """Return heights and times of frames: slid at a changing speed, resting now and then."""
    at_mm = np.interp(points, np.arange(TOP, TOP + len(NAMES)), down_mm)
    speed = float(np.exp(rng.uniform(np.log(6.0), np.log(30.0))))
    places = [at_mm[0]] * int(rng.uniform(0.2, 1.5) * rate_hz)
    for first, last in pairwise(at_mm):
        n = max(2, int(abs(last - first) / speed * rate_hz))
        pace = np.exp(
            gaussian_filter1d(rng.normal(0.0, 1.0, n), rate_hz / 2, mode="nearest") * math.sqrt(rate_hz) * 0.5
        )
        places.extend(first + (last - first) * np.cumsum(pace) / pace.sum())
        places.extend([last] * int(rng.uniform(0.0, 1.5) * rate_hz))
    heights = np.interp(places, down_mm, np.arange(TOP, TOP + len(NAMES), dtype=np.float64))
    return heights, np.arange(heights.size) / rate_hz


def _said(
    rng: np.random.Generator, heights: Floats, times: Floats, first_sacral: int, errors: Errors, *, along: bool
) -> Iterator[dict[str, float]]:
    """Give what is said of each frame."""
    n, rate_hz = times.size, 1.0 / float(times[1] - times[0])
    lost = _runs(rng, n, rate_hz, errors.dropouts_per_s, (0.3, 2.5))
    wrong = _runs(rng, n, rate_hz, errors.misread / 0.35, (0.2, 0.5))
    phase = 2 * np.pi * heights + np.radians(errors.phase_deg * _lasting(rng, n, rate_hz * errors.lasting_s))
    places = np.arange(TOP, 10.0, 0.7)
    bias = np.interp(heights, places, rng.normal(0.0, errors.biased_deg, places.size))
    phase = phase + np.radians(bias)
    share = _shares(rng, heights, first_sacral, rate_hz, errors, along=along)
    turn = (math.pi / 2 if along else 0.0) + np.radians(errors.turn_deg * _lasting(rng, n, rate_hz * errors.lasting_s))
    below = heights - first_sacral
    sacral = np.where(along & (below > -1.5) & (below < 0.5), rng.choice((0.8, 0.3), n, p=(0.7, 0.3)), 0.02)
    for i in range(n):
        if lost[i]:
            yield {}
            continue
        if wrong[i]:
            yield {
                "sacrum_share": float(rng.choice((0.0, 0.2, 0.5, 1.0), p=(0.7, 0.1, 0.1, 0.1))),
                "sacral_view": float(rng.choice((0.02, 0.9), p=(0.9, 0.1))),
                "turn_rad": float(turn[i]), "phase_rad": float(rng.uniform(-np.pi, np.pi)),
                "phase_sure": float(rng.uniform(0.2, 1.0)),
            }  # fmt: skip
            continue
        yield {
            "sacrum_share": float(share[i]), "sacral_view": float(sacral[i]), "turn_rad": float(turn[i]),
            "phase_rad": float(phase[i]), "phase_sure": float(np.clip(rng.normal(0.8, 0.12), 0.1, 1.0)),
        }  # fmt: skip


def _shares(
    rng: np.random.Generator, heights: Floats, first_sacral: int, rate_hz: float, errors: Errors, *, along: bool
) -> Floats:
    """Return the share of bone that is called sacrum, (n,)."""
    drawn = np.argsort(np.argsort(_lasting(rng, heights.size, 1.5 * rate_hz))) / heights.size
    summed = np.cumsum(sacrum_truth(heights - first_sacral, along=along), axis=1)
    kind = np.minimum((drawn[:, None] > summed).sum(axis=1), 3)
    edges = np.array([0.0, *SHARE_EDGES, 1.0])
    share = edges[kind] + (edges[kind + 1] - edges[kind]) * rng.random(heights.size)
    share[kind == 0] = 0.0
    if rng.random() < errors.dull_sacrum:
        share = float(rng.uniform(0.35, 0.75)) * share
    if rng.random() < errors.false_sacrum:
        place = float(rng.uniform(1.0, 5.0))
        share = np.where(np.abs(heights - place) < 0.25, np.maximum(share, rng.uniform(0.3, 1.0)), share)
    return share


def _lasting(rng: np.random.Generator, n: int, frames: float) -> Floats:
    """Return noise of SD 1 that lasts over about so many frames, (n,)."""
    rough = gaussian_filter1d(rng.normal(0.0, 1.0, n + 200), max(frames, 0.5))[100 : n + 100]
    return np.asarray(rough * math.sqrt(2.0 * math.sqrt(math.pi) * max(frames, 0.5)))


def _runs(rng: np.random.Generator, n: int, rate_hz: float, per_s: float, lasting_s: tuple[float, float]) -> Floats:
    """Return True in runs that begin by chance, (n,)."""
    found = np.zeros(n, np.bool_)
    for start in np.flatnonzero(rng.random(n) < per_s / rate_hz):
        found[start : start + int(rng.uniform(*lasting_s) * rate_hz)] = True
    return found
