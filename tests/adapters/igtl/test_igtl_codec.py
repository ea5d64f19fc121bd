"""What is encoded comes back; what is damaged, cut, too large or not a number is refused in one line."""

from __future__ import annotations

import dataclasses
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from igtl_kit import MESSAGES, grey_picture, same_message

from echospine.adapters.igtl.contents import Picture, Status, Text, Tool, Tracking, Transform, centred
from echospine.adapters.igtl.crc import POLYNOMIAL, crc64
from echospine.adapters.igtl.heads import (
    HEAD,
    HEAD_BYTES,
    MAX_BODY_BYTES,
    Head,
    decode_head,
    stamp_of,
    unwrap,
    wrap,
)
from echospine.adapters.igtl.messages import Damaged, Message, Unpacker, decode_body, encode
from echospine.domain.errors import (
    EchoSpineError,
    GeometryError,
    InputError,
    TooLargeError,
    TruncatedError,
    UnsupportedError,
)


def decode(data: bytes) -> Message:
    return decode_body(decode_head(data[:HEAD_BYTES]), data[HEAD_BYTES:])


def by_the_book(data: bytes) -> int:
    """The checksum bit by bit, straight from its definition."""
    crc = 0
    for byte in data:
        crc ^= byte << 56
        for _ in range(8):
            crc = (crc << 1 ^ (POLYNOMIAL if crc >> 63 else 0)) & (2**64 - 1)
    return crc


def test_the_checksum_is_the_published_one() -> None:
    """Check value of CRC-64/ECMA-182 in the catalogue of parametrised CRC algorithms."""
    assert crc64(b"123456789") == 0x6C40DF5F0B497347


PUBLISHED_MATRIX = struct.unpack(
    ">12f",
    bytes.fromhex("BF7473CD3E4959E6BE63DD98BE4959E63E12491B3F7852D63E63DD983F7852D6BDC830AE42383660419BC46742383660"),
)
"""Three directions and a place, as in the messages that the authors of the protocol publish to try a codec with."""


def published(kind: str) -> Message:
    matrix = np.eye(4)
    matrix[:3] = np.array(PUBLISHED_MATRIX).reshape(4, 3).T
    contents = {
        "TDATA": Tracking(tuple(Tool(f"Tracker{index}", matrix) for index in range(3))),
        "STATUS": Status(15, 10, "ACTUATOR_DISABLED", "Actuator A is disabled."),
    }
    return Message(contents[kind], "DeviceName", 1234567892)


@pytest.mark.parametrize(("kind", "crc"), [("TDATA", 0x5C7CEBFD27676877), ("STATUS", 0x98EE43EED8E431CF)])
def test_the_published_messages_have_their_published_checksums(kind: str, crc: int) -> None:
    head = decode_head(encode(published(kind), 1)[:HEAD_BYTES])
    assert (head.kind, head.device, head.stamp) == (kind, "DeviceName", 1234567892)
    assert head.crc == crc


def test_the_published_message_with_metadata_is_read() -> None:
    """Its keys are in ASCII, which is not the encoding that is written here; the checksum is the published one."""
    keys = b"First patient age22" + b"Second patient age25"
    index = struct.pack(">HHHIHHI", 2, 17, 3, 2, 18, 3, 2)
    body = struct.pack(">HHII", 12, len(index), len(keys), 1) + struct.pack(">12f", *PUBLISHED_MATRIX) + index + keys
    found = decode_body(Head(2, "TRANSFORM", "DeviceName", 1234567892, len(body), 0xF698F64FDAE266DD), body)
    assert found.metadata == {"First patient age": "22", "Second patient age": "25"}
    assert found.number == 1


@given(st.binary(max_size=70))
def test_the_checksum_is_that_of_its_definition(data: bytes) -> None:
    assert crc64(data) == by_the_book(data)


@given(MESSAGES, st.sampled_from([2, 3]))
def test_what_is_encoded_comes_back(message: Message, version: int) -> None:
    assert same_message(decode(encode(message, version)), message)


@given(MESSAGES)
def test_version_1_carries_all_but_metadata(message: Message) -> None:
    bare = dataclasses.replace(message, metadata={}, number=0)
    assert same_message(decode(encode(message, 1)), bare)


