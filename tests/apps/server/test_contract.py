"""Whatever is sent, the server answers as its own description says: property tests over every operation."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from echospine.apps.server.app import create_app
from echospine.apps.server.openapi import ROUTERS, add_routes, describe
from echospine.apps.server.schemas import Problem
from serving import BrightestRow, cine, imported, memory_house, serving

MODELS = {route.operation_id: route.response_model for router in ROUTERS for route in router.routes}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def document():
    app = FastAPI()
    add_routes(app)
    return describe(app)


DOCUMENT = document()
OPERATIONS = [
    pytest.param(method, path, operation, id=operation["operationId"])
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]


def fitting(schema: dict) -> st.SearchStrategy:
    """Return values that fit a schema of the description (as much of JSON Schema as it uses)."""
    if "$ref" in schema:
        return fitting(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return st.one_of(*map(fitting, schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "prefixItems" in schema:
        return st.tuples(*map(fitting, schema["prefixItems"])).map(list)
    return BY_TYPE[schema["type"]](schema)


def fitting_object(schema: dict) -> st.SearchStrategy:
    properties = {name: fitting(inner) for name, inner in schema["properties"].items()}
    required = {name: properties.pop(name) for name in schema.get("required", [])}
    return st.fixed_dictionaries(required, optional=properties)


BY_TYPE = {
    "null": lambda _: st.none(),
    "boolean": lambda _: st.booleans(),
    "integer": lambda s: st.integers(s.get("minimum", -9), min(s.get("maximum", 9), 9)),
    "number": lambda _: st.floats(-700, 700),
    "string": lambda s: st.text(st.characters(exclude_categories=["Cs"]), min_size=s.get("minLength", 0), max_size=30),
    "array": lambda s: st.lists(fitting(s["items"]), min_size=s.get("minItems", 0), max_size=4),
    "object": fitting_object,
}


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    """A server with an examination that was interpreted, and the ids that lead to its parts."""
    folder = tmp_path_factory.mktemp("contract")
    with serving(create_app(memory_house(BrightestRow()), scratch=folder)) as client:
        job = imported(client, cine(folder, 3), pixel_spacing_mm="0.2")
        exam = client.get(f"/api/exams/{job['exam_id']}").json()
        known = {
            "exam_id": exam["id"],
            "recording_id": job["recording_ids"][0],
            "finding_id": exam["findings"][0]["id"],
            "job_id": job["id"],
            "name": "report.json",
        }
        yield client, known


def query_of(operation: dict) -> st.SearchStrategy:
    asked = [p for p in operation.get("parameters", []) if p["in"] == "query"]
    return st.fixed_dictionaries({}, optional={p["name"]: fitting(p["schema"]) | TEXT for p in asked})


def path_of(path: str, operation: dict, known: dict) -> st.SearchStrategy:
    schemas = {p["name"]: p["schema"] for p in operation.get("parameters", []) if p["in"] == "path"}
    parts = {
        name: (st.just(known[name]) if name in known else st.integers(0, 3).map(str)) | TEXT.filter(bool)
        for name in schemas
    }

    def fill(values: dict) -> str:
        return re.sub(r"\{(\w+)\}", lambda m: quote(values[m[1]], safe=""), path)

    return st.fixed_dictionaries(parts).map(fill)


def body_of(operation: dict) -> st.SearchStrategy:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return st.none()
    return fitting(content["application/json"]["schema"]) | JUNK


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_every_answer_is_one_that_is_described(stocked, method, path, operation):
    client, known = stocked

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(address=path_of(path, operation, known), query=query_of(operation), body=body_of(operation))
    def ask(address, query, body):
        query = {name: value for name, value in query.items() if value is not None}
        answer = client.request(method, address, params=query, json=body)
        if answer.status_code == 404 and "such address" in answer.text:
            return  # an id of dots leads out of the operation's own path
        described = operation["responses"]
        assert str(answer.status_code) in described, answer.text
        assert answer.status_code != 500, answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            Problem.model_validate_json(answer.content)
        elif (model := MODELS[operation["operationId"]]) is not None:
            model.model_validate_json(answer.content)

    ask()
