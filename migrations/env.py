"""Runs the migrations on the connection that `gateway.store.migrate` hands over, in one transaction."""

from alembic import context

connection = context.config.attributes["connection"]
# One transaction for all revisions, DDL included, on both databases: a crash leaves the old schema whole or the new
# one whole, never something between.
context.configure(connection=connection, transactional_ddl=True, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
