"""The envelope of a message: the header of 58 bytes, and (from header version 2) extended header and metadata.

All numbers are big-endian. Layout: https://openigtlink.org/developers/spec.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from echospine.domain.errors import InputError, TooLargeError, TruncatedError, UnsupportedError
from echospine.domain.frames import MAX_PIXELS

HEAD = struct.Struct(">H12s20sQQQ")
HEAD_BYTES = HEAD.size
EXTENDED = struct.Struct(">HHII")
VERSIONS = (1, 2, 3)
KIND_BYTES, DEVICE_BYTES = 12, 20
MAX_BODY_BYTES = 3 * MAX_PIXELS + (1 << 20)
"""Largest body that is taken or passed over: a colour picture at the limit of pixels, and what belongs to it."""
MAX_ENTRIES = 1000
"""Most entries of metadata."""
STAMP_PER_S = 1 << 32
_ENTRY = struct.Struct(">HHI")
_COUNT = struct.Struct(">H")
_UTF8 = 106
"""Number of the encoding in the registry of character sets of IANA."""


@dataclass(frozen=True, slots=True)
class Head:
    """The header of a message.

    `kind`: IMAGE, TRANSFORM, ...; `device`: what it is about ("ProbeToTracker"); `stamp`: when it was acquired, in
    steps of 2**-32 s since 1970, 0 for unknown; `body_bytes`, `crc`: length and checksum of what follows.
    """

    version: int
    kind: str
    device: str
    stamp: int
    body_bytes: int
    crc: int

    def encode(self) -> bytes:
        """Return the 58 bytes."""
        device = device_bytes(self.device)
        return HEAD.pack(self.version, self.kind.encode("ascii"), device, self.stamp, self.body_bytes, self.crc)


def decode_head(data: bytes) -> Head:
    """Read 58 bytes; raises InputError where they cannot be a header or announce more than is taken."""
    if len(data) != HEAD_BYTES:
        raise TruncatedError(f"an OpenIGTLink header has {HEAD_BYTES} bytes, {len(data)} came")
    version, kind, device, stamp, body_bytes, crc = HEAD.unpack(data)
    if version not in VERSIONS:
        raise UnsupportedError(
            f"OpenIGTLink header version {version} is not known (1, 2 and 3 are); is it this protocol?"
        )
    name = kind.rstrip(b"\0 ")
    if not name or not all(0x20 < byte < 0x7F for byte in name):
        raise InputError(f"message type {name[:KIND_BYTES]!r} is not printable text; is it this protocol?")
    if body_bytes > MAX_BODY_BYTES:
        raise TooLargeError(f"a {name.decode()} message announces {body_bytes:,} bytes; {MAX_BODY_BYTES:,} are taken")
    return Head(version, name.decode("ascii"), decode_text(device), stamp, body_bytes, crc)


def decode_text(field: bytes) -> str:
    """Return the text of a field of fixed width, up to its first zero byte."""
    return field.split(b"\0", 1)[0].rstrip().decode("utf-8", errors="replace")


def device_bytes(name: str) -> bytes:
    """Return the field of a name; raises InputError for one that does not fit: cut off, it would name another thing."""
    data = name.encode("utf-8")
    if len(data) > DEVICE_BYTES or "\0" in name or name != name.rstrip():
        raise InputError(
            f"{name!r} cannot be the name of a device: {DEVICE_BYTES} bytes at most, no zeros, no blank end"
        )
    return data


def stamp_of(time_s: float) -> int:
    """Return seconds since 1970 as a stamp; raises InputError for what is before that or after 2106."""
    stamp = round(time_s * STAMP_PER_S) if 0 <= time_s < STAMP_PER_S else -1
    if not 0 <= stamp < 1 << 64:
        raise InputError(f"{time_s!r} is no time of a message: seconds from 1970 to 2106 are")
    return stamp


def wrap(content: bytes, metadata: Mapping[str, str], number: int) -> bytes:
    """Return the body of a message of version 2: extended header, content, metadata. `number`: of the message."""
    entries = [(key.encode("utf-8"), value.encode("utf-8")) for key, value in metadata.items()]
    if len(entries) > MAX_ENTRIES or any(len(key) > 0xFFFF for key, _ in entries):
        raise InputError(f"metadata has at most {MAX_ENTRIES} entries with keys of at most {0xFFFF} bytes")
    index = b"".join(_ENTRY.pack(len(key), _UTF8, len(value)) for key, value in entries)
    texts = b"".join(key + value for key, value in entries)
    listing = _COUNT.pack(len(entries)) + index
    return b"".join((EXTENDED.pack(EXTENDED.size, len(listing), len(texts), number), content, listing, texts))


def unwrap(body: memoryview) -> tuple[memoryview, dict[str, str], int]:
    """Return content, metadata and number of a body of version 2; raises TruncatedError where the sizes disagree."""
    if len(body) < EXTENDED.size:
        raise TruncatedError(f"the body ends within its extended header ({len(body)} of {EXTENDED.size} bytes)")
    own, listing, texts, number = EXTENDED.unpack_from(body)
    end = len(body) - listing - texts
    if own < EXTENDED.size or end < own:
        raise TruncatedError(f"extended header ({own}), metadata ({listing} + {texts}) and body ({len(body)}) disagree")
    return body[own:end], _metadata(body[end : end + listing], bytes(body[end + listing :])), number


def _metadata(listing: memoryview, texts: bytes) -> dict[str, str]:
    """Read keys and values; text that is not UTF-8 (or ASCII) is read as far as it can be."""
    if not listing:
        return {}
    count = _COUNT.unpack_from(listing)[0] if len(listing) >= _COUNT.size else -1
    if count > MAX_ENTRIES or len(listing) != _COUNT.size + count * _ENTRY.size:
        raise TruncatedError(f"the list of metadata has {len(listing)} bytes, which is not {count} entries")
    found, at = {}, 0
    for key_bytes, _, value_bytes in _ENTRY.iter_unpack(listing[_COUNT.size :]):
        middle, end = at + key_bytes, at + key_bytes + value_bytes
        if end > len(texts):
            raise TruncatedError("the metadata ends within an entry")
        found[texts[at:middle].decode("utf-8", "replace")] = texts[middle:end].decode("utf-8", "replace")
        at = end
    if at != len(texts):
        raise TruncatedError(f"{len(texts) - at} bytes of metadata belong to no entry")
    return found
