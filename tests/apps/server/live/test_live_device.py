"""A device on the live socket: a real OpenIGTLink server, seen by a viewer as any scanner would be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from live_viewer import Call, calling_on

from echospine.apps.server.app import create_app
from echospine.apps.wiring import serve_live
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.workflow.live import Newest
from scanner_kit import PlainTwin
from serving import BrightestRow, memory_house, serving

WIDTH, HEIGHT, STEP_MM = 64, 48, 0.25


@pytest.fixture
def live(tmp_path: Path) -> Iterator[httpx.Client]:
    with serving(create_app(memory_house(BrightestRow()), scratch=tmp_path, twin=PlainTwin().twin)) as client:
        yield client


@pytest.fixture
def call(live: httpx.Client) -> Call:
    return calling_on(live)


@pytest.fixture
def device() -> Iterator[int]:
    """A scanner that sends 40 frames a second, each with its number in its first pixel; give its port."""
    stop = threading.Event()
    with Newest("scanner") as frames, serve_live(frames, "127.0.0.1", 0) as served:
        sender = threading.Thread(target=_send, args=(frames, stop))
        sender.start()
        try:
            yield served.port
        finally:
            stop.set()
            sender.join(10)


def _send(frames: Newest, stop: threading.Event) -> None:
    geometry = ImageGeometry.uniform(WIDTH, HEIGHT, STEP_MM, STEP_MM, Spacing.ELEMENT_SPACING)
    index = 0
    while not stop.wait(0.025):
        pixels = np.full((HEIGHT, WIDTH), 40, np.uint8)
        pixels[0, 0] = index % 256
        frames.put(Frame(pixels, geometry, index, 0.025 * index))
        index += 1


def test_its_pictures_come_with_their_scale(call: Call, device: int):
    with call() as viewer:
        viewer.say(type="open-device", host="127.0.0.1", port=device)
        opened = viewer.hear("opened")
        assert (opened["source"], opened["simulated"], opened["machines"]) == ("device", False, [])
        viewer.say(type="run", running=True)
        seen = []
        for _ in range(10):
            head, pixels, truth = viewer.shown()
            assert pixels.shape == (HEIGHT, WIDTH) and pixels[5, 5] == 40 and truth is None
            seen.append(int(pixels[0, 0]))
        assert seen == sorted(seen) and len(set(seen)) == 10
        assert head["regions"][0]["step_y_mm"] == pytest.approx(STEP_MM)
        assert head["contact"] is None and head["control"] == 0


def test_a_slow_page_gets_the_newest_and_hears_how_many_it_missed(call: Call, device: int):
    with call() as viewer:
        viewer.say(type="open-device", host="127.0.0.1", port=device)
        viewer.say(type="run", running=True)
        viewer.frame()
        last, held, _ = viewer.frame()
        with pytest.raises(TimeoutError):
            viewer.frame(timeout_s=0.8)
        viewer.say(type="ack", index=last["index"])
        head, pixels, _ = viewer.frame()
        missed = int(pixels[0, 0]) - int(held[0, 0])
        assert missed > 10
        # A loaded device may itself leave out a few, which nobody here can count.
        assert missed - 8 < head["dropped"] - last["dropped"] < missed


def test_how_it_stands_is_told_before_it_answers(call: Call):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with call() as viewer:
        viewer.say(type="open-device", host="127.0.0.1", port=port)
        viewer.hear("opened")
        told = viewer.hear("standing")
        assert told["state"] in {"connecting", "lost"}
        while not told["trouble"]:
            told = viewer.hear("standing")
        assert str(port) in told["trouble"]


def test_it_is_not_asked_for_what_only_the_scanner_can_do(call: Call, device: int):
    with call() as viewer:
        viewer.say(type="open-device", host="127.0.0.1", port=device)
        viewer.hear("opened")
        viewer.say(type="view", view="sacral", level="L5", side="midline")
        assert "device" in viewer.hear("trouble")["detail"]


@pytest.mark.parametrize("host", ["http://x", "a b", "", "x/../y", "[::1"])
def test_an_address_that_cannot_be_one_is_refused(call: Call, host: str):
    with call() as viewer:
        viewer.say(type="open-device", host=host)
        assert viewer.hear("trouble")["final"]
