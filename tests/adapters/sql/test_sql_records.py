"""Tables of entries only ever grow; and a store from before they were there gets them and keeps what it had."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from echospine.adapters import sql
from echospine.adapters.sql import SqlStudies, sqlite_url
from echospine.adapters.sql.engine import make_engine, writing
from echospine.adapters.sql.records.tables import GROWING
from echospine.adapters.sql.schema import VERSION_TABLE
from echospine.adapters.sql.urls import parse_url
from echospine.domain.trends import Mark, MarkKind, Withdrawal
from store_samples import (
    MOMENT,
    make_change,
    make_contour,
    make_exam,
    make_finding,
    make_map,
    make_recording,
    next_write,
)

MARK = Mark("m1", "P-001", MOMENT.date(), MarkKind.TREATMENT, "exercise", "Reader One", MOMENT)
COLUMNS = "id, title, state, created_at, patient_name, patient_id, revision, version, signed_by, folded"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "studies.db")


def older_store(url: str, revision: str) -> None:
    """Make a store as an older EchoSpine left it."""
    config = Config()
    config.set_main_option("script_location", str(Path(sql.__file__).with_name("migrations")))
    engine = make_engine(parse_url(url))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_a_store_from_before_there_were_entries_keeps_all_and_gets_them(url: str, revision: str) -> None:
    older_store(url, revision)
    engine = create_engine(parse_url(url))
    values = "('exam-1', 'Back', 'draft', '2026-01-02 03:04:05.000000', 'Doe^Jane', 'P-001', 3, 0, '', 'back')"
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO exams ({COLUMNS}) VALUES {values}"))
    engine.dispose()
    studies = SqlStudies(url)
    assert studies.load("exam-1").exam.title == "Back"
    assert [exam.revision for exam in studies.exams_of("P-001")] == [3]
    studies.records.add(MARK)
    studies.close()
    again = SqlStudies(url)
    assert [kept.entry for kept in again.records.of_patient("P-001")] == [MARK]
    again.close()


def test_what_a_full_store_of_the_last_version_held_is_there_after_the_step(url: str) -> None:
    studies = SqlStudies(url)
    exam = studies.create(make_exam(), make_change())
    parts = {"recordings": [make_recording()], "findings": [make_finding()], "contours": [make_contour()]}
    studies.commit(next_write(exam, **parts, maps=[make_map()]))
    before = studies.load(exam.id)
    studies.close()
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:  # back to the version before, as if the step had never been taken
        for table in reversed(GROWING):
            connection.execute(text(f"DROP TABLE {table.name}"))
        connection.execute(text("DROP TABLE remarks"))
        connection.execute(text("ALTER TABLE findings DROP COLUMN state"))
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0002'"))
    engine.dispose()
    again = SqlStudies(url)
    assert again.load(exam.id) == before
    again.close()


@pytest.mark.parametrize("table", [table.name for table in GROWING])
def test_no_row_of_an_entry_can_be_changed_or_deleted_even_by_hand(url: str, table: str) -> None:
    studies = SqlStudies(url)
    studies.records.add(MARK)
    studies.records.withdraw(Withdrawal("m1", "wrong day", "Reader One", MOMENT))
    studies.close()
    engine = create_engine(parse_url(url))
    triggers = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
    with engine.connect() as connection:
        assert connection.scalar(text(triggers), {"table": table}) == 2
    if table in {"marks", "withdrawals"}:
        for statement in (f"UPDATE {table} SET who = 'nobody'", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match="only ever added to"), engine.begin() as connection:
                connection.execute(text(statement))
    assert table in inspect(engine).get_table_names()
    engine.dispose()
