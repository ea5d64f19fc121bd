"""Many recordings into one table: killed and gone on with, here and on a cluster that loses a worker."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image

from serving import wait_for

PICTURES = 24


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of pictures of the same names, and a file that is none."""
    folder = tmp_path_factory.mktemp("study")
    for number in range(PICTURES):
        rng = np.random.default_rng(number)
        pixels = rng.integers(20, 90, (480, 640)).astype(np.uint8)
        pixels[300:306, 100:540], pixels[306:, 100:540] = 250, 5
        place = folder / ("left" if number % 2 else "right")
        place.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(place / f"{number // 2:03d}.png")
    (folder / "left" / "broken.png").write_bytes(b"no picture")
    return folder


def command(scans: Path, out: Path, *more: object) -> list[str]:
    arguments = ["cohort", scans, "--out", out, "--pixel-spacing", 0.1, "--json", *more]
    return [sys.executable, "-m", "echospine", *map(str, arguments)]


def finished(scans: Path, out: Path, *more: object) -> dict:
    ended = subprocess.run(command(scans, out, *more), check=False, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 2, ended.stderr
    assert "broken.png: not a recording" in ended.stderr
    return json.loads(ended.stdout)


def kept(out: Path) -> int:
    return len(list((out / "kept").glob("*.json"))) if (out / "kept").is_dir() else 0


def measured_in(out: Path) -> Counter[str]:
    """Return how many rows each recording has for its smallest depth of bone, in both tables alike."""
    with (out / "measurements.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["quantity"] == "bone_depth_min" and row["frame"]]
    table = pyarrow.parquet.read_table(out / "measurements.parquet").to_pylist()
    same = [row for row in table if row["quantity"] == "bone_depth_min" and row["frame"] is not None]
    assert [(row["recording"], float(row["value"])) for row in rows] == [
        (row["recording"], row["value"]) for row in same
    ]
    return Counter(row["recording"] for row in rows)


@pytest.mark.slow
def test_a_run_that_is_killed_is_gone_on_with_and_nothing_is_lost_or_doubled(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    running = subprocess.Popen(command(scans, out, "--workers", 2), start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: kept(out) >= 3, seconds=120)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    before = kept(out)
    assert 3 <= before < PICTURES
    assert not (out / "measurements.csv").exists()
    told = finished(scans, out, "--workers", 1)
    assert (told["recordings"], told["known"], told["measured"]) == (PICTURES, before, PICTURES - before)
    found = measured_in(out)
    assert len(found) == PICTURES
    assert set(found.values()) == {1}
    again = finished(scans, out)
    assert (again["known"], again["measured"]) == (PICTURES, 0)


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_loses_no_recording(scans: Path, tmp_path: Path) -> None:
    out, address = tmp_path / "tables", tmp_path / "scheduler.json"
    with ExitStack() as cluster:

        def start(name: str, *arguments: object) -> subprocess.Popen[bytes]:
            asked = ["--scheduler-file", address, "--no-dashboard", *arguments]
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{name}", *map(str, asked)], stderr=subprocess.DEVNULL
            )
            cluster.callback(process.wait)
            cluster.callback(process.kill)
            return process

        start("scheduler", "--host", "127.0.0.1", "--port", 0)
        wait_for(address.exists, seconds=60)
        hands = [start("worker", "--nthreads", 1, "--no-nanny", "--host", "127.0.0.1") for _ in range(2)]
        where = json.loads(address.read_text())["address"]
        running = subprocess.Popen(
            command(scans, out, "--scheduler", where), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        wait_for(lambda: kept(out) >= 3, seconds=120)
        hands[0].send_signal(signal.SIGKILL)
        at_death, died = kept(out), time.monotonic()
        said, complained = running.communicate(timeout=180)
    assert at_death < PICTURES, f"the worker died too late to prove anything ({time.monotonic() - died:.1f} s ago)"
    assert running.returncode == 2, complained
    assert json.loads(said)["measured"] == PICTURES
    found = measured_in(out)
    assert len(found) == PICTURES
    assert set(found.values()) == {1}
