"""People's own maps of structures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of maps."""
    op.create_table(
        "maps",
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("frame", sa.BigInteger, nullable=False),
        sa.Column("exam_id", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "frame", name="pk_maps"),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name="fk_maps_recording_id"),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name="fk_maps_exam_id"),
    )
    op.create_index("ix_maps_exam_id", "maps", ["exam_id"])
