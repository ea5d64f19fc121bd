"""What people say of recordings and of measures in them; the state of a measured muscle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of remarks; findings so far have no state."""
    op.create_table(
        "remarks",
        sa.Column("recording_id", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("exam_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "place", name="pk_remarks"),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name="fk_remarks_recording_id"),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name="fk_remarks_exam_id"),
    )
    op.create_index("ix_remarks_exam_id", "remarks", ["exam_id"])
    op.add_column("findings", sa.Column("state", sa.Text, nullable=False, server_default="unknown"))
