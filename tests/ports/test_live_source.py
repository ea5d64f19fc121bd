"""What every LiveSource promises: one fed by hand, a recording played, a device behind a real line, and a camera."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import pytest

from echospine.apps.wiring import build_live, serve_live
from echospine.domain.frames import Frame, RecordingHeader, TimeSource
from echospine.domain.images import ImageGeometry, Spacing
from echospine.ports import FrameSource, LiveSource, LiveState
from echospine.workflow.live import Newest, Replay

RATE_HZ = 50.0
BOUND_S = 10.0
N_FRAMES = 25


def numbered(index: int) -> Frame:
    geometry = ImageGeometry.uniform(64, 48, 0.2, 0.2, Spacing.USER)
    return Frame(np.full((48, 64), index % 251, np.uint8), geometry, index, index / RATE_HZ)


class Recording:
    """A FrameSource of numbered frames in memory."""

    def __init__(self) -> None:
        times_s = tuple(index / RATE_HZ for index in range(N_FRAMES))
        geometry = numbered(0).geometry
        self.header = RecordingHeader("loop", "in memory", N_FRAMES, geometry, False, TimeSource.TIMESTAMP, times_s)

    def frame(self, index: int) -> Frame:
        return numbered(index)

    def __len__(self) -> int:
        return N_FRAMES

    def __iter__(self) -> Iterator[Frame]:
        return (numbered(index) for index in range(N_FRAMES))

    def __enter__(self) -> FrameSource:
        return self

    def __exit__(self, *exc: object) -> None: ...


@contextmanager
def fed() -> Iterator[LiveSource]:
    over = threading.Event()
    with Newest() as newest:

        def feed() -> None:
            index = 0
            while not over.wait(1 / RATE_HZ):
                newest.put(numbered(index))
                index += 1

        thread = threading.Thread(target=feed)
        thread.start()
        yield newest
        over.set()
        thread.join()


@contextmanager
def replayed() -> Iterator[LiveSource]:
    with Replay(Recording()) as replay:
        yield replay


@contextmanager
def device() -> Iterator[LiveSource]:
    with (
        replayed() as source,
        serve_live(source, "127.0.0.1", 0) as serving,
        build_live(f"igtl://127.0.0.1:{serving.port}") as live,
    ):
        yield live


@contextmanager
def camera() -> Iterator[LiveSource]:
    """A video file stands for a camera; long enough that it does not begin again within a test."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scan.mp4"
        with av.open(path, "w") as container:
            stream = container.add_stream("mpeg4", rate=int(RATE_HZ))
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for index in range(int(BOUND_S * RATE_HZ)):
                picture = av.VideoFrame.from_ndarray(np.full((48, 64), 40 + index % 200, np.uint8), format="gray")
                container.mux(stream.encode(picture.reformat(format="yuv420p")))
            container.mux(stream.encode())
        with build_live(f"camera://{path}") as live:
            yield live


SOURCES = {"fed by hand": fed, "replayed": replayed, "over OpenIGTLink": device, "camera": camera}


@pytest.fixture(params=SOURCES)
def live(request: pytest.FixtureRequest) -> Iterator[LiveSource]:
    with ExitStack() as stack:
        source = stack.enter_context(SOURCES[request.param]())
        assert source.latest(timeout_s=BOUND_S) is not None
        yield source


def take(live: LiveSource, count: int) -> list[Frame]:
    found: list[Frame] = []
    after, end_s = -1, time.monotonic() + BOUND_S
    while len(found) < count and time.monotonic() < end_s:
        frame = live.latest(after, 0.5)
        if frame is not None:
            found.append(frame)
            after = frame.index
    assert len(found) == count
    return found


def test_frames_are_new_and_their_times_go_on(live: LiveSource) -> None:
    found = take(live, 40)
    indices = [frame.index for frame in found]
    assert indices == sorted(set(indices))
    times_s = [frame.time_s for frame in found]
    assert times_s == sorted(set(times_s))
    assert times_s[-1] - times_s[0] == pytest.approx((indices[-1] - indices[0]) / RATE_HZ, abs=0.05)
    arrived_s = [frame.arrived_s for frame in found]
    assert arrived_s == sorted(arrived_s)
    assert time.monotonic() - arrived_s[-1] < 1


def test_the_same_frame_may_be_asked_for_again(live: LiveSource) -> None:
    first = take(live, 1)[0]
    again = live.latest(first.index - 1)
    assert again is not None
    assert again.index >= first.index


def test_who_is_late_gets_the_newest_and_what_went_by_is_dropped(live: LiveSource) -> None:
    first = take(live, 1)[0]
    before = live.counts
    time.sleep(0.5)
    late = live.latest(first.index)
    assert late is not None
    assert time.monotonic() - late.arrived_s < 0.2
    assert late.index - first.index > 10
    assert live.counts.dropped - before.dropped >= 10
    assert live.counts.received > before.received


def test_a_source_that_gives_frames_is_live_and_nothing_stands_in_the_way(live: LiveSource) -> None:
    take(live, 2)
    assert live.state is LiveState.LIVE
    assert live.trouble == ""
    assert live.counts.bad == 0
    assert live.name


def test_waiting_has_a_bound(live: LiveSource) -> None:
    for timeout_s in (0.0, 0.3):
        began_s = time.monotonic()
        assert live.latest(10**9, timeout_s) is None
        assert timeout_s <= time.monotonic() - began_s + 0.01 < timeout_s + 0.5


def test_several_may_ask_at_once(live: LiveSource) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: [frame.index for frame in take(live, 15)], range(4)))
    assert all(indices == sorted(set(indices)) for indices in found)


def test_closing_lets_everybody_who_waits_go_at_once(live: LiveSource) -> None:
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(live.latest, 10**9, BOUND_S) for _ in range(3)]
        time.sleep(0.1)
        began_s = time.monotonic()
        live.close()
        assert [each.result(BOUND_S) for each in waiting] == [None] * 3
        assert time.monotonic() - began_s < 2
    assert live.state is LiveState.CLOSED
    assert live.latest() is None
    live.close()


def test_pixels_cannot_be_written_to(live: LiveSource) -> None:
    frame = take(live, 1)[0]
    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0] = 0
