"""The server as one ASGI application, built from a house."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread
from fastapi import FastAPI

import echospine
from echospine.apps.server import problems
from echospine.apps.server.desk import Desk
from echospine.apps.server.door.bounds import Bounds
from echospine.apps.server.door.doorkeeper import Doorkeeper, KnownHosts
from echospine.apps.server.door.pages import Pages
from echospine.apps.server.importing.jobs import Jobs
from echospine.apps.server.importing.uploads import Uploads
from echospine.apps.server.importing.work import Importing
from echospine.apps.server.keeping.interpreted import InterpretedRecordings
from echospine.apps.server.keeping.kept import Kept
from echospine.apps.server.keeping.measured import MeasuredRecordings
from echospine.apps.server.keeping.rendered import RenderedReports
from echospine.apps.server.keeping.sources import OpenSources
from echospine.apps.server.limits import Limits
from echospine.apps.server.live.recorder import Keeper
from echospine.apps.server.live.room import Room, Supplies
from echospine.apps.server.motion.followed import Motions
from echospine.apps.server.openapi import PREFIX, add_routes
from echospine.domain.exams import Recording
from echospine.domain.frames import Frame
from echospine.ports import FrameSource, House, LiveSource, LocalFile
from echospine.workflow.live import Guide

if TYPE_CHECKING:
    from echospine.workflow.live import Eye
    from echospine.workflow.scanner import Twin

STREAMED = frozenset({f"{PREFIX}/imports"})


def create_app(
    house: House,
    *,
    scratch: Path,
    static_dir: Path | None = None,
    limits: Limits | None = None,
    hosts: KnownHosts | None = None,
    twin: Callable[[], Twin] | None = None,
) -> FastAPI:
    """Return the workstation's server over a house.

    `scratch`: an existing folder for uploads, best on the disk of the store; `static_dir`: the built web page,
    None where there is none; `hosts`: names under which the server may be asked for, by default this machine's own;
    `twin`: makes what the virtual scanner scans, when it is first needed; by default the real one.
    """
    desk = _desk(house, scratch, limits or Limits(), twin or build_twin)
    app = FastAPI(
        title="EchoSpine",
        version=echospine.__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.desk = desk
    add_routes(app)
    app.router.default = Pages(static_dir)
    problems.install(app)
    app.add_middleware(Bounds, limits=desk.limits, streams=STREAMED)
    app.add_middleware(Doorkeeper, hosts=hosts or KnownHosts())
    return app


def build_twin() -> Twin:
    """Return the real twin."""
    from echospine.workflow.scanner import virtual_twin

    return virtual_twin()


def _desk(house: House, scratch: Path, limits: Limits, twin: Callable[[], Twin]) -> Desk:
    jobs = Jobs(limits.workers, limits.jobs)
    importing = Importing(house, jobs)

    def open_recording(recording: Recording) -> FrameSource:
        from echospine.workflow import exam

        return exam.open_recording(house, recording)

    return Desk(
        house=house,
        limits=limits,
        jobs=jobs,
        importing=importing,
        sources=OpenSources(open_recording, limits.open_sources),
        interpreted=InterpretedRecordings(house),
        measured=MeasuredRecordings(house),
        reports=RenderedReports(house),
        uploads=Uploads(scratch, limits),
        summaries=Kept(limits.summaries),
        live=Room(limits, _supplies(house, importing, scratch, twin, open_recording)),
        motions=Motions(house, jobs),
    )


def _supplies(
    house: House,
    importing: Importing,
    scratch: Path,
    twin: Callable[[], Twin],
    open_recording: Callable[[Recording], FrameSource],
) -> Supplies:
    """Return what the live part needs; what is heavy is loaded with the first viewer."""

    def make_eye() -> Eye:
        from echospine.apps.wiring import build_eye

        return build_eye(house.model)

    def open_live(address: str) -> LiveSource:
        from echospine.apps.wiring import build_live

        return build_live(address)

    def play(recording_id: str) -> LiveSource:
        from echospine.apps.server.live.device import Played

        return Played(open_recording(house.studies.recording(recording_id)).__enter__())

    def write(folder: Path, frames: Iterable[Frame], simulated: bool) -> tuple[LocalFile, ...]:
        from echospine.apps.wiring import write_live

        return write_live(folder, frames, simulated=simulated)

    from echospine.apps.wiring import explainer_of

    keeper = Keeper(importing, scratch, write, house.clock)
    return Supplies(twin, open_live, play, make_eye, Guide, explainer_of(house.model), keeper)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Take up cut-off work without keeping anybody waiting; at the end, stop cleanly."""
    desk: Desk = app.state.desk
    resuming = asyncio.ensure_future(to_thread.run_sync(desk.importing.resume))
    try:
        yield
    finally:
        await asyncio.wait({resuming})
        problems.log_failure(resuming)
        await to_thread.run_sync(desk.jobs.close)
        desk.sources.close()
        desk.live.close()
