"""One viewer: hears wishes, and sends what the source gives with what is seen in it, until somebody leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

from echospine.apps.server import problems
from echospine.apps.server.live import messages
from echospine.apps.server.live.device import DeviceFeed, address_of
from echospine.apps.server.live.feeds import Feed, Shot
from echospine.apps.server.live.flow import Flow
from echospine.apps.server.live.gaze import Gaze
from echospine.apps.server.live.line import Gone, Line, Refused
from echospine.apps.server.live.packing import pack
from echospine.apps.server.live.recorder import Recorder, Take
from echospine.apps.server.live.room import Room
from echospine.apps.server.live.together import first_of, trouble
from echospine.domain.errors import EchoSpineError
from echospine.domain.frames import Frame
from echospine.ports import LiveSource, LiveState
from echospine.workflow.live import Spool

WATCH_S = 0.25
"""How often a device is asked how it stands."""
RECORDER_S = 0.5
"""How often the page hears how long the recording is."""
STALE_S = 0.05
"""A picture that was made ahead and has waited for longer is made again."""
STALL_S = 10.0
"""Longest wait for a page to show a frame; a page that is not seen asks for none."""
KINDS: Mapping[str, Literal["device", "camera", "recording"]] = MappingProxyType(
    {"open-device": "device", "open-camera": "camera", "open-recording": "recording"}
)


class Session:
    """What every source has: frames go out as the page shows them, with what is seen in them, and can be kept."""

    simulated = False
    makes_ahead = False
    """Whether the next picture is made while one is being looked at. A device's would only grow old."""

    def __init__(self, line: Line, room: Room) -> None:
        self._line = line
        self._room = room
        self._flow = Flow()
        self._gaze = Gaze(room.supplies.make_eye, room.supplies.make_adviser(), room.supplies.explainer)
        self._recorder = Recorder(room.supplies.keeper.scratch)
        self._beside_tasks: set[asyncio.Task[None]] = set()
        self._source = ""

    async def serve(self, feed: Feed, *others: Coroutine[Any, Any, None]) -> None:
        """Stream and listen, and do `others` beside that, until somebody leaves; then let everything go."""
        try:
            await first_of(self.listen(), self.stream(feed), self.watch_recorder(), *others)
        finally:
            for task in self._beside_tasks:
                task.cancel()
            self._gaze.close()
            self._recorder.close()

    async def stream(self, feed: Feed) -> None:
        """Send frames for ever."""
        ahead: asyncio.Future[Shot | None] | None = None
        try:
            while True:
                waited_s = await self._flow.ready(STALL_S)
                if ahead is not None and waited_s > STALE_S:
                    await ahead  # it is made by now, and old
                    ahead = None
                shot = await (ahead or self._room.work(feed.next))
                ahead = None
                if shot is None:
                    continue
                if self.makes_ahead and self._flow.roomy:
                    ahead = asyncio.ensure_future(self._room.work(feed.next))
                message = await self._room.work(partial(self._message, shot))
                self._flow.next()
                await self._line.show(message)
        finally:
            if ahead is not None:
                ahead.cancel()

    def _message(self, shot: Shot) -> bytes:
        """Return a frame with what is seen in it; for a thread of its own."""
        self._recorder.add(shot.frame)
        index = self._flow.upcoming
        return pack(shot, self._gaze.sight(shot, index), index=index, fps=self._flow.fps)

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
                self._gaze.on = wish.seen
                self._flow.run(wish.running)
            case messages.WantView():
                self._gaze.wanted = wish.view
            case messages.Explain():
                self._beside(self._explain(wish))
            case messages.Record():
                await self._record(wish)
            case _:
                what = f"a device or a recording is not asked for {wish.type!r}; it shows what it has"
                raise Refused("Not for this source", what)

    async def watch_recorder(self) -> None:
        """Say how the recording stands, for ever."""
        while True:
            told, trouble = self._recorder.told(), self._recorder.trouble()
            if told.recording:
                await self._line.say(told)
            if trouble:
                await self._line.say(messages.Trouble(title="The recording ended", detail=trouble, final=False))
            await asyncio.sleep(RECORDER_S)

    async def _record(self, wish: messages.Record) -> None:
        """Start or stop a recording; what is kept goes its way beside all else."""
        try:
            if wish.action == "start":
                self._recorder.start()
            elif wish.action == "drop":
                self._recorder.stop().close()
            else:
                self._keep(self._taken(wish))
        except EchoSpineError as error:
            await self._line.say(trouble(error, final=False))
        await self._line.say(self._recorder.told())

    def _taken(self, wish: messages.Record) -> Take:
        frames: tuple[Frame, ...] | Spool
        if wish.action == "stop":
            frames = self._recorder.stop()
            seconds = frames.seconds
        else:
            frames, seconds = self._recorder.last(wish.seconds), wish.seconds
        return Take(frames, seconds, self._source, self.simulated, wish.title.strip(), wish.who.strip())

    def _keep(self, take: Take) -> None:
        self._beside(self._kept(take))

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that takes its time beside all else."""
        task = asyncio.ensure_future(work)
        self._beside_tasks.add(task)
        task.add_done_callback(self._beside_tasks.discard)

    async def _explain(self, wish: messages.Explain) -> None:
        try:
            await self._line.say(await self._room.work(partial(self._gaze.why, wish)))
        except Gone:
            return
        except EchoSpineError as error:
            await self._line.say(trouble(error, final=False))

    async def _kept(self, take: Take) -> None:
        try:
            await self._line.say(await self._room.keep(take))
        except Gone:
            return
        except EchoSpineError as error:
            await self._line.say(trouble(error, final=False))
        except problems.Refused as refused:
            await self._line.say(messages.Trouble(title=refused.kind.title, detail=refused.detail, final=False))


class SourceSession(Session):
    """A viewer of what a device, a camera or a recording gives."""

    async def run(self, opening: messages.OpenDevice | messages.OpenCamera | messages.OpenRecording) -> None:
        """Serve until somebody leaves."""
        source = await self._room.work(partial(self._open, opening))
        try:
            feed = DeviceFeed(source)
            kind = KINDS[opening.type]
            self._source = {"device": "Live", "camera": "Camera", "recording": source.name}[kind]
            await self._line.say(messages.Opened(source=kind, name=source.name, simulated=False))
            await self.serve(feed, self.watch(feed))
        finally:
            await self._room.work(source.close)

    def _open(self, opening: messages.OpenDevice | messages.OpenCamera | messages.OpenRecording) -> LiveSource:
        if isinstance(opening, messages.OpenRecording):
            return self._room.supplies.play(opening.recording_id)
        return self._room.supplies.open_live(address_of(opening))

    async def watch(self, feed: DeviceFeed) -> None:
        """Say how the source stands whenever that changes, for ever."""
        said: tuple[LiveState, str] | None = None
        while True:
            standing = feed.standing
            if standing != said:
                said = standing
                await self._line.say(messages.Standing(state=standing[0], trouble=standing[1]))
            await asyncio.sleep(WATCH_S)
