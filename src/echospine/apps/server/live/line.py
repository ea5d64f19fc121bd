"""One WebSocket as a line on which both sides speak in turn: bounded in size, in rate, and in time."""

from __future__ import annotations

import asyncio
import time
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from echospine.apps.server.live.messages import Trouble

T = TypeVar("T")

LONGEST_TEXT = 16_384
"""Most characters of one message from a browser."""
MOST_PER_S = 250.0
"""Messages that a browser may send for long: a control for each picture of a fast screen, an answer to each frame."""
BURST = 500.0
POLICY, LATER, FAULT = 1008, 1013, 1011
"""Codes with which the line is closed (RFC 6455, 7.4.1): against the rules, come again later, our own fault."""


class Gone(Exception):  # noqa: N818 -- nothing went wrong: the other side left
    """The browser has left."""


class Refused(Exception):  # noqa: N818
    """The line will not go on: what is wrong in a title and in a sentence, and the code to close with."""

    def __init__(self, title: str, detail: str, code: int = POLICY) -> None:
        super().__init__(detail)
        self.title = title
        self.detail = detail
        self.code = code


class Line:
    """Says and hears on one WebSocket. Any task may say; one hears."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._saying = asyncio.Lock()
        self._allowance = BURST
        self._heard_s = time.monotonic()

    async def open(self) -> None:
        """Take the call."""
        await self._socket.accept()

    async def say(self, message: BaseModel) -> None:
        """Send one text message; raises Gone."""
        await self._send(message.model_dump_json())

    async def show(self, message: bytes) -> None:
        """Send one binary message, waiting while the network is slow; raises Gone."""
        await self._send(message)

    async def hear(self, adapter: TypeAdapter[T], within_s: float | None = None) -> T:
        """Return the next message; raises Gone, or Refused for what cannot be used, comes too fast or too late."""
        try:
            async with asyncio.timeout(within_s):
                message = await self._socket.receive()
        except TimeoutError:
            raise Refused("Too slow", f"nothing was said within {within_s:g} s; open the page again") from None
        if message["type"] == "websocket.disconnect":
            raise Gone
        text = message.get("text")
        if text is None or len(text) > LONGEST_TEXT:
            raise Refused("Too large", f"a message is JSON text of at most {LONGEST_TEXT:,} characters")
        self._count()
        try:
            return adapter.validate_json(text)
        except ValidationError as error:
            raise Refused("A message cannot be used", first_fault(error)) from None

    async def hang_up(self, refused: Refused) -> None:
        """Say why, and close."""
        trouble = Trouble(title=refused.title, detail=refused.detail, final=True)
        try:
            await self.say(trouble)
            await self._socket.close(refused.code)
        except (Gone, RuntimeError):
            return

    async def _send(self, message: str | bytes) -> None:
        if self._socket.application_state is not WebSocketState.CONNECTED:
            raise Gone
        try:
            async with self._saying:
                if isinstance(message, str):
                    await self._socket.send_text(message)
                else:
                    await self._socket.send_bytes(message)
        except (WebSocketDisconnect, OSError):
            raise Gone from None

    def _count(self) -> None:
        now = time.monotonic()
        self._allowance = min(BURST, self._allowance + MOST_PER_S * (now - self._heard_s)) - 1
        self._heard_s = now
        if self._allowance < 0:
            raise Refused("Too fast", f"more than {MOST_PER_S:g} messages a second came for long; send less often")


def first_fault(error: ValidationError) -> str:
    """Return the first thing that is wrong with a message, with its place."""
    found = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in found["loc"]) or "message"
    return f"{where}: {found['msg']}"
