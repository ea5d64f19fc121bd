"""People decide, draw, take back, sign and amend: nothing that a person decided changes without a word."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from workflow_kit import OTHER, READER, STEP_MM, Clock, content, exam_with, make_house, picture_folder, plan_of

from echospine.domain.errors import Conflict, GeometryError, InputError, NotAllowed, NotFound, UncalibratedError
from echospine.domain.exams import ExamState
from echospine.domain.measures import CaliperKind, Decision, Quantity, Status
from echospine.domain.people import Person
from echospine.workflow.exam import create_exam, import_recording, interpret_recording, load_interpreted
from echospine.workflow.review import accept_all, add_caliper, amend, can_undo, decide, edit_contour, sign, undo

Q, S, D = Quantity, Status, Decision
DEEPER = [[(0.0, 40.0), (47.0, 40.0)]]


class Desk:
    """An examination on somebody's desk, with short words for what is done to it."""

    def __init__(self, house, exam, recording):
        self.house, self.id, self.recording = house, exam.id, recording

    @property
    def file(self):
        return self.house.studies.load(self.id)

    def finding(self, quantity):
        return next(f for f in self.file.findings if f.measurement.quantity is quantity)

    def status(self, quantity):
        return self.finding(quantity).measurement.status

    def decide(self, quantity, decision, *, person=READER, revision=None, **more):
        return decide(
            self.house, self.id, self.finding(quantity).id, decision, person=person, revision=revision, **more
        )

    def draw(self, frame, lines, *, person=READER, **more):
        return edit_contour(self.house, self.id, self.recording.id, frame, lines, person=person, revision=None, **more)

    def calliper(self, points, kind=CaliperKind.LENGTH, frame=1, *, person=READER):
        return add_caliper(self.house, self.id, self.recording.id, frame, kind, points, person=person, revision=None)

    def __getattr__(self, name):
        action = {"accept_all": accept_all, "undo": undo, "sign": sign, "amend": amend}[name]
        return lambda person=READER, revision=None, **more: action(
            self.house, self.id, person=person, revision=revision, **more
        )


@pytest.fixture
def desk(tmp_path):
    house = make_house()
    return Desk(house, *exam_with(house, plan_of(picture_folder(tmp_path / "left", (20, 22, 24)))))


@pytest.fixture
def uncalibrated(tmp_path):
    house = make_house()
    return Desk(house, *exam_with(house, plan_of(picture_folder(tmp_path / "video"), spacing_mm=None)))


# --- decisions


def test_a_decision_is_written_down_with_before_after_person_and_reason(desk):
    before = desk.finding(Q.BONE_DEPTH_MIN)
    file = desk.decide(Q.BONE_DEPTH_MIN, D.EDIT, value=10.5, reason=" tip of the process ")
    after = file.finding(before.id)
    assert file.exam.state is ExamState.REVIEW
    assert (after.measurement.value, after.measurement.status) == (10.5, S.EDITED)
    assert (after.original, after.decided_by, after.reason) == (11.0, "Reader One", "tip of the process")
    line = file.history[-1]
    assert (line.who, line.action, line.reason) == ("Reader One", "edit", "tip of the process")
    assert json.loads(line.before)["measurement"]["value"] == 11.0
    assert json.loads(line.after)["measurement"]["value"] == 10.5
    assert json.loads(line.after)["revision"] == file.exam.revision


def test_the_original_is_the_value_before_the_first_edit(desk):
    for value in (10.5, 10.6):
        desk.decide(Q.BONE_DEPTH_MIN, D.EDIT, value=value, reason="better")
    assert desk.finding(Q.BONE_DEPTH_MIN).original == 11.0


def test_a_value_that_a_person_typed_stays_one_when_it_is_taken_back_from_rejected(desk):
    desk.decide(Q.BONE_DEPTH_MIN, D.EDIT, value=10.5, reason="better")
    desk.decide(Q.BONE_DEPTH_MIN, D.REJECT, reason="not sure")
    desk.decide(Q.BONE_DEPTH_MIN, D.ACCEPT)
    assert desk.status(Q.BONE_DEPTH_MIN) is S.EDITED
    assert desk.finding(Q.BONE_DEPTH_MIN).measurement.value == 10.5