@given(MESSAGES, st.data())
def test_a_flipped_bit_in_the_body_is_found(message: Message, data: st.DataObject) -> None:
    whole = bytearray(encode(message))
    at = data.draw(st.integers(HEAD_BYTES, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(TruncatedError, match="checksum"):
        decode(bytes(whole))


@given(MESSAGES, st.data())
def test_a_cut_message_is_found(message: Message, data: st.DataObject) -> None:
    whole = encode(message)
    with pytest.raises(TruncatedError):
        decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.lists(MESSAGES, min_size=1, max_size=4), st.integers(1, 300))
def test_a_stream_is_the_same_however_it_is_cut(messages: list[Message], step: int) -> None:
    stream = b"".join(map(encode, messages))
    unpacker = Unpacker()
    found = [one for at in range(0, len(stream), step) for one in unpacker.feed(stream[at : at + step])]
    assert all(isinstance(one, Message) for one in found)
    assert all(same_message(one, other) for one, other in zip(found, messages, strict=True))


@given(st.binary(max_size=400))
def test_garbage_is_refused_or_waited_on_never_believed(data: bytes) -> None:
    try:
        assert not [one for one in Unpacker().feed(data) if isinstance(one, Message)]
    except InputError as error:
        assert "\n" not in str(error)


@given(MESSAGES, st.integers(0, 57), st.integers(0, 255))
def test_a_changed_header_never_makes_another_content(message: Message, at: int, value: int) -> None:
    """The header has no checksum of its own: names and times may change, what the message says may not."""
    data = bytearray(encode(message))
    data[at] = value
    try:
        found = [one for one in Unpacker().feed(bytes(data)) if isinstance(one, Message)]
    except InputError:
        return
    assert all(type(one.content) is type(message.content) for one in found)


def sealed(kind: str, body: bytes, version: int = 1) -> bytes:
    """A message with a right checksum, whatever its body says."""
    return Head(version, kind, "Image", 0, len(body), crc64(body)).encode() + body


def raw_image(data: bytes = b"\0" * 12, **changed: object) -> bytes:
    """Content of a grey IMAGE of 4 x 3, with some of its fields changed."""
    fields: dict[str, object] = {
        "version": 1,
        "components": 1,
        "scalar": 3,
        "endian": 2,
        "axes": 1,
        "size": (4, 3, 1),
        "matrix": (0.1, 0, 0, 0, 0.1, 0, 0, 0, 1, 0, 0, 0),
        "offset": (0, 0, 0),
        "window": (4, 3, 1),
    }
    flat: list[object] = []
    for value in (fields | changed).values():
        flat.extend(value if isinstance(value, tuple) else (value,))
    return struct.pack(">HBBBB3H12f3H3H", *flat) + data


def test_the_sample_image_is_right_before_it_is_spoilt() -> None:
    content = decode(sealed("IMAGE", raw_image())).content
    assert isinstance(content, Picture)
    assert content.pixels.shape == (3, 4)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"version": 2}, UnsupportedError),
        ({"components": 2}, UnsupportedError),
        ({"components": 0}, UnsupportedError),
        ({"scalar": 5}, UnsupportedError),
        ({"size": (4, 3, 7)}, UnsupportedError),
        ({"size": (4, 3, 0)}, UnsupportedError),
        ({"window": (4, 3, 0)}, UnsupportedError),
        ({"offset": (0, 0, 1)}, UnsupportedError),
        ({"components": 3}, TruncatedError),
        ({"size": (65535, 65535, 1), "window": (65535, 65535, 1)}, TooLargeError),
        ({"size": (65535, 65535, 1)}, TooLargeError),
        ({"size": (0, 3, 1), "window": (0, 3, 1)}, TruncatedError),
        ({"window": (0, 0, 1)}, TruncatedError),
        ({"window": (5, 3, 1)}, TruncatedError),
        ({"offset": (1, 0, 0)}, TruncatedError),
        ({"offset": (65535, 65535, 0)}, TruncatedError),
        ({"window": (4, 2, 1)}, TruncatedError),
        ({"data": b"\0" * 11}, TruncatedError),
        ({"data": b"\0" * 13}, TruncatedError),
        ({"data": b""}, TruncatedError),
        ({"matrix": (float("nan"),) * 12}, GeometryError),
        ({"matrix": (float("inf"), *(0.0,) * 11)}, GeometryError),
        ({"matrix": (*(0.0,) * 11, 3e38)}, GeometryError),
    ],
)
def test_an_image_that_cannot_be_is_refused(changed: dict[str, object], error: type[EchoSpineError]) -> None:
    with pytest.raises(error) as caught:
        decode(sealed("IMAGE", raw_image(**changed)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        ("IMAGE", b"", TruncatedError),
        ("IMAGE", raw_image()[:60], TruncatedError),
        ("TRANSFORM", b"", TruncatedError),
        ("TRANSFORM", b"\0" * 47, TruncatedError),
        ("TRANSFORM", b"\0" * 49, TruncatedError),
        ("TRANSFORM", struct.pack(">12f", *[float("nan")] * 12), GeometryError),
        ("TRANSFORM", struct.pack(">12f", *[float("-inf")] * 12), GeometryError),
        ("TDATA", b"\0" * 69, TruncatedError),
        ("TDATA", b"\0" * 70 * 257, TruncatedError),
        ("TDATA", b"\0" * 22 + struct.pack(">12f", *[float("nan")] * 12), GeometryError),
        ("STATUS", b"\0" * 29, TruncatedError),
        ("STATUS", b"\0" * 30 + b"x" * 70_000, TooLargeError),
        ("STRING", b"\0\3\0", TruncatedError),
        ("STRING", b"\0\3\0\5four", TruncatedError),
        ("STRING", b"\0\3\0\5sixsix", TruncatedError),
    ],
)
def test_a_content_of_the_wrong_size_or_number_is_refused(kind: str, body: bytes, error: type[EchoSpineError]) -> None:
    with pytest.raises(error):
        decode(sealed(kind, body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0" * 11,
        struct.pack(">HHII", 11, 0, 0, 0) + b"\0" * 48,
        struct.pack(">HHII", 12, 0, 49, 0) + b"\0" * 48,
        struct.pack(">HHII", 60, 65535, 0xFFFFFFFF, 0) + b"\0" * 48,
        struct.pack(">HHII", 12, 1, 0, 0) + b"\0",
        struct.pack(">HHII", 12, 2, 0, 0) + b"\0\1",
        struct.pack(">HHII", 12, 10, 0, 0) + struct.pack(">HHHI", 1, 65535, 3, 0xFFFFFFFF),
        struct.pack(">HHII", 12, 2, 5, 0) + b"\0\0" + b"loose",
        struct.pack(">HHII", 12, 65535, 0, 0) + b"\xff" * 65535,
    ],
)
def test_an_extended_header_or_metadata_that_disagree_are_refused(body: bytes) -> None:
    with pytest.raises(TruncatedError):
        unwrap(memoryview(body))


