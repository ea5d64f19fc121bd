"""Every error as one JSON shape (RFC 9457); the table that maps the tree of errors to HTTP."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from echospine.apps.server.schemas import Problem, ProblemItem
from echospine.domain import errors

MEDIA_TYPE = "application/problem+json"
MOST_ITEMS = 50
"""Most single errors that one answer lists."""

log = logging.getLogger("echospine.server")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its HTTP status, its place among `/problems/`, and its title."""

    status: int
    slug: str
    title: str


UNEXPECTED = Kind(500, "unexpected", "Something went wrong inside EchoSpine")
INVALID = Kind(422, "invalid-request", "The request has a form that cannot be used")
CROSS_ORIGIN = Kind(403, "cross-origin", "Another web site tried to change something")
UNKNOWN_HOST = Kind(421, "unknown-host", "The server is not known by that name")
TOO_LARGE = Kind(413, "too-large", "Too large")
TOO_SLOW = Kind(408, "too-slow", "The request came too slowly")
BUSY = Kind(503, "busy", "The server is busy")

KINDS: Mapping[type[Exception], Kind] = {
    errors.Conflict: Kind(409, "conflict", "Somebody else changed it first"),
    errors.NotAllowed: Kind(409, "not-allowed", "Not allowed as things stand"),
    errors.NotFound: Kind(404, "not-found", "Not found"),
    errors.TooLargeError: TOO_LARGE,
    errors.UncalibratedError: Kind(422, "uncalibrated", "The picture carries no millimetres there"),
    errors.TruncatedError: Kind(422, "damaged-input", "The input is damaged"),
    errors.UnsupportedError: Kind(422, "unsupported-input", "The input is not something EchoSpine reads"),
    errors.InputError: Kind(422, "bad-input", "The input cannot be used"),
    errors.GeometryError: Kind(422, "bad-geometry", "The shape or transform cannot be used"),
    errors.StorageError: Kind(507, "storage", "The disk or the database refused"),
    errors.ModelError: Kind(500, "model", "The interpretation engine failed"),
    errors.ClusterError: Kind(503, "cluster", "The machines that share the work cannot be reached"),
    errors.EchoSpineError: UNEXPECTED,
}


class Refused(HTTPException):
    """The server itself refuses, before any use case is asked."""

    def __init__(self, kind: Kind, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(kind.status, detail, dict(headers or {}))
        self.kind = kind


def kind_of(error: errors.EchoSpineError) -> Kind:
    """Return the kind of the nearest class in the tree."""
    return next(KINDS[step] for step in type(error).__mro__ if step in KINDS)


def problem(
    kind: Kind,
    detail: str,
    instance: str,
    items: list[ProblemItem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer for one problem."""
    body = Problem(
        type=f"/problems/{kind.slug}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=instance,
        errors=items or [],
    )
    return Response(body.model_dump_json(), kind.status, headers=headers, media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of a route's problems; an unexpected one may always come."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    titles: dict[int, list[str]] = {}
    for kind in (*KINDS.values(), INVALID, CROSS_ORIGIN, UNKNOWN_HOST, TOO_SLOW, BUSY):
        if kind.title not in titles.setdefault(kind.status, []):
            titles[kind.status].append(kind.title)
    return {s: {"description": "; or ".join(titles[s]), "content": content} for s in sorted({*statuses, 421, 500})}


def install(app: FastAPI) -> None:
    """Make every error that a route of `app` raises a problem; call it before other middleware is added."""
    app.add_exception_handler(errors.EchoSpineError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_middleware(Faults)


def unexpected(error: BaseException, path: str) -> Response:
    """Log `error` whole under a new number, and return an answer that tells nothing but the number."""
    number = uuid.uuid4().hex[:12]
    log.error("unexpected error %s at %s", number, path, exc_info=error)
    detail = f"This is a fault of EchoSpine, not of your input. Its log holds the details under number {number}."
    return problem(UNEXPECTED, detail, f"urn:echospine:error:{number}")


def log_failure(work: asyncio.Future[None]) -> None:
    """Log how background work failed, if it did: nobody waits for its answer."""
    if not work.cancelled() and (error := work.exception()) is not None:
        log.error("background work failed: %s", error, exc_info=error)


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.EchoSpineError)  # noqa: S101 -- narrows for the type checker
    kind = kind_of(error)
    if kind.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s", error, exc_info=error)
    return problem(kind, str(error), request.url.path)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    items = [
        ProblemItem(where=".".join(str(part) for part in found["loc"]), message=str(found["msg"]))
        for found in error.errors()[:MOST_ITEMS]
    ]
    first = f"{items[0].where}: {items[0].message}" if items else "the request is malformed"
    more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
    return problem(INVALID, first + more, request.url.path, items)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if isinstance(error, Refused):
        return problem(error.kind, error.detail, request.url.path, headers=error.headers)
    if error.status_code == HTTPStatus.BAD_REQUEST:  # the framework's word for a body that is no text at all
        return problem(INVALID, "body: cannot be read as JSON", request.url.path)
    title = HTTPStatus(error.status_code).phrase
    kind = Kind(error.status_code, title.lower().replace(" ", "-"), title)
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return problem(kind, detail, request.url.path, headers=error.headers)


async def _gone(request: Request, error: Exception) -> Response:
    """Answer nobody: the client has closed the connection."""
    return Response(status_code=400)


class Faults:
    """ASGI middleware, the innermost: what nobody foresaw becomes a problem too, and goes to the log whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer with a number when that fails before an answer has begun."""
        started = False

        async def sender(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sender)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await unexpected(error, scope["path"])(scope, receive, send)
