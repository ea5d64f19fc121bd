"""The migrations, run when a store is opened: once, by one opener, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from echospine.domain.errors import StorageError

HEAD = "0004"
"""The newest migration; a store that stands at it is opened without loading Alembic."""

VERSION_TABLE = "echospine_schema"
"""Its own name, so that EchoSpine can share a PostgreSQL database with others that use Alembic."""

_ADVISORY_LOCK = 0x4563686F


def upgrade(connection: Connection, name: str) -> None:
    """Bring the store to HEAD within the connection's transaction, which holds the writer's lock.

    Raises StorageError for a store made by a newer EchoSpine, and for an SQLite file of something else.
    """
    if connection.dialect.name == "postgresql":  # SQLite's transaction has the lock already
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    found = _current(connection)
    if found == HEAD:  # another opener was first
        return
    if found is None and connection.dialect.name == "sqlite" and inspect(connection).get_table_names():
        raise StorageError(f"{name}: is a database of another program; choose another file")
    _run_migrations(connection, found, name)


def is_current(connection: Connection) -> bool:
    """True when nothing is left to be done: asked without the writer's lock."""
    return _current(connection) == HEAD


def _current(connection: Connection) -> str | None:
    """Return the migration at which the store stands, None for a new one."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608
    return found


def _run_migrations(connection: Connection, found: str | None, name: str) -> None:
    from alembic import command  # noqa: PLC0415 -- slow to import, and rarely needed
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StorageError(
            f"{name}: was made by a newer EchoSpine (its tables are at {found}, this one knows {HEAD}); "
            "install the newer EchoSpine"
        )
    command.upgrade(config, "head")
