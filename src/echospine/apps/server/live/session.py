"""One viewer: opens a source, hears wishes, and sends what the source gives, until somebody leaves."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Coroutine
from functools import partial
from typing import Any, TypeVar

from starlette.websockets import WebSocket

from echospine.apps.server.live import messages, telling
from echospine.apps.server.live.device import DeviceFeed
from echospine.apps.server.live.feeds import Feed
from echospine.apps.server.live.flow import Flow, Stalled
from echospine.apps.server.live.line import FAULT, LATER, Gone, Line, Refused
from echospine.apps.server.live.packing import pack
from echospine.apps.server.live.room import Room
from echospine.apps.server.live.scanner import ScannerFeed, controls_of, parameters_of
from echospine.apps.server.problems import kind_of
from echospine.domain.errors import EchoSpineError
from echospine.engine.twin.patient import PatientParameters
from echospine.ports import LiveState
from echospine.workflow.scanner import Couch, Scanner

T = TypeVar("T")

FIRST_S = 10.0
"""Longest wait for the first message."""
QUICK_S = 0.15
"""What takes longer than this is announced."""
BUILDING_S = 4.0
"""How long a patient usually takes to build."""
WATCH_S = 0.25
"""How often a device is asked how it stands."""
STALL_S = 10.0
"""Longest wait for a page to show a frame; a page that is not seen asks for none."""

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
                await DeviceSession(line, room).run(opening)
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


class Session:
    """What every source has: frames go out as the page shows them, and stop when it asks for that."""

    def __init__(self, line: Line, room: Room) -> None:
        self._line = line
        self._room = room
        self._flow = Flow()

    async def stream(self, feed: Feed) -> None:
        """Send frames for ever."""
        while True:
            await self._flow.ready(STALL_S)
            shot = await self._room.work(feed.next)
            if shot is not None:
                await self._line.show(pack(shot, index=self._flow.next(), fps=self._flow.fps))

    async def listen(self) -> None:
        """Hear wishes for ever."""
        while True:
            await self.wish(await self._line.hear(messages.WISH))

    async def wish(self, wish: messages.AnyWish) -> None:
        """Do what is wished."""
        match wish:
            case messages.Ack():
                self._flow.shown(wish.index)
            case messages.Run():
                self._flow.run(wish.running)
            case _:
                raise Refused("Not for this source", f"a device is not asked for {wish.type!r}; it sends what it sends")


class DeviceSession(Session):
    """A viewer of what a device sends."""

    async def run(self, opening: messages.OpenDevice) -> None:
        """Serve until somebody leaves."""
        source = await self._room.work(partial(self._room.open_device, opening.host, opening.port))
        try:
            feed = DeviceFeed(source)
            await self._line.say(messages.Opened(source="device", name=source.name, simulated=False))
            await first_of(self.listen(), self.stream(feed), self.watch(feed))
        finally:
            await self._room.work(source.close)

    async def watch(self, feed: DeviceFeed) -> None:
        """Say how the device stands whenever that changes, for ever."""
        said: tuple[LiveState, str] | None = None
        while True:
            standing = feed.standing
            if standing != said:
                said = standing
                await self._line.say(messages.Standing(state=standing[0], trouble=standing[1]))
            await asyncio.sleep(WATCH_S)


class ScannerSession(Session):
    """A viewer with a virtual scanner."""

    def __init__(self, line: Line, room: Room) -> None:
        super().__init__(line, room)
        self._scanner = ScannerFeed(Scanner(room.twin, room.run))
        self._couch: Couch | None = None
        self._wanted: PatientParameters | None = None
        self._wants = asyncio.Event()

    async def run(self, opening: messages.OpenScanner) -> None:
        """Serve until somebody leaves."""
        await self._line.say(telling.opened(self._room.twin))
        self._want(opening.patient)
        await first_of(self.listen(), self.stream(self._scanner), self.lay())

    async def wish(self, wish: messages.AnyWish) -> None:
        """Do what is wished."""
        match wish:
            case messages.Control():
                self._scanner.control(wish.number, controls_of(wish, self._room.twin.machines))
            case messages.ChangePatient():
                self._want(wish.patient)
            case messages.AskView():
                await self._aim(wish)
            case messages.Run():
                self._scanner.rest()
                await super().wish(wish)
            case _:
                await super().wish(wish)

    async def lay(self) -> None:
        """Put the patient on the couch that is wanted, always the newest, for ever."""
        while True:
            await self._wants.wait()
            self._wants.clear()
            if self._wanted is not None:
                await self._build(self._wanted)

    def _want(self, body: messages.PatientBody) -> None:
        self._wanted = parameters_of(body)
        self._wants.set()

    async def _build(self, parameters: PatientParameters) -> None:
        building = self._room.couch(parameters)
        try:
            couch = await announced(self._line, building, "Building the patient…", seconds=BUILDING_S)
            told = await self._room.work(partial(telling.patient, self._room.twin, couch))
        except EchoSpineError as error:
            await self._line.say(trouble(error, final=self._couch is None))
            return
        self._couch = couch
        await self._line.say(told)
        self._scanner.lay(couch)

    async def _aim(self, wish: messages.AskView) -> None:
        if self._couch is None:
            return
        twin = self._room.twin
        try:
            pose = await self._room.work(partial(twin.aim, self._couch.anatomy, wish.view, wish.level, wish.side))
        except EchoSpineError as error:
            await self._line.say(trouble(error, final=False))
            return
        machine, matrix = twin.usual(wish.view).name, telling.matrix(pose)
        place = messages.Place(machine=machine, view=wish.view, level=wish.level, side=wish.side, pose=matrix)
        await self._line.say(place)


def trouble(error: EchoSpineError, *, final: bool) -> messages.Trouble:
    """Return what went wrong, for a person."""
    return messages.Trouble(title=kind_of(error).title, detail=str(error), final=final)


async def announced(line: Line, work: Coroutine[Any, Any, T], what: str, *, seconds: float) -> T:
    """Return what `work` gives; where it takes its time, say so."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=QUICK_S)
        if not done:
            await line.say(messages.Working(what=what, seconds=seconds))
        return await task
    finally:
        task.cancel()


async def first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Do all beside each other until one ends; end the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
