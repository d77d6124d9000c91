"""What Alembic runs to run revisions: on the connection it is given, or as a script if there is none."""

from alembic import context

from lineageflow_server.sql.tables import metadata

connection = context.config.attributes.get("connection")
if connection is not None:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
else:
    context.configure(
        dialect_name=context.config.attributes["dialect"], literal_binds=True, transactional_ddl=True
    )
with context.begin_transaction():
    context.run_migrations()
