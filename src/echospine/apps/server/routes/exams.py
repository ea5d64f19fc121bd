"""Examinations: search, make, look at."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from echospine.apps.server.answers import present
from echospine.apps.server.desk import AtDesk, Desk
from echospine.apps.server.importing.work import WORKSTATION
from echospine.apps.server.problems import documented
from echospine.apps.server.schemas import LONGEST_TEXT, ExamDetail, ExamList, ExamSummary, JobView, NewExam
from echospine.domain.exams import Exam, ExamState
from echospine.domain.people import LONGEST_NAME, Person

router = APIRouter(tags=["exams"])


@router.get("/exams", operation_id="listExams", summary="Search examinations", responses=documented(422, 507))
def list_exams(
    desk: AtDesk,
    text: Annotated[str, Query(max_length=LONGEST_TEXT, description="Part of a title, patient or recording.")] = "",
    state: Annotated[ExamState | None, Query(description="Only examinations in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> ExamList:
    """Return examinations, newest first, and how many there are in all."""
    page = desk.house.studies.search(text, state, limit, offset)
    return ExamList(exams=[_summary(desk, exam) for exam in page.exams], total=page.total)


@router.post(
    "/exams",
    operation_id="createExam",
    summary="Make an empty examination",
    status_code=201,
    responses=documented(403, 408, 413, 422, 507),
)
def create_exam(desk: AtDesk, body: NewExam) -> ExamDetail:
    """Make an examination without recordings; they are imported into it afterwards."""
    from echospine.workflow import exam as workflow

    made = workflow.create_exam(
        desk.house,
        title=body.title,
        who=body.who or WORKSTATION,
        patient_name=body.patient_name,
        patient_id=body.patient_id,
    )
    return present.detail(desk.house.studies.load(made.id))


@router.get(
    "/exams/{exam_id}", operation_id="getExam", summary="Look at an examination", responses=documented(404, 422, 507)
)
def get_exam(
    desk: AtDesk,
    exam_id: str,
    person: Annotated[
        str, Query(max_length=LONGEST_NAME, description="Whose review `can_undo` is about; empty: anybody's.")
    ] = "",
) -> ExamDetail:
    """Return one consistent moment of an examination: recordings, findings, history, and what may happen now."""
    return present.detail(desk.house.studies.load(exam_id), Person(person) if person.strip() else None)


@router.post(
    "/exams/{exam_id}/interpret",
    operation_id="interpretExam",
    summary="Interpret what was left uninterpreted",
    status_code=202,
    responses=documented(403, 404, 408, 409, 422, 503, 507),
)
def interpret_exam(desk: AtDesk, exam_id: str) -> JobView:
    """Start a job that interprets the recordings whose interpretation failed, was cancelled or was cut off.

    The server does the same by itself, when it starts, for what a stop had cut off.
    """
    return desk.importing.interpret(exam_id)


def _summary(desk: Desk, exam: Exam) -> ExamSummary:
    """Return an examination's line in a list; the whole of it is loaded once for each revision."""
    return desk.summaries.get((exam.id, exam.revision), lambda: present.summary(desk.house.studies.load(exam.id)))
