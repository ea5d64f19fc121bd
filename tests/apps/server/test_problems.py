"""Each error of the tree has its HTTP answer; none tells more than its one line."""

from __future__ import annotations

import inspect
import logging
from http import HTTPStatus

import httpx
import pytest

from echospine.apps.server.problems import KINDS, documented, kind_of
from echospine.domain import errors
from serving import assert_problem

TREE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.EchoSpineError)]
EXPECTED = {
    errors.EchoSpineError: 500,
    errors.InputError: 422,
    errors.UnreadableError: 422,
    errors.UnsupportedError: 422,
    errors.TruncatedError: 422,
    errors.TooLargeError: 413,
    errors.UncalibratedError: 422,
    errors.GeometryError: 422,
    errors.ModelError: 500,
    errors.ClusterError: 503,
    errors.NotAllowed: 409,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.StorageError: 507,
}
READS = ["/api/exams", "/api/exams/e", "/api/exams/e/report", "/api/exams/e/report/a.pdf", "/api/exams/e/report.zip"]
READS += [f"/api/recordings/r{rest}" for rest in ("", "/frames/0", "/overlays", "/series")]
PERSON = {"person": "Reader One"}
WRITES = [
    ("POST", "/api/exams", {"title": "A"}),
    ("POST", "/api/exams/e/interpret", None),
    ("POST", "/api/exams/e/accept-all", PERSON),
    ("POST", "/api/exams/e/undo", PERSON),
    ("POST", "/api/exams/e/sign", PERSON),
    ("POST", "/api/exams/e/amend", PERSON | {"reason": "typing error"}),
    ("POST", "/api/exams/e/findings/f/decision", PERSON | {"decision": "accept"}),
    ("POST", "/api/recordings/r/frames/0/calipers", PERSON | {"kind": "length", "points": [[0, 0], [1, 1]]}),
    ("PUT", "/api/recordings/r/frames/0/contour", PERSON | {"lines": [], "reason": "no bone"}),
]


def test_the_table_knows_the_whole_tree():
    assert set(EXPECTED) == set(TREE)
    assert {kind: kind_of(kind("x")).status for kind in TREE} == EXPECTED
    assert set(KINDS) <= set(TREE)


@pytest.fixture
def breakable(house, client, monkeypatch):
    """Return a function that makes every call of the store raise this error."""

    def break_with(error: Exception) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        for name in ("search", "load", "recording", "create", "commit", "find_recording"):
            monkeypatch.setattr(house.studies, name, fail)

    return break_with


def ask_all(client: httpx.Client) -> dict[str, httpx.Response]:
    answers = {path: client.get(path) for path in READS}
    return answers | {path: client.request(method, path, json=body) for method, path, body in WRITES}


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_each_error_at_each_route(client, breakable, kind):
    breakable(kind("scan.dcm: something is wrong; do this"))
    for path, answer in ask_all(client).items():
        slug = kind_of(kind("x")).slug
        assert_problem(answer, EXPECTED[kind], slug, "scan.dcm: something is wrong; do this")
        assert answer.json()["instance"] == path


def test_an_unexpected_error_leaks_nothing_but_a_number(client, breakable, caplog):
    breakable(RuntimeError("password=hunter2 in /home/somebody"))
    with caplog.at_level(logging.ERROR, logger="echospine.server"):
        answers = ask_all(client)
    for answer in answers.values():
        assert_problem(answer, 500, "unexpected")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "hunter2" not in answer.text and "RuntimeError" not in answer.text
        number = answer.json()["instance"].rpartition(":")[2]
        assert number in answer.json()["detail"] and number in caplog.text
    assert "hunter2" in caplog.text  # the log holds the details


@pytest.mark.parametrize(
    ("method", "path", "body", "where"),
    [
        ("POST", "/api/exams", {}, "body.title"),
        ("POST", "/api/exams", {"title": ""}, "body.title"),
        ("POST", "/api/exams", {"title": "A", "tilte": "B"}, "body.tilte"),
        ("POST", "/api/exams", [1], "body"),
        ("POST", "/api/exams/e/sign", {"person": ""}, "body.person"),
        ("POST", "/api/exams/e/sign", {"person": "x" * 121}, "body.person"),
        ("POST", "/api/exams/e/sign", PERSON | {"revision": -1}, "body.revision"),
        ("POST", "/api/exams/e/amend", PERSON, "body.reason"),
        ("POST", "/api/exams/e/findings/f/decision", PERSON | {"decision": "maybe"}, "body.decision"),
        ("POST", "/api/recordings/r/frames/0/calipers", PERSON | {"kind": "length", "points": [[0, 0]]}, "body.points"),
        ("PUT", "/api/recordings/r/frames/0/contour", PERSON | {"lines": [[[0, 0]]]}, "body.lines.0"),
        ("PUT", "/api/recordings/r/frames/-1/contour", PERSON | {"lines": []}, "path.index"),
        ("GET", "/api/exams?limit=0", None, "query.limit"),
        ("GET", "/api/exams?state=lost", None, "query.state"),
        ("GET", "/api/recordings/r/frames/one", None, "path.index"),
        ("GET", "/api/recordings/r/overlays?count=100000", None, "query.count"),
    ],
)
def test_a_malformed_request_is_told_what_and_where(idle_client, method, path, body, where):
    answer = idle_client.request(method, path, json=body)
    assert_problem(answer, 422, "invalid-request", where)
    assert answer.json()["errors"][0]["where"] == where


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(idle_client, value):
    body = f'{{"decision":"edit","value":{value},"reason":"r","person":"P"}}'
    answer = idle_client.post(
        "/api/exams/e/findings/f/decision", content=body, headers={"Content-Type": "application/json"}
    )
    assert_problem(answer, 422, "invalid-request", "value")


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"", b"[" * 5000])
def test_what_is_no_json_is_refused(idle_client, content):
    answer = idle_client.post("/api/exams", content=content, headers={"Content-Type": "application/json"})
    assert_problem(answer, 422, "invalid-request", "body")


def test_a_wrong_method_is_a_problem_too(idle_client):
    answer = idle_client.put("/api/exams")
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"]


def test_every_documented_status_has_words():
    for status in (403, 404, 408, 409, 413, 421, 422, 500, 503, 507):
        assert documented(status)[status]["description"]
        assert HTTPStatus(status)
