"""The main job over HTTP: review, sign, amend; who was first wins, and everybody else is told."""

from __future__ import annotations

import pytest

from serving import assert_problem, cine, imported, picture

READER = {"person": "Reader One"}


@pytest.fixture
def exam(client, tmp_path):
    job = imported(client, cine(tmp_path, 4), pixel_spacing_mm="0.2", title="Lumbar spine")
    return Desk(client, job["exam_id"], job["recording_ids"][0])


class Desk:
    """One examination as a person at a page meets it."""

    def __init__(self, client, exam_id, recording_id):
        self.client = client
        self.address = f"/api/exams/{exam_id}"
        self.recording = f"/api/recordings/{recording_id}"

    def now(self, **query):
        return self.client.get(self.address, params=query).json()

    def do(self, action, **body):
        return self.client.post(f"{self.address}/{action}", json=READER | body)

    def decide(self, n, decision, **body):
        finding = self.now()["findings"][n]
        return self.do(f"findings/{finding['id']}/decision", decision=decision, **body)

    def caliper(self, kind, points, frame=0, **body):
        body = READER | {"kind": kind, "points": points} | body
        return self.client.post(f"{self.recording}/frames/{frame}/calipers", json=body)

    def contour(self, lines, frame=0, **body):
        return self.client.put(f"{self.recording}/frames/{frame}/contour", json=READER | {"lines": lines} | body)


def test_the_whole_way_from_draft_to_amended(exam):
    start = exam.now()
    assert start["state"] == "draft" and "review" in start["allowed"] and start["can_undo"] is False
    accepted = exam.decide(0, "accept", revision=start["revision"]).json()
    assert accepted["state"] == "review" and accepted["can_undo"] is True
    assert (accepted["findings"][0]["status"], accepted["findings"][0]["decided_by"]) == ("accepted", "Reader One")
    assert accepted["revision"] > start["revision"]

    assert_problem(exam.do("sign"), 409, "not-allowed")  # something is still draft
    settled = exam.do("accept-all").json()
    assert not [f for f in settled["findings"] if f["status"] == "draft"]
    signed = exam.do("sign", revision=settled["revision"]).json()
    assert (signed["state"], signed["signed_by"], signed["version"]) == ("signed", "Reader One", 1)
    assert signed["signed_at"] and signed["can_undo"] is False
    assert_problem(exam.decide(0, "reject", reason="late"), 409, "not-allowed", "signed")

    assert_problem(exam.do("amend", reason=""), 422, "invalid-request", "reason")
    amended = exam.do("amend", reason="wrong side").json()
    assert amended["state"] == "amended" and amended["history"][-1]["reason"] == "wrong side"
    exam.decide(0, "reject", reason="wrong side")
    assert exam.do("sign").json()["version"] == 2


def test_edits_need_a_value_and_a_reason(exam):
    assert_problem(exam.decide(0, "edit", reason="off"), 422, "bad-input", "value")
    assert_problem(exam.decide(0, "edit", value=5.0), 422, "bad-input", "reason")
    assert_problem(exam.decide(0, "reject"), 422, "bad-input", "reason")
    assert_problem(exam.do("findings/none/decision", decision="accept"), 404, "not-found", "none")
    before = exam.now()["findings"][0]["value"]
    edited = exam.decide(0, "edit", value=5.5, reason="marked by hand").json()["findings"][0]
    assert (edited["value"], edited["original"], edited["status"]) == (5.5, before, "edited")
    assert edited["reason"] == "marked by hand"


def test_undo_takes_back_ones_own_last_act(exam):
    before = exam.now()["findings"][0]
    exam.decide(0, "reject", reason="blurred")
    undone = exam.do("undo").json()
    assert undone["findings"][0] == before
    assert undone["can_undo"] is False
    assert_problem(exam.do("undo"), 409, "not-allowed", "Reader One")


def test_whether_one_can_undo_is_told_for_the_person_who_asks(exam):
    exam.decide(0, "accept")
    assert exam.now()["can_undo"] is True
    assert exam.now(person="Reader One")["can_undo"] is True
    assert exam.now(person="Reader Two")["can_undo"] is False


