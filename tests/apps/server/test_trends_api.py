"""Trends over HTTP: who can be followed, in what, whether it changed, and what people write beside."""

from __future__ import annotations

from datetime import date, timedelta

from serving import assert_problem
from trend_kit import PATIENT, own_error, reading, visit

MEASURE = {"patient": PATIENT, "quantity": "length", "structure": "multifidus", "side": "left", "level": "L4"}
DAYS = [date(2026, 1, 12) + timedelta(28 * n) for n in range(3)]
READER = {"person": "Reader One"}


def stock(house):
    own_error(house)
    for day, value in zip(DAYS, (27.0, 27.5, 32.6), strict=True):
        visit(house, day, [reading(value - 0.3), reading(value), reading(value + 0.3)])


def test_a_trend_is_found_from_the_patient_on(client, house):
    stock(house)
    (patient,) = client.get("/api/patients").json()["patients"]
    assert (patient["key"], patient["name"], patient["n_exams"]) == (PATIENT, "Doe, Jane", 3)
    (followed,) = client.get("/api/measures", params={"patient": PATIENT}).json()["followed"]
    assert (followed["measure"]["title"], followed["n_visits"]) == ("Length, multifidus, left, L4", 3)
    trend = client.get("/api/trend", params=MEASURE).json()
    assert [one["changed"] for one in trend["visits"]] == [False, False, True]
    assert trend["visits"][2]["since_first"]["verdict"] == "increased"
    assert len(trend["band"]) == 3
    assert trend["error"]["citation"] == "Spring study, 12 Jan 2026"
    assert trend["sentences"][0].startswith("Since 12 Jan 2026, increased: +5.6 mm")


def test_what_was_done_and_answered_stands_beside_until_it_is_taken_back(client, house):
    stock(house)
    body = {"patient": PATIENT, "day": "2026-01-20", "kind": "injection", "text": "facet", **READER}
    mark = client.post("/api/marks", json=body)
    assert mark.status_code == 201, mark.text
    answers = {"patient": PATIENT, "day": "2026-01-12", "instrument": "ODI", "answers": [2] * 9 + [None], **READER}
    score = client.post("/api/scores", json=answers).json()
    assert score["total"] == 40.0
    trend = client.get("/api/trend", params=MEASURE).json()
    assert [one["text"] for one in trend["marks"]] == ["facet"]
    assert trend["scores"] == [score]
    taken_back = client.post(f"/api/entries/{mark.json()['id']}/withdraw", json={"reason": "wrong day", **READER})
    assert taken_back.status_code == 204
    assert client.get("/api/trend", params=MEASURE).json()["marks"] == []
    again = client.post(f"/api/entries/{mark.json()['id']}/withdraw", json={"reason": "wrong day", **READER})
    assert_problem(again, 409, "conflict")


def test_it_can_be_taken_away(client, house):
    stock(house)
    for kind, begins in (("svg", b"<svg"), ("csv", b"day,kind"), ("png", b"\x89PNG")):
        answer = client.get("/api/trend/file", params={**MEASURE, "kind": kind})
        assert answer.status_code == 200 and answer.content.startswith(begins)
        assert "attachment" in answer.headers["content-disposition"]


def test_what_cannot_be_is_refused_in_words(client, house):
    assert_problem(client.get("/api/trend", params=MEASURE), 404, "not-found", "no examination of a patient")
    stock(house)
    assert_problem(client.get("/api/trend", params={**MEASURE, "structure": "tail"}), 404, "not-found", "multifidus")
    score = {"patient": PATIENT, "day": "2026-01-12", "instrument": "RMDQ", "answers": [1] * 23, **READER}
    assert_problem(client.post("/api/scores", json=score), 422, "bad-input", "24 items")
    mark = {"patient": PATIENT, "day": "2126-01-20", "kind": "other", "text": "x", **READER}
    assert_problem(client.post("/api/marks", json=mark), 422, "bad-input", "not a day in the past")
    withdraw = client.post("/api/entries/none/withdraw", json={"reason": "x", **READER})
    assert_problem(withdraw, 404, "not-found")


def test_instruments_tell_their_rules_and_no_wording(client):
    (odi,) = [one for one in client.get("/api/instruments").json()["instruments"] if one["instrument"] == "ODI"]
    assert (odi["most_items"], odi["top"], odi["worst"]) == (10, 5, 100)
