"""What Alembic runs: the migrations, on the connection and in the transaction of the opener."""

from __future__ import annotations

from alembic import context

from echospine.adapters.sql.schema import VERSION_TABLE
from echospine.adapters.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
