"""Only a browser that was led here by our own page may write; only our own names are answered."""

from __future__ import annotations

import pytest

from echospine.apps.server.door.doorkeeper import HEADERS, KnownHosts
from echospine.apps.server.run import known_hosts
from serving import assert_problem


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8042", "127.0.0.1.evil.example", "", "[", "10.0.0.7", "localhost.evil"]
)
def test_an_unknown_host_is_refused(idle_client, host):
    assert_problem(idle_client.get("/api/health", headers={"Host": host}), 421, "unknown-host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:9", "[::1]:8042"])
def test_this_machines_own_names_are_answered(idle_client, host):
    assert idle_client.get("/api/health", headers={"Host": host}).status_code == 200


def test_a_server_for_a_network_takes_addresses_but_no_foreign_names():
    everywhere = known_hosts("0.0.0.0")
    assert everywhere.allows("192.168.1.20:8042") and everywhere.allows("[fe80::1]")
    assert not everywhere.allows("rebound.example:8042")
    assert known_hosts("clinic.local").allows("Clinic.local:80")
    assert not KnownHosts().allows("192.168.1.20")


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/exams"), ("POST", "/api/imports"), ("DELETE", "/api/jobs/x")]
)
def test_a_foreign_page_cannot_write(idle_client, method, path, headers):
    assert_problem(idle_client.request(method, path, headers=headers), 403, "cross-origin", "own page")
    assert idle_client.get("/api/exams").json()["total"] == 0


def test_our_own_page_and_programs_can_write(client):
    own = {"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    for headers in (own, {"Sec-Fetch-Site": "none"}, {}):
        assert client.post("/api/exams", json={"title": "A"}, headers=headers).status_code == 201


@pytest.mark.parametrize("path", ["/api/health", "/api/nothing", "/api/exams/none", "/", "/api/exams?limit=0"])
def test_every_answer_carries_the_security_headers(idle_client, path):
    answer = idle_client.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers or "uvicorn" in answer.headers["server"]


def test_refusals_carry_them_too(idle_client):
    answer = idle_client.get("/api/health", headers={"Host": "evil.example"})
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_inline_is_ever_allowed():
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]


def test_a_preflight_is_not_granted(idle_client):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
    answer = idle_client.options("/api/exams", headers=asked)
    assert "access-control-allow-methods" not in answer.headers
