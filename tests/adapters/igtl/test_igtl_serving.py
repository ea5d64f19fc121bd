"""The server over real sockets: clients that vanish, talk nonsense, read slowly or not at all harm nobody else."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from wire_kit import BOUND_S, PlainClient, source_of_frames, tracked_frame, until

from echospine.adapters.igtl import Manner, Serving, serve
from echospine.adapters.igtl.contents import Code, Picture, Status, Transform
from echospine.adapters.igtl.heads import HEAD_BYTES, Head, decode_head
from echospine.adapters.igtl.messages import Message, encode
from echospine.domain.errors import InputError
from echospine.domain.frames import Frame
from echospine.ports import LiveCounts, LiveSource, LiveState
from echospine.workflow.live import Newest

QUICK = Manner(heartbeat_s=0.2, stall_s=1.0)


@pytest.fixture
def source() -> Iterator[Newest]:
    with source_of_frames() as newest:
        yield newest


@pytest.fixture
def serving(source: Newest) -> Iterator[Serving]:
    with serve(source, port=0, manner=QUICK) as running:
        yield running


def numbers(images: list[Message]) -> list[int]:
    return [int(image.metadata["FrameNumber"]) for image in images]


def check_flow(client: PlainClient, count: int = 20, within_s: float = 5.0) -> None:
    """The client still gets whole, ever newer pictures, at the rate of the source (100 a second) or nearly so."""
    began_s = time.monotonic()
    images = client.images(count)
    assert time.monotonic() - began_s < within_s
    assert all(one < other for one, other in pairwise(numbers(images)))
    for image in images:
        assert isinstance(image.content, Picture)
        assert np.all(image.content.pixels == int(image.metadata["FrameNumber"]) % 251)


def test_a_client_gets_a_status_then_transforms_and_pictures_of_one_time(serving: Serving) -> None:
    with PlainClient(serving.port) as client:
        client.images(5)
    first, *others = [m for m in client.heard if not isinstance(m.content, Status) or m is client.heard[0]]
    assert isinstance(first.content, Status)
    assert first.content.code in (Code.OK, Code.NOT_READY)
    for link, image in zip(others[0::2], others[1::2], strict=False):
        assert isinstance(link.content, Transform)
        assert isinstance(image.content, Picture)
        assert (link.device, image.device) == ("ProbeToTracker", "Image_Probe")
        assert link.stamp == image.stamp
        assert link.number == image.number
        assert link.content.matrix[0, 3] == int(image.metadata["FrameNumber"])


def test_the_only_picture_reaches_who_calls_while_it_comes() -> None:
    """Threads change places all the time here: the first picture must not slip through while a client is let in."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for index in range(40):
            with Newest() as still, serve(still, port=0, manner=QUICK) as running:
                still.put(tracked_frame(index))
                with PlainClient(running.port) as client:
                    assert numbers(client.images(1)) == [index]
    finally:
        sys.setswitchinterval(usual_s)


def test_times_are_those_of_the_frames(serving: Serving) -> None:
    with PlainClient(serving.port) as client:
        images = client.images(5)
    first, last = images[0], images[-1]
    seconds = (last.stamp - first.stamp) / 2**32
    assert seconds == pytest.approx((numbers([last])[0] - numbers([first])[0]) / 100, abs=1e-6)
    assert last.stamp / 2**32 == pytest.approx(time.time(), abs=5)


def test_twenty_clients_get_the_same_flow(serving: Serving) -> None:
    clients = [PlainClient(serving.port) for _ in range(20)]
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: check_flow(client, 20, BOUND_S), clients))
    assert all(len(client._images()) >= 20 for client in clients)
    assert serving.counts.clients == serving.counts.came == 20
    for client in clients:
        client.line.close()
    assert until(lambda: serving.counts.clients == 0)


def test_more_clients_than_there_is_room_for_are_turned_away(source: Newest) -> None:
    with serve(source, port=0, manner=Manner(most=2)) as serving, PlainClient(serving.port) as one:
        with PlainClient(serving.port) as two:
            two.images(1)
            with socket.create_connection(("127.0.0.1", serving.port), BOUND_S) as third:
                third.settimeout(BOUND_S)
                with pytest.raises(ConnectionError):
                    raise ConnectionResetError if third.recv(1) == b"" else AssertionError
            check_flow(one)
        assert until(lambda: serving.counts.clients == 1)
        with PlainClient(serving.port) as again:
            again.images(1)
        assert serving.counts.refused == 1


