"""What alembic runs: the revisions, inside the transaction that `migrations.upgrade` holds."""

from __future__ import annotations

from alembic import context

from ledger.store.schema import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
