"""Structures corrected over HTTP: kept beside the model's, filled in between, and refused in one line."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest

from echospine.apps.server.app import create_app
from echospine.domain.labels import Structure
from echospine.domain.runs import packed_map, unpacked_map
from rich_model import RichModel
from serving import BrightestRow, assert_problem, cine, imported, memory_house, serving

WHO = {"person": "Reader One", "reason": "ends at the fascia"}


@pytest.fixture
def client(scratch):
    house = replace(memory_house(BrightestRow()), model=RichModel())
    with serving(create_app(house, scratch=scratch)) as client:
        yield client


@pytest.fixture
def job(client, tmp_path):
    return imported(client, cine(tmp_path, 5), pixel_spacing_mm="0.2")


@pytest.fixture
def recording(job):
    return f"/api/recordings/{job['recording_ids'][0]}"


def packed(labels):
    return base64.b64encode(packed_map(labels)).decode()


def to_paint(client, recording, frame):
    told = client.get(f"{recording}/frames/{frame}/map").json()
    return unpacked_map(base64.b64decode(told["runs"]), told["height"], told["width"]).copy()


def save(client, recording, frame, labels, **more):
    height, width = labels.shape
    body = {"width": width, "height": height, "runs": packed(labels), **WHO, **more}
    return client.put(f"{recording}/frames/{frame}/map", json=body)


def test_a_corrected_map_comes_back_with_who_and_why_and_is_taken_back(client, job, recording):
    labels = to_paint(client, recording, 1)
    assert labels.shape == (48, 64) and labels[24, 30] == Structure.LAMINA
    labels[30:40, 20:30] = Structure.VESSEL
    answer = save(client, recording, 1, labels)
    assert answer.status_code == 200 and answer.json()["history"][-1]["action"] == "structures"
    frames = client.get(f"{recording}/overlays").json()["frames"]
    assert frames[0]["corrected"] is None
    told = frames[1]["corrected"]
    assert (told["who"], told["reason"], told["way"]) == ("Reader One", "ends at the fascia", "drawn")
    grid = frames[1]["map"]
    assert np.array_equal(unpacked_map(base64.b64decode(grid["runs"]), 48, 64), labels)
    assert "vessel" in [one["structure"] for one in grid["structures"]]
    assert np.array_equal(to_paint(client, recording, 1), labels)
    client.post(f"/api/exams/{job['exam_id']}/undo", json={"person": "Reader One"})
    assert client.get(f"{recording}/overlays").json()["frames"][1]["corrected"] is None


def test_frames_between_two_corrected_ones_are_filled(client, recording):
    for frame, row in ((0, 20), (4, 28)):
        labels = to_paint(client, recording, frame)
        labels[row : row + 6, 20:30] = Structure.VESSEL
        save(client, recording, frame, labels)
    body = {"first": 0, "last": 4, "structures": ["vessel"], **WHO}
    assert client.post(f"{recording}/between", json=body).status_code == 200
    frames = client.get(f"{recording}/overlays").json()["frames"]
    assert [frame["corrected"]["way"] for frame in frames] == ["drawn", "between", "between", "between", "drawn"]
    labels = to_paint(client, recording, 2)
    assert np.flatnonzero((labels == Structure.VESSEL).any(axis=1)).tolist() == list(range(24, 30))


def test_bad_maps_are_refused_and_nothing_changes(client, job, recording):
    exam = f"/api/exams/{job['exam_id']}"
    before = client.get(exam).json()
    plain = np.zeros((48, 64), np.uint8)
    assert_problem(save(client, recording, 0, plain[:-1]), 422, "unsupported-input", "64 x 47 does not fit")
    assert_problem(save(client, recording, 0, plain + np.uint8(30)), 422, "unsupported-input", "structure 30")
    assert_problem(save(client, recording, 5, plain), 404, "not-found", "no frame 5")
    assert_problem(save(client, recording, 0, plain, runs="no base64!"), 422, "unsupported-input", "base64")
    assert_problem(save(client, recording, 0, plain, runs="AAAA"), 422, "unsupported-input", "cells")
    assert_problem(save(client, recording, 0, plain, reason=""), 422, "bad-input", "reason")
    assert_problem(save(client, recording, 0, plain, revision=0), 409, "conflict", "changed")
    assert_problem(client.get(f"{recording}/frames/5/map"), 404, "not-found", "no frame 5")
    body = {"first": 0, "last": 4, "structures": ["kidney"], **WHO}
    assert_problem(client.post(f"{recording}/between", json=body), 422, "unsupported-input", "kidney")
    body["structures"] = ["vessel"]
    assert_problem(client.post(f"{recording}/between", json=body), 404, "not-found", "frame 0 was not corrected")
    assert_problem(client.post(f"{recording}/between", json=body | {"last": 9}), 404, "not-found", "no frame 9")
    assert client.get(exam).json() == before


def test_a_signed_examination_is_not_changed(client, job, recording):
    exam = f"/api/exams/{job['exam_id']}"
    client.post(f"{exam}/accept-all", json={"person": "Reader One"})
    client.post(f"{exam}/sign", json={"person": "Reader One"})
    answer = save(client, recording, 0, np.zeros((48, 64), np.uint8))
    assert_problem(answer, 409, "not-allowed", "signed")
