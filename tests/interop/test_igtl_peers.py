"""pyigtl, which is not ours, reads what EchoSpine sends over OpenIGTLink, and sends what EchoSpine reads.

pyigtl checks no checksums, but it writes them (by crcmod): ours must accept them.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from echospine.adapters.igtl import open_igtl, serve
from echospine.adapters.igtl.contents import Picture, Text, Transform, centred
from echospine.adapters.igtl.heads import HEAD_BYTES, decode_head
from echospine.adapters.igtl.messages import Message, decode_body, encode
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.poses import Pose
from echospine.workflow.live import Newest

pyigtl = pytest.importorskip("pyigtl", reason="pyigtl is not installed: pip install pyigtl")

pytestmark = pytest.mark.interop

BOUND_S = 20.0
RNG = np.random.default_rng(11)
PLACED = np.array([[0.0, 0.11, 0.0, 5.0], [0.21, 0.0, 0.0, -7.0], [0.0, 0.0, -1.0, 9.0], [0.0, 0.0, 0.0, 1.0]])
METADATA = {"FrameNumber": "17", "ImageStatus": "OK"}
IMAGES = {"grey": (1, 12, 16), "colour": (1, 12, 16, 3)}


def by_pyigtl(data: bytes) -> object:
    fields = pyigtl.messages.MessageBase.parse_header(data[:HEAD_BYTES])
    message = pyigtl.messages.MessageBase.create_message(fields["message_type"])
    message.unpack(fields, data[HEAD_BYTES:])
    return message


def by_us(message: object, version: int) -> Message:
    message.header_version = version
    message.metadata = METADATA if version > 1 else {}
    data = message.pack()
    return decode_body(decode_head(data[:HEAD_BYTES]), data[HEAD_BYTES:])


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("kind", IMAGES)
def test_pyigtl_reads_our_pictures(kind: str, version: int) -> None:
    pixels = RNG.integers(0, 256, IMAGES[kind], dtype=np.uint8)
    picture = Picture(pixels[0], centred(PLACED, (16, 12)), (16, 12))
    found = by_pyigtl(encode(Message(picture, "Image_Probe", 5 << 31, METADATA), version))
    assert np.array_equal(found.image, pixels)
    assert np.allclose(found.ijk_to_world_matrix, PLACED, atol=1e-5)
    assert (found.device_name, found.timestamp) == ("Image_Probe", 2.5)
    assert found.metadata == (METADATA if version > 1 else {})


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("kind", IMAGES)
def test_we_read_the_pictures_of_pyigtl(kind: str, version: int) -> None:
    pixels = RNG.integers(0, 256, IMAGES[kind], dtype=np.uint8)
    message = pyigtl.ImageMessage(pixels, ijk_to_world_matrix=PLACED, timestamp=2.5, device_name="Image_Probe")
    found = by_us(message, version)
    assert isinstance(found.content, Picture)
    assert np.array_equal(found.content.pixels, pixels[0])
    assert np.allclose(found.content.to_frame, PLACED, atol=1e-5)
    assert (found.device, found.stamp / 2**32) == ("Image_Probe", pytest.approx(2.5, abs=1e-8))
    assert found.metadata == (METADATA if version > 1 else {})


@pytest.mark.parametrize("version", [1, 2])
def test_transforms_are_the_same_both_ways(version: int) -> None:
    found = by_pyigtl(encode(Message(Transform(PLACED), "ProbeToTracker", 1), version))
    assert np.allclose(found.matrix, PLACED, atol=1e-6)
    back = by_us(pyigtl.TransformMessage(PLACED, device_name="ProbeToTracker"), version)
    assert isinstance(back.content, Transform)
    assert np.allclose(back.content.matrix, PLACED, atol=1e-6)
    assert back.device == "ProbeToTracker"


@pytest.mark.parametrize("version", [1, 2])
def test_texts_are_the_same_both_ways(version: int) -> None:
    assert by_pyigtl(encode(Message(Text("Grüße"), "Note"), version)).string == "Grüße"
    assert by_us(pyigtl.StringMessage("hello", device_name="Note"), version).content == Text("hello")


LISTENER = """
import sys, time, numpy as np, pyigtl
client = pyigtl.OpenIGTLinkClient("127.0.0.1", int(sys.argv[1]))
deadline, seen = time.time() + 15, 0
while seen < 10 and time.time() < deadline:
    image = client.wait_for_message("Image_Probe", timeout=5)
    if image is None:
        continue
    number = int(image.metadata["FrameNumber"])
    assert np.all(image.image == number % 251), number
    assert image.image.shape == (1, 48, 64), image.image.shape
    assert abs(np.linalg.norm(image.ijk_to_world_matrix[:3, 0]) - 0.2) < 1e-6
    link = client.wait_for_message("ProbeToTracker", timeout=5)
    assert abs(link.timestamp - time.time()) < 60
    seen += 1