@pytest.mark.parametrize(("decision", "value"), [(D.EDIT, 3.0), (D.REJECT, None)])
def test_an_edit_and_a_rejection_need_a_reason(desk, decision, value):
    with pytest.raises(InputError, match="give a reason"):
        desk.decide(Q.BONE_DEPTH_MIN, decision, value=value, reason="  ")
    assert desk.file.exam.state is ExamState.DRAFT


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_an_edit_needs_a_number(desk, value):
    with pytest.raises(InputError):
        desk.decide(Q.BONE_DEPTH_MIN, D.EDIT, value=value, reason="better")


def test_what_is_not_there_is_not_found(desk):
    with pytest.raises(NotFound, match="no measurement nothing"):
        decide(desk.house, desk.id, "nothing", D.ACCEPT, person=READER, revision=None)
    with pytest.raises(NotFound):
        desk.house.studies.load("nobody")


def test_who_looked_at_an_older_state_is_told_so(desk):
    seen = desk.file.exam.revision
    desk.decide(Q.BONE_DEPTH_MIN, D.ACCEPT, revision=seen)
    with pytest.raises(Conflict, match=f"revision {seen}, now {seen + 1}, last by Reader One"):
        desk.decide(Q.TISSUE_GREY, D.ACCEPT, person=OTHER, revision=seen)
    for act in (desk.accept_all, desk.sign, desk.undo):
        with pytest.raises(Conflict):
            act(revision=seen)
    assert desk.file.exam.revision == seen + 1


def test_accept_all_takes_what_has_a_value_and_sets_the_rest_aside_in_one_step(uncalibrated):
    before = content(uncalibrated.file)
    file = uncalibrated.accept_all()
    assert uncalibrated.status(Q.TISSUE_GREY) is S.ACCEPTED
    absent = uncalibrated.finding(Q.BONE_DEPTH_MIN)
    assert absent.measurement.status is S.REJECTED
    assert "uncalibrated" in absent.reason
    assert len([line for line in file.history if line.action == "accept all"]) == len(file.findings)
    uncalibrated.undo()
    assert content(uncalibrated.file) == before


def test_accepting_all_twice_changes_nothing_the_second_time(desk):
    once = desk.accept_all()
    assert desk.accept_all() == once


# --- callippers


def test_a_calliper_is_the_person_s_own_and_exact(desk):
    file = desk.calliper([(10, 10), (40, 50)])
    finding = file.findings[-1]
    assert finding.measurement.value == pytest.approx(50 * STEP_MM)
    assert (finding.measurement.status, finding.decided_by) == (S.ACCEPTED, "Reader One")
    assert (finding.measurement.frame, finding.recording_id) == (1, desk.recording.id)
    assert json.loads(file.history[-1].after)["measurement"]["points_px"] == [[10.0, 10.0], [40.0, 50.0]]
    assert file.history[-1].before == ""


