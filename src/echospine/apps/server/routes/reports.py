"""Reports: preview, single files, all in one archive."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from echospine.apps.server.answers.downloads import file_response, zip_response
from echospine.apps.server.desk import AtDesk
from echospine.apps.server.problems import documented
from echospine.apps.server.schemas import ReportFileView, ReportList
from echospine.domain.errors import NotFound

router = APIRouter(tags=["reports"], prefix="/exams/{exam_id}")


def _bytes(media_type: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": {media_type: schema}, "description": "The file."}}


@router.get(
    "/report", operation_id="getReport", summary="The files of a report", responses=documented(404, 409, 422, 507)
)
def get_report(desk: AtDesk, exam_id: str) -> ReportList:
    """Return which files the report has now. Before it is signed it is a draft, and each file says so."""
    rendered = desk.reports.of(desk.house.studies.load(exam_id).exam)
    views = [ReportFileView(name=f.name, media_type=f.media_type, size=len(f.data)) for f in rendered.files]
    return ReportList(draft=rendered.draft, files=views)


@router.get(
    "/report.zip",
    operation_id="downloadReport",
    summary="All files of a report in one archive",
    response_class=Response,
    responses={**_bytes("application/zip"), **documented(404, 409, 422, 507)},
)
def download_report(desk: AtDesk, exam_id: str) -> Response:
    """Return a ZIP archive with every file of the report."""
    exam = desk.house.studies.load(exam_id).exam
    return zip_response(exam, desk.reports.of(exam))


@router.get(
    "/report/{name:path}",
    operation_id="getReportFile",
    summary="One file of a report",
    response_class=Response,
    responses={**_bytes("application/octet-stream"), **documented(404, 409, 422, 507)},
)
def get_report_file(
    desk: AtDesk,
    exam_id: str,
    name: Annotated[str, Path(description="A name from the list of files; it may hold `/`.")],
    download: Annotated[bool, Query(description="True: save it instead of showing it.")] = False,
) -> Response:
    """Return one file; a PDF or a picture is shown in the browser, everything else is saved."""
    rendered = desk.reports.of(desk.house.studies.load(exam_id).exam)
    file = next((f for f in rendered.files if f.name == name), None)
    if file is None:
        raise NotFound(f"the report has no file {name!r}; it has: {', '.join(f.name for f in rendered.files)}")
    return file_response(file, download=download)
