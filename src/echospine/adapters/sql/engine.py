"""Connections: how SQLite and PostgreSQL are opened, and what one transaction promises.

SQLite runs with a write-ahead log and synchronous=FULL: a commit returns after the log was fsynced, so it
survives a kill and a power cut (with NORMAL, SQLite's own default for WAL in many builds, a power cut may take
back acknowledged commits). Readers see one moment and never wait for the writer. PostgreSQL's defaults promise
the same for a commit; synchronous_commit is set again here, in case the server was told otherwise.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from echospine.domain.errors import StorageError

BUSY_S = 30.0
"""How long a writer waits for the others before it gives up."""

_WRITES = "echospine_writes"


def make_engine(url: URL) -> Engine:
    """Return the engine for a parsed URL; nothing is opened yet. Raises StorageError without a driver."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_S})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if find_spec("psycopg") is None:
        raise StorageError("PostgreSQL needs its driver; type: pip install 'echospine[postgres]'")
    settings = "-c TimeZone=UTC -c synchronous_commit=on"
    return create_engine(url, pool_pre_ping=True, connect_args={"options": settings, "connect_timeout": int(BUSY_S)})


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose statements all see the same moment."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose statements become durable together, or not at all."""
    with engine.connect() as connection:
        connection.execution_options(**{_WRITES: True})
        with connection.begin():
            yield connection


def _prepare_sqlite(raw: sqlite3.Connection, _record: object) -> None:
    raw.isolation_level = None  # sqlite3 would begin late and not for SELECT: `_begin_sqlite` does it
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone does not reach the platter
    _use_write_ahead_log(raw)


def _use_write_ahead_log(raw: sqlite3.Connection) -> None:
    """Switch the file to WAL for good. SQLite does not wait for other openers here, so this does."""
    give_up = time.monotonic() + BUSY_S
    while True:
        try:
            raw.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    """Begin reads as a snapshot, and writes with the lock: to upgrade from one to the other can fail."""
    options: Any = connection.get_execution_options()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")
