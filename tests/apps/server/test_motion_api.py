"""A cine is followed over HTTP: proposed, followed in a job, measured, and kept with a person's marks."""

from __future__ import annotations

import base64

import numpy as np
import pytest

import moving_cine as drawn
from serving import assert_problem, cine, finished, imported

PLACES = {"line": [list(point) for point in drawn.LINE], "layers": list(drawn.LAYERS)}
BODY = {"places": PLACES, "of_line": {"structure": "multifidus", "side": "left", "level": "L4"}}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cine")
    return [(path.name, path) for path in drawn.write_cine(folder, drawn.frames(drawn.pictures(48)))]


@pytest.fixture
def recording(client, files):
    return f"/api/recordings/{imported(client, files)['recording_ids'][0]}"


def followed(client, recording, places):
    answer = client.post(f"{recording}/motion", json=places)
    assert answer.status_code == 202, answer.text
    assert answer.json()["kind"] == "motion"
    job = finished(client, answer.json())
    assert job["state"] == "done", job
    return job


def value(told, quantity):
    return next(one for one in told["values"] if one["quantity"] == quantity)


def test_a_cine_is_followed_measured_and_kept(client, recording):
    assert client.get(f"{recording}/motion/proposal").json()["places"] == {"line": None, "layers": None}
    assert_problem(client.post(f"{recording}/motion/measured", json=BODY), 409, "not-allowed", "not been followed")
    job = followed(client, recording, PLACES)
    assert job["done"] == job["total"] == 48

    told = client.post(f"{recording}/motion/measured", json=BODY).json()
    assert value(told, "thickness_change")["value"] == pytest.approx(drawn.CHANGE_PERCENT, abs=1.0)
    langevin = value(told, "shear_strain_langevin_2011")
    assert langevin["value"] == pytest.approx(drawn.SHEAR_PERCENT, rel=0.1)
    assert langevin["method"] == "shear strain, Langevin 2011 1" and langevin["unit"] == "%"
    assert (told["strip"]["columns"], told["n_frames"]) == (48, 48)
    assert len(base64.b64decode(told["strip"]["grey"])) == told["strip"]["rows"] * 48
    assert told["line_went"][0] == [[0.0, 0.0], [0.0, 0.0]]

    field = client.get(f"{recording}/motion/field").json()
    moved = np.frombuffer(base64.b64decode(field["displacement"]), "<i2").reshape(48, -1, 2)
    assert moved.shape[1] == field["rows"] * field["columns"] == 400
    assert np.all(moved[0][moved[0] != field["lost"]] == 0)
    assert -20 < moved[moved != field["lost"]].min() * field["unit_px"] < -10

    kept = client.post(f"{recording}/motion/findings", json={**BODY, "person": "Reader One"})
    findings = [one for one in kept.json()["findings"] if one["quantity"] == "thickness_change"]
    assert [(one["side"], one["level"], one["status"]) for one in findings] == [("left", "L4", "draft")]


def test_what_was_said_of_the_recording_names_the_places(client, recording):
    said = {"side": "left", "level": "L4", "person": "Reader One"}
    assert client.put(f"{recording}/taken", json=said).status_code == 200
    proposal = client.get(f"{recording}/motion/proposal").json()
    for place in ("of_line", "of_layers"):
        assert (proposal[place]["side"], proposal[place]["level"]) == ("left", "L4")


