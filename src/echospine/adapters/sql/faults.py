"""What a database's refusal means to a person: one line, and the way out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from echospine.adapters.sql.rules import taken
from echospine.domain.errors import StorageError

SQLITE = {
    "SQLITE_FULL": "the disk is full; free some space and try again",
    "SQLITE_READONLY": "the database is read-only; give this user write access to the file and its folder",
    "SQLITE_CANTOPEN": "the database cannot be opened; check that its folder exists and can be written to",
    "SQLITE_PERM": "permission denied; give this user write access to the file and its folder",
    "SQLITE_BUSY": "the database is locked by another program; close that program and try again",
    "SQLITE_LOCKED": "the database is locked by another program; close that program and try again",
    "SQLITE_CORRUPT": "the database is damaged; restore it from a backup",
    "SQLITE_NOTADB": "is not a database of EchoSpine; choose another file",
    "SQLITE_IOERR": "the disk failed; check the disk and that it is not full, and try again",
    "SQLITE_TOOBIG": "a text is too long to be kept; shorten it",
}
"""By the primary name of SQLite's result code (https://www.sqlite.org/rescode.html)."""

POSTGRES = {
    "08": "the connection to the database was lost; check that it runs and can be reached",
    "28": "the database refused this user; check the name and password in the URL",
    "3D": "there is no such database on that server; create it first",
    "42501": "the database user may not do this; grant it the right to create and write tables",
    "25006": "the database is read-only; connect to the primary server",
    "53100": "the database's disk is full; free some space and try again",
    "53": "the database is short of resources; try again later",
    "57": "the database is shutting down or starting up; try again later",
    "58": "the database's disk failed; ask its administrator",
    "XX": "the database is damaged; restore it from a backup",
}
"""By SQLSTATE or its class (PostgreSQL manual, appendix A); the longest match counts."""


@contextmanager
def database_faults(name: str) -> Iterator[None]:
    """Turn SQLAlchemy's errors into Conflict (a unique value is taken) or StorageError, in one line.

    `name`: what people call the database, without its password.
    """
    try:
        yield
    except IntegrityError as error:
        raise taken(name) from error
    except DBAPIError as error:
        raise StorageError(f"{name}: {_way_out(error.orig)}") from error
    except (SQLAlchemyError, LookupError, ValueError) as error:
        raise StorageError(f"{name}: {_one_line(error)}; the content may be damaged") from error


def _way_out(error: BaseException | None) -> str:
    code = str(getattr(error, "sqlite_errorname", ""))
    found = next((text for start, text in SQLITE.items() if code.startswith(start)), None)
    state = str(getattr(error, "sqlstate", None) or "")
    found = found or next((POSTGRES[state[:n]] for n in (5, 2) if state[:n] in POSTGRES), None)
    return found or f"{_one_line(error)}; check the database and try again"


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
