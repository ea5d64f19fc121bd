"""Muscles over HTTP, on a real server: labels, moved ends, frames that count, figures, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from echospine.apps.server.app import create_app
from echospine.domain.people import Person
from echospine.ports import House, LocalFile, RecordingPlan
from echospine.workflow.exam import create_exam, import_recording, interpret_recording
from echospine.workflow.review import accept_all, sign
from muscle_model import STEP_MM, MuscleModel, muscle_folder, thickness_mm
from serving import BrightestRow, memory_house, serving

ROWS = (100, 104, 112)


@pytest.fixture
def house() -> House:
    return replace(memory_house(BrightestRow()), model=MuscleModel())


@pytest.fixture
def client(house: House, scratch: Path) -> Iterator[httpx.Client]:
    with serving(create_app(house, scratch=scratch)) as client:
        yield client


@pytest.fixture
def recordings(house: House, tmp_path: Path) -> tuple[str, list[str]]:
    """An examination with four recordings, not labelled yet."""
    exam = create_exam(house, title="Back", who="importer", patient_id="P-1")
    made = []
    for n in range(4):
        folder = muscle_folder(tmp_path / f"scan{n}", [row + 6 * n for row in ROWS], seed=10 * n)
        plan = RecordingPlan(folder.name, tuple(LocalFile(p.name, p) for p in sorted(folder.iterdir())), STEP_MM)
        recording = import_recording(house, exam.id, plan, who="importer").recording
        made.append(interpret_recording(house, recording.id, who="importer").id)
    return exam.id, made


def label(client: httpx.Client, recording: str, **said: str) -> dict[str, object]:
    answer = client.put(f"/api/recordings/{recording}/taken", json={"person": "Reader One", **said})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def thickness(client: httpx.Client, exam: str) -> dict[str, object]:
    rows = client.get(f"/api/exams/{exam}/muscles").json()["rows"]
    (row,) = [r for r in rows if (r["structure"], r["quantity"], r["level"]) == ("multifidus", "thickness", "L4")]
    return dict(row)


MEASURE = {"structure": "multifidus", "side": "unknown", "quantity": "thickness", "person": "Reader One"}


def test_four_labelled_recordings_make_a_pair_with_figures(
    client: httpx.Client, recordings: tuple[str, list[str]]
) -> None:
    exam, made = recordings
    places = [(side, state) for state in ("rest", "contracted") for side in ("left", "right")]
    for recording, (side, state) in zip(made, places, strict=True):
        detail = label(client, recording, side=side, level="L4", state=state, reason="protocol")
    (taken,) = [r["taken"] for r in detail["recordings"] if r["id"] == made[0]]  # type: ignore[attr-defined]
    assert (taken["side"], taken["level"], taken["state"], taken["who"]) == ("left", "L4", "rest", "Reader One")
    row = thickness(client, exam)
    values = {(c["side"], c["state"]): c["value"] for c in row["cells"]}  # type: ignore[attr-defined]
    for n, place in enumerate(places):
        assert values[place] == pytest.approx(thickness_mm(104 + 6 * n), abs=0.3)
    change = next(f for f in row["figures"] if (f["name"], f["of"]) == ("Percent change", "left"))  # type: ignore[attr-defined]
    rest, contracted = values["left", "rest"], values["left", "contracted"]
    assert change["value"] == pytest.approx(100 * (contracted - rest) / rest)
    assert change["definition"] == "(contracted - rest) / rest"
    measures = client.get("/api/measures", params={"patient": "P-1"}).json()["followed"]
    states = {m["measure"]["state"] for m in measures if m["measure"]["quantity"] == "thickness"}
    assert states == {"rest", "contracted"}
    asked = {"patient": "P-1", "quantity": "thickness", "structure": "multifidus", "side": "left", "level": "L4"}
    trend = client.get("/api/trend", params={**asked, "state": "contracted"}).json()
    assert trend["visits"][0]["value"] == pytest.approx(contracted)


def test_a_moved_end_and_a_chosen_frame_answer_with_the_new_board(
    client: httpx.Client, recordings: tuple[str, list[str]]
) -> None:
    exam, made = recordings
    label(client, made[0], side="left", level="L4", state="rest")
    body = {**MEASURE, "points": [[60, 20], [60, 120]], "reason": "edge lies deeper"}
    answer = client.put(f"/api/recordings/{made[0]}/frames/2/ends", json=body)
    assert answer.status_code == 200, answer.text
    row = thickness(client, exam)
    assert answer.json()["rows"] == client.get(f"/api/exams/{exam}/muscles").json()["rows"]
    repeat = row["cells"][0]["shown"][0]["repeats"][2]  # type: ignore[index]
    assert repeat["value"] == pytest.approx(25.0)
    assert repeat["correction"]["reason"] == "edge lies deeper"
    chosen = client.put(f"/api/recordings/{made[0]}/counted", json={**MEASURE, "frames": [2]}).json()
    revision = chosen["exam"]["revision"]
    (again,) = [r for r in chosen["rows"] if (r["structure"], r["quantity"], r["level"]) == (*row_key(row), "L4")]
    assert again["cells"][0]["value"] == pytest.approx(25.0)
    assert chosen["exam"]["can_undo"]
    client.post(f"/api/exams/{exam}/undo", json={"person": "Reader One", "revision": revision})
    assert thickness(client, exam)["cells"][0]["n_frames"] == 3  # type: ignore[index]


def row_key(row: dict[str, object]) -> tuple[object, object]:
    return row["structure"], row["quantity"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("frames/0/ends", {**MEASURE, "points": [[1, 1]]}, 422),
        ("frames/0/ends", {**MEASURE, "points": [[1, 1], [1, 900]]}, 422),
        ("frames/9/ends", {**MEASURE, "points": [[1, 1], [1, 9]]}, 404),
        ("frames/0/ends", {**MEASURE, "structure": "tail", "points": [[1, 1], [1, 9]]}, 422),
        ("counted", {**MEASURE, "frames": [99]}, 404),
        ("taken", {"person": "Reader One", "level": "L9"}, 422),
        ("taken", {"person": "Reader One", "side": "left", "revision": 0}, 409),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    client: httpx.Client, recordings: tuple[str, list[str]], path: str, body: dict[str, object], status: int
) -> None:
    answer = client.put(f"/api/recordings/{recordings[1][0]}/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]


def test_a_signed_examination_is_shown_and_locked(
    client: httpx.Client, house: House, recordings: tuple[str, list[str]]
) -> None:
    exam, made = recordings
    accept_all(house, exam, person=Person("Reader One"), revision=None)
    sign(house, exam, person=Person("Reader One"), revision=None)
    before = client.get(f"/api/exams/{exam}/muscles").json()
    assert before["exam"]["state"] == "signed"
    for path, body in (
        ("frames/0/ends", {**MEASURE, "points": [[60, 20], [60, 90]]}),
        ("counted", {**MEASURE, "frames": [0]}),
        ("taken", {"person": "Reader One", "side": "left"}),
    ):
        answer = client.put(f"/api/recordings/{made[0]}/{path}", json=body)
        assert answer.status_code in {403, 409}, answer.text
    assert client.get(f"/api/exams/{exam}/muscles").json() == before


def test_a_calliper_of_the_exam_page_takes_its_names_from_the_label(
    client: httpx.Client, recordings: tuple[str, list[str]]
) -> None:
    _, made = recordings
    label(client, made[0], side="left", level="L4", state="rest")
    caliper = {"kind": "length", "points": [[60, 20], [60, 100]], "person": "Reader One", "structure": "multifidus"}
    answer = client.post(f"/api/recordings/{made[0]}/frames/0/calipers", json=caliper)
    assert answer.status_code == 200, answer.text
    (found,) = [f for f in answer.json()["findings"] if f["quantity"] == "length"]
    assert (found["structure"], found["side"], found["level"], found["state"]) == ("multifidus", "left", "L4", "rest")
    followed = client.get("/api/measures", params={"patient": "P-1"}).json()["followed"]
    assert "Length, multifidus, left, L4, at rest" in [one["measure"]["title"] for one in followed]
