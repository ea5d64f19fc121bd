"""The store in memory and the store in a database answer alike, whatever is done to them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from echospine.adapters.sql import MemoryStudies, SqlStudies, sqlite_url
from echospine.domain.errors import EchoSpineError
from echospine.domain.exams import ExamState, ExamWrite
from echospine.ports import StudyStore
from store_samples import make_change, make_contour, make_exam, make_finding, make_recording

EXAM_IDS = st.sampled_from(["e1", "e2", "e3"])
RECORDING_IDS = st.sampled_from(["r1", "r2", "r3"])
FINDING_IDS = st.sampled_from(["f1", "f2", "f3", "f4"])
TEXTS = st.text(st.sampled_from("aAäÄ\u0308ßẞSſkKİiσςΣ %_\\'\n\0\udc80"), max_size=6)
VALUES = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
RECORDINGS = st.builds(
    make_recording,
    recording_id=RECORDING_IDS,
    exam_id=EXAM_IDS,
    content=st.sampled_from(["x", "y", None, None, None]),
    name=TEXTS,
)
CONTOURS = st.builds(make_contour, recording_id=RECORDING_IDS, frame=st.integers(0, 2))


@cache
def template() -> Path:
    """Return an empty database, made once: migrations have tests of their own."""
    file = Path(tempfile.mkdtemp(prefix="echospine-test-")) / "template.db"
    SqlStudies(sqlite_url(file)).close()
    return file


def answer(ask: Callable[[], Any]) -> Any:
    """Return what a call gives, or the kind of error that it raises."""
    try:
        return ask()
    except EchoSpineError as error:
        return type(error)


class Twins(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="echospine-test-"))
        shutil.copy(template(), self.folder / "studies.db")
        self.sql = SqlStudies(sqlite_url(self.folder / "studies.db"))
        self.memory = MemoryStudies()

    def teardown(self) -> None:
        self.sql.close()
        shutil.rmtree(self.folder)

    def both(self, ask: Callable[[StudyStore], Any]) -> None:
        in_memory, in_sql = answer(lambda: ask(self.memory)), answer(lambda: ask(self.sql))
        assert in_memory == in_sql

    @rule(exam_id=EXAM_IDS, title=TEXTS, minutes=st.integers(-2, 2), revision=st.sampled_from([0, 0, 0, 1]))
    def create(self, exam_id: str, title: str, minutes: int, revision: int) -> None:
        exam = make_exam(exam_id, minutes=minutes, title=title, revision=revision)
        self.both(lambda store: store.create(exam, make_change()))

    @rule(
        exam_id=EXAM_IDS,
        step=st.sampled_from([1, 1, 1, 1, 1, 0, 2]),
        recordings=st.lists(RECORDINGS, max_size=2),
        at_home=st.booleans(),
        findings=st.lists(st.builds(make_finding, FINDING_IDS, RECORDING_IDS, VALUES), max_size=3),
        removed_findings=st.lists(FINDING_IDS, max_size=2),
        contours=st.lists(CONTOURS, max_size=2),
        removed_contours=st.lists(st.tuples(RECORDING_IDS, st.integers(0, 2)), max_size=2),
        state=st.sampled_from(ExamState),
    )
    def commit(self, exam_id: str, step: int, at_home: bool, state: ExamState, **parts: Any) -> None:
        known = answer(lambda: self.memory.load(exam_id).exam)
        exam = make_exam(exam_id) if isinstance(known, type) else known
        if at_home:
            parts["recordings"] = [replace(r, exam_id=exam_id) for r in parts["recordings"]]
        exam = replace(exam, revision=exam.revision + step, state=state)
        write = ExamWrite(exam, [make_change("change", f"exam {exam.revision}")], **parts)
        self.both(lambda store: store.commit(write))

    @rule(text=TEXTS, state=st.one_of(st.none(), st.sampled_from(ExamState)), page=st.tuples(*[st.integers(-1, 4)] * 2))
    def search(self, text: str, state: ExamState | None, page: tuple[int, int]) -> None:
        self.both(lambda store: store.search(text, state, *page))

    @rule(recording_id=RECORDING_IDS, content=st.sampled_from(["x", "y", "r1", "r2", "r3"]))
    def look_up(self, recording_id: str, content: str) -> None:
        digest = make_recording(content=content).digest
        self.both(lambda store: store.recording(recording_id))
        self.both(lambda store: store.find_recording(digest))

    @invariant()
    def all_examinations_are_the_same(self) -> None:
        for exam_id in ("e1", "e2", "e3"):
            self.both(lambda store, exam_id=exam_id: store.load(exam_id))  # type: ignore[misc]


TestTwins = Twins.TestCase
TestTwins.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