def test_an_extended_header_may_be_longer_than_today() -> None:
    body = struct.pack(">HHII", 16, 0, 0, 7) + b"more" + b"content"
    content, metadata, number = unwrap(memoryview(body))
    assert (bytes(content), metadata, number) == (b"content", {}, 7)


def test_text_in_an_unknown_encoding_does_not_lose_the_picture() -> None:
    body = bytearray(wrap(grey_picture().encode(), {"Patient": "Mueller"}, 3))
    body[body.index(b"Mueller") + 1] = 0xFC
    found = decode(sealed("IMAGE", bytes(body), version=2))
    assert isinstance(found.content, Picture)
    assert found.metadata["Patient"].startswith("M")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ((0, b"IMAGE", b"", 0, 0, 0), UnsupportedError),
        ((4, b"IMAGE", b"", 0, 0, 0), UnsupportedError),
        ((0x4745, b"T / HTTP/1.1", b"", 0, 0, 0), UnsupportedError),
        ((1, b"", b"", 0, 0, 0), InputError),
        ((1, b"IM\x07GE", b"", 0, 0, 0), InputError),
        ((1, b"\xff" * 12, b"", 0, 0, 0), InputError),
        ((1, b"IMAGE", b"", 0, MAX_BODY_BYTES + 1, 0), TooLargeError),
        ((2, b"UNKNOWN", b"", 0, 2**64 - 1, 0), TooLargeError),
    ],
)
def test_a_header_that_cannot_be_is_refused(fields: tuple[object, ...], error: type[EchoSpineError]) -> None:
    with pytest.raises(error) as caught:
        decode_head(HEAD.pack(*fields))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["GET_IMAGE", "STT_TDATA", "STP_TDATA", "POLYDATA", "CAPABILITY", "RTS_TDATA"])
