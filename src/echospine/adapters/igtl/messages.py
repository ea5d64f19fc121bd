"""Whole messages: envelope and content, checked against the checksum; and a stream of bytes taken apart into them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from echospine.adapters.igtl.contents import Picture, Status, Text, Tracking, Transform
from echospine.adapters.igtl.crc import crc64
from echospine.adapters.igtl.heads import HEAD_BYTES, VERSIONS, Head, decode_head, unwrap, wrap
from echospine.domain.errors import EchoSpineError, TruncatedError, UnsupportedError

Content: TypeAlias = Picture | Transform | Tracking | Status | Text
KINDS: Mapping[str, Callable[[memoryview], Content]] = MappingProxyType(
    {
        "IMAGE": Picture.decode,
        "TRANSFORM": Transform.decode,
        "TDATA": Tracking.decode,
        "STATUS": Status.decode,
        "STRING": Text.decode,
    }
)
MAX_SMALL_BYTES = 1 << 20
"""Largest body of a message that is no picture."""
_NAMES = {Picture: "IMAGE", Transform: "TRANSFORM", Tracking: "TDATA", Status: "STATUS", Text: "STRING"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `device`, `stamp`: see Head; `metadata`, `number`: only from header version 2 on."""

    content: Content
    device: str = ""
    stamp: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    number: int = 0


def encode(message: Message, version: int = 2) -> bytes:
    """Return the bytes of a message; with version 1 metadata and number are left out. Raises InputError."""
    if version not in VERSIONS:
        raise UnsupportedError(f"header version {version} cannot be written; 1, 2 and 3 can")
    content = message.content.encode()
    body = content if version == 1 else wrap(content, message.metadata, message.number)
    kind = _NAMES[type(message.content)]
    return Head(version, kind, message.device, message.stamp, len(body), crc64(body)).encode() + body


def decode_body(head: Head, body: bytes) -> Message:
    """Read the body that belongs to `head`, whose kind is one of KINDS.

    Raises TruncatedError where length or checksum differ, and what the content raises.
    """
    if len(body) != head.body_bytes:
        raise TruncatedError(f"{head.kind} {head.device!r}: {len(body)} of {head.body_bytes} bytes came")
    if crc64(body) != head.crc:
        raise TruncatedError(f"{head.kind} {head.device!r}: the checksum does not match; it was damaged on its way")
    content, metadata, number = unwrap(memoryview(body)) if head.version > 1 else (memoryview(body), {}, 0)
    return Message(KINDS[head.kind](content), head.device, head.stamp, metadata, number)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A message that came and cannot be used; the stream goes on after it."""

    kind: str
    reason: str


class Unpacker:
    """Takes a stream of bytes apart into messages, however it is cut into pieces.

    `wanted`: kinds of messages that are read; all others are passed over by their length, without being kept.
    """

    def __init__(self, wanted: Collection[str] = tuple(KINDS)) -> None:
        self._wanted = frozenset(wanted) & KINDS.keys()
        self._head: Head | None = None
        self._buffer = bytearray()
        self._to_skip = 0

    def feed(self, data: bytes | memoryview) -> Iterator[Message | Damaged]:
        """Take in a piece; yield what is whole now. Raises InputError where no header is: the stream is lost."""
        rest = memoryview(data)
        while rest:
            if self._to_skip:
                skipped = min(self._to_skip, len(rest))
                self._to_skip -= skipped
                rest = rest[skipped:]
                continue
            needed = (HEAD_BYTES if self._head is None else self._head.body_bytes) - len(self._buffer)
            self._buffer += rest[:needed]
            rest = rest[needed:]
            if len(self._buffer) == HEAD_BYTES and self._head is None:
                yield from self._begin(decode_head(self._take()))
            if self._head is not None and len(self._buffer) == self._head.body_bytes:
                head, self._head = self._head, None
                yield _read(head, self._take())

    def _begin(self, head: Head) -> Iterator[Damaged]:
        fits = head.kind == "IMAGE" or head.body_bytes <= MAX_SMALL_BYTES
        if head.kind in self._wanted and fits:
            self._head = head
            return
        self._to_skip = head.body_bytes
        if head.kind in self._wanted:
            yield Damaged(head.kind, f"{head.kind} {head.device!r}: {head.body_bytes:,} bytes are too many for that")

    def _take(self) -> bytes:
        taken = bytes(self._buffer)
        self._buffer.clear()
        return taken


def _read(head: Head, body: bytes) -> Message | Damaged:
    try:
        return decode_body(head, body)
    except EchoSpineError as error:
        return Damaged(head.kind, str(error))
