"""The client over real lines that are cut, held, slowed and spoilt: it says how things stand, and comes back."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from wire_kit import BOUND_S, Relay, source_of_frames, tracked_frame, until, whole

from echospine.adapters.igtl import IgtlSource, Patience, open_igtl, serve
from echospine.adapters.igtl.contents import Picture, Status, Transform
from echospine.adapters.igtl.frames import messages_of
from echospine.adapters.igtl.heads import Head
from echospine.adapters.igtl.messages import Message, encode
from echospine.domain.frames import Frame
from echospine.ports import LiveState

QUICK = Patience(connect_s=0.5, stale_s=0.3, silent_s=1.0, retry_s=0.05, retry_most_s=0.2)


@contextmanager
def scanner_behind_relay(size: int = 64) -> Iterator[tuple[Relay, IgtlSource]]:
    with (
        source_of_frames(size=size) as source,
        serve(source, port=0) as serving,
        Relay(serving.port) as relay,
        open_igtl("127.0.0.1", relay.port, patience=QUICK) as live,
    ):
        yield relay, live


def frames(live: IgtlSource, count: int, within_s: float = BOUND_S) -> list[Frame]:
    """Take the next `count` frames."""
    found: list[Frame] = []
    after, end_s = -1 if (newest := live.latest()) is None else newest.index, time.monotonic() + within_s
    while len(found) < count:
        assert time.monotonic() < end_s, f"{len(found)} of {count} frames; {live.state} {live.trouble}"
        frame = live.latest(after, 0.2)
        if frame is not None:
            found.append(frame)
            after = frame.index
    return found


def check_flow(live: IgtlSource, count: int = 10) -> list[Frame]:
    found = frames(live, count)
    assert all(whole(frame) for frame in found)
    indices = [frame.index for frame in found]
    assert indices == sorted(set(indices))
    times = [frame.time_s for frame in found]
    assert times == sorted(times)
    assert live.state is LiveState.LIVE
    assert live.trouble == ""
    return found


def test_frames_come_with_their_own_transforms_and_time() -> None:
    with scanner_behind_relay() as (_, live):
        found = check_flow(live, 30)
        assert found[0].geometry.main_region().step_mm == pytest.approx((0.2, 0.1), rel=1e-6)
        assert {str(pose) for pose in found[0].poses} == {"ProbeToTracker", "ImageToProbe"}
        steps = np.diff([frame.pose("Tracker", "Probe").matrix[0, 3] for frame in found])
        assert np.allclose(np.diff([frame.time_s for frame in found]), steps / 100, atol=1e-6)
        ages = [time.monotonic() - frame.arrived_s for frame in found if frame.arrived_s is not None]
        assert len(ages) == len(found)
        assert min(ages) >= 0


def test_a_cut_line_is_lost_and_comes_back_with_indices_and_times_going_on() -> None:
    with scanner_behind_relay() as (relay, live):
        before = check_flow(live)[-1]
        relay.deaf = True
        relay.cut()
        assert until(lambda: live.state is LiveState.LOST)
        assert "trying again" in live.trouble
        time.sleep(0.5)
        relay.deaf = False
        after = check_flow(live)[0]
        assert after.index > before.index
        gap_s = after.time_s - before.time_s
        made = [frame.pose("Tracker", "Probe").matrix[0, 3] / 100 for frame in (before, after)]
        assert gap_s == pytest.approx(made[1] - made[0], abs=1e-6)
        assert gap_s > 0


def test_a_line_cut_in_the_middle_of_a_picture_shows_no_half_picture() -> None:
    with scanner_behind_relay(size=600) as (relay, live):
        relay.piece_bytes = 20_000
        for _ in range(5):
            check_flow(live, 2)
            relay.cut()
            assert until(lambda: live.state is not LiveState.LIVE)
        check_flow(live, 5)


def test_a_line_that_goes_silent_is_stale_then_lost_then_back() -> None:
    with scanner_behind_relay() as (relay, live):
        check_flow(live)
        relay.held = True
        assert until(lambda: live.state is LiveState.STALE, 2.0)
        assert live.trouble
        assert until(lambda: live.state is LiveState.LOST)
        assert "nothing was heard" in live.trouble
        relay.held = False
        check_flow(live)


def test_a_slow_line_gives_fewer_pictures_and_the_others_are_counted() -> None:
    with scanner_behind_relay(size=600) as (relay, live):
        check_flow(live, 3)
        relay.piece_bytes, relay.piece_s = 20_000, 0.01
        found = frames(live, 6)
        assert all(whole(frame) for frame in found)
        assert until(lambda: live.counts.dropped > 0)
        assert live.counts.bad == 0


def test_a_line_with_delay_keeps_the_times_of_the_device() -> None:
    """Pieces arrive late and in bursts; what the frames say of themselves does not change."""
    with scanner_behind_relay() as (relay, live):
        relay.piece_s = 0.05
        found = frames(live, 10)
        numbers = [frame.pose("Tracker", "Probe").matrix[0, 3] for frame in found]
        assert np.allclose(np.diff([f.time_s for f in found]), np.diff(numbers) / 100, atol=1e-6)


def test_nobody_there_is_said_and_tried_again_until_somebody_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with open_igtl("127.0.0.1", port, patience=QUICK) as live:
        assert live.state in (LiveState.CONNECTING, LiveState.LOST)
        assert until(lambda: live.state is LiveState.LOST)
        assert live.trouble == f"igtl://127.0.0.1:{port}: nobody listens there; trying again."
        with source_of_frames() as source, serve(source, port=port):
            check_flow(live)
        assert until(lambda: live.state is LiveState.LOST)


def test_a_name_that_nobody_has_is_said() -> None:
    with open_igtl("no.such.host.invalid", patience=QUICK) as live:
        assert until(lambda: live.state is LiveState.LOST)
        assert "no.such.host.invalid" in live.trouble
        assert "\n" not in live.trouble


@contextmanager
def device(play: Callable[[socket.socket], None], patience: Patience = QUICK) -> Iterator[IgtlSource]:
    """Give a client of a device that does `play` with whoever calls."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        lines: list[socket.socket] = []

        def attend() -> None:
            try:
                while True:
                    lines.append(listener.accept()[0])
                    threading.Thread(target=guarded, args=(lines[-1],), daemon=True).start()
            except OSError:
                return

        def guarded(line: socket.socket) -> None:
            try:
                play(line)
            except OSError:
                return

        threading.Thread(target=attend, daemon=True).start()
        try:
            with open_igtl("127.0.0.1", listener.getsockname()[1], patience=patience) as live:
                yield live
        finally:
            for line in lines:
                line.close()