DYING = """
import socket, sys
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.recv(1000)
sys.stdout.write("in the middle of a message"); sys.stdout.flush()
line.recv(int(sys.argv[2]))
sys.stdin.read()
"""


@pytest.mark.parametrize("taken", [1, 100, 70_000])
def test_a_client_killed_in_the_middle_of_a_message_harms_nobody(taken: int) -> None:
    with (
        source_of_frames(size=700) as source,
        serve(source, port=0, manner=QUICK) as serving,
        PlainClient(serving.port) as client,
    ):
        command = [sys.executable, "-c", DYING, str(serving.port), str(taken)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as dying:
            assert dying.stdout is not None
            assert dying.stdout.read(10)
            check_flow(client, 5)
            assert serving.counts.clients == 2
            dying.kill()
        check_flow(client, 5)
        assert until(lambda: serving.counts.clients == 1)


GARBAGE = [
    b"GET / HTTP/1.1\r\nHost: scanner\r\n\r\n" * 3,
    b"\x16\x03\x01" + bytes(range(256)),
    b"\0" * 100,
    b"\xff" * 100,
    Head(1, "IMAGE", "", 0, 0, 0).encode()[:-16] + b"\xff" * 16,
    np.random.default_rng(5).bytes(1_000_000),
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=["http", "tls", "zeros", "ones", "too large", "noise"])
def test_a_client_that_talks_garbage_is_let_go_and_nobody_else(serving: Serving, garbage: bytes) -> None:
    with PlainClient(serving.port) as client, PlainClient(serving.port) as bad:
        check_flow(client, 3, BOUND_S)
        with pytest.raises((ConnectionError, AssertionError), match=r"reset|hung up|[Bb]roken"):
            bad.line.sendall(garbage)
            bad.images(100_000)
        assert until(lambda: serving.counts.garbage == 1)
        check_flow(client)


@pytest.mark.parametrize("kind", ["GET_STATUS", "GET_CAPABIL", "STT_TDATA", "STP_TDATA", "GET_IMAGE", "COMMAND"])
def test_what_a_client_asks_for_is_passed_over(serving: Serving, kind: str) -> None:
    asked = Head(1, kind, "Client", 0, 36, 0).encode() + b"\1" * 36
    with PlainClient(serving.port) as client:
        client.line.sendall(asked * 3)
        client.line.sendall(encode(Message(Transform(np.eye(4)), "HandToEye", 1)))
        check_flow(client)
        assert serving.counts.garbage == 0


def test_a_client_that_talks_without_end_harms_nobody(serving: Serving) -> None:
    over = threading.Event()
    talk = Head(1, "GET_IMAGE", "", 0, 1 << 20, 0).encode() + b"\1" * (1 << 20)

    def talk_on(line: socket.socket) -> None:
        line.settimeout(0.2)
        while not over.is_set():
            try:
                line.send(talk)
            except TimeoutError:
                continue

    with PlainClient(serving.port) as client, PlainClient(serving.port) as talker:
        thread = threading.Thread(target=talk_on, args=(talker.line,), daemon=True)
        thread.start()
        check_flow(client, 50)
        over.set()
        thread.join(BOUND_S)


def read_slowly(client: PlainClient, for_s: float) -> None:
    """Read about a megabyte a second, through a small window."""
    client.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
    end_s = time.monotonic() + for_s
    while time.monotonic() < end_s:
        for one in client._unpacker.feed(client.line.recv(10_000)):
            assert isinstance(one, Message)
            client.heard.append(one)
        time.sleep(0.01)


def test_a_slow_reader_gets_the_newest_and_what_it_missed_is_counted() -> None:
    with (
        source_of_frames(size=700) as source,
        serve(source, port=0, manner=QUICK) as serving,
        PlainClient(serving.port) as quick,
        PlainClient(serving.port) as slow,
    ):
        reader = threading.Thread(target=read_slowly, args=(slow, 4.0))
        reader.start()
        while reader.is_alive():
            check_flow(quick, 10)
        found = numbers(slow._images())
        assert len(found) >= 3
        assert max(other - one for one, other in pairwise(found)) > 5
        assert serving.counts.dropped > 50
        assert serving.counts.clients == 2
        # What it still gets is young: nothing but what lies in the buffers of the system can be older.
        assert numbers(quick._images())[-1] - found[-1] < 250


def test_a_client_that_reads_nothing_is_let_go() -> None:
    manner = Manner(heartbeat_s=0.2, stall_s=0.5)
    with (
        source_of_frames(size=1000) as source,
        serve(source, port=0, manner=manner) as serving,
        socket.create_connection(("127.0.0.1", serving.port), BOUND_S),
        PlainClient(serving.port) as client,
    ):
        while serving.counts.stalled == 0:
            check_flow(client, 5)
        assert until(lambda: serving.counts.clients == 1)
        check_flow(client, 5)


def test_the_server_stops_in_time_while_clients_hang() -> None:
    with source_of_frames(size=1000) as source:
        serving = serve(source, port=0, manner=Manner(stall_s=60))
        hanging = [socket.create_connection(("127.0.0.1", serving.port), BOUND_S) for _ in range(10)]
        halves = [socket.create_connection(("127.0.0.1", serving.port), BOUND_S) for _ in range(5)]
        for line in halves:
            line.sendall(b"\0\1GET_IM")
        assert until(lambda: serving.counts.clients == 15 and serving.counts.frames > 20)
        time.sleep(0.5)
        began_s = time.monotonic()
        serving.stop()
        assert time.monotonic() - began_s < 2
        assert not any(thread.is_alive() for thread in serving._threads)
        serving.stop()
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", serving.port), 1)
        for line in hanging + halves:
            line.close()


def test_where_no_picture_comes_a_status_says_why() -> None:
    with (
        Newest("silent", stale_s=0.3) as source,
        serve(source, port=0, manner=QUICK) as serving,
        PlainClient(serving.port) as client,
    ):
        client.hear(lambda heard: len(heard) >= 3)
        codes = [m.content.code for m in client.heard if isinstance(m.content, Status)]
        assert codes == [Code.NOT_READY] * len(codes)
        source.put(tracked_frame(0))
        client.images(1)
        client.hear(lambda heard: isinstance(heard[-1].content, Status) and heard[-1].content.code == Code.TIME_OUT)
        assert "No picture" in client.heard[-1].content.text


def test_a_newcomer_gets_no_old_picture(serving: Serving, source: Newest) -> None:
    with PlainClient(serving.port) as client:
        client.images(3)
    time.sleep(0.5)
    before = source.counts.received
    with PlainClient(serving.port) as client:
        assert numbers(client.images(1))[0] >= before - 1


def test_nothing_is_asked_of_the_source_while_nobody_listens() -> None:
    asked = []

    class Asked(Newest):
        def latest(self, after_index: int = -1, timeout_s: float = 0.0) -> Frame | None:
            asked.append(after_index)
            return super().latest(after_index, timeout_s)

    with Asked() as source, serve(source, port=0) as serving:
        time.sleep(0.6)
        assert asked == []
        with PlainClient(serving.port):
            assert until(lambda: asked)


def test_header_version_1_for_clients_that_know_no_other(source: Newest) -> None:
    with serve(source, port=0, manner=Manner(version=1)) as serving:
        with socket.create_connection(("127.0.0.1", serving.port), BOUND_S) as line:
            assert decode_head(line.recv(HEAD_BYTES, socket.MSG_WAITALL)).version == 1
        with PlainClient(serving.port) as client:
            image = client.images(1)[0]
            assert image.metadata == {}


def test_a_port_that_is_taken_is_one_clear_line(serving: Serving, source: Newest) -> None:
    with pytest.raises(InputError, match=rf"port {serving.port} .*choose another --port"):
        serve(source, port=serving.port)


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 0), ("127.0.0.1", 70_000), ("192.0.2.1", 0)])
def test_an_address_where_nobody_can_listen_is_one_clear_line(source: Newest, host: str, port: int) -> None:
    with pytest.raises(InputError) as caught:
        serve(source, host, port)
    assert "\n" not in str(caught.value)


def test_waiting_ends_with_the_source() -> None:
    with Newest() as source, serve(source, port=0) as serving:
        assert not serving.wait(0.2)
        source.close()
        assert serving.wait(BOUND_S)


class Broken:
    """A source that breaks its promise."""

    name = "broken"
    state = LiveState.LIVE
    trouble = ""
    counts = LiveCounts()

    def latest(self, after_index: int = -1, timeout_s: float = 0.0) -> Frame | None:
        raise ZeroDivisionError("a fault of the source")

    def close(self) -> None: ...

    def __enter__(self) -> LiveSource:
        return self

    def __exit__(self, *exc: object) -> None: ...


def test_what_breaks_the_source_is_raised_to_whoever_waits() -> None:
    with serve(Broken(), port=0) as serving, PlainClient(serving.port), pytest.raises(ZeroDivisionError):
        serving.wait(BOUND_S)
