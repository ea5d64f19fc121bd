"""The live loop for minutes: from a scanner's frame to the message with what is seen in it, at 30 frames/s.

`python -m benchmarks live`; `ECHOSPINE_SOAK_S=600` for ten minutes instead of one. Three processes share the machine: a
scanner on OpenIGTLink, that plays frames of a simulated sweep which it rendered before, so that it stands for a machine
of its own; `echospine serve`; and a viewer on the live socket, which acknowledges at once. *Made to received* spans the
line, interpretation, packing and the socket; *arrival to interpreted* is what the server measures itself.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import psutil
from websockets.sync.client import ClientConnection, connect

from benchmarks.startup import free_port, serving
from benchmarks.table import Row
from echospine.domain.frames import Frame

SOAK_S = float(os.environ.get("ECHOSPINE_SOAK_S", "60"))
RATE_HZ, FRAMES, SCENE = 30.0, 60, "sweep"
SETTLE_S = 15.0
"""Not counted: kernels are compiled, the field is surveyed, and the frames that are always kept fill their room."""
FIRST_S = 180.0
WHAT = f"512 x 512 at {RATE_HZ:g}/s for {SOAK_S:g} s"


def rows() -> list[Row]:
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as store,
        serving(sys.executable, "-m", "echospine", "serve", "--store", store, "--port", str(port), port=port),
        _scanner() as device,
        connect(f"ws://127.0.0.1:{port}/api/live", compression=None, max_size=None) as socket,
    ):
        return _soaked(socket, device, _process_on(port))


def _soaked(socket: ClientConnection, device: int, server: psutil.Process) -> list[Row]:
    socket.send(json.dumps({"type": "open-device", "host": "127.0.0.1", "port": device}))
    socket.send(json.dumps({"type": "run", "running": True}))
    _watch(socket, SETTLE_S)
    before = server.memory_info().rss
    cpu_s, began_s = sum(server.cpu_times()[:2]), time.monotonic()
    ages_s, heads = _watch(socket, SOAK_S)
    share = (sum(server.cpu_times()[:2]) - cpu_s) / (time.monotonic() - began_s)
    after = server.memory_info().rss
    p50, p99, worst = 1000 * np.percentile(ages_s, (50, 99, 100))
    seen = [head["seen"] for head in heads if head["seen"]]
    late = 100 * float(np.mean(np.array(ages_s) > 1 / RATE_HZ))
    return [
        Row(f"{WHAT}: made to received, median", p50, "ms"),
        Row(f"{WHAT}: made to received, p99", p99, "ms", "< 33"),
        Row(f"{WHAT}: made to received, slowest", worst, "ms"),
        Row("frames that took longer than 33 ms", late, "%", "< 1"),
        Row("arrival to interpreted, p99 of the last 1,024 frames", seen[-1]["p99_ms"], "ms"),
        Row("frames at the viewer", len(heads) / SOAK_S, "frames/s", "30"),
        Row("frames without what is seen in them", len(heads) - len(seen), "frames", "0"),
        Row("share of one core, server", 100 * share, "%"),
        Row("memory of the server, at the start", before / 2**20, "MiB"),
        Row("memory of the server, grown by the end", (after - before) / 2**20, "MiB", "about 0"),
    ]


def _watch(socket: ClientConnection, seconds: float) -> tuple[list[float], list[dict[str, Any]]]:
    """Return the age of each frame when it came, s, and its head."""
    ages_s: list[float] = []
    heads: list[dict[str, Any]] = []
    until_s = None
    while until_s is None or time.monotonic() < until_s:
        message = socket.recv(timeout=FIRST_S)
        now_s = time.monotonic()
        if isinstance(message, str):
            continue
        until_s = until_s or now_s + seconds
        (length,) = struct.unpack_from("<I", message)
        head = json.loads(message[4 : 4 + length])
        socket.send(json.dumps({"type": "ack", "index": head["index"]}))
        ages_s.append(now_s - struct.unpack_from("<d", message, 4 + length)[0])
        heads.append(head)
    return ages_s, heads


@contextmanager
def _scanner() -> Iterator[int]:
    """Run the scanner as a process; give its port."""
    command = [sys.executable, "-m", "benchmarks.live", "scanner"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(20)


def _process_on(port: int) -> psutil.Process:
    """Return the process that serves there: the one with our own as its parent and that port on its command line."""
    return next(one for one in psutil.Process().children() if str(port) in one.cmdline())


def _play() -> None:
    """Render frames, then play them to and fro for ever; each bears the moment it was made in its first pixels."""
    from echospine.apps.wiring import open_scene, serve_live
    from echospine.workflow.live import Newest

    with open_scene(SCENE, jobs=2) as scene:
        frames = [scene.frame(index) for index in range(0, len(scene), max(1, len(scene) // FRAMES))]
    course = [*frames, *frames[-2:0:-1]]
    with Newest() as source, serve_live(source, "127.0.0.1", 0) as served:
        print(served.port, flush=True)
        began_s, number = time.monotonic(), 0
        while True:
            time.sleep(max(0.0, began_s + number / RATE_HZ - time.monotonic()))
            source.put(_stamped(course[number % len(course)], number))
            number += 1


def _stamped(frame: Frame, number: int) -> Frame:
    pixels = frame.pixels.copy()
    pixels[0, :8] = np.frombuffer(struct.pack("<d", time.monotonic()), np.uint8)
    return replace(frame, pixels=pixels, index=number, time_s=number / RATE_HZ)


if __name__ == "__main__":
    _play()