client.stop()
print("seen", seen)
"""


def probe_frame(index: int) -> Frame:
    geometry = ImageGeometry.uniform(64, 48, 0.2, 0.1, Spacing.IMAGE_TO_PROBE)
    probe = np.eye(4)
    probe[0, 3] = index
    poses = (Pose("Tracker", "Probe", probe), Pose("Probe", "Image", np.diag([0.2, 0.1, 1.0, 1.0])))
    return Frame(np.full((48, 64), index % 251, np.uint8), geometry, index, index / 30, poses)


def test_a_client_of_pyigtl_follows_our_server() -> None:
    with Newest() as source, serve(source, port=0) as serving:
        command = [sys.executable, "-c", LISTENER, str(serving.port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as listener:
            index, end_s = 0, time.monotonic() + BOUND_S
            while listener.poll() is None and time.monotonic() < end_s:
                source.put(probe_frame(index))
                index += 1
                time.sleep(1 / 30)
            listener.kill()
            said = listener.communicate(timeout=BOUND_S)[0]
    assert said.strip().endswith("seen 10"), said


SPEAKER = """
import sys, time, numpy as np, pyigtl
server = pyigtl.OpenIGTLinkServer(port=int(sys.argv[1]))
index = 0
while True:
    if server.is_connected():
        stamp, number = time.time(), {"FrameNumber": str(index)}
        probe = np.eye(4); probe[0, 3] = index
        image = np.full((1, 48, 64), index % 251, np.uint8)
        matrix = np.diag([0.2, 0.1, 1, 1])
        messages = [
            pyigtl.TransformMessage(probe, device_name="ProbeToTracker", timestamp=stamp),
            pyigtl.ImageMessage(image, ijk_to_world_matrix=matrix, device_name="Image_Probe", timestamp=stamp),
        ]
        for message in messages:
            message.header_version, message.metadata = 2, number
            server.send_message(message, wait=True)
        index += 1
    time.sleep(0.03)
"""


@contextmanager
def speaking(port: int) -> Iterator[None]:
    command = [sys.executable, "-c", SPEAKER, str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as speaker:
        try:
            yield
        finally:
            speaker.kill()


def test_our_client_follows_a_server_of_pyigtl_and_outlives_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with open_igtl("127.0.0.1", port) as live:
        after = -1
        for _ in range(2):
            with speaking(port):
                found: list[Frame] = []
                end_s = time.monotonic() + BOUND_S
                while len(found) < 10 and time.monotonic() < end_s:
                    frame = live.latest(after, 0.5)
                    if frame is not None:
                        found.append(frame)
                        after = frame.index
                assert len(found) == 10, live.trouble
            for frame in found:
                assert np.all(frame.pixels == frame.pose("Tracker", "Probe").matrix[0, 3] % 251)
                assert np.allclose(frame.pose("Probe", "Image").matrix, np.diag([0.2, 0.1, 1, 1]), atol=1e-5)
        assert live.counts.bad == 0