@pytest.mark.parametrize(
    ("points", "kind", "frame", "error"),
    [
        ([(1, 1)], CaliperKind.LENGTH, 0, GeometryError),
        ([(1, 1), (math.nan, 2)], CaliperKind.LENGTH, 0, GeometryError),
        ([(1, 1), (500, 2)], CaliperKind.LENGTH, 0, UncalibratedError),
        ([(1, 1), (9, 9), (9, 1), (1, 9)], CaliperKind.AREA, 0, GeometryError),
        ([(n % 40, n // 40) for n in range(501)], CaliperKind.AREA, 0, GeometryError),
        ([(1, 1), (2, 2)], CaliperKind.LENGTH, 3, NotFound),
        ([(1, 1), (2, 2)], CaliperKind.LENGTH, -1, NotFound),
    ],
)
def test_a_calliper_that_cannot_be_is_refused_and_nothing_changes(desk, points, kind, frame, error):
    before = desk.file
    with pytest.raises(error):
        desk.calliper(points, kind, frame)
    assert desk.file == before


def test_without_a_scale_a_calliper_is_refused(uncalibrated):
    with pytest.raises(UncalibratedError, match="uncalibrated"):
        uncalibrated.calliper([(1, 1), (2, 2)])


# --- contours


def test_a_drawn_contour_is_measured_at_once(desk):
    file = desk.draw(1, DEEPER, reason="the bright line is fascia")
    depth = desk.finding(Q.BONE_DEPTH_MIN).measurement
    assert depth.value == 12.0, "the median of 10, 20 and 12"
    assert depth.status is S.DRAFT
    assert "with drawn contour" in depth.method.name
    kept = load_interpreted(desk.house, file, desk.recording.id)
    assert [m.value for frame in kept.per_frame for m in frame if m.quantity is Q.BONE_DEPTH_MIN] == [10, 20, 12]
    assert np.all(kept.interpretations[1].surfaces[0].row_px == 40)
    assert "with drawn contour" not in kept.interpretations[0].method.name
    (contour,) = file.contours
    assert (contour.frame, contour.who, contour.reason) == (1, "Reader One", "the bright line is fascia")


def test_a_contour_brings_an_accepted_number_back_to_draft_and_says_why(desk):
    desk.accept_all()
    file = desk.draw(1, DEEPER)
    finding = desk.finding(Q.BONE_DEPTH_MIN)
    assert (finding.measurement.status, finding.measurement.value, finding.decided_by) == (S.DRAFT, 12.0, "")
    line = next(c for c in file.history if c.target == f"measurement:{finding.id}" and c.action == "contour")
    assert "accepted before, so it is a draft again" in line.reason
    assert json.loads(line.before)["measurement"]["status"] == "accepted"
    with pytest.raises(NotAllowed, match="still"):
        desk.sign()


def test_a_contour_leaves_a_typed_value_as_it_is(desk):
    typed = desk.decide(Q.BONE_DEPTH_MIN, D.EDIT, value=10.5, reason="by hand").finding(
        desk.finding(Q.BONE_DEPTH_MIN).id
    )
    desk.draw(1, DEEPER)
    assert desk.finding(Q.BONE_DEPTH_MIN) == typed


def test_a_contour_leaves_a_rejection_but_renews_its_number(desk):
    desk.decide(Q.BONE_DEPTH_MIN, D.REJECT, reason="wrong frame")
    desk.draw(1, DEEPER)
    finding = desk.finding(Q.BONE_DEPTH_MIN)
    assert (finding.measurement.status, finding.measurement.value) == (S.REJECTED, 12.0)
    assert (finding.decided_by, finding.reason) == ("Reader One", "wrong frame")


def test_an_accepted_number_that_a_contour_does_not_move_stays_accepted(tmp_path):
    house = make_house()
    rows = (20, 20, 20, 20, 20)
    desk = Desk(house, *exam_with(house, plan_of(picture_folder(tmp_path / "still", rows))))
    desk.accept_all()
    unmoved = desk.finding(Q.BONE_DEPTH_MIN)
    desk.draw(4, [[(0.0, 20.0), (47.0, 20.0)]])
    assert desk.finding(Q.BONE_DEPTH_MIN) == unmoved


def test_callippers_on_the_frame_are_left_alone(desk):
    calliper = desk.calliper([(10, 10), (40, 50)]).findings[-1]
    assert calliper in desk.draw(1, DEEPER).findings


def test_drawing_again_replaces_and_undo_goes_back_step_by_step(desk):
    states = [content(desk.file)]
    for row in (40.0, 30.0):
        desk.draw(1, [[(0.0, row), (47.0, row)]])
        states.append(content(desk.file))
    assert len(desk.file.contours) == 1
    for expected in states[1::-1]:
        desk.undo()
        assert content(desk.file) == expected
    assert desk.file.contours == ()


def test_no_lines_say_that_there_is_no_bone(desk):
    desk.draw(1, [])
    kept = load_interpreted(desk.house, desk.file, desk.recording.id)
    assert not kept.interpretations[1].surfaces[0].found.any()
    assert desk.finding(Q.BONE_DEPTH_MIN).measurement.n_frames == 2


@pytest.mark.parametrize(
    ("frame", "lines", "error"),
    [
        (1, [[(0.0, 64.0), (9.0, 3.0)]], GeometryError),
        (1, [[(0.0, 4.0), (9.0, 3.0)], [(9.0, 4.0), (12.0, 3.0)]], GeometryError),
        (3, DEEPER, NotFound),
        (-1, DEEPER, NotFound),
    ],
)
def test_a_contour_that_cannot_be_is_refused_and_nothing_changes(desk, frame, lines, error):
    before = desk.file
    with pytest.raises(error):
        desk.draw(frame, lines)
    assert desk.file == before


def test_a_recording_that_is_not_interpreted_cannot_be_drawn_on(desk, tmp_path):
    house, plan = desk.house, plan_of(picture_folder(tmp_path / "b", (30,)))
    second = import_recording(house, desk.id, plan, who="importer").recording
    interpret_recording(house, desk.recording.id, who="importer")
    with pytest.raises(NotFound, match="b has not been interpreted yet"):
        edit_contour(house, desk.id, second.id, 0, DEEPER, person=READER, revision=None)


# --- undo


def test_undo_is_written_down_and_keeps_the_lines_it_takes_back(desk):
    before = content(desk.file)
    desk.decide(Q.BONE_DEPTH_MIN, D.REJECT, reason="wrong")
    file = desk.undo()
    assert content(file) == before
    assert [line.action for line in file.history[-2:]] == ["reject", "undo"]
    assert file.history[-1].reason == "takes back: reject"
    assert file.exam.state is ExamState.REVIEW, "it has been looked at, whatever came of it"


def test_undo_takes_back_a_calliper(desk):
    before = content(desk.file)
    desk.calliper([(1, 1), (9, 9)])
    assert content(desk.undo()) == before


def test_each_person_takes_back_their_own(desk):
    desk.decide(Q.BONE_DEPTH_MIN, D.ACCEPT, person=READER)
    desk.decide(Q.TISSUE_GREY, D.ACCEPT, person=OTHER)
    desk.undo(READER)
    assert desk.status(Q.BONE_DEPTH_MIN) is S.DRAFT
    assert desk.status(Q.TISSUE_GREY) is S.ACCEPTED
    assert (can_undo(desk.file, READER), can_undo(desk.file, OTHER), can_undo(desk.file)) == (False, True, True)
    with pytest.raises(NotAllowed, match="Reader One has done nothing"):
        desk.undo(READER)


def test_nobody_takes_back_over_another_s_head(desk):
    desk.decide(Q.BONE_DEPTH_MIN, D.ACCEPT, person=READER)
    after = content(desk.decide(Q.BONE_DEPTH_MIN, D.EDIT, person=OTHER, value=9.0, reason="better"))
    with pytest.raises(NotAllowed, match="Reader Two has changed the same thing since"):
        desk.undo(READER)
    assert content(desk.file) == after
    desk.undo(OTHER)
    desk.undo(READER)
    assert desk.status(Q.BONE_DEPTH_MIN) is S.DRAFT


def test_acts_are_told_apart_even_when_the_clock_stands_still(tmp_path):
    house = make_house(clock=Clock(step_s=0.0))
    desk = Desk(house, *exam_with(house, plan_of(picture_folder(tmp_path / "left"))))
    desk.decide(Q.BONE_DEPTH_MIN, D.ACCEPT)
    desk.decide(Q.TISSUE_GREY, D.ACCEPT)
    desk.undo()
    assert (desk.status(Q.BONE_DEPTH_MIN), desk.status(Q.TISSUE_GREY)) == (S.ACCEPTED, S.DRAFT)


def test_nothing_is_taken_back_across_a_signature(desk):
    desk.accept_all()
    desk.sign()
    assert not can_undo(desk.file)
    with pytest.raises(NotAllowed, match="signed does not allow 'review'"):
        desk.undo()
    desk.amend(reason="wrong side")
    assert not can_undo(desk.file)
    with pytest.raises(NotAllowed, match="nothing since the last signature"):
        desk.undo()
    desk.decide(Q.BONE_DEPTH_MIN, D.REJECT, reason="wrong side")
    desk.undo()
    assert desk.status(Q.BONE_DEPTH_MIN) is S.ACCEPTED


# --- signature


def test_drafts_cannot_be_signed_and_the_message_counts_them(desk):
    n = len(desk.file.findings)
    desk.decide(Q.BONE_DEPTH_MIN, D.ACCEPT)
    with pytest.raises(NotAllowed, match=rf"{n - 1} measurements are still drafts \({n - 1} of left\)"):
        desk.sign()


def test_that_nothing_could_be_measured_can_be_signed(desk):
    for finding in desk.file.findings:
        decide(desk.house, desk.id, finding.id, D.REJECT, person=READER, revision=None, reason="no")
    assert desk.sign().exam.state is ExamState.SIGNED


def test_an_examination_without_a_recording_cannot_be_signed(desk):
    empty = create_exam(desk.house, title="Empty", who="importer")
    with pytest.raises(NotAllowed, match="imported does not allow 'sign'"):
        sign(desk.house, empty.id, person=READER, revision=None)


def test_a_signature_is_by_name_and_counts(desk):
    desk.accept_all()
    exam = desk.sign(Person("  Reader   One ")).exam
    assert (exam.state, exam.version, exam.signed_by) == (ExamState.SIGNED, 1, "Reader One")
    assert exam.signed_at == desk.file.history[-1].at
    with pytest.raises(NotAllowed):
        desk.sign()


def test_an_amendment_takes_the_signature_off_and_keeps_it_in_the_history(desk):
    desk.accept_all()
    signed = desk.sign().exam
    with pytest.raises(InputError, match="give a reason"):
        desk.amend(reason=" ")
    file = desk.amend(person=OTHER, reason="wrong level")
    assert (file.exam.state, file.exam.signed_by, file.exam.signed_at) == (ExamState.AMENDED, "", None)
    line = file.history[-1]
    assert (line.who, line.action, line.reason) == ("Reader Two", "amend", "wrong level")
    old = json.loads(line.before)
    assert (old["signed_by"], old["version"]) == ("Reader One", 1)
    assert old["signed_at"] == signed.signed_at.isoformat()
    assert desk.sign(OTHER).exam.version == 2


@pytest.mark.parametrize(
    "act",
    [
        lambda d: d.decide(Q.BONE_DEPTH_MIN, D.REJECT, reason="no"),
        lambda d: d.accept_all(),
        lambda d: d.calliper([(1, 1), (2, 2)]),
        lambda d: d.draw(1, DEEPER),
        lambda d: d.undo(),
        lambda d: d.sign(),
    ],
    ids=["decide", "accept all", "calliper", "contour", "undo", "sign"],
)
def test_what_is_signed_stays_as_it_is(desk, act):
    desk.accept_all()
    before = desk.sign()
    with pytest.raises(NotAllowed, match="signed"):
        act(desk)
    assert desk.file == before


def test_before_interpretation_there_is_nothing_to_review(tmp_path):
    house = make_house()
    desk = Desk(house, *exam_with(house, plan_of(picture_folder(tmp_path / "left")), interpret=False))
    for act in (desk.accept_all, desk.undo, lambda: desk.calliper([(1, 1), (2, 2)])):
        with pytest.raises(NotAllowed, match="imported does not allow 'review'"):
            act()


def test_a_review_that_loses_the_race_is_done_on_the_newest_state_when_nothing_was_promised(desk):
    """`revision=None`: somebody else commits between the reading and the writing, and both survive."""
    studies = desk.house.studies
    raced = []

    class Racing:
        def __getattr__(self, name):
            return getattr(studies, name)

        def commit(self, write):
            if not raced:
                raced.append(True)
                desk.decide(Q.TISSUE_GREY, D.ACCEPT, person=OTHER)
            return studies.commit(write)

    racing = Desk(replace(desk.house, studies=Racing()), desk.file.exam, desk.recording)
    racing.decide(Q.BONE_DEPTH_MIN, D.ACCEPT)
    assert (desk.status(Q.BONE_DEPTH_MIN), desk.status(Q.TISSUE_GREY)) == (S.ACCEPTED, S.ACCEPTED)
