"""The committed description is the server's own, and says everything about every route."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from echospine.apps.server.openapi import add_routes, describe, text

COMMITTED = Path(__file__).parents[3] / "web" / "openapi.json"
CAMEL = re.compile(r"^[a-z]+([A-Z][a-z]+)*$")


@pytest.fixture(scope="module")
def document():
    app = FastAPI()
    add_routes(app)
    return describe(app)


def operations(document):
    return [(method, path, op) for path, item in document["paths"].items() for method, op in item.items()]


def test_the_committed_description_is_not_stale():
    hint = "run: python -m echospine.apps.server.openapi > web/openapi.json"
    assert COMMITTED.read_text(encoding="utf-8") == text(), hint


def test_every_route_is_documented(document):
    for method, path, operation in operations(document):
        where = f"{method.upper()} {path}"
        assert operation.get("summary") and operation.get("description"), f"{where} says not what it does"
        assert operation.get("tags"), f"{where} belongs to no resource"
        assert CAMEL.match(operation["operationId"]), where
        problems = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
        assert {"421", "500"} <= set(problems), f"{where} documents no problems"
        for answer in problems.values():
            assert answer["description"] and list(answer["content"]) == ["application/problem+json"], where


def test_what_a_route_needs_decides_what_it_may_refuse(document):
    for method, path, operation in operations(document):
        where = f"{method.upper()} {path}"
        if method != "get":
            assert "403" in operation["responses"], f"{where} does not say that foreign writes are refused"
        if "requestBody" in operation:
            assert {"408", "413", "422"} <= set(operation["responses"]), where
        if "{" in path:
            assert "404" in operation["responses"], where


def test_names_of_operations_differ(document):
    names = [operation["operationId"] for *_, operation in operations(document)]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(document):
    known = set(document["components"]["schemas"])
    assert set(re.findall(r"#/components/schemas/(\w+)", text())) <= known
    assert "HTTPValidationError" not in known


def test_every_shape_says_what_it_is(document):
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description"), f"{name} has no description"


def test_the_server_offers_its_own_description(idle_client):
    assert idle_client.get("/api/openapi.json").json() == describe_again()
    assert idle_client.get("/docs").status_code == 503  # the page is not built here; no foreign scripts either way


def describe_again():
    app = FastAPI()
    add_routes(app)
    return describe(app)
