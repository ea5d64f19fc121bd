"""A tracker errs as stated: noise, drift, latency and gaps come back out of what it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose, chain
from echospine.engine.twin.tracker import ToolStatus, Tracked, TrackerNoise, track

EXACT = TrackerNoise(translation_mm=0.0, rotation_deg=0.0)
N = 4000
TIMES = np.arange(N) / 50.0


def moving(tool: str = "Probe", times: np.ndarray = TIMES) -> list[Pose]:
    """A tool that travels and turns smoothly."""
    turns = Rotation.from_euler(
        "zyx", np.stack([30 * np.sin(times), 20 * times / 10, 10 + 0 * times], -1), degrees=True
    )
    found = []
    for time, turn in zip(times, turns.as_matrix(), strict=True):
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = turn, (10 * np.sin(time), 40.0, 12.0 * time)
        found.append(Pose("Tracker", tool, matrix))
    return found


def errors(said: tuple[Tracked, ...], true: list[Pose]) -> tuple[np.ndarray, np.ndarray]:
    """Shift in mm and turn in degrees of each frame that has a pose, (n, 3) each."""
    pairs = [(frame.poses[0].matrix, pose.matrix) for frame, pose in zip(said, true, strict=True) if frame.poses]
    shift = np.array([found[:3, 3] - pose[:3, 3] for found, pose in pairs])
    turn = Rotation.from_matrix(np.array([pose[:3, :3].T @ found[:3, :3] for found, pose in pairs]))
    return shift, turn.as_rotvec(degrees=True)


def test_without_errors_the_tracker_tells_the_truth() -> None:
    said = track(TIMES, {"Probe": moving()}, EXACT, seed=1)
    shift, turn = errors(said, moving())
    assert np.abs(shift).max() < 1e-9
    assert np.abs(turn).max() < 1e-6
    assert all(frame.statuses == {"ProbeToTracker": ToolStatus.OK} for frame in said)


def test_stated_noise_is_recovered() -> None:
    shift, turn = errors(track(TIMES, {"Probe": moving()}, TrackerNoise(0.3, 0.2), seed=2), moving())
    np.testing.assert_allclose(shift.std(axis=0), 0.3, rtol=0.05)
    np.testing.assert_allclose(turn.std(axis=0), 0.2, rtol=0.05)
    assert np.abs(shift.mean(axis=0)).max() < 0.3 * 4 / np.sqrt(N)
    assert abs(np.corrcoef(shift[1:, 0], shift[:-1, 0])[0, 1]) < 0.05


def test_drift_grows_with_the_root_of_time() -> None:
    times = np.arange(0.0, 121.0, 4.0)
    ends = []
    for seed in range(300):
        noise = TrackerNoise(0.0, 0.0, drift_mm=0.5, drift_deg=0.3)
        shift, turn = errors(track(times, {"Probe": moving(times=times)}, noise, seed), moving(times=times))
        ends.append(np.concatenate([shift[15], shift[-1], turn[15]]))
    spread = np.std(ends, axis=0)
    np.testing.assert_allclose(spread[:3], 0.5, rtol=0.15)
    np.testing.assert_allclose(spread[3:6], 0.5 * np.sqrt(2), rtol=0.15)
    np.testing.assert_allclose(spread[6:], 0.3, rtol=0.15)


def test_a_late_tracker_says_where_the_tool_was() -> None:
    fine = np.arange(0, 4.0, 0.02)
    noise = TrackerNoise(0.0, 0.0, latency_s=0.107)
    said = track(fine, {"Probe": moving(times=fine)}, noise, seed=0)
    then = moving(times=np.maximum(fine - 0.107, 0.0))
    shift, turn = errors(said, then)
    assert np.abs(shift[10:]).max() < 0.01
    assert np.abs(turn[10:]).max() < 0.01
    np.testing.assert_allclose(said[0].poses[0].matrix, moving(times=fine)[0].matrix, atol=1e-9)


@pytest.mark.parametrize(("dropout", "burst"), [(0.1, 1.0), (0.1, 8.0), (0.4, 20.0)])
def test_stated_gaps_are_recovered(dropout: float, burst: float) -> None:
    times = np.arange(20_000) / 50.0
    still = [Pose("Tracker", "Probe", np.eye(4))] * len(times)
    said = track(times, {"Probe": still}, TrackerNoise(0.0, 0.0, dropout=dropout, burst_frames=burst), seed=5)
    missing = np.array([frame.statuses["ProbeToTracker"] is ToolStatus.MISSING for frame in said])
    assert missing.mean() == pytest.approx(dropout, rel=0.15)
    gaps = int(np.sum(missing[1:] & ~missing[:-1])) + int(missing[0])
    assert missing.sum() / gaps == pytest.approx(burst, rel=0.15)
    assert all((not frame.poses) == gone for frame, gone in zip(said, missing, strict=True))


def test_tools_err_independently_and_one_more_tool_changes_nothing() -> None:
    noise = TrackerNoise(0.3, 0.2)
    alone = track(TIMES, {"Probe": moving()}, noise, seed=9)
    both = track(TIMES, {"Needle": moving("Needle"), "Probe": moving(), "Reference": moving("Reference")}, noise, 9)
    of_probe = [chain(frame.poses, "Tracker", "Probe").matrix for frame in both]
    np.testing.assert_array_equal(of_probe, [frame.poses[0].matrix for frame in alone])
    of_needle = np.array([chain(frame.poses, "Tracker", "Needle").matrix[:3, 3] for frame in both])
    true = np.array([pose.matrix[:3, 3] for pose in moving()])
    needle_x, probe_x = (of_needle - true)[:, 0], (np.array(of_probe)[:, :3, 3] - true)[:, 0]
    assert abs(np.corrcoef(needle_x, probe_x)[0, 1]) < 0.05
    assert set(both[0].statuses) == {"ProbeToTracker", "NeedleToTracker", "ReferenceToTracker"}


def test_the_same_seed_says_the_same_and_another_does_not() -> None:
    noise = TrackerNoise(0.3, 0.2, dropout=0.1)
    first, again, other = (track(TIMES[:50], {"Probe": moving()[:50]}, noise, seed) for seed in (3, 3, 4))
    for a, b in zip(first, again, strict=True):
        assert a.statuses == b.statuses
        assert all(np.array_equal(p.matrix, q.matrix) for p, q in zip(a.poses, b.poses, strict=True))
    assert any(len(a.poses) != len(b.poses) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"translation_mm": -1.0}, "translation_mm"),
        ({"latency_s": float("nan")}, "latency_s"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": 0.8, "burst_frames": 1.0}, "too short"),
    ],
)
def test_impossible_noise_is_refused(change: dict[str, float], what: str) -> None:
    with pytest.raises(GeometryError, match=what):
        TrackerNoise(**change)


def test_poses_that_do_not_fit_are_refused() -> None:
    with pytest.raises(GeometryError, match="rise"):
        track([0.0, 0.0], {"Probe": moving()[:2]}, EXACT, 0)
    with pytest.raises(GeometryError, match="3 poses for 2"):
        track([0.0, 1.0], {"Probe": moving()[:3]}, EXACT, 0)
    with pytest.raises(GeometryError, match="NeedleToTracker"):
        track([0.0, 1.0], {"Needle": moving()[:2]}, EXACT, 0)
