"""multipart/form-data from pieces of bytes to fields and files on disk; it knows nothing of sockets.

A file's content goes to the disk as it comes; only small fields are held in memory.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from echospine.apps.server.limits import Limits
from echospine.domain.errors import InputError, StorageError, TooLargeError
from echospine.ports import LocalFile

FIELD_BYTES = 16_384
"""Most bytes of a field that is no file."""
MOST_FIELDS = 32
DEEPEST = 16
"""Most folders that a file's name keeps."""
LONGEST_PART = 200
_DRIVE = re.compile(r"^[A-Za-z]:$")
_ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}  # what browsers escape in names (HTML, multipart encoding)


@dataclass(slots=True)
class _Part:
    """The part of the form that is being read."""

    disposition: bytes = b""
    field: str = ""
    filename: str | None = None
    written: int = 0


@dataclass(slots=True)
class FormWriter:
    """Takes a form in pieces of any size; files land in `folder` under numbers, their names kept beside.

    A context manager that closes the file in hand. `feed` and `finish` raise InputError for a form that is
    malformed or ends early, TooLargeError beyond a limit, StorageError when the disk refuses.
    """

    folder: Path
    limits: Limits
    fields: dict[str, str] = field(default_factory=dict)
    files: list[LocalFile] = field(default_factory=list)
    received: int = 0
    _parser: MultipartParser | None = None
    _part: _Part = field(default_factory=_Part)
    _header: tuple[bytes, bytes] = (b"", b"")
    _open: BinaryIO | None = None
    _text: bytes = b""
    _ended: bool = False

    def begin(self, content_type: str) -> None:
        """Learn the form's boundary from its Content-Type."""
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise InputError(f"an import is sent as multipart/form-data, not as {content_type[:80] or 'nothing'}")
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise InputError(f"the form cannot be read ({error}); send it again") from error

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        self.received += len(data)
        if self.received > self.limits.upload_bytes:
            raise TooLargeError(f"the upload is larger than {_size(self.limits.upload_bytes)} in all; send fewer files")
        require_room(self.folder, 0, self.limits)
        try:
            self._reader().write(data)
        except FormParserError as error:
            raise InputError(f"the form is malformed ({error}); send it again") from error
        except OSError as error:
            raise StorageError(f"the upload cannot be kept ({error.strerror}); make room and send it again") from error

    def finish(self) -> None:
        """End the form: what ends early is refused."""
        if not self._ended:
            raise InputError("the upload ended before it was complete; send it again")

    def __enter__(self) -> FormWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._open is not None:
            self._open.close()

    def _reader(self) -> MultipartParser:
        if self._parser is None:
            raise InputError("a form begins with its Content-Type")
        return self._parser

    def _on_part_begin(self) -> None:
        self._part, self._header, self._text = _Part(), (b"", b""), b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0] + data[start:end], self._header[1])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0], self._header[1] + data[start:end])

    def _on_header_end(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._part.disposition = value
        self._header = (b"", b"")

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._part.disposition.decode("latin-1"))
        self._part.field = _text(options.get(b"name", b""))
        if b"filename" not in options:
            if len(self.fields) >= MOST_FIELDS:
                raise InputError(f"the form has more than {MOST_FIELDS} fields")
            return
        if len(self.files) >= self.limits.files:
            raise TooLargeError(f"the upload holds more than {self.limits.files:,} files; send them in parts")
        self._part.filename = clean_name(_unescaped(_text(options[b"filename"])))
        path = self.folder / f"{len(self.files):05d}"
        self.files.append(LocalFile(self._part.filename, path))
        self._open = path.open("xb")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.written += end - start
        if self._open is None:
            if part.written > FIELD_BYTES:
                raise TooLargeError(f"the field {part.field[:40]!r} is longer than {FIELD_BYTES:,} bytes")
            self._text += data[start:end]
            return
        if part.written > self.limits.file_bytes:
            raise TooLargeError(f"{part.filename}: is larger than {_size(self.limits.file_bytes)}; split the recording")
        self._open.write(memoryview(data)[start:end])

    def _on_part_end(self) -> None:
        if self._open is None:
            self.fields[self._part.field] = _text(self._text)
            return
        opened, self._open = self._open, None
        opened.close()

    def _on_end(self) -> None:
        self._ended = True


def clean_name(name: str) -> str:
    """Return a name as people know it, less all that could lead out of a folder: drives, `..`, control characters.

    Folders stay (`scan/0001.png`): they tell which images belong together.
    """
    parts = [_clean_part(part) for part in name.replace("\\", "/").split("/")]
    kept = [part for part in parts if part not in {"", ".", ".."} and not _DRIVE.match(part)]
    return "/".join(kept[-DEEPEST:]) or "file"


def require_room(folder: Path, n_bytes: int, limits: Limits) -> None:
    """Raise StorageError unless the disk of `folder` takes `n_bytes` more and keeps its margin."""
    free = shutil.disk_usage(folder).free
    if free - n_bytes < limits.disk_margin_bytes:
        needed = n_bytes + limits.disk_margin_bytes
        raise StorageError(f"the disk has {_size(free)} left and this needs {_size(needed)}; make room and try again")


def _clean_part(part: str) -> str:
    kept = "".join(c for c in part if c.isprintable()).strip()
    return kept[:LONGEST_PART] if len(kept) <= LONGEST_PART else kept[: LONGEST_PART - 40] + kept[-40:]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _unescaped(name: str) -> str:
    for escape, meant in _ESCAPES.items():
        name = name.replace(escape, meant)
    return name


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e8 else f"{n_bytes / 1e6:.1f} MB"
