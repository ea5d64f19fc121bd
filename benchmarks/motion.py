"""Speckle tracking: frames a second beside optical flow of OpenCV, and errors on the twin's tissue of known movement.

`python -m benchmarks motion`. Speed: pictures of 640 x 480, a grid of 20 x 20; optical flow gives every pixel, from the
frame before alone; ours follows each point from the frame before and from the first frame, forth and back. Errors: one
simulated person, whose tissue the probe is slid over by known amounts; and whose fascia shears by known amounts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.table import HEAD, Row, median_s
from echospine.engine.muscle.motion import Follower, grid_points, match

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "engine" / "muscle"))

SHAPE = (480, 640)
RUNS = 8
SLIDES_MM = (0.1, 0.3, 1.0, 2.0, 3.0)
NOISES = (5.0, 10.0, 20.0, 40.0)
OUT_OF_PLANE_MM = (0.1, 0.25, 0.5, 1.0)
SHEARS = (5.0, 20.0, 40.0, 60.0, 80.0)
LOOP_S, LOOP_HZ, LOOP_MM = 10.0, 10.0, 3.0


def rows() -> list[Row]:
    return [*_speed(), *_slides(), *_spoiled(), _loop(), *_shears()]


def _speed() -> Iterator[Row]:
    """Time of one more frame, the mean over all points counted once."""
    import cv2

    frames = _speckle(RUNS + 2)
    points = grid_points((0, 0), (SHAPE[1], SHAPE[0]), 20, 20)
    follower = Follower(points)
    follower.see(frames[0])
    turn = iter(frames[1:])
    ours = 1.0 / median_s(lambda: follower.see(next(turn)), runs=RUNS, warmups=1)
    cv2.setNumThreads(2)
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    peers = {
        "DIS, medium": lambda: dis.calc(frames[0], frames[1], None),
        "Farneback": lambda: cv2.calcOpticalFlowFarneback(frames[0], frames[1], None, 0.5, 4, 21, 3, 7, 1.5, 0),
    }
    yield Row("640 x 480, grid of 20 x 20: followed", ours, "frames/s", ">= 30")
    true = np.array([3.0, 1.0])
    found = match(frames[0], frames[1], points)
    yield Row("the same: median error of a shift of 3 x 1 pixels", _off(found.displacement_px, true), "px")
    for name, flow in peers.items():
        theirs = 1.0 / median_s(flow, runs=RUNS, warmups=1)
        yield Row(f"the same pictures: OpenCV {name}", theirs, "frames/s", "", "ours / this", ours / theirs)
        at = np.clip(np.rint(points).astype(int), 0, np.array(SHAPE[::-1]) - 1)
        yield Row(f"the same shift: OpenCV {name}, median error", _off(flow()[at[:, 1], at[:, 0]], true), "px")


def _speckle(count: int) -> list[np.ndarray]:
    """Return speckle that goes 3 pixels to the right and 1 down from frame to frame."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    large = (SHAPE[0] + count, SHAPE[1] + 3 * count)
    level = np.log(np.hypot(*gaussian_filter(rng.standard_normal((2, *large)), (0, 1.2, 2.2))))
    grey = np.clip(140 + 45 * (level - level.mean()) / level.std(), 0, 255).astype(np.uint8)
    return [
        np.ascontiguousarray(grey[count - n : count - n + SHAPE[0], 3 * (count - n) : 3 * (count - n) + SHAPE[1]])
        for n in range(count)
    ]


def _off(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.nanmedian(np.linalg.norm(found - true, axis=-1)))


def _slides() -> Iterator[Row]:
    from twin_moved import error_mm, slid, usual

    body = slid()
    points, first, all_mm = body.points(), body.picture(), []
    for n, way_mm in enumerate(SLIDES_MM):
        true = (way_mm * 0.95, way_mm * 0.3)
        found = match(first, body.picture(*true, seed=n + 2), points, usual(body.step_mm))
        off = error_mm(found.displacement_px, body.step_mm, true)
        all_mm.append(off)
        yield Row(
            f"simulated: displacement of {way_mm:g} mm between frames, median error", _median(off), "mm", "<= 0.05"
        )
    yield Row("simulated: all of these, 95th percentile", float(np.nanpercentile(all_mm, 95)), "mm")


def _spoiled() -> Iterator[Row]:
    from twin_moved import error_mm, noisy, slid, usual

    body = slid()
    points, first, true = body.points(), body.picture(), (1.0, 0.3)
    second = body.picture(*true, seed=3)
    for sd in NOISES:
        found = match(noisy(first, sd, 1), noisy(second, sd, 2), points, usual(body.step_mm))
        off = error_mm(found.displacement_px, body.step_mm, true)
        yield Row(f"simulated: 1 mm, noise of {sd:g} grey levels in both pictures, median error", _median(off), "mm")
    for out in OUT_OF_PLANE_MM:
        found = match(first, body.picture(*true, out_mm=out, seed=4), points, usual(body.step_mm))
        off = error_mm(found.displacement_px, body.step_mm, true)
        yield Row(f"simulated: 1 mm, and {out:g} mm out of the plane, median error", _median(off), "mm")
        yield Row(f"the same: median correlation, {out:g} mm out of the plane", _median(found.score), "")


def _loop() -> Row:
    from twin_moved import slid, usual

    body = slid()
    follower = Follower(body.points(), usual(body.step_mm))
    times = np.arange(0.0, LOOP_S + 1e-9, 1.0 / LOOP_HZ)
    for n, t in enumerate(times):
        follower.see(body.picture(LOOP_MM * float(np.sin(2 * np.pi * t / LOOP_S * 2)), seed=10 + n))
    end = follower.followed().displacement_px[-1] * body.step_mm
    what = f"simulated: {LOOP_S:g} s cine, +-{LOOP_MM:g} mm twice and back: median drift of the loop"
    return Row(what, _median(np.linalg.norm(end, axis=-1)), "mm", "<= 0.1")


def _shears() -> Iterator[Row]:
    from twin_moved import sheared_percent

    for nominal in SHEARS:
        found, true = sheared_percent(nominal)
        what = f"simulated: fascia sheared by {nominal:g} %, {true:.1f} % between the sub-regions: measured less true"
        yield Row(what, 100.0 * (found / true - 1.0), "% of it", "within 10")


def _median(values: np.ndarray) -> float:
    return float(np.nanmedian(values))


if __name__ == "__main__":
    print(HEAD)
    for row in rows():
        print(row.markdown(), flush=True)
