"""Importing recordings, and the jobs that do it."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request

from echospine.apps.server.desk import AtDesk
from echospine.apps.server.problems import documented
from echospine.apps.server.schemas import JobList, JobView

router = APIRouter(tags=["imports"])

_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "description": "Recordings, companions (PLUS XML, .zraw), archives; images of a folder make one recording.",
        },
        "exam_id": {"type": "string", "description": "The examination to add to; without it a new one is made."},
        "title": {"type": "string", "description": "Title of the new examination; default: the first file's name."},
        "pixel_spacing_mm": {"type": "number", "description": "Size of a pixel, mm, where the files do not say it."},
        "who": {"type": "string", "description": "Who imports."},
    },
}


@router.post(
    "/imports",
    operation_id="importRecordings",
    summary="Upload and import recordings",
    status_code=202,
    responses=documented(403, 404, 408, 409, 413, 422, 503, 507),
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
async def import_recordings(desk: AtDesk, request: Request) -> JobView:
    """Take files, streamed to disk, and start a job that imports and interprets them.

    A file that cannot be used is told in the job's `problems`; the others are finished. The name of a part may hold
    folders (`scan/0001.png`), which keep images of one folder together.
    """
    upload = await desk.uploads.receive(request, desk.importing.require_free)
    try:
        return await to_thread.run_sync(desk.importing.start, upload)
    except BaseException:
        upload.discard()
        raise


@router.get("/jobs", operation_id="listJobs", summary="All jobs", responses=documented())
def list_jobs(desk: AtDesk) -> JobList:
    """Return the jobs since the server started, newest first; only the latest are kept."""
    return JobList(jobs=desk.jobs.list())


@router.get("/jobs/{job_id}", operation_id="getJob", summary="How far is a job?", responses=documented(404, 422))
def get_job(desk: AtDesk, job_id: str) -> JobView:
    """Return a job's stage, progress, rest time, results so far and problems."""
    return desk.jobs.get(job_id)


@router.delete("/jobs/{job_id}", operation_id="cancelJob", summary="Cancel a job", responses=documented(403, 404, 422))
def cancel_job(desk: AtDesk, job_id: str) -> JobView:
    """Stop a job as soon as the frame in hand is done; what it had imported stays. A finished job is left alone."""
    return desk.jobs.cancel(job_id)
