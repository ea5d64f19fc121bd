"""Reviewing and signing: a clinician's word on what was measured."""

from __future__ import annotations

from fastapi import APIRouter

from echospine.apps.server.answers import present
from echospine.apps.server.desk import AtDesk
from echospine.apps.server.problems import documented
from echospine.apps.server.schemas import AmendBody, DecisionBody, ExamDetail, PersonBody
from echospine.domain.people import Person

router = APIRouter(tags=["review"], prefix="/exams/{exam_id}", responses=documented(403, 404, 408, 409, 413, 422, 507))


@router.post(
    "/findings/{finding_id}/decision", operation_id="decideFinding", summary="Accept, edit or reject a finding"
)
def decide_finding(desk: AtDesk, exam_id: str, finding_id: str, body: DecisionBody) -> ExamDetail:
    """Keep a clinician's decision about one finding; an edit and a rejection need a reason."""
    from echospine.workflow import review

    person = Person(body.person)
    file = review.decide(
        desk.house,
        exam_id,
        finding_id,
        body.decision,
        value=body.value,
        reason=body.reason,
        person=person,
        revision=body.revision,
    )
    return present.detail(file, person)


@router.post("/accept-all", operation_id="acceptAll", summary="Accept all findings that are still draft")
def accept_all(desk: AtDesk, exam_id: str, body: PersonBody) -> ExamDetail:
    """Settle every finding that is still draft, in one step that can be taken back: accept what has a value."""
    from echospine.workflow import review

    person = Person(body.person)
    return present.detail(review.accept_all(desk.house, exam_id, person=person, revision=body.revision), person)


@router.post("/undo", operation_id="undo", summary="Take back the latest review action")
def undo(desk: AtDesk, exam_id: str, body: PersonBody) -> ExamDetail:
    """Take back this person's latest review action since the last signature; the history keeps both."""
    from echospine.workflow import review

    person = Person(body.person)
    return present.detail(review.undo(desk.house, exam_id, person=person, revision=body.revision), person)


@router.post("/sign", operation_id="sign", summary="Sign an examination")
def sign(desk: AtDesk, exam_id: str, body: PersonBody) -> ExamDetail:
    """Sign what was reviewed; refused while a finding is still draft, or when nothing was accepted."""
    from echospine.workflow import review

    person = Person(body.person)
    return present.detail(review.sign(desk.house, exam_id, person=person, revision=body.revision), person)


@router.post("/amend", operation_id="amend", summary="Open a signed examination again")
def amend(desk: AtDesk, exam_id: str, body: AmendBody) -> ExamDetail:
    """Open a signed examination for changes, with a reason; it must be signed again."""
    from echospine.workflow import review

    person = Person(body.person)
    file = review.amend(desk.house, exam_id, reason=body.reason, person=person, revision=body.revision)
    return present.detail(file, person)
