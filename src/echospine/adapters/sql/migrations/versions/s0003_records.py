"""What is kept beside examinations: marks, questionnaires, errors of measurement, reliability studies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)
TABLES = ("marks", "scores", "site_errors", "withdrawals", "study_plans", "study_readings")


def upgrade() -> None:
    """Make the tables, and the triggers that let them only grow."""
    _make("marks", _text("patient"), _day(), _text("kind"), _text("text"))
    op.create_index("ix_marks_patient", "marks", ["patient"])
    _make(
        "scores",
        *(_text("patient"), _day(), _text("instrument")),
        *(sa.Column("answers", sa.JSON, nullable=False), _number("total")),
    )
    op.create_index("ix_scores_patient", "scores", ["patient"])
    _make_site_errors()
    _make("withdrawals", _text("reason"), key="entry_id")
    _make_studies()
    for table in TABLES:
        if op.get_context().dialect.name == "postgresql":
            _keep_postgresql(table)
        else:
            _keep_sqlite(table)


def _make_site_errors() -> None:
    _make(
        "site_errors",
        *(_text("name"), _text("quantity"), sa.Column("structure", sa.Integer, nullable=False)),
        *(_text("method"), _text("device"), _text("unit"), _number("sem"), _text("sem_kind"), _number("sem_df")),
        *(sa.Column("visit_sem", sa.Double), sa.Column("visit_df", sa.Double)),
        *(sa.Column("visit_readings", sa.BigInteger), _day()),
        sa.Column("raters", sa.JSON, nullable=False),
        sa.Column("n_subjects", sa.BigInteger, nullable=False),
    )


def _make_studies() -> None:
    _make(
        "study_plans",
        *(_text("name"), _text("quantity"), sa.Column("structure", sa.Integer, nullable=False)),
        *(sa.Column("raters", sa.JSON, nullable=False), sa.Column("frames", sa.JSON, nullable=False)),
        sa.Column("seed", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "study_readings",
        *(sa.Column("seq", SEQ, nullable=False), _text("id"), _text("plan_id"), _text("rater")),
        *(sa.Column("place", sa.BigInteger, nullable=False), _number("value"), _text("unit")),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_study_readings"),
        sa.UniqueConstraint("id", name="uq_study_readings_id"),
        sa.UniqueConstraint("plan_id", "rater", "place", name="uq_study_readings_place"),
    )
    op.create_index("ix_study_readings_plan_id", "study_readings", ["plan_id"])


def _make(table: str, *columns: sa.Column, key: str = "id") -> None:  # type: ignore[type-arg]
    """Make a table whose rows have a key of their own, and say who wrote them and when."""
    op.create_table(
        table,
        sa.Column("seq", SEQ, nullable=False),
        _text(key),
        *columns,
        _text("who"),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=f"pk_{table}"),
        sa.UniqueConstraint(key, name=f"uq_{table}_{key}"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=False)


def _day() -> sa.Column:  # type: ignore[type-arg]
    return sa.Column("day", sa.Date, nullable=False)


def _keep_sqlite(table: str) -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        )


def _keep_postgresql(table: str) -> None:
    """The function of the first step says that history is only ever added to; each table here has one of its own."""
    op.execute(
        f"CREATE FUNCTION echospine_keep_{table}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is only ever added to'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION echospine_keep_{table}()"
    )
