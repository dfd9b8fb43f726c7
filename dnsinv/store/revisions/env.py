"""Alembic's entry: runs revisions on the connection that database.py hands over."""

from alembic import context

from dnsinv.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
