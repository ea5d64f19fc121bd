"""The server as one ASGI application, built from a house."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
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
from echospine.apps.server.keeping.rendered import RenderedReports
from echospine.apps.server.keeping.sources import OpenSources
from echospine.apps.server.limits import Limits
from echospine.apps.server.live.device import open_device
from echospine.apps.server.live.room import Room
from echospine.apps.server.openapi import PREFIX, add_routes
from echospine.domain.exams import Recording
from echospine.ports import FrameSource, House

if TYPE_CHECKING:
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

    def open_recording(recording: Recording) -> FrameSource:
        from echospine.workflow import exam

        return exam.open_recording(house, recording)

    return Desk(
        house=house,
        limits=limits,
        jobs=jobs,
        importing=Importing(house, jobs),
        sources=OpenSources(open_recording, limits.open_sources),
        interpreted=InterpretedRecordings(house),
        reports=RenderedReports(house),
        uploads=Uploads(scratch, limits),
        summaries=Kept(limits.summaries),
        live=Room(limits, twin, open_device),
    )


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