ACTIONS = {
    "decide": lambda exam, revision: exam.decide(0, "accept", revision=revision),
    "accept-all": lambda exam, revision: exam.do("accept-all", revision=revision),
    "undo": lambda exam, revision: exam.do("undo", revision=revision),
    "sign": lambda exam, revision: exam.do("sign", revision=revision),
    "caliper": lambda exam, revision: exam.caliper("length", [[0, 0], [10, 0]], revision=revision),
    "contour": lambda exam, revision: exam.contour([[[5, 5], [20, 5]]], reason="clearer", revision=revision),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_whoever_saw_an_older_state_is_told(exam, action):
    stale = exam.now()["revision"]
    exam.decide(1, "accept")
    settled = exam.now()
    assert_problem(ACTIONS[action](exam, stale), 409, "conflict")
    assert exam.now() == settled


def test_callipers_are_exact_or_refused(exam):
    length = exam.caliper("length", [[0, 0], [30, 40]], frame=2).json()["findings"][-1]
    assert length["value"] == pytest.approx(10.0, rel=1e-6)
    assert (length["unit"], length["frame"], length["points_px"]) == ("mm", 2, [[0, 0], [30, 40]])
    angle = exam.caliper("angle", [[10, 0], [0, 0], [0, 10]]).json()["findings"][-1]
    assert (angle["value"], angle["unit"]) == (pytest.approx(90.0), "deg")
    area = exam.caliper("area", [[0, 0], [10, 0], [10, 10], [0, 10]]).json()["findings"][-1]
    assert (area["value"], area["unit"]) == (pytest.approx(4.0), "mm2")
    crossed = exam.caliper("area", [[0, 0], [10, 10], [10, 0], [0, 10]])
    assert_problem(crossed, 422, "bad-geometry", "crosses itself")
    assert_problem(exam.caliper("angle", [[0, 0], [1, 1]]), 422, "bad-geometry")
    assert_problem(exam.caliper("length", [[0, 0], [500, 0]]), 422, "uncalibrated")


def test_callipers_on_a_picture_without_scale_are_refused(client, tmp_path):
    job = imported(client, [("a.png", picture(tmp_path / "a.png"))])
    exam = Desk(client, job["exam_id"], job["recording_ids"][0])
    assert_problem(exam.caliper("length", [[0, 0], [10, 0]]), 422, "uncalibrated")


def test_a_drawn_contour_is_shown_and_measured(exam):
    drawn = exam.contour([[[5, 10], [55, 10]]], frame=1, reason="the other line is fascia")
    assert drawn.status_code == 200, drawn.text
    frames = exam.client.get(f"{exam.recording}/overlays").json()["frames"]
    assert frames[1]["surfaces"][0]["edited"] is True
    assert frames[1]["surfaces"][0]["lines"] == [[[5, 10], [55, 10]]]
    assert frames[0]["surfaces"][0]["edited"] is False
    series = exam.client.get(f"{exam.recording}/series").json()["quantities"]
    depth = next(q["values"] for q in series if q["quantity"] == "bone_depth_min")
    assert depth == pytest.approx([4.8, 2.0, 4.8, 4.8])

    outside = exam.contour([[[5, 10], [500, 10]]], reason="beyond")
    assert_problem(outside, 422, "bad-geometry", "outside")
    exam.do("undo")
    frames = exam.client.get(f"{exam.recording}/overlays").json()["frames"]
    assert frames[1]["surfaces"][0] == frames[0]["surfaces"][0]


def test_a_contour_without_lines_means_no_bone(exam):
    assert exam.contour([], frame=0, reason="shadow only").status_code == 200
    frame = exam.client.get(f"{exam.recording}/overlays?count=1").json()["frames"][0]
    assert frame["surfaces"][0]["lines"] == []


def test_every_act_stands_in_the_history(exam):
    exam.decide(0, "accept")
    exam.caliper("length", [[0, 0], [10, 0]])
    exam.contour([[[5, 10], [55, 10]]], reason="clearer")
    actions = [line["action"] for line in exam.now()["history"]]
    assert actions[:2] == ["create", "import"]
    assert {"interpret", "accept", "calliper", "contour"} <= set(actions)
    assert all(line["who"] and line["at"] for line in exam.now()["history"])
