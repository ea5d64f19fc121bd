"""One patient over visits: what may be compared is judged, what may not is named, and no more is said than is known."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from workflow_kit import make_house

from echospine.domain.errors import Conflict, InputError, NotFound
from echospine.domain.labels import Method, Side, Structure
from echospine.domain.measures import Quantity, Status
from echospine.domain.people import Person
from echospine.domain.trends import Instrument, MarkKind
from echospine.domain.units import Unit
from echospine.engine.trend import ErrorSource, Measure, Verdict
from echospine.ports import House
from echospine.workflow.trend import (
    add_mark,
    add_score,
    error_of_repeats,
    measures_of,
    one_measure,
    trend_of,
    trend_table,
    withdraw,
)
from trend_kit import MULTIFIDUS, PATIENT, own_error, reading, visit

DAYS = [date(2026, 1, 12) + timedelta(28 * n) for n in range(5)]
READER = Person("Reader One")


@pytest.fixture
def house() -> House:
    return make_house()


def thickness(house: House, values: list[float]) -> None:
    """Three readings around each value, a visit every four weeks."""
    for day, value in zip(DAYS, values, strict=False):
        visit(house, day, [reading(value - 0.5), reading(value), reading(value + 0.5)])


def test_a_visit_is_the_mean_of_its_readings_with_their_spread(house: House) -> None:
    thickness(house, [27.0, 27.4])
    story = trend_of(house, PATIENT, MULTIFIDUS)
    assert [one.visit.day for one in story.visits] == DAYS[:2]
    first = story.visits[0].visit
    assert (first.reading.value, first.spread, first.reading.n_readings) == (27.0, 0.5, 3)
    assert not first.draft


def test_noise_is_within_error_and_a_true_change_is_called_one(house: House) -> None:
    own_error(house)
    thickness(house, [27.0, 27.8, 32.5])
    story = trend_of(house, PATIENT, MULTIFIDUS)
    assert story.error is not None and story.error.source is ErrorSource.SITE
    second, third = story.visits[1:]
    assert second.since_first is not None and second.since_first.verdict is Verdict.WITHIN_ERROR
    assert third.since_first is not None and third.since_first.verdict is Verdict.INCREASED
    assert story.sentences[0].startswith("Since 12 Jan 2026, increased: +5.5 mm, where less than ")
    assert "Spring study, 12 Jan 2026" in story.sentences[0]
    assert story.sentences[1].startswith("Since the visit before, 9 Feb 2026, increased: +4.7 mm")
    assert story.sentences[2].startswith("Slope +3 mm a month (-13 to +19, 95 %)")
    assert [band.day for band in story.band] == DAYS[:3]
    assert story.band[2].high - 27.0 == pytest.approx(third.since_first.mdc)
    assert story.band[1].high < story.band[2].high, "two questions share the doubt from the third visit on"


def test_without_an_error_nothing_is_called_a_change(house: House) -> None:
    thickness(house, [27.0, 50.0])
    story = trend_of(house, PATIENT, MULTIFIDUS)
    assert (story.error, story.band) == (None, ())
    assert story.sentences[0].endswith("no error of measurement is known for length by calliper 1.")
    assert not any(one.changed for one in story.visits)


def test_one_visit_says_what_it_cannot_say_and_what_would_count(house: House) -> None:
    own_error(house)
    thickness(house, [27.0])
    story = trend_of(house, PATIENT, MULTIFIDUS)
    assert story.sentences == (
        "One visit only, on 12 Jan 2026: whether it changed can be told after the next one. "
        "A change will count beyond 3.01 mm.",
    )
    assert story.line is None


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"method": Method("label map", "2")}, "another method (label map 2, not calliper 1)"),
        ({"unit": Unit.PIXEL}, "another unit ({pixel}, not mm)"),
    ],
)
def test_what_may_not_be_mixed_is_left_out_and_named(house: House, other: dict[str, object], why: str) -> None:
    thickness(house, [27.0, 27.5])
    visit(house, DAYS[2], [reading(99.0, **other), reading(98.0, **other)])
    story = trend_of(house, PATIENT, MULTIFIDUS)
    assert len(story.visits) == 2
    assert story.left_out == (f"2 readings of 9 Mar 2026: {why}.",)


def test_a_missing_side_is_said_and_the_sided_readings_are_followed(house: House) -> None:
    nameless, right = replace(MULTIFIDUS, side=Side.UNKNOWN), replace(MULTIFIDUS, side=Side.RIGHT)
    visit(house, DAYS[0], [reading(27.0), reading(20.0, nameless), reading(21.0, right)])
    story = trend_of(house, PATIENT, MULTIFIDUS)
    assert story.left_out == ("1 reading whose side is not named: it may be the other one.",)
    assert len(story.visits) == 1
    none = trend_of(house, PATIENT, replace(MULTIFIDUS, level="L5"))
    assert none.sentences == ("There is no reading of length, multifidus, left, L5.",)
    assert none.visits == ()


def test_a_side_that_was_never_measured_is_not_made_up_from_the_other(house: House) -> None:
    visit(house, DAYS[0], [reading(21.0, replace(MULTIFIDUS, side=Side.RIGHT))])
    story = trend_of(house, PATIENT, MULTIFIDUS)
    assert story.visits == ()
    assert story.left_out == ("There is 1 reading of the right side, which is another measure.",)


def test_drafts_are_marked_and_rejected_readings_do_not_count(house: House) -> None:
    visit(house, DAYS[0], [reading(27.0), reading(90.0, status=Status.REJECTED), reading(None)])
    visit(house, DAYS[1], [reading(27.5, status=Status.DRAFT)], signed=False)
    story = trend_of(house, PATIENT, MULTIFIDUS)
    assert [(one.visit.reading.value, one.visit.draft) for one in story.visits] == [(27.0, False), (27.5, True)]


def test_two_examinations_of_a_day_are_one_visit(house: House) -> None:
    visit(house, DAYS[0], [reading(27.0)])
    visit(house, DAYS[0], [reading(28.0)])
    (only,) = trend_of(house, PATIENT, MULTIFIDUS).visits
    assert (only.visit.reading.value, only.visit.reading.n_readings) == (27.5, 2)


def test_a_study_of_this_site_goes_before_one_that_was_published(house: House) -> None:
    other = {"method": Method("label map", "2")}
    visit(house, DAYS[0], [reading(27.0, **other)])
    own_error(house)
    assert trend_of(house, PATIENT, MULTIFIDUS).error is None, "it is of another method"
    of_map = own_error(house, method="label map 2", name="map study")
    own_error(house, method="label map 2", name="too old", day=date(2020, 1, 1))
    found = trend_of(house, PATIENT, MULTIFIDUS).error
    assert found is not None and found.citation.startswith("map study")
    withdraw(house, of_map.id, reason="a phantom slipped in", person=READER)
    found = trend_of(house, PATIENT, MULTIFIDUS).error
    assert found is not None and found.citation.startswith("too old")


def test_people_measured_twice_give_the_error_of_a_method_without_raters(house: House) -> None:
    by_map = {"method": Method("label map", "2")}
    for n, (one, other) in enumerate([(20.0, 20.6), (25.0, 24.6), (31.0, 31.2)]):
        for day, value in ((DAYS[0], one), (DAYS[1], other)):
            visit(house, day, [reading(value, **by_map)], patient=f"V-{n}")
    visit(house, DAYS[0], [reading(27.0, **by_map)])
    visit(house, DAYS[1], [reading(31.0, **by_map)])
    people = ("V-0", "V-1", "V-2")
    kept = error_of_repeats(house, name="Volunteers", measure=MULTIFIDUS, patients=people, person=READER)
    assert kept.visit is not None and (kept.visit.df, kept.visit.n_readings) == (3, 1)
    assert kept.visit.value == pytest.approx(((0.6**2 + 0.4**2 + 0.2**2) / 2 / 3) ** 0.5)
    error = trend_of(house, PATIENT, MULTIFIDUS).error
    assert error is not None and error.citation.startswith("Volunteers")
    with pytest.raises(InputError, match="V-9: has 0 visits"):
        error_of_repeats(house, name="x", measure=MULTIFIDUS, patients=("V-0", "V-9"), person=READER)


def test_callipers_that_name_no_structure_are_not_followed(house: House) -> None:
    nameless = Measure(Quantity.LENGTH, Structure.BACKGROUND, Side.UNKNOWN, "")
    visit(house, DAYS[0], [reading(27.0, nameless), reading(3.0, nameless)])
    assert measures_of(house, PATIENT) == ()


def test_an_error_of_reading_alone_judges_nothing_and_says_why(house: House) -> None:
    own_error(house, visit=None)
    thickness(house, [27.0, 50.0])
    story = trend_of(house, PATIENT, MULTIFIDUS)
    assert "not that of placing the probe anew" in story.sentences[0]
    assert story.band == ()


def test_treatments_and_questionnaires_stand_beside(house: House) -> None:
    thickness(house, [27.0, 27.4])
    mark = add_mark(house, PATIENT, DAYS[1], MarkKind.INJECTION, "facet  L4/5, left", person=READER)
    wrong = add_mark(house, PATIENT, DAYS[1], MarkKind.OTHER, "wrong patient", person=READER)
    add_score(house, PATIENT, DAYS[0], Instrument.ODI, [3] * 10, person=READER)
    add_score(house, PATIENT, DAYS[1], Instrument.ODI, [1] * 10, person=READER)
    withdraw(house, wrong.id, reason="of somebody else", person=READER)
    story = trend_of(house, PATIENT, MULTIFIDUS)
    assert story.marks == (mark,) and mark.text == "facet L4/5, left"
    assert [one.total for one in story.scores] == [60.0, 20.0]
    assert story.sentences[-1].startswith("Responder: ODI better by 40, 18 points count")
    with pytest.raises(Conflict):
        withdraw(house, wrong.id, reason="again", person=READER)


@pytest.mark.parametrize(
    ("day", "text", "says"),
    [(date(2126, 1, 1), "exercise", "not a day in the past"), (DAYS[0], "   ", "missing or too long")],
)
def test_an_entry_that_cannot_be_is_refused_in_words(house: House, day: date, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        add_mark(house, PATIENT, day, MarkKind.TREATMENT, text, person=READER)


def test_measures_are_listed_and_one_is_found_by_what_is_said_of_it(house: House) -> None:
    thickness(house, [27.0, 28.0])
    right = replace(MULTIFIDUS, side=Side.RIGHT)
    visit(house, DAYS[2], [reading(21.0, right)])
    assert [(one.measure, one.n_visits) for one in measures_of(house, PATIENT)] == [(MULTIFIDUS, 2), (right, 1)]
    assert one_measure(house, PATIENT, side=Side.RIGHT) == right
    with pytest.raises(InputError, match=r"left, L4; Length, multifidus, right, L4"):
        one_measure(house, PATIENT, quantity=Quantity.LENGTH)
    with pytest.raises(NotFound, match="no such measure"):
        one_measure(house, PATIENT, structure=Structure.PSOAS)
    with pytest.raises(NotFound, match="P-7"):
        trend_of(house, "nobody", MULTIFIDUS)


def test_the_table_holds_everything_and_no_formula(house: House) -> None:
    own_error(house)
    thickness(house, [27.0, 31.9])
    add_mark(house, PATIENT, DAYS[0], MarkKind.TREATMENT, "=cmd()", person=READER)
    add_score(house, PATIENT, DAYS[1], Instrument.NRS, [4], person=READER)
    rows = list(csv.DictReader(io.StringIO(trend_table(trend_of(house, PATIENT, MULTIFIDUS)))))
    assert [(row["day"], row["kind"]) for row in rows] == [
        ("2026-01-12", "visit"),
        ("2026-01-12", "treatment"),
        ("2026-02-09", "visit"),
        ("2026-02-09", "questionnaire"),
    ]
    assert rows[1]["what"] == "'=cmd()"
    assert (rows[2]["verdict_first"], float(rows[2]["since_first"])) == ("increased", pytest.approx(4.9))
    assert rows[0]["verdict_first"] == ""
