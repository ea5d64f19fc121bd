"""A form in pieces of any size: what comes out is what was sent, or one line and nothing."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from echospine.apps.server.importing.forms import FormWriter, clean_name, require_room
from echospine.apps.server.limits import Limits
from echospine.domain.errors import EchoSpineError, InputError, StorageError, TooLargeError

LIMITS = Limits(disk_margin_bytes=0)
TYPE = "multipart/form-data; boundary=edge"


def form(*parts: tuple[str, bytes], end: bytes = b"--edge--\r\n") -> bytes:
    return b"".join(b"--edge\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n" for head, body in parts) + end


def file_part(name: str, body: bytes) -> tuple[str, bytes]:
    return f'Content-Disposition: form-data; name="files"; filename="{name}"\r\nContent-Type: x/y', body


def field_part(name: str, body: bytes) -> tuple[str, bytes]:
    return f'Content-Disposition: form-data; name="{name}"', body


def read(folder: Path, data: bytes, piece: int = 1 << 20, limits: Limits = LIMITS) -> FormWriter:
    with FormWriter(folder, limits) as writer:
        writer.begin(TYPE)
        for start in range(0, len(data), piece):
            writer.feed(data[start : start + piece])
        writer.finish()
    return writer


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 70))
@example([b"\r\n--edge", b"\r\n--edg\r\n--", b"--edge--"], 3)
def test_files_come_out_as_they_were_sent_whatever_the_pieces(bodies, piece):
    bodies = [body.replace(b"\r\n--edge", b"") for body in bodies]
    with tempfile.TemporaryDirectory() as folder:
        sent = form(field_part("title", "Rücken".encode()), *(file_part("a.png", body) for body in bodies))
        writer = read(Path(folder), sent, piece)
        assert [file.path.read_bytes() for file in writer.files] == bodies
        assert writer.fields == {"title": "Rücken"}


def test_a_form_that_ends_early_is_refused_wherever_it_ends(tmp_path):
    whole = form(field_part("who", b"A"), file_part("a.png", b"pixels"))
    for n, end in enumerate(range(0, len(whole) - 4)):
        folder = tmp_path / str(n)
        folder.mkdir()
        with pytest.raises(InputError, match=r"before it was complete|malformed"):
            read(folder, whole[:end])


@given(st.binary(max_size=400), st.integers(1, 50))
def test_noise_is_refused_in_words(data, piece):
    with tempfile.TemporaryDirectory() as folder:
        try:
            read(Path(folder), b"--edge\r\n" + data, piece)
        except EchoSpineError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("content_type", "match"),
    [
        ("", "not as nothing"),
        ("application/json", "application/json"),
        ("multipart/form-data", "multipart"),
        ("multipart/form-data; boundary=" + "x" * 400, "[Bb]oundary"),
    ],
)
def test_another_kind_of_body_is_refused(tmp_path, content_type, match):
    with FormWriter(tmp_path, LIMITS) as writer, pytest.raises(InputError, match=match):
        writer.begin(content_type)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("bone.mha", "bone.mha"),
        ("scan/0001.png", "scan/0001.png"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\scans\\a.dcm", "a.dcm"),
        ("..\\..\\a.dcm", "a.dcm"),
        ("a\x00b\n.png", "ab.png"),
        ("", "file"),
        ("..", "file"),
        ("%22 quoted%22.png", '" quoted".png'),
        ("Rücken Ä.png", "Rücken Ä.png"),
    ],
)
def test_names_lead_nowhere_and_stay_readable(tmp_path, sent, kept):
    writer = read(tmp_path, form(file_part(sent, b"x")))
    assert writer.files[0].name == kept
    assert writer.files[0].path.parent == tmp_path  # whatever the name, its content lies under a number


@given(st.text(max_size=300))
def test_a_cleaned_name_has_no_way_out(name):
    kept = clean_name(name)
    assert kept and not kept.startswith("/")
    assert not any(part in {"", ".", ".."} for part in kept.split("/"))
    assert kept.isprintable() and not re.search(r"[\\\x00]", kept)
    assert clean_name(kept) == kept


@pytest.mark.parametrize(
    ("limits", "match"),
    [
        (Limits(file_bytes=9, disk_margin_bytes=0), "a.png: is larger than"),
        (Limits(files=1, disk_margin_bytes=0), "more than 1 files"),
        (Limits(upload_bytes=90, disk_margin_bytes=0), "in all"),
    ],
)
def test_limits_are_held(tmp_path, limits, match):
    with pytest.raises(TooLargeError, match=match):
        read(tmp_path, form(file_part("a.png", b"0123456789"), file_part("b.png", b"")), limits=limits)


def test_a_field_cannot_fill_the_memory(tmp_path):
    with pytest.raises(TooLargeError, match="field 'who'"):
        read(tmp_path, form(field_part("who", b"x" * 20_000)), piece=1000)
    with pytest.raises(InputError, match="more than 32 fields"):
        read(tmp_path, form(*(field_part(f"f{n}", b"") for n in range(40))))


def test_a_disk_keeps_its_margin(tmp_path):
    with pytest.raises(StorageError, match="make room"):
        require_room(tmp_path, 0, Limits(disk_margin_bytes=1 << 60))
