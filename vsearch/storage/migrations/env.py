"""Run by alembic for each migration, on the connection that `vsearch.storage.migrate` hands over."""

from alembic import context

from vsearch.storage.own_tables import own_tables

connection = context.config.attributes["connection"]
tables = own_tables(connection.dialect.name)
context.configure(connection=connection, version_table=tables.revision, version_table_schema=tables.schema)
with context.begin_transaction():
    context.run_migrations()
