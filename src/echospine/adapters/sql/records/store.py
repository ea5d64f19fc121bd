"""Entries in a database: the same one that holds the examinations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Row, Table, insert, select

from echospine.adapters.sql.engine import reading, writing
from echospine.adapters.sql.faults import database_faults
from echospine.adapters.sql.records import rows
from echospine.adapters.sql.records.rules import by_day, no_entry, no_plan
from echospine.adapters.sql.records.tables import (
    marks,
    scores,
    site_errors,
    study_plans,
    study_readings,
    withdrawals,
)
from echospine.adapters.sql.rows import Values
from echospine.adapters.sql.rules import is_text, require_storable
from echospine.domain.trends import (
    Entry,
    Kept,
    Mark,
    Score,
    SiteError,
    StudyPlan,
    StudyReading,
    Withdrawal,
)

Value = TypeVar("Value")


class SqlRecords:
    """PatientRecords in SQLite or PostgreSQL; `name`: what people call the database."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name

    def add(self, entry: Entry) -> None:
        """Keep an entry; raises Conflict when its id or place is taken, NotFound for a reading without its plan."""
        require_storable(entry)
        table, row = _placed(entry)
        with self._writing() as db:
            if isinstance(entry, StudyReading):
                known = db.scalar(select(study_plans.c.id).where(study_plans.c.id == entry.plan_id))
                if known is None:
                    raise no_plan(entry.plan_id)
            db.execute(insert(table), row)

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Let an entry no longer count; raises NotFound, and Conflict when it was withdrawn before."""
        require_storable(withdrawal)
        with self._writing() as db:
            tables = (marks, scores, site_errors)
            found = [db.scalar(select(table.c.id).where(table.c.id == withdrawal.entry_id)) for table in tables]
            if not any(found):
                raise no_entry(withdrawal.entry_id)
            db.execute(insert(withdrawals), rows.withdrawal_row(withdrawal))

    def of_patient(self, patient: str) -> tuple[Kept, ...]:
        """Return marks and questionnaires of a patient, by day, withdrawn ones too."""
        if not is_text(patient):
            return ()
        with self._reading() as db:
            found: list[Mark | Score] = [
                *_all(db, marks, rows.mark_of, marks.c.patient == patient),
                *_all(db, scores, rows.score_of, scores.c.patient == patient),
            ]
            return by_day(found, _all(db, withdrawals, rows.withdrawal_of))

    def site_errors(self) -> tuple[Kept, ...]:
        """Return this site's reliability studies, in the order in which they were kept, withdrawn ones too."""
        with self._reading() as db:
            taken_back = {one.entry_id: one for one in _all(db, withdrawals, rows.withdrawal_of)}
            found: list[SiteError] = _all(db, site_errors, rows.site_error_of)
        return tuple(Kept(one, taken_back.get(one.id)) for one in found)

    def plans(self) -> tuple[StudyPlan, ...]:
        """Return the plans of reliability studies, in the order in which they were made."""
        with self._reading() as db:
            return tuple(_all(db, study_plans, rows.plan_of))

    def readings(self, plan_id: str) -> tuple[StudyReading, ...]:
        """Return what raters have read so far, in the order in which they did."""
        if not is_text(plan_id):
            return ()
        with self._reading() as db:
            return tuple(_all(db, study_readings, rows.reading_of, study_readings.c.plan_id == plan_id))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with database_faults(self._name), reading(self._engine) as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with database_faults(self._name), writing(self._engine) as db:
            yield db


def _placed(entry: Entry) -> tuple[Table, Values]:
    """Return where an entry is kept, and its row."""
    match entry:
        case Mark():
            return marks, rows.mark_row(entry)
        case Score():
            return scores, rows.score_row(entry)
        case SiteError():
            return site_errors, rows.site_error_row(entry)
        case StudyPlan():
            return study_plans, rows.plan_row(entry)
        case StudyReading():
            return study_readings, rows.reading_row(entry)


def _all(
    db: Connection, table: Table, value_of: Callable[[Row[Any]], Value], *conditions: ColumnElement[bool]
) -> list[Value]:
    """Return the values of the rows that meet the conditions, in the order in which they were put."""
    return [value_of(row) for row in db.execute(select(table).where(*conditions).order_by(table.c.seq))]
