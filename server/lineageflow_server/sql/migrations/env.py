"""What Alembic runs to run revisions: on the connection it is given, or as a script if there is none."""

from typing import Any, Literal

from alembic import context

from lineageflow_server.sql.column_types import Choice
from lineageflow_server.sql.tables import metadata


def render(kind: str, item: Any, generated: Any) -> str | Literal[False]:
    """Writes a type as a revision is to name it: by our own name, or what it is in the database."""
    if kind != "type" or not type(item).__module__.startswith("lineageflow_server"):
        return False
    if isinstance(item, Choice):  # its members may change
        return "sa.String()"
    name = type(item).__name__
    generated.imports.add(f"from lineageflow_server.sql.column_types import {name}")
    return f"{name}()"


connection = context.config.attributes.get("connection")
if connection is not None:
    context.configure(connection=connection, target_metadata=metadata, render_item=render)
else:
    context.configure(
        dialect_name=context.config.attributes["dialect"], literal_binds=True, transactional_ddl=True
    )
with context.begin_transaction():
    context.run_migrations()
