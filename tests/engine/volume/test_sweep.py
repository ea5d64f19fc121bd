"""Length and speed of sweeps whose path is known."""

from __future__ import annotations

import numpy as np
import pytest

from echospine.domain.images import ImageGeometry
from echospine.domain.measures import Measurement
from echospine.domain.poses import Pose
from echospine.engine.volume import measure_sweep

GEOMETRY = ImageGeometry(101, 80)


def poses(path_mm: np.ndarray) -> list[Pose | None]:
    """Poses of an image of 0.1 mm pixels whose face middle, column 50, row 0, goes along the path."""
    found: list[Pose | None] = []
    for place in path_mm:
        matrix = np.diag([0.1, 0.1, 0.1, 1.0])
        matrix[:3, 3] = place - [5.0, 0.0, 0.0]
        found.append(Pose("Reference", "Image", matrix))
    return found


def line(length_mm: float, n: int = 100) -> np.ndarray:
    return np.outer(np.linspace(0, length_mm, n), [0.6, 0.0, 0.8]) + np.array([10.0, 20.0, 30.0])


def measured(path: np.ndarray, seconds: float = 5.0) -> tuple[Measurement, Measurement]:
    length, speed = measure_sweep(np.linspace(0, seconds, len(path)).tolist(), poses(path), GEOMETRY)
    return length, speed


def test_a_straight_sweep() -> None:
    length, speed = measured(line(120.0))
    assert length.value == pytest.approx(120.0, abs=1e-6)
    assert speed.value == pytest.approx(24.0, abs=1e-6)


@pytest.mark.parametrize("noise_mm", [0.1, 0.3, 0.6])
@pytest.mark.parametrize("seed", range(5))
def test_jitter_neither_lengthens_a_sweep_nor_moves_a_probe_at_rest(noise_mm: float, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, noise_mm, (300, 3))
    length, _ = measured(line(120.0, 300) + noise)
    assert length.value == pytest.approx(120.0, abs=6 * noise_mm + 0.5)
    resting, _ = measured(line(0.0, 300) + noise)
    assert resting.value is not None
    assert resting.value <= 5 * noise_mm


def test_there_and_back_counts_both_ways() -> None:
    there = line(60.0, 80)
    length, _ = measured(np.concatenate([there, there[::-1]]))
    assert length.value == pytest.approx(120.0, abs=1.0)


def test_an_arc_is_measured_along_the_arc() -> None:
    angle = np.linspace(0, np.pi / 2, 200)
    length, _ = measured(np.column_stack([80 * np.cos(angle), 80 * np.sin(angle), 0 * angle]))
    assert length.value == pytest.approx(80 * np.pi / 2, rel=0.01)


def test_frames_without_a_pose_are_bridged_and_not_counted() -> None:
    gaps = poses(line(100.0))
    gaps[10:30] = [None] * 20
    length, _ = measure_sweep([], gaps, GEOMETRY)
    assert length.value == pytest.approx(100.0, abs=1e-6)
    assert length.n_frames == 80


def test_what_cannot_be_known_is_said() -> None:
    length, speed = measure_sweep([], [None] * 5, GEOMETRY)
    assert (length.value, speed.value, length.note) == (None, None, "not tracked")
    length, speed = measure_sweep([], poses(line(50.0)), GEOMETRY)
    assert length.value is not None
    assert speed.value is None
    assert "times" in speed.note
    one, _ = measure_sweep([0.0], poses(line(0.0, 1)), GEOMETRY)
    assert one.note == "only one frame has a pose"
