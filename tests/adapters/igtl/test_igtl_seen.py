"""What is seen in a picture goes right behind it, with its stamp: a label map in the same place, and words."""

from __future__ import annotations

import socket
import time
from dataclasses import replace

import numpy as np
import pytest

from echospine.adapters.igtl import serve
from echospine.adapters.igtl.contents import Picture, Text
from echospine.adapters.igtl.messages import Message, Unpacker
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.labels import Structure
from echospine.domain.poses import Pose
from echospine.workflow.live import Eye, Newest
from rich_model import RichModel

WIDTH, HEIGHT = 64, 48
PLACED = Pose("Probe", "Image", np.diag([0.2, 0.25, 1.0, 1.0]))


def picture(index: int, level: int = 80, poses: tuple[Pose, ...] = (PLACED,)) -> Frame:
    geometry = ImageGeometry.uniform(WIDTH, HEIGHT, 0.2, 0.25, Spacing.IMAGE_TO_PROBE)
    return Frame(np.full((HEIGHT, WIDTH), level, np.uint8), geometry, index, 0.1 * index, poses)


def heard(line: socket.socket, wanted: str, seconds: float = 10) -> list[Message]:
    """Return all that comes up to the first message of that name."""
    unpacker, found, end_s = Unpacker(), list[Message](), time.monotonic() + seconds
    while time.monotonic() < end_s:
        for message in unpacker.feed(line.recv(1 << 16)):
            assert isinstance(message, Message)
            found.append(message)
            if message.device == wanted:
                return found
    raise AssertionError(f"{wanted} never came: {[one.device for one in found]}")


def served(frame: Frame) -> dict[str, Message]:
    with (
        Newest() as source,
        Eye([RichModel()]) as eye,
        serve(source, port=0, look=lambda one: eye.see(one).interpretation) as serving,
        socket.create_connection(("127.0.0.1", serving.port), 5) as line,
    ):
        source.put(frame)
        return {message.device: message for message in heard(line, "Quality")}


def test_the_map_lies_where_the_picture_lies_and_has_its_stamp() -> None:
    found = served(picture(3))
    image, labels = found["Image_Probe"], found["Structures_Probe"]
    assert isinstance(image.content, Picture) and isinstance(labels.content, Picture)
    assert np.array_equal(image.content.matrix, labels.content.matrix)
    assert {found[name].stamp for name in ("Structures_Probe", "View", "Level")} == {image.stamp}
    assert labels.metadata == {"FrameNumber": "3", "Method": "rich 7"}
    assert labels.content.pixels.shape == (HEIGHT, WIDTH)
    assert labels.content.pixels[4, 40] == Structure.SUBCUTANEOUS
    assert labels.content.pixels[40, 40] == Structure.MULTIFIDUS


def test_view_level_and_quality_are_words_with_their_doubt() -> None:
    found = served(picture(0))
    words = {name: found[name].content for name in ("View", "Level", "Quality")}
    assert words == {
        "View": Text("parasagittal_lamina 0.70, midline_sagittal 0.30"),
        "Level": Text("L4 0.60, L3 0.40"),
        "Quality": Text("0.90"),
    }


def test_what_is_not_recognised_leaves_nothing_standing() -> None:
    found = served(picture(0, level=0))
    assert not found["Structures_Probe"].content.pixels.any()
    assert (found["View"].content, found["Level"].content) == (Text("unknown"), Text("unknown"))


def test_a_picture_that_is_nowhere_has_a_map_that_is_nowhere() -> None:
    found = served(replace(picture(0), poses=()))
    assert {"Image", "Structures"} <= set(found)


def test_pyigtl_reads_it() -> None:
    pyigtl = pytest.importorskip("pyigtl", reason="pyigtl is not installed: pip install pyigtl")
    from echospine.adapters.igtl.frames import messages_of_seen
    from echospine.adapters.igtl.heads import HEAD_BYTES
    from echospine.adapters.igtl.messages import encode

    model, frame = RichModel(), picture(0)
    seen = model.interpret(frame, model.survey([frame]))
    found = {}
    for message in messages_of_seen(frame, seen, 1 << 33):
        data = encode(message)
        fields = pyigtl.messages.MessageBase.parse_header(data[:HEAD_BYTES])
        theirs = pyigtl.messages.MessageBase.create_message(fields["message_type"])
        theirs.unpack(fields, data[HEAD_BYTES:])
        found[theirs.device_name] = theirs
    assert found["Structures_Probe"].image.shape == (1, HEIGHT, WIDTH)
    assert found["Level"].string == "L4 0.60, L3 0.40"
