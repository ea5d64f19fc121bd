"""Imports in the background: progress, cancelling, bad files beside good ones, and what a stop cut off."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pydicom
import pytest
from pydicom import examples

from echospine.apps.server.app import create_app
from echospine.apps.server.limits import Limits
from serving import JSON, assert_problem, cine, finished, imported, picture, send, serving, wait_for


def test_progress_counts_frames_and_tells_the_rest_time(client, model, tmp_path):
    model.gate.clear()
    job = send(client, cine(tmp_path, 12)).json()
    assert job["state"] == "running"

    def now():
        return client.get(f"/api/jobs/{job['id']}").json()

    wait_for(lambda: now()["stage"] == "interpreting scan0")
    assert (now()["done"], now()["total"], now()["seconds_left"]) == (0, 12, None)
    assert len(now()["recording_ids"]) == 1  # imported, durable, and told, before it is interpreted
    model.gate.set()
    done = finished(client, job)
    assert (done["state"], done["done"], done["total"], done["problems"]) == ("done", 12, 12, [])
    assert client.get("/api/jobs").json()["jobs"][0] == done


def test_a_rest_time_is_told_once_a_frame_is_done(client, model, tmp_path):
    seen = []
    original = model.interpret

    def watched(frame, field):
        seen.append(client.get("/api/jobs").json()["jobs"][0]["seconds_left"])
        return original(frame, field)

    model.interpret = watched
    imported(client, cine(tmp_path, 6))
    assert seen[0] is None
    assert all(left is not None and left >= 0 for left in seen[1:])


def test_a_cancelled_job_ends_and_what_it_imported_stays(client, model, tmp_path):
    model.gate.clear()
    job = send(client, cine(tmp_path, 9)).json()
    wait_for(lambda: client.get(f"/api/jobs/{job['id']}").json()["stage"].startswith("interpreting"))
    assert client.delete(f"/api/jobs/{job['id']}").status_code == 200
    model.gate.set()
    ended = finished(client, job)
    assert ended["state"] == "cancelled"
    exam = client.get(f"/api/exams/{ended['exam_id']}").json()
    assert [r["interpreted"] for r in exam["recordings"]] == [False]
    assert exam["findings"] == []
    assert len(model.seen) == 1

    again = client.post(f"/api/exams/{exam['id']}/interpret")
    assert again.status_code == 202
    assert finished(client, again.json())["state"] == "done"
    exam = client.get(f"/api/exams/{exam['id']}").json()
    assert [r["interpreted"] for r in exam["recordings"]] == [True]
    assert_problem(client.post(f"/api/exams/{exam['id']}/interpret"), 409, "not-allowed", "has been interpreted")


def test_a_job_that_waits_can_be_cancelled(serve, scratch, model, tmp_path):
    with serve(Limits(workers=1)) as client:
        model.gate.clear()
        first, second = (send(client, cine(tmp_path, 3, seed)).json() for seed in (1, 2))
        client.delete(f"/api/jobs/{second['id']}")
        model.gate.set()
        assert finished(client, first)["state"] == "done"
        assert finished(client, second)["state"] == "cancelled"
        assert client.get("/api/exams").json()["total"] == 1
        assert not list(scratch.iterdir())


def test_cancelling_what_is_done_changes_nothing(client, tmp_path):
    job = imported(client, [("a.png", picture(tmp_path / "a.png"))])
    assert client.delete(f"/api/jobs/{job['id']}").json() == job
    assert_problem(client.delete("/api/jobs/none"), 404, "not-found", "none")
    assert_problem(client.get("/api/jobs/none"), 404, "not-found", "none")


BAD = {
    "empty.dcm": b"",
    "truncated.png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00",
    "noise.mha": bytes(range(256)) * 8,
    "text.mp4": b"this is no video",
    "archive.zip": b"PK\x03\x04 broken",
}


def test_bad_files_are_told_one_by_one_while_the_good_ones_finish(client, tmp_path):
    for name, content in BAD.items():
        (tmp_path / name).write_bytes(content)
    files = [(name, tmp_path / name) for name in BAD]
    files.insert(2, ("good.png", picture(tmp_path / "good.png")))
    job = imported(client, files)
    assert len(job["problems"]) == len(BAD)
    for name in BAD:
        assert sum(name in problem for problem in job["problems"]) == 1
    assert all("\n" not in problem and "Traceback" not in problem for problem in job["problems"])
    exam = client.get(f"/api/exams/{job['exam_id']}").json()
    assert [(r["name"], r["interpreted"]) for r in exam["recordings"]] == [("good.png", True)]


@pytest.mark.parametrize("name", BAD)
def test_an_import_of_nothing_usable_fails_and_makes_no_examination(client, tmp_path, name):
    (tmp_path / name).write_bytes(BAD[name])
    job = finished(client, send(client, [(name, tmp_path / name)]).json())
    assert job["state"] == "failed"
    assert job["problems"] and name in job["problems"][0]
    assert client.get("/api/exams").json()["total"] == 0


def test_a_damaged_picture_makes_no_examination(client, tmp_path):
    whole = picture(tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    job = finished(client, send(client, [("half.png", tmp_path / "half.png")]).json())
    assert job["state"] == "failed"
    assert "half.png" in job["problems"][0]
    assert client.get("/api/exams").json()["total"] == 0


def test_the_same_file_again_is_found_again(client, tmp_path):
    file = ("a.png", picture(tmp_path / "a.png"))
    first = imported(client, [file])
    second = imported(client, [file])
    assert second["already"] == ["a.png"]
    assert second["recording_ids"] == first["recording_ids"]
    assert second["exam_id"] == first["exam_id"]
    assert client.get("/api/exams").json()["total"] == 1


def test_the_same_file_twice_at_a_time_is_imported_once(client, tmp_path):
    file = ("a.png", picture(tmp_path / "a.png"))
    exam = client.post("/api/exams", json={"title": "One"}).json()
    with ThreadPoolExecutor(4) as pool:
        jobs = list(pool.map(lambda _: imported(client, [file], exam_id=exam["id"]), range(4)))
    assert len({tuple(job["recording_ids"]) for job in jobs}) == 1
    assert sum(job["already"] == [] for job in jobs) == 1
    assert len(client.get(f"/api/exams/{exam['id']}").json()["recordings"]) == 1


def test_recordings_join_an_examination_until_it_is_under_review(client, tmp_path):
    job = imported(client, [("a.png", picture(tmp_path / "a.png", 1))], pixel_spacing_mm="0.1")
    more = imported(client, [("b.png", picture(tmp_path / "b.png", 2))], exam_id=job["exam_id"])
    assert more["exam_id"] == job["exam_id"]
    client.post(f"/api/exams/{job['exam_id']}/accept-all", json={"person": "Reader One"})
    late = send(client, [("c.png", picture(tmp_path / "c.png", 3))], exam_id=job["exam_id"])
    assert_problem(late, 409, "not-allowed")


def of_patient(path: Path, patient_id: str, name: str = "") -> Path:
    """Write a small ultrasound picture of a patient."""
    dataset = pydicom.dcmread(examples.get_path("palette_color"))
    dataset.PatientID, dataset.PatientName = patient_id, name
    path.parent.mkdir(exist_ok=True)
    dataset.save_as(path)
    return path


def patients_of(client: httpx.Client, job: JSON) -> list[tuple[str, int]]:
    exams = [client.get(f"/api/exams/{exam_id}").json() for exam_id in job["exam_ids"]]
    return [(exam["patient_id"] or exam["patient_name"], len(exam["recordings"])) for exam in exams]


def test_patients_are_kept_apart_whatever_the_names_of_their_files(client, tmp_path):
    """Archives give the files of every patient the same names."""
    files = [
        ("a/IM1.dcm", of_patient(tmp_path / "a" / "IM1.dcm", "P-1")),
        ("b/IM1.dcm", of_patient(tmp_path / "b" / "IM1.dcm", "P-2")),
        ("b/IM2.dcm", of_patient(tmp_path / "b" / "IM2.dcm", "P-2", "Other^Spelling")),
        ("c/IM1.dcm", of_patient(tmp_path / "c" / "IM1.dcm", "", "Without^Number")),
        ("still.png", picture(tmp_path / "still.png")),
    ]
    job = imported(client, files)
    assert patients_of(client, job) == [("P-1", 1), ("P-2", 2), ("Without, Number", 1), ("", 1)]
    assert job["exam_id"] == job["exam_ids"][0]


def test_what_names_nobody_goes_with_the_only_patient_it_came_with(client, tmp_path):
    files = [
        ("still.png", picture(tmp_path / "still.png")),
        ("scan.dcm", of_patient(tmp_path / "scan.dcm", "P-1")),
    ]
    assert patients_of(client, imported(client, files)) == [("P-1", 2)]


def test_too_many_imports_are_sent_away_before_they_are_uploaded(serve, model, tmp_path):
    with serve(Limits(jobs=1, workers=1)) as client:
        model.gate.clear()
        first = send(client, cine(tmp_path, 3, 1)).json()
        answer = send(client, cine(tmp_path, 3, 2))
        assert_problem(answer, 503, "busy", "too many")
        model.gate.set()
        finished(client, first)
        imported(client, cine(tmp_path, 3, 2))


def test_a_fault_of_our_own_is_told_with_a_number_and_the_other_recordings_finish(client, model, tmp_path, caplog):
    original = model.interpret

    def faulty(frame, field):
        if frame.grey[0, 0] == frame.grey[0, 0] and len(model.seen) == 1:
            model.seen.append(-1)
            raise RuntimeError("secret detail")
        return original(frame, field)

    model.interpret = faulty
    job = imported(client, [(f"{n}.png", picture(tmp_path / f"{n}.png", n)) for n in range(3)])
    assert len(job["problems"]) == 1
    assert "fault of EchoSpine" in job["problems"][0] and "secret" not in job["problems"][0]
    assert "secret detail" in caplog.text
    exam = client.get(f"/api/exams/{job['exam_id']}").json()
    assert sorted(r["interpreted"] for r in exam["recordings"]) == [False, True, True]


def test_what_a_stop_cut_off_is_taken_up_by_the_next_start(house, scratch, model, tmp_path):
    with serving(create_app(house, scratch=scratch)) as client:
        model.gate.clear()
        job = send(client, cine(tmp_path, 5)).json()
        wait_for(lambda: client.get(f"/api/jobs/{job['id']}").json()["stage"].startswith("interpreting"))
        exam_id = client.get(f"/api/jobs/{job['id']}").json()["exam_id"]
        client.delete(f"/api/jobs/{job['id']}")
        model.gate.set()
    assert list(scratch.iterdir()) == []
    with serving(create_app(house, scratch=scratch)) as client:
        wait_for(lambda: client.get(f"/api/exams/{exam_id}").json()["recordings"][0]["interpreted"])
        assert client.get(f"/api/exams/{exam_id}").json()["state"] == "draft"


def test_a_server_that_stops_in_the_middle_stops_soon(house, scratch, model, tmp_path):
    with serving(create_app(house, scratch=scratch)) as client:
        original = model.interpret

        def slow(frame, field):
            time.sleep(0.05)
            return original(frame, field)

        model.interpret = slow
        send(client, cine(tmp_path, 400))
        wait_for(lambda: client.get("/api/jobs").json()["jobs"][0]["stage"].startswith("interpreting"))
    assert len(model.seen) < 100
    assert list(scratch.iterdir()) == []
