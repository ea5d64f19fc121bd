"""Addresses of databases: what is accepted, and how it is shown without its password."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from echospine.domain.errors import StorageError

_EXPECTED = "sqlite:////folder/studies.db or postgresql://user@host/name"
_POSTGRES = {"postgres", "postgresql", "postgresql+psycopg"}


def sqlite_url(file: Path) -> str:
    """Return the URL of an SQLite database in `file`; its name may hold any character."""
    return URL.create("sqlite", database=str(file.absolute())).render_as_string()


def parse_url(url: str) -> URL:
    """Return the parsed URL with its driver; raises StorageError for what is not SQLite or PostgreSQL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StorageError("the database URL cannot be understood; expected " + _EXPECTED) from None
    if parsed.drivername in _POSTGRES:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise StorageError(f"{parsed.drivername}: is not a database that EchoSpine knows; expected {_EXPECTED}")
    if parsed.database in {None, "", ":memory:"}:
        raise StorageError("the database URL names no file; use MemoryStudies to keep nothing")
    return parsed


def shown(url: URL) -> str:
    """Return how messages name the database: its file, or its URL without the password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def prepare_file(url: URL) -> None:
    """Make the file of a new SQLite database readable by its owner alone: it holds patients' data.

    SQLite gives its log the same permissions. Raises StorageError for what is no file (a pipe would block).
    """
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    file = Path(url.database)
    with suppress(OSError):  # what stands in the way, SQLite says with the way out
        file.touch(mode=0o600, exist_ok=False)
    with suppress(OSError):
        if file.exists() and not file.is_file():
            raise StorageError(f"{file}: is not a file; choose a file for the database")