@pytest.mark.parametrize("size", [0, 1, 57, 58, 59, 5000])
def test_kinds_that_are_not_known_are_passed_over_by_their_length(kind: str, size: int) -> None:
    after = Message(Text("still here"), "Note")
    found = list(Unpacker().feed(sealed(kind, b"\xaa" * size) + encode(after)))
    assert found == [after]


def test_what_is_passed_over_is_not_kept() -> None:
    unpacker = Unpacker()
    list(unpacker.feed(Head(1, "VIDEO", "", 0, MAX_BODY_BYTES, 0).encode()))
    for _ in range(100):
        list(unpacker.feed(b"\0" * 100_000))
    assert len(unpacker._buffer) == 0


def test_a_small_message_that_announces_much_is_passed_over_and_told() -> None:
    """A TRANSFORM has 48 bytes; nobody gets to fill the memory with one."""
    size = 3_000_000
    stream = Head(1, "TRANSFORM", "T", 0, size, 0).encode() + b"\0" * size + encode(Message(Text("on"), "Note"))
    first, second = Unpacker().feed(stream)
    assert isinstance(first, Damaged)
    assert first.kind == "TRANSFORM"
    assert isinstance(second, Message)


def test_a_damaged_message_does_not_end_the_stream() -> None:
    spoilt = bytearray(encode(Message(grey_picture(), "Image")))
    spoilt[-1] ^= 0x40
    first, second = Unpacker().feed(bytes(spoilt) + encode(Message(Text("on"), "Note")))
    assert isinstance(first, Damaged)
    assert "checksum" in first.reason
    assert isinstance(second, Message)


def test_only_what_is_wanted_is_read() -> None:
    stream = encode(Message(grey_picture(), "Image")) + encode(Message(Status(1), "S"))
    assert [one.device for one in Unpacker(["STATUS"]).feed(stream)] == ["S"]


@pytest.mark.parametrize(
    "message",
    [
        Message(Transform(np.eye(4)), "x" * 21),
        Message(Transform(np.eye(4)), "nul\0inside"),
        Message(Transform(np.full((4, 4), np.nan)), "T"),
        Message(Transform(np.eye(3)), "T"),
        Message(Tracking((Tool("x" * 21, np.eye(4)),)), "T"),
        Message(Text("x" * 70_000), "T"),
        Message(Picture(np.zeros((4, 4), np.uint16), np.eye(4), (4, 4)), "Image"),
        Message(Picture(np.zeros((4, 4, 2), np.uint8), np.eye(4), (4, 4)), "Image"),
        Message(Picture(np.zeros((4, 4), np.uint8), np.eye(4), (4, 3)), "Image"),
    ],
)
def test_what_cannot_be_said_is_not_sent(message: Message) -> None:
    with pytest.raises((InputError, GeometryError)):
        encode(message)


@pytest.mark.parametrize("time_s", [-1.0, float("nan"), float("inf"), 2.0**32])
def test_a_time_that_has_no_stamp_is_refused(time_s: float) -> None:
    with pytest.raises(InputError):
        stamp_of(time_s)


def test_the_first_pixel_lies_where_the_centre_says() -> None:
    """A picture of 5 x 3 pixels of 2 x 4 mm whose first pixel lies at (10, 20, 30)."""
    matrix = np.diag([2.0, 4.0, 1.0, 1.0])
    matrix[:3, 3] = 10, 20, 30
    picture = Picture(np.zeros((3, 5), np.uint8), centred(matrix, (5, 3)), (5, 3))
    assert picture.matrix[:3, 3].tolist() == [14, 24, 30]
    assert np.array_equal(picture.to_frame, matrix)
