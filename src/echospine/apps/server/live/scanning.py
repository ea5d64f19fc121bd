"""One viewer with a virtual scanner: what it wishes of the patient, the probe and the knobs."""

from __future__ import annotations

import asyncio
from functools import partial

from echospine.apps.server.live import messages, telling
from echospine.apps.server.live.line import Line
from echospine.apps.server.live.room import Room
from echospine.apps.server.live.scanner import ScannerFeed, controls_of, parameters_of
from echospine.apps.server.live.session import Session
from echospine.apps.server.live.together import announced, trouble
from echospine.domain.errors import EchoSpineError
from echospine.engine.twin.patient import PatientParameters
from echospine.workflow.scanner import Couch, Scanner

BUILDING_S = 4.0
"""How long a patient usually takes to build."""


class ScannerSession(Session):
    """A viewer with a virtual scanner."""

    simulated = True
    makes_ahead = True

    def __init__(self, line: Line, room: Room) -> None:
        super().__init__(line, room)
        self._source = "Virtual scanner"
        self._scanner = ScannerFeed(Scanner(room.twin, room.run))
        self._couch: Couch | None = None
        self._wanted: PatientParameters | None = None
        self._wants = asyncio.Event()

    async def run(self, opening: messages.OpenScanner) -> None:
        """Serve until somebody leaves."""
        await self._line.say(telling.opened(self._room.twin))
        self._want(opening.patient)
        await self.serve(self._scanner, self.lay())

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
        if self._couch is not None:
            self._gaze.forget()
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