def frame_bytes(index: int, stamp: int | None = None) -> bytes:
    stamp = (index + 1) << 26 if stamp is None else stamp
    return b"".join(encode(message) for message in messages_of(tracked_frame(index), stamp))


@pytest.mark.parametrize("noise", [b"HTTP/1.1 400 Bad Request\r\n" * 5, b"\0" * 58, b"\xff" * 58])
def test_a_device_that_talks_nonsense_is_hung_up_on_and_called_again(noise: bytes) -> None:
    calls = []

    def play(line: socket.socket) -> None:
        calls.append(time.monotonic())
        line.sendall(noise)
        line.recv(1)

    with device(play) as live:
        assert until(lambda: len(calls) >= 4)
        assert live.counts.received == 0
        assert live.state in (LiveState.LOST, LiveState.CONNECTING)
        assert until(lambda: "is it this protocol?" in live.trouble)
        # It backs off: nobody is called without a pause.
        assert min(np.diff(calls)) >= 0.04


def test_what_is_damaged_or_cannot_be_a_frame_is_counted_and_the_rest_is_shown() -> None:
    singular = np.eye(4)
    singular[2, 2] = 0
    spoilt = bytearray(frame_bytes(1))
    spoilt[-1] ^= 1
    wide = Message(Picture(np.zeros((4, 4), np.uint8), np.eye(4), (9, 9), (1, 1)), "Image_Probe", 3 << 26)
    stream = [
        frame_bytes(0),
        bytes(spoilt),
        encode(wide),
        encode(Message(Transform(singular), "NeedleToTracker", 7 << 26)),
        frame_bytes(6),
        frame_bytes(7),
    ]

    def play(line: socket.socket) -> None:
        for piece in stream:
            line.sendall(piece)
            time.sleep(0.05)
        line.recv(1)

    with device(play) as live:
        assert until(lambda: live.counts.received >= 3)
        assert until(lambda: live.counts.bad == 3)
        assert live.counts.received == 3


def test_a_part_of_a_picture_that_never_was_is_bad_not_shown() -> None:
    part = Message(Picture(np.zeros((4, 4), np.uint8), np.eye(4), (9, 9), (1, 1)), "Image", 1 << 26)

    def play(line: socket.socket) -> None:
        line.sendall(encode(part))
        line.recv(1)

    with device(play) as live:
        assert until(lambda: live.counts.bad == 1)
        assert live.latest() is None


def test_a_bomb_is_refused_before_it_fills_the_memory() -> None:
    def play(line: socket.socket) -> None:
        line.sendall(Head(1, "IMAGE", "Image", 0, 1 << 40, 0).encode())
        line.recv(1)

    with device(play) as live:
        assert until(lambda: "announces" in live.trouble)


def test_what_the_device_says_of_itself_is_told_where_no_picture_comes() -> None:
    def play(line: socket.socket) -> None:
        line.sendall(frame_bytes(0))
        while True:
            line.sendall(encode(Message(Status(13, name="frozen", text="The scanner is frozen"), "Scanner")))
            time.sleep(0.1)

    with device(play) as live:
        assert until(lambda: live.state is LiveState.STALE)
        assert live.trouble.endswith("The scanner is frozen.")


def test_frames_that_the_device_numbered_and_that_never_came_are_dropped() -> None:
    def play(line: socket.socket) -> None:
        for index in (10, 11, 15, 3, 4):
            line.sendall(frame_bytes(index))
            time.sleep(0.1)
        line.recv(1)

    with device(play) as live:
        assert len(frames(live, 5)) == 5
        assert live.counts.dropped == 3


def test_a_device_without_times_gives_frames_without_times() -> None:
    def play(line: socket.socket) -> None:
        while True:
            line.sendall(frame_bytes(0, stamp=0))
            time.sleep(0.02)

    with device(play) as live:
        (frame,) = frames(live, 1)
        assert frame.time_s is None
        assert [str(pose) for pose in frame.poses] == ["ImageToProbe"]


@pytest.mark.parametrize("moment", ["connecting", "silent", "flowing"])
def test_hanging_up_takes_no_time_whatever_goes_on(moment: str) -> None:
    def play(line: socket.socket) -> None:
        while moment == "flowing":
            line.sendall(frame_bytes(0))
        line.recv(1)

    patience = Patience(connect_s=1.0)
    with device(play, patience) as live:
        if moment == "flowing":
            frames(live, 2)
        began_s = time.monotonic()
        live.close()
        assert time.monotonic() - began_s < 2
        assert live.state is LiveState.CLOSED
        assert not live._thread.is_alive()
