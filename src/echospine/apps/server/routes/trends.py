"""Trends: patients, what can be followed in them, whether it changed; treatments and questionnaires beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Response

from echospine.apps.server import trend_shapes as shapes
from echospine.apps.server.answers.downloads import disposition
from echospine.apps.server.desk import AtDesk, Desk
from echospine.apps.server.problems import documented
from echospine.domain.errors import NotFound
from echospine.domain.labels import PARTS, Side
from echospine.domain.measures import Quantity
from echospine.domain.people import Person
from echospine.domain.takes import Contraction

if TYPE_CHECKING:
    from echospine.engine.trend import Measure, Story

router = APIRouter(tags=["trends"])
_PICTURE = {"type": "string", "format": "binary"}
_FILES = {media: {"schema": _PICTURE} for media in ("image/svg+xml", "image/png", "text/csv")}
MEDIA = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}

Patient = Annotated[
    str, Query(min_length=1, max_length=1000, description="Patient ID, or the name where there is none.")
]
StructureName = Annotated[str, Query(max_length=100, description="Structure, such as multifidus.")]
Level = Annotated[str, Query(max_length=100, description="Level, such as L4; empty where the readings name none.")]


@router.get("/patients", operation_id="listPatients", summary="Everybody with examinations", responses=documented(507))
def list_patients(desk: AtDesk) -> shapes.PatientList:
    """Return everybody whose examinations name them, latest examination first."""
    found = desk.house.studies.patients()
    return shapes.PatientList(
        patients=[
            shapes.PatientView(key=one.key, name=one.name, n_exams=one.n_exams, latest=one.latest) for one in found
        ]
    )


@router.get(
    "/measures",
    operation_id="listMeasures",
    summary="What can be followed",
    responses=documented(422, 507),
)
def list_measures(desk: AtDesk, patient: Patient) -> shapes.FollowedList:
    """Return every measure that a patient has readings of, the one with most visits first."""
    from echospine.workflow.trend import measure_document, measures_of

    followed = [
        {"measure": measure_document(one.measure), "n_visits": one.n_visits, "latest": one.latest}
        for one in measures_of(desk.house, patient)
    ]
    return shapes.FollowedList.model_validate({"followed": followed})


@router.get("/trend", operation_id="getTrend", summary="Did it change?", responses=documented(404, 422, 507))
def get_trend(
    desk: AtDesk,
    patient: Patient,
    quantity: Quantity,
    structure: StructureName,
    side: Side = Side.UNKNOWN,
    level: Level = "",
    state: Contraction = Contraction.UNKNOWN,
) -> shapes.TrendView:
    """Return one measure over visits: each judged by the error of measurement, with words, marks and questionnaires."""
    from echospine.workflow.trend import story_document

    story = _story(desk, patient, (quantity, structure, side, level, state))
    return shapes.TrendView.model_validate(story_document(story))


@router.get(
    "/trend/file",
    operation_id="getTrendFile",
    summary="A trend to take away",
    response_class=Response,
    responses={200: {"content": _FILES, "description": "The file."}, **documented(404, 422, 507)},
)
def get_trend_file(
    desk: AtDesk,
    patient: Patient,
    quantity: Quantity,
    structure: StructureName,
    kind: Literal["svg", "png", "csv"],
    side: Side = Side.UNKNOWN,
    level: Level = "",
    state: Contraction = Contraction.UNKNOWN,
) -> Response:
    """Return the picture of a trend or its table, the same that `echospine trend` writes."""
    from echospine.apps.wiring import draw_trend
    from echospine.workflow.trend import trend_table

    story = _story(desk, patient, (quantity, structure, side, level, state))
    data = trend_table(story).encode() if kind == "csv" else draw_trend(story, kind)
    name = disposition(f"{story.measure.title}, {patient}.{kind}", inline=False)
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return Response(data, media_type=MEDIA[kind], headers=headers)


@router.get(
    "/instruments", operation_id="listInstruments", summary="Questionnaires that can be scored", responses=documented()
)
def list_instruments() -> shapes.InstrumentList:
    """Return the rules of every instrument: numbers of items and answers; never their wording."""
    from echospine.engine.trend import RULES

    return shapes.InstrumentList(
        instruments=[
            shapes.InstrumentView(
                instrument=instrument,
                fewest_items=rules.n_items[0],
                most_items=rules.n_items[1],
                top=rules.top,
                best=rules.best,
                worst=rules.worst,
                source=rules.source,
            )
            for instrument, rules in RULES.items()
        ]
    )


@router.post(
    "/marks",
    operation_id="addMark",
    summary="Write down a treatment or injection",
    status_code=201,
    responses=documented(403, 404, 408, 413, 422, 507),
)
def add_mark(desk: AtDesk, body: shapes.MarkBody) -> shapes.MarkView:
    """Keep what was done to a patient on a day; it stands as a mark in every trend of that patient."""
    from echospine.workflow import trend

    made = trend.add_mark(desk.house, body.patient, body.day, body.kind, body.text, person=Person(body.person))
    return shapes.MarkView.model_validate(trend.mark_document(made))


@router.post(
    "/scores",
    operation_id="addScore",
    summary="Keep a questionnaire",
    status_code=201,
    responses=documented(403, 404, 408, 413, 422, 507),
)
def add_score(desk: AtDesk, body: shapes.ScoreBody) -> shapes.ScoreView:
    """Keep the answers of a questionnaire with the total that its rules give."""
    from echospine.workflow import trend

    person = Person(body.person)
    made = trend.add_score(desk.house, body.patient, body.day, body.instrument, body.answers, person=person)
    return shapes.ScoreView.model_validate(trend.score_document(made))


@router.post(
    "/entries/{entry_id}/withdraw",
    operation_id="withdrawEntry",
    summary="Take back a mark, a questionnaire or a study",
    status_code=204,
    responses=documented(403, 404, 408, 409, 413, 422, 507),
)
def withdraw_entry(desk: AtDesk, entry_id: str, body: shapes.WithdrawBody) -> None:
    """Let an entry no longer count; it stays readable, with who took it back and why."""
    from echospine.workflow import trend

    trend.withdraw(desk.house, entry_id, reason=body.reason, person=Person(body.person))


def _story(desk: Desk, patient: str, said: tuple[Quantity, str, Side, str, Contraction]) -> Story:
    from echospine.workflow.trend import trend_of

    return trend_of(desk.house, patient, _measure(said))


def _measure(said: tuple[Quantity, str, Side, str, Contraction]) -> Measure:
    from echospine.engine.trend import Measure

    quantity, name, side, level, state = said
    if name not in PARTS:
        raise NotFound(f"there is no structure {name!r}; known are {', '.join(PARTS)}")
    return Measure(quantity, PARTS[name], side, level, state)
