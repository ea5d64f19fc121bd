"""Counting levels, advice, steadiness, explanation and the screen's filter: all on simulated people, sweeps and hands.

`python -m benchmarks guidance`. No network is needed: true places and labels with errors of the kind that one makes.
"""

from __future__ import annotations

import statistics
import time
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter

from benchmarks.table import Row, median_s, paired_s
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Side, View
from echospine.domain.poses import Pose
from echospine.domain.sights import Landmark, Sighting, StructureMap
from echospine.engine.twin.body import Body
from echospine.engine.twin.image import prepare, truth
from echospine.engine.twin.person import build_patient, sample_patient
from echospine.engine.twin.probe import Settings
from echospine.engine.twin.scene.views import standard_view
from echospine.engine.vision.advice.targets import TARGETS
from echospine.engine.vision.display import evened
from echospine.engine.vision.explain import evidence
from echospine.engine.vision.level import LevelFilter
from echospine.engine.vision.steady import Steady
from training.following import Back, Outcome, back_of, follow, probe_for
from training.machines import HELD_OUT
from training.people import Part, person_seed
from training.sweeps import Errors, sample_sweep

SWEEPS, FIRST_SWEEP = 300, 40_000
HANDS_PEOPLE, HANDS_EACH, AT_MOST = range(10, 16), 4, 20
HZ = 30.0


def rows() -> list[Row]:
    return [*_levels(), *_hands(), *_steady(), *_explain(), *_display()]


def _levels() -> list[Row]:
    found = []
    for tracked, word in ((True, "tracked"), (False, "not tracked")):
        frames, right, sure_ends, right_ends, spent_s, n = _count(tracked=tracked)
        found.append(Row(f"simulated sweeps, {word}: frames in which a level is surely said", 100 * frames, "%"))
        if tracked:
            found += [
                Row("simulated sweeps, tracked: levels said surely that are right", 100 * right, "%", ">= 95"),
                Row("simulated sweeps, tracked: sweeps that end sure", 100 * sure_ends, "%"),
                Row("simulated sweeps, tracked: of those, right", 100 * right_ends, "%", ">= 95"),
            ]
    found.append(Row("counting, one frame", 1e3 * spent_s / n, "ms"))
    for errors, word in ((Errors(), "misreading and all"), (Errors(false_sacrum=0.0), "no lumbar bone read as sacrum")):
        sweeps = (sample_sweep(FIRST_SWEEP + seed, anchored=False, errors=errors) for seed in range(SWEEPS))
        ever = sum(any(belief.surely() for belief in _said(sweep)) for sweep in sweeps)
        found.append(
            Row(f"simulated sweeps without sacrum or rib that are ever sure ({word})", 100 * ever / SWEEPS, "%", "0")
        )
    return found


def _said(sweep):
    count = LevelFilter()
    return [count.update(one, float(t)) for one, t in zip(sweep.evidence, sweep.times_s, strict=True)]


def _count(*, tracked: bool) -> tuple[float, float, float, float, float, int]:
    sure = right = frames = ends = right_ends = 0
    spent_s = 0.0
    for seed in range(SWEEPS):
        sweep = sample_sweep(FIRST_SWEEP + seed, tracked=tracked)
        began = time.perf_counter()
        beliefs = _said(sweep)
        spent_s += time.perf_counter() - began
        names = sweep.names()
        frames += len(names)
        said = [(belief.surely(), name) for belief, name in zip(beliefs, names, strict=True)]
        sure += sum(one is not None for one, _ in said)
        right += sum(one == name for one, name in said)
        ends += said[-1][0] is not None
        right_ends += said[-1][0] == said[-1][1]
    return sure / frames, right / max(sure, 1), ends / SWEEPS, right_ends / max(ends, 1), spent_s, frames


def _hands() -> list[Row]:
    outcomes: list[Outcome] = []
    for person in HANDS_PEOPLE:
        anatomy = build_patient(sample_patient(person_seed(Part.TEST, person)))
        backs: dict[str, Back] = {}
        for view in TARGETS:
            probe = probe_for(view)
            if probe.name not in backs:
                backs[probe.name] = back_of(anatomy, probe)
            back, seeds = backs[probe.name], range(HANDS_EACH * person, HANDS_EACH * (person + 1))
            if back.has(view):
                outcomes += [follow(back, view, seed, at_most=AT_MOST) for seed in seeds]
    found = []
    for view in (*TARGETS, None):
        part = [one for one in outcomes if view in (None, one.wanted)]
        reached = [one for one in part if one.reached]
        word = "all views" if view is None else view.value
        held = max(1, sum(one.held for one in part))
        found += [
            Row(f"simulated hands, {word}: view reached", 100 * len(reached) / len(part), "%"),
            Row(f"simulated hands, {word}: told to hold where it is not", 100 * (held - len(reached)) / held, "%"),
            Row(f"simulated hands, {word}: advices until reached, median", _median(reached), ""),
        ]
    return found


def _median(reached: list[Outcome]) -> float:
    return float(statistics.median([len(one.advices) for one in reached])) if reached else float("nan")


