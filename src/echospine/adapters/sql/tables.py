"""The tables, as they stand after the newest migration (a test holds the two together).

Measured values have typed columns, floats as IEEE doubles, so that the database can be asked about them.
Lists that are only ever read whole (points, lines, notes) are JSON, whose decimals give the very doubles back.
`seq` keeps the order in which rows were put.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)


class Utc(TypeDecorator[datetime]):
    """An aware time, to the microsecond; always UTC in the database (SQLite has no time zones) and out of it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_SEQ = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the key is spelled INTEGER."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def text_column(name: str, *, index: bool = False, unique: bool = False) -> Column[str]:
    """Return a column of text, never NULL."""
    return Column(name, Text, nullable=False, index=index, unique=unique)


def seq_column() -> Column[int]:
    """Return the key that keeps the order in which rows were put."""
    return Column("seq", _SEQ, primary_key=True)


def _exam_id() -> Column[str]:
    return Column("exam_id", Text, ForeignKey("exams.id"), nullable=False, index=True)


def _recording_id(*, primary_key: bool = False) -> Column[str]:
    key = ForeignKey("recordings.id")
    return Column("recording_id", Text, key, nullable=False, primary_key=primary_key, index=not primary_key)


exams = Table(
    "exams",
    metadata,
    seq_column(),
    text_column("id", unique=True),
    text_column("title"),
    text_column("state"),
    Column("created_at", Utc, nullable=False, index=True),
    text_column("patient_name"),
    text_column("patient_id"),
    Column("revision", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    text_column("signed_by"),
    Column("signed_at", Utc),
    text_column("folded"),
)
"""`folded`: title and patient as `rules.fold` makes them, to be searched whatever their case."""

recordings = Table(
    "recordings",
    metadata,
    seq_column(),
    text_column("id", unique=True),
    _exam_id(),
    text_column("name"),
    text_column("format"),
    text_column("digest", unique=True),
    Column("n_frames", BigInteger, nullable=False),
    Column("width", BigInteger, nullable=False),
    Column("height", BigInteger, nullable=False),
    Column("calibrated", Boolean, nullable=False),
    Column("imported_at", Utc, nullable=False),
    Column("frame_rate_hz", Double),
    Column("pixel_spacing_mm", Double),
    text_column("interpretation"),
    text_column("method"),
    Column("notes", JSON, nullable=False),
    text_column("folded"),
)
"""`digest` is unique: of two imports of the same content at the same time, one meets a Conflict."""

source_files = Table(
    "source_files",
    metadata,
    _recording_id(primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    text_column("name"),
    text_column("digest", index=True),
    Column("size", BigInteger, nullable=False),
)

findings = Table(
    "findings",
    metadata,
    seq_column(),
    text_column("id", unique=True),
    _exam_id(),
    _recording_id(),
    Column("structure", Integer, nullable=False),
    text_column("side"),
    text_column("level"),
    text_column("quantity"),
    Column("value", Double),
    text_column("unit"),
    Column("uncertainty", Double),
    text_column("method_name"),
    text_column("method_version"),
    Column("frame", BigInteger),
    Column("n_frames", BigInteger, nullable=False),
    text_column("status"),
    Column("points_px", JSON, nullable=False),
    text_column("note"),
    Column("original", Double),
    text_column("decided_by"),
    text_column("reason"),
    Column("state", Text, nullable=False, server_default="unknown"),
)

contours = Table(
    "contours",
    metadata,
    _recording_id(primary_key=True),
    Column("frame", BigInteger, primary_key=True, autoincrement=False),
    _exam_id(),
    Column("lines", JSON, nullable=False),
    text_column("who"),
    Column("at", Utc, nullable=False),
    text_column("reason"),
)

maps = Table(
    "maps",
    metadata,
    _recording_id(primary_key=True),
    Column("frame", BigInteger, primary_key=True, autoincrement=False),
    _exam_id(),
    text_column("digest"),
    text_column("way"),
    text_column("who"),
    Column("at", Utc, nullable=False),
    text_column("reason"),
)
"""People's own maps of structures; the maps themselves lie in the object store, under `digest`."""

remarks = Table(
    "remarks",
    metadata,
    _recording_id(primary_key=True),
    Column("place", Text, primary_key=True),
    _exam_id(),
    text_column("kind"),
    Column("said", JSON, nullable=False),
    text_column("who"),
    Column("at", Utc, nullable=False),
    text_column("reason"),
)
"""What people said of a recording (`place` "taken") and of measures in it; `said` is read whole."""

history = Table(
    "history",
    metadata,
    seq_column(),
    _exam_id(),
    Column("revision", BigInteger, nullable=False),
    Column("at", Utc, nullable=False),
    text_column("who"),
    text_column("action"),
    text_column("target"),
    text_column("before"),
    text_column("after"),
    text_column("reason"),
)
"""Only ever added to: triggers in the database refuse to change or delete a row."""
