"""One call on the live socket, from the first message to the last: whatever goes wrong is said, and the line closed."""

from __future__ import annotations

import logging
import uuid

from starlette.websockets import WebSocket

from echospine.apps.server.live import messages
from echospine.apps.server.live.flow import Stalled
from echospine.apps.server.live.line import FAULT, LATER, Gone, Line, Refused
from echospine.apps.server.live.room import Room
from echospine.apps.server.live.scanning import ScannerSession
from echospine.apps.server.live.session import SourceSession
from echospine.apps.server.problems import kind_of
from echospine.domain.errors import EchoSpineError

FIRST_S = 10.0
"""Longest wait for the first message."""

log = logging.getLogger("echospine.server")


async def attend(socket: WebSocket, room: Room) -> None:
    """Serve one viewer until it leaves or is refused; what it held is free then."""
    line = Line(socket)
    await line.open()
    try:
        with room.seat():
            opening = await line.hear(messages.OPENING, FIRST_S)
            if isinstance(opening, messages.OpenScanner):
                await ScannerSession(line, room).run(opening)
            else:
                await SourceSession(line, room).run(opening)
    except Gone:
        return
    except Refused as refused:
        await line.hang_up(refused)
    except EchoSpineError as error:
        await line.hang_up(Refused(kind_of(error).title, str(error), LATER))
    except Stalled:
        await line.hang_up(Refused("The page showed nothing", "no picture was shown for a while; open it again", LATER))
    except Exception as error:
        number = uuid.uuid4().hex[:12]
        log.exception("unexpected error %s on the live socket", number, exc_info=error)
        detail = f"This is a fault of EchoSpine, not of your input. Its log holds the details under number {number}."
        await line.hang_up(Refused("Something went wrong inside EchoSpine", detail, FAULT))
