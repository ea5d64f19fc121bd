"""Examinations over HTTP: make, find, look at."""

from __future__ import annotations

import echospine
from serving import assert_problem, imported, picture


def test_health(client):
    assert client.get("/api/health").json() == {"status": "ok", "version": echospine.__version__}


def test_an_examination_is_made_and_found(client, tmp_path):
    made = client.post("/api/exams", json={"title": "Lumbar  spine", "patient_name": "Doe, Jane", "patient_id": "P-1"})
    assert made.status_code == 201
    exam = made.json()
    assert (exam["title"], exam["state"], exam["revision"]) == ("Lumbar spine", "imported", 0)
    assert (exam["recordings"], exam["findings"]) == ([], [])
    assert [(line["who"], line["action"]) for line in exam["history"]] == [("workstation", "create")]
    assert client.get(f"/api/exams/{exam['id']}").json() == exam

    imported(client, [("sweep.png", picture(tmp_path / "sweep.png"))], exam_id=exam["id"])
    for text in ("LUMBAR", "jane", "p-1", "sweep", ""):
        found = client.get("/api/exams", params={"text": text}).json()
        assert [entry["id"] for entry in found["exams"]] == [exam["id"]], text
    entry = found["exams"][0]
    assert entry["n_recordings"] == 1
    assert client.get(f"/api/recordings/{entry['cover_recording_id']}/frames/0").status_code == 200
    assert client.get("/api/exams", params={"text": "cervical"}).json() == {"exams": [], "total": 0}


def test_a_list_is_cut_in_pages_newest_first(client):
    ids = [client.post("/api/exams", json={"title": f"Exam {n}"}).json()["id"] for n in range(5)]
    first = client.get("/api/exams?limit=2").json()
    second = client.get("/api/exams?limit=2&offset=2").json()
    assert [entry["id"] for entry in first["exams"] + second["exams"]] == ids[:0:-1]
    assert first["total"] == second["total"] == 5
    assert first["exams"][0]["cover_recording_id"] is None
    assert client.get("/api/exams?state=signed").json()["total"] == 0
    assert client.get("/api/exams?state=imported").json()["total"] == 5


def test_what_is_missing_or_empty_is_refused(client):
    assert_problem(client.get("/api/exams/none"), 404, "not-found", "none")
    assert_problem(client.post("/api/exams/none/interpret"), 404, "not-found")
    assert_problem(client.post("/api/exams", json={"title": "   "}), 422, "bad-input", "title")
    empty = client.post("/api/exams", json={"title": "Empty"}).json()
    assert_problem(client.post(f"/api/exams/{empty['id']}/sign", json={"person": "Reader One"}), 409, "not-allowed")
    blank = client.post(f"/api/exams/{empty['id']}/sign", json={"person": "  "})
    assert_problem(blank, 422, "bad-input", "name is missing")


def test_strange_texts_find_nothing_and_break_nothing(client):
    client.post("/api/exams", json={"title": "Plain"})
    for text in ("%", "_", "'; DROP TABLE exams; --", "\\", "🦴", "a" * 1000):
        answer = client.get("/api/exams", params={"text": text})
        assert answer.status_code == 200 and answer.json()["total"] == 0, text
    assert_problem(client.get("/api/exams", params={"text": "\x00"}), 422, "bad-input")
