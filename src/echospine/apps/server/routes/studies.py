"""Reliability studies: raters read frames blind, and what they find becomes this site's error of measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query, Response

from echospine.apps.server import trend_shapes as shapes
from echospine.apps.server.desk import AtDesk
from echospine.apps.server.problems import documented
from echospine.domain.errors import NotFound
from echospine.domain.labels import Structure
from echospine.domain.people import LONGEST_NAME, Person
from echospine.domain.trends import StudyFrame

if TYPE_CHECKING:
    from echospine.domain.trends import StudyPlan
    from echospine.ports import House

router = APIRouter(tags=["studies"], prefix="/studies")
Rater = Annotated[str, Query(min_length=1, max_length=LONGEST_NAME, description="Name of the rater.")]
Place = Annotated[int, Path(ge=0, le=10_000, description="Place in the rater's order, from 0.")]
WRITES = documented(403, 404, 408, 409, 413, 422, 507)
PICTURE = {"image/png": {"schema": {"type": "string", "format": "binary"}}}


@router.get("", operation_id="listStudies", summary="Reliability studies", responses=documented(507))
def list_studies(desk: AtDesk) -> shapes.StudyList:
    """Return every study with how far its raters have come; what they read stays hidden."""
    plans = desk.house.studies.records.plans()
    return shapes.StudyList(studies=[_view(desk.house, plan) for plan in plans])


@router.post("", operation_id="planStudy", summary="Plan a reliability study", status_code=201, responses=WRITES)
def plan_study(desk: AtDesk, body: shapes.StudyBody) -> shapes.StudyView:
    """Keep which frames which raters read; each gets them in an order of their own, which is kept too."""
    from echospine.workflow import trend

    plan = trend.plan_study(
        desk.house,
        name=body.name,
        quantity=body.quantity,
        structure=_structure(body.structure),
        raters=body.raters,
        frames=[StudyFrame(one.subject, one.visit, one.recording_id, one.frame) for one in body.frames],
        person=Person(body.person),
    )
    return _view(desk.house, plan)


@router.get(
    "/{plan_id}/task",
    operation_id="nextReading",
    summary="What a rater reads next",
    responses=documented(404, 409, 422, 507),
)
def next_reading(desk: AtDesk, plan_id: str, person: Rater) -> shapes.StudyTask:
    """Return the next place of the rater's own order: no patient, no examination, nobody's values."""
    from echospine.workflow import trend

    plan = trend.plan_of(desk.house, plan_id)
    task = trend.next_task(desk.house, plan_id, person=Person(person))
    total = len(plan.frames)
    return shapes.StudyTask(done=task is None, place=total if task is None else task.place, total=total)


@router.get(
    "/{plan_id}/picture/{place}",
    operation_id="getReadingPicture",
    summary="The picture of a rater's place",
    response_class=Response,
    responses={200: {"content": PICTURE, "description": "The picture."}, **documented(404, 409, 422, 507)},
)
def get_reading_picture(desk: AtDesk, plan_id: str, place: Place, person: Rater) -> Response:
    """Return the bare picture at a place of the rater's order, so that its address does not tell whose it is."""
    from echospine.apps.server.answers.pictures import png
    from echospine.workflow import trend

    order = trend.order_of(trend.plan_of(desk.house, plan_id), Person(person).name)
    if not 0 <= place < len(order):
        raise NotFound(f"there is no place {place}; there are {len(order)}, counted from 0")
    recording = desk.house.studies.recording(order[place].recording_id)
    with desk.sources.lend(recording) as source:
        pixels = source.frame(order[place].frame).pixels
    return Response(png(pixels), media_type="image/png", headers={"Cache-Control": "no-store"})


@router.post(
    "/{plan_id}/readings", operation_id="addReading", summary="Keep a reading", status_code=201, responses=WRITES
)
def add_reading(desk: AtDesk, plan_id: str, body: shapes.ReadingBody) -> shapes.StudyTask:
    """Keep what a rater drew, and return what comes next."""
    from echospine.workflow import trend

    trend.read(desk.house, plan_id, body.place, body.points, person=Person(body.person))
    return next_reading(desk, plan_id, body.person)


@router.get(
    "/{plan_id}/findings",
    operation_id="getStudyFindings",
    summary="What a study found",
    responses=documented(404, 409, 422, 507),
)
def get_study_findings(desk: AtDesk, plan_id: str) -> shapes.StudyFindings:
    """Return reliability and errors, once every rater has read every frame."""
    from echospine.workflow import trend

    return shapes.StudyFindings.model_validate(trend.findings_document(trend.findings_of(desk.house, plan_id)))


@router.post(
    "/{plan_id}/keep",
    operation_id="keepStudy",
    summary="Use it as this site's error",
    status_code=204,
    responses=WRITES,
)
def keep_study(desk: AtDesk, plan_id: str, body: shapes.WhoBody) -> None:
    """Keep what a finished study found as this site's error: trends are judged by it from now on."""
    from echospine.workflow import trend

    trend.keep_as_site_error(desk.house, plan_id, person=Person(body.person))


@router.post(
    "/repeats",
    operation_id="addRepeats",
    summary="Error of a method, from people seen twice",
    status_code=201,
    responses=WRITES,
)
def add_repeats(desk: AtDesk, body: shapes.RepeatsBody) -> shapes.SiteErrorView:
    """Keep as this site's error what two visits of people who did not change show; no raters are needed."""
    from echospine.engine.trend import Measure
    from echospine.workflow import trend

    measure = Measure(body.quantity, _structure(body.structure), body.side, body.level, body.state)
    person = Person(body.person)
    kept = trend.error_of_repeats(desk.house, name=body.name, measure=measure, patients=body.patients, person=person)
    visit = kept.visit
    return shapes.SiteErrorView(
        id=kept.id,
        name=kept.name,
        method=kept.method,
        device=kept.device,
        unit=kept.unit,
        sem=shapes.SemView(value=kept.sem, kind=kept.sem_kind, df=kept.sem_df),
        visit=None
        if visit is None
        else shapes.VisitErrorView(value=visit.value, df=visit.df, n_readings=visit.n_readings),
        n_subjects=kept.n_subjects,
    )


def _structure(name: str) -> Structure:
    found = next((one for one in Structure if one.label == name), None)
    if found is None:
        raise NotFound(f"there is no structure {name!r}; known are {', '.join(one.label for one in Structure)}")
    return found


def _view(house: House, plan: StudyPlan) -> shapes.StudyView:
    from echospine.workflow.trend import FIGURES

    readings = house.studies.records.readings(plan.id)
    return shapes.StudyView(
        id=plan.id,
        name=plan.name,
        quantity=plan.quantity,
        figure=FIGURES[plan.quantity],
        structure=plan.structure.label,
        raters=list(plan.raters),
        n_frames=len(plan.frames),
        n_subjects=len({one.subject for one in plan.frames}),
        read=[sum(one.rater == rater for one in readings) for rater in plan.raters],
        kept=any(one.entry.id == plan.id for one in house.studies.records.site_errors()),
    )
