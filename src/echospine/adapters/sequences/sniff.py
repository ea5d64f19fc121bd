"""What a file is, told by its content."""

from __future__ import annotations

import re

from echospine.adapters.sequences.files import head_of
from echospine.ports import LocalFile

_META = re.compile(rb"\A(?:[ \t]*\w+[ \t]*=[^\r\n]*\r?\n){0,8}?[ \t]*(?:ObjectType[ \t]*=[ \t]*Image|NDims[ \t]*=)")
_PLUS = re.compile(rb"<(?:PlusConfiguration|CoordinateDefinitions)[\s>/]")
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")
_VIDEOS = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # Windows Media
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"FLV\x01",
)
_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_STILL_BRANDS = (b"heic", b"heix", b"mif1", b"avif", b"msf1")
_PIXEL_ENDINGS = (".raw", ".zraw", ".raw.gz")


def sniff(file: LocalFile) -> str | None:
    """Return `sequence`, `video`, `image`, `companion` or `archive`, or None for what is not of this room.

    A companion goes with a sequence: a PLUS configuration, or the pixels (.raw, .zraw) of a detached header.
    The pixels have no mark of their own, so they alone are told by their ending. Raises UnreadableError, or
    TruncatedError for an empty file.
    """
    head = head_of(file)
    for kind, matches in _KINDS:
        if matches(head):
            return kind
    return "companion" if named_as_pixels(file) else None


def named_as_pixels(file: LocalFile) -> bool:
    """True for a file whose name says that it holds bare pixels, which a header elsewhere describes."""
    return file.name.lower().endswith(_PIXEL_ENDINGS)


def _is_sequence(head: bytes) -> bool:
    return head.startswith(b"NRRD000") or _META.match(head) is not None


def _is_image(head: bytes) -> bool:
    bitmap = head.startswith(b"BM") and head[6:10] == bytes(4) and head[14:18] in _BITMAP_HEADERS
    return head.startswith(_PICTURES) or bitmap


_BITMAP_HEADERS = tuple(size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124))


def _is_video(head: bytes) -> bool:
    movie = head[4:8] == b"ftyp" and head[8:12] not in _STILL_BRANDS
    audio_video = head.startswith(b"RIFF") and head[8:12] == b"AVI "
    transport = len(head) > 376 and head[0] == head[188] == head[376] == 0x47
    return movie or audio_video or transport or head[4:8] in _QUICKTIME or head.startswith(_VIDEOS)


def _is_plus_config(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16, as some Windows editors save it
        text = text.replace(b"\x00", b"")[2:]
    return text.startswith(b"<") and _PLUS.search(text) is not None


def _is_archive(head: bytes) -> bool:
    return head.startswith(_ARCHIVES)


_KINDS = (
    ("sequence", _is_sequence),
    ("image", _is_image),
    ("video", _is_video),
    ("companion", _is_plus_config),
    ("archive", _is_archive),
)
