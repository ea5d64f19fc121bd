"""What every route has at hand, made once when the server starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from echospine.apps.server.importing.jobs import Jobs
from echospine.apps.server.importing.uploads import Uploads
from echospine.apps.server.importing.work import Importing
from echospine.apps.server.keeping.interpreted import InterpretedRecordings
from echospine.apps.server.keeping.kept import Kept
from echospine.apps.server.keeping.measured import MeasuredRecordings
from echospine.apps.server.keeping.rendered import RenderedReports
from echospine.apps.server.keeping.sources import OpenSources
from echospine.apps.server.limits import Limits
from echospine.apps.server.live.room import Room
from echospine.apps.server.motion.followed import Motions
from echospine.apps.server.schemas import ExamSummary
from echospine.ports import House


@dataclass(frozen=True, slots=True)
class Desk:
    """The house and the server's own bounded helpers. `summaries`: by examination and revision, for lists."""

    house: House
    limits: Limits
    jobs: Jobs
    importing: Importing
    sources: OpenSources
    interpreted: InterpretedRecordings
    measured: MeasuredRecordings
    reports: RenderedReports
    uploads: Uploads
    summaries: Kept[tuple[str, int], ExamSummary]
    live: Room
    motions: Motions


def desk_of(request: Request) -> Desk:
    """Return the desk of the server that got this request."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]
