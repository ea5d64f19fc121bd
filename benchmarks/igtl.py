"""Pictures over OpenIGTLink: to three clients at once, everything on one core, and one line as fast as it goes.

`python -m benchmarks igtl`. pyigtl runs beside it on the same pictures; it makes the checksums, but checks none, and
serves one client at a time. Each side of a line is a process of its own, all of them held to the same core.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

from benchmarks.table import Row, paired_s
from echospine.adapters.igtl import Manner, open_igtl, serve
from echospine.adapters.igtl.frames import messages_of
from echospine.adapters.igtl.heads import HEAD_BYTES, decode_head
from echospine.adapters.igtl.messages import decode_body, encode
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.poses import Pose
from echospine.workflow.live import Newest

SIZE, RATE_HZ, CLIENTS = 512, 60.0, 3
RUNS, SECONDS, LONGEST_S = 3, 4.0, 40.0
PIXELS = np.random.default_rng(3).rayleigh(30, (SIZE, SIZE)).clip(0, 255).astype(np.uint8)
WHAT = f"{SIZE} x {SIZE} at {RATE_HZ:g}/s to {CLIENTS} clients, all on one core"


def rows() -> list[Row]:
    return [*_at_rate(), *_codec(), *_flat_out()]


def _at_rate() -> list[Row]:
    """Serve at 60 frames/s and look at the slowest of the clients."""
    runs = [_one_at_rate() for _ in range(RUNS)]
    fps, p99_ms, share = (statistics.median(values) for values in zip(*runs, strict=True))
    return [
        Row(f"{WHAT}: at the slowest client", fps, "frames/s", "60"),
        Row(f"{WHAT}: p99 from made to received", p99_ms, "ms", "< 33"),
        Row(f"{WHAT}: share of that core, clients too", share, "%"),
    ]


def _one_at_rate() -> tuple[float, float, float]:
    server = _Role("serve", RATE_HZ)
    clients = [_Role("follow", server.port) for _ in range(CLIENTS)]
    told = [client.result() for client in clients]
    share = sum(one["cpu_s"] / one["seconds"] for one in [*told, server.result()])
    return min(one["fps"] for one in told), max(one["p99_ms"] for one in told), 100 * share


def _codec() -> list[Row]:
    frame = _frame(0)

    def by_us() -> None:
        for message in messages_of(frame, 1 << 60):
            data = encode(message)
            decode_body(decode_head(data[:HEAD_BYTES]), data[HEAD_BYTES:])

    what = f"{SIZE} x {SIZE} frame with a transform, encoded and decoded"
    pyigtl = _pyigtl()
    if pyigtl is None:
        return [Row(what, 1000 * paired_s(by_us, by_us, 50)[0], "ms")]
    ours, theirs = paired_s(by_us, lambda: _by_pyigtl(pyigtl), 50)
    return [Row(what, 1000 * ours, "ms", peer="pyigtl (checks no checksum)", ratio=ours / theirs)]


def _flat_out() -> list[Row]:
    """Serve as fast as a single client takes it."""
    what = f"{SIZE} x {SIZE}, one client, as fast as it goes on one core"
    if _pyigtl() is None:
        return [Row(what, statistics.median(_line_fps("serve", "follow") for _ in range(RUNS)), "frames/s")]
    runs = [(_line_fps("serve", "follow"), _line_fps("serve-pyigtl", "follow-pyigtl")) for _ in range(RUNS)]
    ours, theirs = (statistics.median(values) for values in zip(*runs, strict=True))
    return [Row(what, ours, "frames/s", peer="pyigtl (checks no checksum)", ratio=ours / theirs)]


def _line_fps(serving: str, following: str) -> float:
    server = _Role(serving, 0.0)
    try:
        return float(_Role(following, server.port).result()["fps"])
    finally:
        server.stop()  # that of pyigtl waits for ever to send to a client that has gone


class _Role:
    """A process that plays one part; it says its port in its first line, and what it measured in its last."""

    def __init__(self, role: str, argument: float) -> None:
        command = [sys.executable, "-m", "benchmarks.igtl", role, str(argument)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def result(self) -> dict[str, float]:
        said = self._process.communicate(timeout=2 * LONGEST_S)[0]
        found: dict[str, float] = json.loads(said.splitlines()[-1])
        return found

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


def _frame(number: int) -> Frame:
    """Return a frame that carries its number and the moment it was made in its first pixels."""
    pixels = PIXELS.copy()
    pixels[0, :8] = np.frombuffer(np.float64(time.monotonic()).tobytes(), np.uint8)
    probe, image = np.eye(4), np.diag([0.15, 0.15, 1.0, 1.0])
    geometry = ImageGeometry.uniform(SIZE, SIZE, 0.15, 0.15, Spacing.IMAGE_TO_PROBE)
    poses = (Pose("Tracker", "Probe", probe), Pose("Probe", "Image", image))
    return Frame(pixels, geometry, number, number / RATE_HZ, poses)


def _made_s(pixels: np.ndarray) -> float:
    return float(np.frombuffer(np.ascontiguousarray(pixels.reshape(SIZE, SIZE)[0, :8]).tobytes(), np.float64)[0])


def _play(rate_hz: float, put: Callable[[int], object], over: Callable[[], bool]) -> None:
    """Put frame after frame, at that rate or (0) without a pause, until it is over."""
    began_s, number = time.monotonic(), 0
    while time.monotonic() - began_s < LONGEST_S and not over():
        if rate_hz:
            time.sleep(max(0.0, began_s + number / rate_hz - time.monotonic()))
        put(number)
        number += 1


def _serve(rate_hz: float) -> dict[str, float]:
    with Newest() as source, serve(source, port=0, manner=Manner(heartbeat_s=5)) as serving:
        print(serving.port, flush=True)

        def put(number: int) -> None:
            sent, until_s = serving.counts.sent, time.monotonic() + 0.5
            source.put(_frame(number))
            while not rate_hz and serving.counts.sent == sent and time.monotonic() < until_s:
                time.sleep(0.0001)

        began_s, cpu_s = time.monotonic(), time.process_time()
        _play(rate_hz, put, lambda: serving.counts.came > 0 and serving.counts.clients == 0)
        return {"cpu_s": time.process_time() - cpu_s, "seconds": time.monotonic() - began_s}


def _follow(port: float) -> dict[str, float]:
    print(0, flush=True)
    with open_igtl("127.0.0.1", int(port)) as live:
        after = _warm(lambda: live.latest(-1, 1.0))
        ages_s: list[float] = []
        began_s, cpu_s = time.monotonic(), time.process_time()
        while time.monotonic() - began_s < SECONDS:
            frame = live.latest(after, 0.5)
            if frame is not None:
                after = frame.index
                ages_s.append(time.monotonic() - _made_s(frame.pixels))
        return _measured(ages_s, began_s, cpu_s)


def _serve_pyigtl(rate_hz: float) -> dict[str, float]:
    pyigtl, port = _pyigtl(), 18970
    server = pyigtl.OpenIGTLinkServer(port=port)
    print(port, flush=True)

    def put(number: int) -> None:
        if server.is_connected():
            for message in _messages_of_pyigtl(pyigtl):
                server.send_message(message, wait=True)

    _play(rate_hz, put, lambda: False)
    return {}


def _follow_pyigtl(port: float) -> dict[str, float]:
    print(0, flush=True)
    client = _pyigtl().OpenIGTLinkClient("127.0.0.1", int(port))
    _warm(lambda: client.wait_for_message("Image_Probe", timeout=1))
    ages_s: list[float] = []
    began_s, cpu_s = time.monotonic(), time.process_time()
    fresh, unpack = threading.Event(), client._receive_message_from_socket

    def counted(line: object) -> object:
        found = unpack(line)
        image = client.incoming_messages.get("Image_Probe")
        if image is not None:
            client.incoming_messages.clear()
            ages_s.append(time.monotonic() - _made_s(image.image))
        return found

    client._receive_message_from_socket = counted
    fresh.wait(SECONDS)
    return _measured(list(ages_s), began_s, cpu_s)


def _warm(take: Callable[[], Frame | None]) -> int:
    """Wait for the first frame; return its index."""
    until_s = time.monotonic() + 10
    while (frame := take()) is None and time.monotonic() < until_s:
        pass
    time.sleep(0.5)
    return getattr(frame, "index", 0)


def _measured(ages_s: list[float], began_s: float, cpu_s: float) -> dict[str, float]:
    seconds = time.monotonic() - began_s
    return {
        "fps": len(ages_s) / seconds,
        "p99_ms": 1000 * float(np.percentile(ages_s, 99)),
        "cpu_s": time.process_time() - cpu_s,
        "seconds": seconds,
    }


def _pyigtl():
    try:
        import pyigtl
    except ImportError:
        return None
    return pyigtl


def _messages_of_pyigtl(pyigtl) -> list:
    frame = _frame(0)
    image = pyigtl.ImageMessage(
        frame.pixels[None], ijk_to_world_matrix=np.diag([0.15, 0.15, 1, 1]), device_name="Image_Probe"
    )
    link = pyigtl.TransformMessage(np.eye(4), device_name="ProbeToTracker")
    for message in (image, link):
        message.header_version, message.metadata = 2, {"FrameNumber": "0"}
    return [link, image]


def _by_pyigtl(pyigtl) -> None:
    for message in _messages_of_pyigtl(pyigtl):
        data = message.pack()
        fields = pyigtl.messages.MessageBase.parse_header(data[:HEAD_BYTES])
        type(message)().unpack(fields, data[HEAD_BYTES:])


ROLES = {
    "serve": _serve,
    "follow": _follow,
    "serve-pyigtl": _serve_pyigtl,
    "follow-pyigtl": _follow_pyigtl,
}

if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(ROLES[sys.argv[1]](float(sys.argv[2]))), flush=True)
    os._exit(0)  # threads of pyigtl may still wait
