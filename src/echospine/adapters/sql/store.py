"""Examinations in a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from echospine.adapters.sql import changes, queries
from echospine.adapters.sql.engine import make_engine, reading, writing
from echospine.adapters.sql.faults import database_faults
from echospine.adapters.sql.records import SqlRecords
from echospine.adapters.sql.rules import (
    is_text,
    no_exam,
    no_recording,
    require_new,
    require_page,
    require_storable,
    require_write,
)
from echospine.adapters.sql.schema import is_current, upgrade
from echospine.adapters.sql.tables import recordings
from echospine.adapters.sql.urls import parse_url, prepare_file, shown
from echospine.domain.exams import Change, Exam, ExamFile, ExamState, ExamWrite, Recording
from echospine.domain.trends import Patient
from echospine.ports import ExamPage


class SqlStudies:
    """A StudyStore in SQLite or PostgreSQL, for any number of threads and processes at a time.

    Opening makes the tables or brings them up to date, once, whoever comes first. Every call is one
    transaction: a read sees one moment, a write that returned is durable. Raises StorageError, one line that
    names the database and the way out, whenever the database cannot do its work.
    """

    def __init__(self, url: str) -> None:
        parsed = parse_url(url)
        self._name = shown(parsed)
        prepare_file(parsed)
        with database_faults(self._name):
            self._engine = make_engine(parsed)
        try:
            self._bring_up_to_date()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections; the next call would open them again."""
        self._engine.dispose()

    @property
    def records(self) -> SqlRecords:
        """What is kept beside examinations, in the same database."""
        return SqlRecords(self._engine, self._name)

    def patients(self) -> tuple[Patient, ...]:
        """Return everybody with an examination that names them, latest examination first."""
        with self._reading() as db:
            return queries.patients(db)

    def exams_of(self, patient: str) -> tuple[Exam, ...]:
        """Return the examinations of a patient, in the order in which they were made."""
        if not patient or not is_text(patient):
            return ()
        with self._reading() as db:
            return queries.exams_of(db, patient)

    def create(self, exam: Exam, change: Change) -> Exam:
        """Keep a new examination; raises Conflict when its id is taken, InputError for what cannot be kept."""
        require_new(exam)
        require_storable(change)
        with self._writing() as db:
            changes.insert_exam(db, exam, change)
        return exam

    def load(self, exam_id: str) -> ExamFile:
        """Return one consistent moment of the examination; raises NotFound."""
        if not is_text(exam_id):
            raise no_exam(exam_id)
        with self._reading() as db:
            return queries.exam_file(db, exam_id)

    def commit(self, write: ExamWrite) -> Exam:
        """Apply the change whole or not at all.

        Raises Conflict when the revision has moved on, or an id or the content of a recording is in the store
        already (of two imports of the same file at once, one gets this and finds the other's recording);
        NotFound when the examination, or the recording of a finding or contour, is not there; InputError for
        values that no database gives back as they were.
        """
        require_write(write)
        with self._writing() as db:
            changes.apply(db, write)
        return write.exam

    def search(self, text: str = "", state: ExamState | None = None, limit: int = 50, offset: int = 0) -> ExamPage:
        """Return examinations whose title, patient or recording names hold `text`, newest first.

        Raises InputError for a text that is too long, or a page that cannot be.
        """
        require_page(text, limit, offset)
        with self._reading() as db:
            return queries.page(db, text, state, limit, offset)

    def find_recording(self, digest: str) -> Recording | None:
        """Return the recording that was imported with that content (there is never more than one), or None."""
        if not is_text(digest):
            return None
        with self._reading() as db:
            return next(iter(queries.recordings_where(db, recordings.c.digest == digest)), None)

    def recording(self, recording_id: str) -> Recording:
        """Return a recording by its id; raises NotFound."""
        if is_text(recording_id):
            with self._reading() as db:
                found = queries.recordings_where(db, recordings.c.id == recording_id)
            if found:
                return found[0]
        raise no_recording(recording_id)

    def _bring_up_to_date(self) -> None:
        with self._reading() as db:
            ready = is_current(db)
        if not ready:
            with self._writing() as db:
                upgrade(db, self._name)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with database_faults(self._name), reading(self._engine) as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with database_faults(self._name), writing(self._engine) as db:
            yield db