def _steady() -> list[Row]:
    maps = _slide(20)
    rng = np.random.default_rng(0)
    still = [_seen(noisy_map(rng, maps[0]), n, rng) for n in range(60)]
    steady = Steady()
    shown = [steady.update(one, n / HZ) for n, one in enumerate(still)]
    moving, lag = Steady(), []
    for n, labels in enumerate(maps):
        told = moving.update(_seen(noisy_map(rng, labels), n, rng), n / HZ).structures.labels
        agreement = [np.mean(told[one > 0] == one[one > 0]) for one in maps[: n + 1]]
        lag.append(n - int(np.argmax(agreement)))
    spare = Steady()
    times = iter(range(1000))
    took = median_s(lambda: spare.update(still[0], next(times) / HZ), runs=30)
    return [
        Row("still twin: cells that change from frame to frame", 100 * _flicker(shown[20:]), "%", "half",
            f"{100 * _flicker(still[20:]):.2g} % unsmoothed", _flicker(shown[20:]) / _flicker(still[20:])),
        Row("still twin: jitter of a landmark", _jitter(shown[20:]), "px", "half",
            f"{_jitter(still[20:]):.2g} px unsmoothed", _jitter(shown[20:]) / _jitter(still[20:])),
        Row("probe slid at 15 mm/s: lag of the shown map", float(np.mean(lag[6:])), "frames", "<= 2"),
        Row("jump: frames until the new picture is shown", _jump(rng, maps[0]), "frames", "<= 2"),
        Row("steadying one frame, map of 256 x 256", 1e3 * took, "ms"),
    ]  # fmt: skip


def _slide(n: int) -> np.ndarray:
    """Return label maps while a probe slides along the spine, 0.5 mm a frame."""
    anatomy = build_patient(sample_patient(person_seed(Part.TEST, 3)))
    machine, settings = HELD_OUT["convex C5-2"].machine, Settings(depth_mm=90.0)
    body, scanner = Body(anatomy, 1), prepare(machine, settings)
    pose = standard_view(anatomy, View.PARASAGITTAL_LAMINA, "L3", Side.LEFT, machine.probe)
    maps = []
    for step in range(n):
        matrix = np.array(pose.matrix)
        matrix[:3, 3] += 0.5 * step * matrix[:3, 0]
        maps.append(truth(body, Pose("Patient", "Probe", matrix), machine, settings, scanner=scanner).labels)
    return np.array(maps)


def noisy_map(rng: np.random.Generator, labels: np.ndarray) -> StructureMap:
    """Return a map with edges that wander by a cell or two, and patches that flicker."""
    move = np.stack([20.0 * gaussian_filter(rng.normal(0, 1, labels.shape), 3.0) for _ in range(2)])
    at = np.clip(np.rint(np.indices(labels.shape) + move), 0, labels.shape[0] - 1).astype(int)
    wobbly = labels[at[0], at[1]].copy()
    wobbly[(gaussian_filter(rng.normal(0, 1, labels.shape), 4.0) > 0.16) & (wobbly > 0)] = 4
    return StructureMap(wobbly, np.full(labels.shape, 200, np.uint8), (0.0, 0.0), 1.0)


def _seen(structures: StructureMap, index: int, rng: np.random.Generator) -> Interpretation:
    size = structures.labels.shape[1]
    field = Field(Sector(np.zeros(size), np.full(size, size - 1.0)))
    x, y = rng.normal((100.0, 120.0), 2.0)
    mark = Sighting(Landmark.LAMINA, (float(x), float(y)), np.diag([4.0, 4.0]), 0.8)
    quality = Quality(1.0, 0.0, 0.2, 0.9)
    return Interpretation(
        index, Method("made", "1"), field, (), quality, structures=structures, landmarks=(mark,)
    )  # fmt: skip


def _flicker(shown: list[Interpretation]) -> float:
    return float(np.mean([np.mean(a.structures.labels != b.structures.labels) for a, b in pairwise(shown)]))


def _jitter(shown: list[Interpretation]) -> float:
    return float(np.std([one.landmarks[0].at_px for one in shown], axis=0).mean())


def _jump(rng: np.random.Generator, labels: np.ndarray) -> float:
    steady, away = Steady(), np.roll(labels, (25, 60), axis=(0, 1))
    for n in range(20):
        steady.update(_seen(noisy_map(rng, labels), n, rng), n / HZ)
    for n in range(20, 30):
        told = steady.update(_seen(noisy_map(rng, away), n, rng), n / HZ).structures.labels
        if np.mean(told[away > 0] == away[away > 0]) > 0.8:
            return float(n - 19)
    return 10.0


def _explain() -> list[Row]:
    picture = np.random.default_rng(0).random((256, 256), np.float32)
    scored = [0]

    def scorer(pictures: np.ndarray) -> np.ndarray:
        scored[0] += len(pictures)
        return pictures.mean(axis=(1, 2), dtype=np.float64)

    own_s = median_s(lambda: evidence(picture, scorer), runs=5)
    scored[0] = 0
    evidence(picture, scorer)
    return [
        Row("evidence map: pictures that are scored", float(scored[0]), "", "64 to 100"),
        Row("evidence map, beside the scorer", 1e3 * own_s, "ms"),
        Row("evidence map with a network of 12 ms, in all", own_s + 0.012 * scored[0], "s", "< 1"),
    ]


def _display() -> list[Row]:
    grey = np.random.default_rng(0).normal(70, 20, (480, 640)).clip(0, 255).astype(np.uint8)
    frame = Frame(grey, ImageGeometry(640, 480), 0)
    ours, theirs = paired_s(lambda: evened(frame.grey), lambda: gaussian_filter(grey.astype(np.float32), 2.0), runs=30)
    return [Row("screen filter, 640 x 480", 1e3 * ours, "ms", "< 10", "Gaussian filter (scipy)", ours / theirs)]