def test_moved_marks_are_an_edit_with_a_reason_and_can_be_taken_back(client, recording):
    followed(client, recording, PLACES)
    marks = {"onset_s": 0.5, "peak_s": 1.4, "return_s": None}
    told = client.post(f"{recording}/motion/measured", json={**BODY, "marks": marks}).json()
    assert told["contraction"]["onset_s"] == 0.5
    assert value(told, "contraction_return")["value"] is None
    keep = {**BODY, "marks": marks, "person": "Reader One"}
    assert_problem(client.post(f"{recording}/motion/findings", json=keep), 422, "bad-input", "give a reason")
    first = client.post(f"{recording}/motion/findings", json={**BODY, "person": "Reader One"}).json()
    exam = client.post(f"{recording}/motion/findings", json={**keep, "reason": "seen earlier"}).json()
    onset = next(one for one in exam["findings"] if one["quantity"] == "contraction_onset")
    assert (onset["value"], onset["status"], onset["reason"]) == (0.5, "edited", "seen earlier")
    assert onset["original"] == pytest.approx(0.7, abs=0.11) and onset["decided_by"] == "Reader One"
    assert "marks set by hand" in onset["method"]
    undone = client.post(f"/api/exams/{exam['id']}/undo", json={"person": "Reader One"}).json()
    assert {one["id"]: one for one in undone["findings"]} == {one["id"]: one for one in first["findings"]}


def test_what_was_followed_is_not_followed_again(client, recording):
    followed(client, recording, PLACES)
    again = followed(client, recording, PLACES)
    assert again["total"] == 0
    moved = {**PLACES, "line": [[100.0, drawn.NEAR], [100.0, drawn.FAR]]}
    assert followed(client, recording, moved)["total"] == 48
    assert client.post(f"{recording}/motion/measured", json={"places": moved}).status_code == 200


def test_what_cannot_be_followed_says_so(client, recording, tmp_path):
    job = finished(client, client.post(f"{recording}/motion", json={"line": [[5, 5], [5, 5]]}).json())
    assert job["state"] == "failed" and "two ends apart" in job["problems"][0]
    plain = f"/api/recordings/{imported(client, cine(tmp_path, 3))['recording_ids'][0]}"
    job = finished(client, client.post(f"{plain}/motion", json={"layers": [30, 20]}).json())
    assert job["state"] == "failed" and "uncalibrated" in job["problems"][0]
    assert_problem(client.get("/api/recordings/none/motion/proposal"), 404, "not-found")
    odd = {"places": {}, "of_line": {"structure": "wing"}}
    assert_problem(client.post(f"{recording}/motion/measured", json=odd), 422, "unsupported-input", "wing")


def test_a_motion_job_can_be_cancelled(client, recording, model):
    client.delete(f"/api/jobs/{client.post(f'{recording}/motion', json=PLACES).json()['id']}")
    jobs = [one for one in client.get("/api/jobs").json()["jobs"] if one["kind"] == "motion"]
    assert finished(client, jobs[0])["state"] in {"cancelled", "done"}


def test_elastography_is_typed_in_with_unit_and_device(client, recording):
    entry = {
        "value": 2.5,
        "unit": "m/s",
        "device": "Example One",
        "of": {"structure": "multifidus", "side": "left"},
        "person": "Reader One",
    }
    exam = client.post(f"{recording}/stiffness", json=entry).json()
    (speed,) = [one for one in exam["findings"] if "shear_wave" in one["quantity"]]
    assert (speed["value"], speed["unit"], speed["status"]) == (2.5, "m/s", "accepted")
    assert "Example One" in speed["method"]
    assert not [one for one in exam["findings"] if one["quantity"] == "youngs_modulus"], "only where it is asked for"
    exam = client.post(f"{recording}/stiffness", json={**entry, "convert": True}).json()
    (modulus,) = [one for one in exam["findings"] if one["quantity"] == "youngs_modulus"]
    assert modulus["value"] == pytest.approx(18.75) and modulus["unit"] == "kPa"
    assert "converted, not measured" in modulus["note"]
    assert_problem(
        client.post(f"{recording}/stiffness", json={**entry, "unit": "cm/s"}), 422, "bad-input", "m/s or kPa"
    )
    kpa = {**entry, "unit": "kPa", "convert": True}
    assert_problem(client.post(f"{recording}/stiffness", json=kpa), 422, "bad-input", "device's own conversion")
