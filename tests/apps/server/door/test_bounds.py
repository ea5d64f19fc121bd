"""A slow, endless or huge request cannot hold the server."""

from __future__ import annotations

import socket
import time

from echospine.apps.server.limits import Limits
from serving import assert_problem, wait_for


def test_a_large_body_is_refused_before_it_is_read(serve):
    with serve(Limits(body_bytes=1000)) as client:
        assert_problem(client.post("/api/exams", json={"title": "x" * 2000}), 413, "too-large", "1,000 bytes")


def test_a_large_body_without_a_length_is_refused_on_the_way(serve):
    def pieces():
        for _ in range(100):
            yield b" " * 100

    with serve(Limits(body_bytes=1000)) as client:
        headers = {"Content-Type": "application/json"}
        assert_problem(client.post("/api/exams", content=pieces(), headers=headers), 413, "too-large")


def test_a_body_that_stalls_is_given_up(serve):
    with serve(Limits(stall_s=0.2)) as client:
        for path in ("/api/exams", "/api/imports"):
            with socket.create_connection(("127.0.0.1", client.base_url.port)) as line:
                line.settimeout(20)
                line.sendall(
                    f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"
                    "Content-Type: multipart/form-data; boundary=x\r\n\r\n{".encode()
                )
                assert line.recv(65536).startswith(b"HTTP/1.1 408")
        assert client.get("/api/health").status_code == 200


def test_work_without_end_is_given_up_and_its_late_answer_dropped(serve, house, monkeypatch):
    def slow(exam_id: str):
        time.sleep(0.6)
        raise AssertionError("late")

    monkeypatch.setattr(house.studies, "load", slow)
    with serve(Limits(answer_s=0.1)) as client:
        assert_problem(client.get("/api/exams/any"), 503, "busy", "given up")
        assert client.get("/api/health").status_code == 200
        time.sleep(0.7)
        assert client.get("/api/health").json()["status"] == "ok"


def test_many_at_once_are_all_answered(client):
    from concurrent.futures import ThreadPoolExecutor

    def ask(_: int) -> int:
        return client.get("/api/exams").status_code

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(ask, range(200))) == {200}


def test_a_client_that_goes_away_costs_nothing(client):
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", client.base_url.port)) as line:
            line.sendall(b"POST /api/exams HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
    wait_for(lambda: client.get("/api/health").status_code == 200)
    assert client.get("/api/exams").json()["total"] == 0
