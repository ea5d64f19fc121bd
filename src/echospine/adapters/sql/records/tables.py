"""The tables of what is kept beside examinations; like history, they are only ever added to."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Date, Double, Integer, Table, Text, UniqueConstraint

from echospine.adapters.sql.tables import Utc, metadata, seq_column, text_column


def _who_and_when() -> tuple[Column[str], Column[object]]:
    return text_column("who"), Column("at", Utc, nullable=False)


marks = Table(
    "marks",
    metadata,
    seq_column(),
    text_column("id", unique=True),
    text_column("patient", index=True),
    Column("day", Date, nullable=False),
    text_column("kind"),
    text_column("text"),
    *_who_and_when(),
)

scores = Table(
    "scores",
    metadata,
    seq_column(),
    text_column("id", unique=True),
    text_column("patient", index=True),
    Column("day", Date, nullable=False),
    text_column("instrument"),
    Column("answers", JSON, nullable=False),
    Column("total", Double, nullable=False),
    *_who_and_when(),
)

site_errors = Table(
    "site_errors",
    metadata,
    seq_column(),
    text_column("id", unique=True),
    text_column("name"),
    text_column("quantity"),
    Column("structure", Integer, nullable=False),
    text_column("method"),
    text_column("device"),
    text_column("unit"),
    Column("sem", Double, nullable=False),
    text_column("sem_kind"),
    Column("sem_df", Double, nullable=False),
    Column("visit_sem", Double),
    Column("visit_df", Double),
    Column("visit_readings", BigInteger),
    Column("day", Date, nullable=False),
    Column("raters", JSON, nullable=False),
    Column("n_subjects", BigInteger, nullable=False),
    *_who_and_when(),
)
"""`sem`: of one reading; `visit_sem`: of the mean of `visit_readings` readings of a visit; both in `unit`."""

withdrawals = Table(
    "withdrawals",
    metadata,
    seq_column(),
    text_column("entry_id", unique=True),
    text_column("reason"),
    *_who_and_when(),
)

study_plans = Table(
    "study_plans",
    metadata,
    seq_column(),
    text_column("id", unique=True),
    text_column("name"),
    text_column("quantity"),
    Column("structure", Integer, nullable=False),
    Column("raters", JSON, nullable=False),
    Column("frames", JSON, nullable=False),
    Column("seed", BigInteger, nullable=False),
    *_who_and_when(),
)

study_readings = Table(
    "study_readings",
    metadata,
    seq_column(),
    text_column("id", unique=True),
    text_column("plan_id", index=True),
    text_column("rater"),
    Column("place", BigInteger, nullable=False),
    Column("value", Double, nullable=False),
    Column("unit", Text, nullable=False),
    Column("at", Utc, nullable=False),
    UniqueConstraint("plan_id", "rater", "place", name="uq_study_readings_place"),
)

GROWING = (marks, scores, site_errors, withdrawals, study_plans, study_readings)
"""Tables whose rows the database refuses to change or delete."""
