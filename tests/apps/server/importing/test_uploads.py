"""Uploads over real connections: streamed, limited, and gone without a trace when anything goes wrong."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import psutil
import pytest

from echospine.apps.server.limits import MIB, Limits
from serving import assert_problem, cine, finished, imported, picture, send, wait_for
from small_disks import fill_up, small_disk

HEAD = (
    "POST /api/imports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=edge\r\n"
    "Content-Length: {length}\r\n\r\n"
)
PART = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'


def connect(client) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", client.base_url.port))
    line.settimeout(30)
    return line


def answer_on(line: socket.socket) -> bytes:
    """Return a whole answer; the server closes the connection after one that refuses a body."""
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
        piece = line.recv(65536)
        assert piece, f"the connection ended after {answer!r}"
        answer += piece
    return answer


def left_in(scratch: Path) -> list[str]:
    """Return what lies in the folder; unlike `rglob`, a walk bears that the server removes folders meanwhile."""
    return [name for _, folders, files in os.walk(scratch) for name in (*folders, *files)]


def test_files_arrive_whole_and_leave_the_scratch_folder(client, scratch, tmp_path):
    job = imported(client, [("bone.png", picture(tmp_path / "bone.png"))], title="Knee", who="Reader One")
    exam = client.get(f"/api/exams/{job['exam_id']}").json()
    assert exam["title"] == "Knee"
    assert exam["history"][0]["who"] == "Reader One"
    assert left_in(scratch) == []


def test_names_cannot_leave_the_scratch_folder(client, scratch, tmp_path):
    job = imported(client, [("../../../escaped.png", picture(tmp_path / "a.png"))])
    assert not list(tmp_path.parent.rglob("escaped.png"))
    names = [r["name"] for r in client.get(f"/api/exams/{job['exam_id']}").json()["recordings"]]
    assert names == ["escaped.png"]


@pytest.mark.parametrize("sent_mb", [0, 3])
def test_a_client_that_vanishes_leaves_nothing(client, scratch, sent_mb):
    with connect(client) as line:
        line.sendall(HEAD.format(length=50 * MIB).encode() + PART + b"x" * (sent_mb * MIB))
        wait_for(lambda: left_in(scratch))
    wait_for(lambda: not left_in(scratch))
    assert client.get("/api/jobs").json()["jobs"] == []
    assert client.get("/api/exams").json()["total"] == 0


def test_an_upload_that_ends_early_is_refused_and_removed(client, scratch):
    body = PART + b"pixels"
    with connect(client) as line:
        line.sendall(HEAD.format(length=len(body)).encode() + body)
        assert b" 422 " in answer_on(line).split(b"\r\n")[0]
    assert left_in(scratch) == []


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(file_bytes=1000), "is larger than"),
        (Limits(files=2), "more than 2 files"),
        (Limits(upload_bytes=1000), "the limit is"),
    ],
)
def test_beyond_a_limit_the_browser_hears_why(serve, scratch, tmp_path, limits, words):
    with serve(limits) as client:
        assert_problem(send(client, cine(tmp_path, 3)), 413, "too-large", words)
        assert left_in(scratch) == []
        assert client.get("/api/jobs").json()["jobs"] == []


def test_a_huge_declared_upload_is_refused_before_it_comes(client, scratch):
    with connect(client) as line:
        line.sendall(HEAD.format(length=1 << 50).encode() + PART)
        assert b" 413 " in answer_on(line).split(b"\r\n")[0]
    assert left_in(scratch) == []


def test_a_disk_without_room_refuses_before_it_is_full(serve, tmp_path):
    with serve(Limits(disk_margin_bytes=1 << 60)) as client:
        assert_problem(send(client, [("a.png", picture(tmp_path / "a.png"))]), 507, "storage", "make room")


def test_a_disk_that_fills_up_during_an_upload_is_left_as_it_was(serve, tmp_path):
    with small_disk(tmp_path / "disk", 4096) as disk, serve(Limits(disk_margin_bytes=0), scratch=disk) as client:
        with connect(client) as line:
            line.sendall(HEAD.format(length=MIB * 3 // 2).encode() + PART)
            wait_for(lambda: left_in(disk))
            filler = fill_up(disk)
            line.sendall(b"x" * (MIB * 3 // 2 - len(PART)))
            answer = answer_on(line)
            assert b" 507 " in answer.split(b"\r\n")[0]
            assert b"make room" in answer
        assert left_in(disk) == [filler.name]
        filler.unlink()
        assert send(client, [("a.png", picture(tmp_path / "a.png"))]).status_code == 202


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"pixel_spacing_mm": "wide"}, "pixel_spacing_mm"),
        ({"pixel_spacing_mm": "-1"}, "above zero"),
        ({"pixel_spacing_mm": "nan"}, "above zero"),
        ({"colour": "red"}, "unknown field 'colour'"),
        ({"who": "x" * 200}, "at most"),
    ],
)
def test_fields_that_make_no_sense_are_refused(client, scratch, tmp_path, fields, words):
    answer = send(client, [("a.png", picture(tmp_path / "a.png"))], **fields)
    assert_problem(answer, 422, "bad-input", words)
    assert left_in(scratch) == []


def test_an_upload_without_files_or_form_is_refused(client):
    assert_problem(client.post("/api/imports", data={"title": "A"}), 422, "bad-input", "multipart")
    assert_problem(client.post("/api/imports", files=[("title", (None, b"A"))]), 422, "bad-input", "no file")


def test_an_examination_that_is_unknown_is_refused(client, scratch, tmp_path):
    answer = send(client, [("a.png", picture(tmp_path / "a.png"))], exam_id="unknown")
    assert_problem(answer, 404, "not-found", "unknown")
    assert left_in(scratch) == []


def test_memory_does_not_grow_with_an_upload(client, scratch):
    """The server runs in this process: its memory is ours, and the sender makes no copy of what it sends."""
    process, piece, pieces = psutil.Process(), bytes(MIB), 200
    before = process.memory_info().rss
    peak = [before]
    with connect(client) as line:
        line.sendall(HEAD.format(length=pieces * MIB + 1_000).encode() + PART)
        for _ in range(pieces):
            line.sendall(piece)
            peak.append(process.memory_info().rss)
        wait_for(lambda: sum(path.stat().st_size for path in scratch.rglob("*")) > (pieces - 2) * MIB)
    assert max(peak) - before < 64 * MIB
    wait_for(lambda: not left_in(scratch))


def test_two_uploads_at_a_time_do_not_mix(client, tmp_path):
    def upload(seed: int, jobs: list[dict]) -> None:
        jobs.append(imported(client, cine(tmp_path, 4, seed), title=f"Exam {seed}"))

    jobs: list[dict] = []
    threads = [threading.Thread(target=upload, args=(seed, jobs)) for seed in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({job["exam_id"] for job in jobs}) == 3
    for job in jobs:
        exam = client.get(f"/api/exams/{job['exam_id']}").json()
        assert [r["name"] for r in exam["recordings"]] == [f"scan{exam['title'].split()[1]}"]
        assert finished(client, job)["problems"] == []
