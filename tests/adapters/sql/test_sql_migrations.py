"""Opening a store makes it what this version needs, once, safely; or says why it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from echospine.adapters import sql
from echospine.adapters.sql import SqlStudies, sqlite_url
from echospine.adapters.sql.schema import HEAD, VERSION_TABLE
from echospine.adapters.sql.tables import metadata
from echospine.adapters.sql.urls import parse_url
from echospine.domain.errors import StorageError
from store_samples import POSTGRES, make_change, make_exam, new_postgres

MIGRATIONS = Path(sql.__file__).with_name("migrations")


@pytest.fixture(params=["sqlite", *(["postgres"] if POSTGRES else [])])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    database = new_postgres() if request.param == "postgres" else nullcontext(sqlite_url(tmp_path / "studies.db"))
    with database as address:
        yield address


def run_sql(url: str, statement: str) -> None:
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_uses(url: str) -> None:
    SqlStudies(url).close()
    engine = create_engine(parse_url(url))
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


def test_there_is_one_newest_migration_and_the_code_knows_it() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_history_cannot_be_changed_or_deleted_even_by_hand(url: str) -> None:
    studies = SqlStudies(url)
    studies.create(make_exam(), make_change())
    for statement in ("UPDATE history SET who = 'nobody'", "DELETE FROM history"):
        with pytest.raises(DBAPIError, match="history is only ever added to"):
            run_sql(url, statement)
    assert studies.load("exam-1").history == (make_change(),)
    studies.close()


def test_a_store_of_a_newer_version_is_refused_and_left_alone(url: str) -> None:
    SqlStudies(url).close()
    run_sql(url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    for _ in range(2):
        with pytest.raises(StorageError, match=r"newer EchoSpine .*9999.*install the newer") as caught:
            SqlStudies(url)
    assert "\n" not in str(caught.value)


def test_a_migration_that_fails_leaves_nothing(url: str) -> None:
    """A view that stands in the way of the last table: the first tables are taken back with it."""
    run_sql(url, "CREATE VIEW history AS SELECT 1 AS one")
    with pytest.raises(StorageError, match="history"):
        SqlStudies(url)
    engine = create_engine(parse_url(url))
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    run_sql(url, "DROP VIEW history")
    SqlStudies(url).close()


OPENER = """
import sys
from echospine.adapters.sql import SqlStudies
print("ready", flush=True)
sys.stdin.readline()
studies = SqlStudies(sys.argv[1])
print(studies.search().total)
"""


@pytest.mark.slow
def test_many_processes_open_a_new_store_at_once(url: str) -> None:
    command = [sys.executable, "-c", OPENER, url]
    openers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
        opener.stdin.flush()
    answers = [opener.communicate(timeout=60) for opener in openers]
    assert answers == [("0\n", "")] * len(openers)


def test_postgres_was_tried() -> None:
    if not POSTGRES:
        pytest.skip("the stores were tried without PostgreSQL: ECHOSPINE_TEST_POSTGRES names no server")
