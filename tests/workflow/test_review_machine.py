"""Any sequence of review by two people: taking everything back leads to the beginning; signatures hold."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from workflow_kit import OTHER, READER, content, exam_with, make_house, picture_folder, plan_of

from echospine.domain.errors import GeometryError, InputError, NotAllowed
from echospine.domain.exams import ExamFile, ExamState
from echospine.domain.measures import CaliperKind, Decision, Status
from echospine.workflow.exam import revision_after
from echospine.workflow.review import accept_all, add_caliper, amend, can_undo, decide, edit_contour, sign, undo

PEOPLE = st.sampled_from([READER, OTHER])


class Review(RuleBasedStateMachine):
    """`self.path`: what the examination was, act by act, since the last signature."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.house = make_house()
        plan = plan_of(picture_folder(Path(self.folder.name, "left"), (20, 22, 24)))
        exam, self.recording = exam_with(self.house, plan)
        self.id = exam.id
        self.path = [(None, content(self.file))]
        self.versions: list[tuple[object, ...]] = []

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @property
    def file(self) -> ExamFile:
        return self.house.studies.load(self.id)

    def act(self, person, work):
        """Do it, and note what it led to; a refusal must change nothing."""
        before = self.file
        try:
            after = work(person=person, revision=before.exam.revision)
        except (NotAllowed, GeometryError, InputError):
            assert self.file == before
            return
        if after.exam.revision > before.exam.revision:
            self.path.append((person, content(after)))

    @rule(
        person=PEOPLE,
        pick=st.integers(0, 50),
        decision=st.sampled_from(Decision),
        value=st.none() | st.floats(0, 99),
        reason=st.sampled_from(["", "seen so"]),
    )
    def decides(self, person, pick, decision, value, reason):
        findings = self.file.findings
        target = findings[pick % len(findings)].id
        self.act(person, lambda **who: decide(self.house, self.id, target, decision, value=value, reason=reason, **who))

    @rule(person=PEOPLE)
    def accepts_all(self, person):
        self.act(person, lambda **who: accept_all(self.house, self.id, **who))

    @rule(person=PEOPLE, frame=st.integers(0, 2), x=st.floats(0, 60), y=st.floats(0, 60))
    def measures(self, person, frame, x, y):
        points = [(1.0, 1.0), (x, y)]
        self.act(
            person,
            lambda **who: add_caliper(self.house, self.id, self.recording.id, frame, CaliperKind.LENGTH, points, **who),
        )

    @rule(person=PEOPLE, frame=st.integers(0, 2), row=st.integers(2, 70), end=st.integers(0, 47))
    def draws(self, person, frame, row, end):
        lines = [[(0.0, float(row)), (float(end), float(row))]] if end else []
        self.act(person, lambda **who: edit_contour(self.house, self.id, self.recording.id, frame, lines, **who))

    @precondition(lambda self: len(self.path) > 1)
    @rule()
    def the_last_one_takes_back(self):
        person, _ = self.path.pop()
        after = undo(self.house, self.id, person=person, revision=None)
        assert content(after) == self.path[-1][1]

    @rule()
    def everybody_takes_back_everything(self):
        while len(self.path) > 1:
            self.the_last_one_takes_back()
        assert content(self.file) == self.path[0][1]
        assert not can_undo(self.file)

    @rule(person=PEOPLE)
    def signs(self, person):
        before = self.file
        try:
            after = sign(self.house, self.id, person=person, revision=before.exam.revision)
        except NotAllowed:
            assert self.file == before
            return
        assert not any(f.measurement.status is Status.DRAFT for f in after.findings)
        assert content(after) == content(before)
        self.versions.append((after.exam.version, person.name))
        self.path = [(None, content(after))]

    @rule(person=PEOPLE)
    def amends(self, person):
        before = self.file
        try:
            after = amend(self.house, self.id, person=person, revision=None, reason="look again")
        except NotAllowed:
            assert before.exam.state is not ExamState.SIGNED
            return
        assert content(after) == content(before)

    @invariant()
    def what_stands_is_what_the_last_act_led_to(self):
        assert content(self.file) == self.path[-1][1]

    @invariant()
    def there_is_something_to_take_back_exactly_when_something_was_done(self):
        signed = self.file.exam.state is ExamState.SIGNED
        assert can_undo(self.file) == (len(self.path) > 1 and not signed)

    @invariant()
    def every_change_is_in_the_history_with_its_revision(self):
        file = self.file
        revisions = [revision_after(line) for line in file.history]
        assert revisions == sorted(revisions)
        assert set(revisions) == set(range(file.exam.revision + 1))

    @invariant()
    def every_signature_is_kept(self):
        lines = [json.loads(line.after) for line in self.file.history if line.action == "sign"]
        assert [(line["version"], line["signed_by"]) for line in lines] == self.versions


TestReview = Review.TestCase
TestReview.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
