"""The live socket: pictures of the virtual scanner, or of a device."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from anyio import to_thread
from fastapi import APIRouter, WebSocket

from echospine.apps.server.desk import Desk
from echospine.apps.server.live.room import Room

router = APIRouter(tags=["live"])


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Serve one viewer; what is said on the socket stands in docs/live.md."""
    desk: Desk = socket.app.state.desk
    attend = await to_thread.run_sync(_load)
    await attend(socket, desk.live)


def _load() -> Callable[[WebSocket, Room], Awaitable[None]]:
    """Load the scanner with its compiled loops, in a thread: the first viewer must not keep others waiting."""
    from echospine.apps.server.live.attending import attend

    return attend
