"""The first tables: examinations, recordings and their files, findings, contours, history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, and the triggers that keep history."""
    _make_exams()
    _make_recordings()
    _make_findings()
    _make_contours()
    _make_history()
    if op.get_context().dialect.name == "postgresql":
        _keep_history_postgresql()
    else:
        _keep_history_sqlite()


def _make_exams() -> None:
    op.create_table(
        "exams",
        sa.Column("seq", SEQ, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("patient_name", sa.Text, nullable=False),
        sa.Column("patient_id", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("signed_by", sa.Text, nullable=False),
        sa.Column("signed_at", TIME),
        sa.Column("folded", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_exams"),
        sa.UniqueConstraint("id", name="uq_exams_id"),
    )
    op.create_index("ix_exams_created_at", "exams", ["created_at"])


def _make_recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("seq", SEQ, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("exam_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("n_frames", sa.BigInteger, nullable=False),
        sa.Column("width", sa.BigInteger, nullable=False),
        sa.Column("height", sa.BigInteger, nullable=False),
        sa.Column("calibrated", sa.Boolean, nullable=False),
        sa.Column("imported_at", TIME, nullable=False),
        sa.Column("frame_rate_hz", sa.Double),
        sa.Column("pixel_spacing_mm", sa.Double),
        sa.Column("interpretation", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_recordings"),
        sa.UniqueConstraint("id", name="uq_recordings_id"),
        sa.UniqueConstraint("digest", name="uq_recordings_digest"),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name="fk_recordings_exam_id"),
    )
    op.create_index("ix_recordings_exam_id", "recordings", ["exam_id"])
    op.create_table(
        "source_files",
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "place", name="pk_source_files"),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name="fk_source_files_recording_id"),
    )
    op.create_index("ix_source_files_digest", "source_files", ["digest"])


def _make_findings() -> None:
    op.create_table(
        "findings",
        sa.Column("seq", SEQ, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("exam_id", sa.Text, nullable=False),
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("structure", sa.Integer, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("quantity", sa.Text, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("uncertainty", sa.Double),
        sa.Column("method_name", sa.Text, nullable=False),
        sa.Column("method_version", sa.Text, nullable=False),
        sa.Column("frame", sa.BigInteger),
        sa.Column("n_frames", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("points_px", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("original", sa.Double),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_findings"),
        sa.UniqueConstraint("id", name="uq_findings_id"),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name="fk_findings_exam_id"),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name="fk_findings_recording_id"),
    )
    op.create_index("ix_findings_exam_id", "findings", ["exam_id"])
    op.create_index("ix_findings_recording_id", "findings", ["recording_id"])


def _make_contours() -> None:
    op.create_table(
        "contours",
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("frame", sa.BigInteger, nullable=False),
        sa.Column("exam_id", sa.Text, nullable=False),
        sa.Column("lines", sa.JSON, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "frame", name="pk_contours"),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name="fk_contours_recording_id"),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name="fk_contours_exam_id"),
    )
    op.create_index("ix_contours_exam_id", "contours", ["exam_id"])


def _make_history() -> None:
    op.create_table(
        "history",
        sa.Column("seq", SEQ, nullable=False),
        sa.Column("exam_id", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_history"),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name="fk_history_exam_id"),
    )
    op.create_index("ix_history_exam_id", "history", ["exam_id"])


def _keep_history_sqlite() -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER history_no_{event.lower()} BEFORE {event} ON history "
            "BEGIN SELECT RAISE(ABORT, 'history is only ever added to'); END"
        )


def _keep_history_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION echospine_keep_history() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'history is only ever added to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER history_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON history "
        "FOR EACH STATEMENT EXECUTE FUNCTION echospine_keep_history()"
    )
