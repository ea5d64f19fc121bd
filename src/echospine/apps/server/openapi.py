"""The committed description of the HTTP API: `python -m echospine.apps.server.openapi > web/openapi.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, Literal

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import echospine
from echospine.apps.server.live.messages import SAID
from echospine.apps.server.routes import (
    exams,
    health,
    imports,
    live,
    motion,
    muscles,
    recordings,
    reports,
    reviews,
    studies,
    trends,
)
from echospine.apps.server.schemas import Problem

DESCRIPTION = (
    "Import, review, sign and report spine ultrasound. Errors are `application/problem+json` (RFC 9457). "
    "Lengths are millimetres, points (x, y) pixels. For research and education; not a medical device."
)
ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    exams.router,
    imports.router,
    recordings.router,
    motion.router,
    muscles.router,
    reviews.router,
    reports.router,
    trends.router,
    studies.router,
)
SOCKETS = live.router
PREFIX = "/api"


def add_routes(app: FastAPI) -> None:
    """Add every route of the API to `app`, and the description that `describe` makes of them."""
    for router in (*ROUTERS, SOCKETS):
        app.include_router(router, prefix=PREFIX)
    app.openapi = _once(lambda: describe(app))  # type: ignore[method-assign]


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with problems in their own media type and nothing that is never sent.

    The shapes of what is said on the live socket stand beside it: OpenAPI cannot describe the socket itself.
    """
    document = get_openapi(title="EchoSpine", version=echospine.__version__, description=DESCRIPTION, routes=app.routes)
    schemas = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    beside: list[tuple[type[BaseModel], Literal["serialization"]]]
    beside = [(model, "serialization") for model in (Problem, *SAID)]
    schemas |= models_json_schema(beside, ref_template="#/components/schemas/{model}")[1]["$defs"]
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def _once(make: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(make())
        return made

    return openapi


def text() -> str:
    """Return the document as it is committed."""
    app = FastAPI()
    add_routes(app)
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
