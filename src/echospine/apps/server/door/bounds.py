"""Every wait and every body has an end: a slow or endless request cannot hold the server."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from echospine.apps.server.limits import Limits
from echospine.apps.server.problems import BUSY, TOO_LARGE, TOO_SLOW, Refused, problem

CLOSE = {"Connection": "close"}


class Bounds:
    """ASGI middleware: bounds the size of a body, the wait for its next piece, and the work on an answer.

    `streams`: paths that bound their bodies themselves, because they stream them to disk.
    """

    def __init__(self, app: ASGIApp, limits: Limits, streams: frozenset[str]) -> None:
        self._app = app
        self._limits = limits
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on within bounds, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in self._streams:
            await self._app(scope, self._patient(receive), send)
        elif self._declared(scope) > self._limits.body_bytes:
            await problem(TOO_LARGE, self._too_large(), scope["path"], headers=CLOSE)(scope, receive, send)
        else:
            await self._timed(scope, self._patient(self._measured(receive)), send)

    @staticmethod
    def _declared(scope: Scope) -> int:
        declared = Headers(scope=scope).get("content-length", "0")
        return int(declared) if declared.isdecimal() else 0

    def _too_large(self) -> str:
        return f"the body of this request may have {self._limits.body_bytes:,} bytes; send less"

    def _measured(self, receive: Receive) -> Receive:
        """Return `receive` that refuses once the body is larger than it may be, whatever was declared."""
        received = 0

        async def receiver() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limits.body_bytes:
                raise Refused(TOO_LARGE, self._too_large(), CLOSE)
            return message

        return receiver

    def _patient(self, receive: Receive) -> Receive:
        """Return `receive` that waits for the next piece of a body only so long; after it, for ever."""
        whole = False

        async def receiver() -> Message:
            nonlocal whole
            if whole:  # what comes now is only the client's going away
                return await receive()
            try:
                async with asyncio.timeout(self._limits.stall_s):
                    message = await receive()
            except TimeoutError:
                detail = (
                    f"nothing came for {self._limits.stall_s:g} s; see that the connection holds, and send it again"
                )
                raise Refused(TOO_SLOW, detail, CLOSE) from None
            whole = not message.get("more_body", False)
            return message

        return receiver

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 503 when the work takes too long; a thread cannot be stopped, but its late answer is dropped."""
        gate = _Gate(send)
        work = asyncio.ensure_future(self._app(scope, receive, gate.send))
        done, _ = await asyncio.wait({work}, timeout=self._limits.answer_s)
        if done or gate.started:
            await work
            return
        gate.shut = True
        work.add_done_callback(_swallow)
        detail = f"this took longer than {self._limits.answer_s:g} s and was given up; try again when less is going on"
        await problem(BUSY, detail, scope["path"], headers=CLOSE)(scope, receive, send)


class _Gate:
    """Lets messages of an answer through until it is shut."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.shut = False

    async def send(self, message: Message) -> None:
        if not self.shut:
            self.started = True
            await self._send(message)


def _swallow(work: asyncio.Future[None]) -> None:
    """Look at how late work ended, so that asyncio does not complain about an error nobody waits for."""
    if not work.cancelled():
        work.exception()
