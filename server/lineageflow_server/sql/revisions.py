"""Bringing the tables of a lake from one revision to another, either way.

Everything happens in the transaction that is given, so that it happens wholly or not at all.
"""

from dataclasses import dataclass
from io import StringIO

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from lineageflow_core.errors import InvalidInputError
from lineageflow_server.sql.migrations import VERSIONS, known_revisions
from lineageflow_server.sql.schema import mark, marks, schema_of
from lineageflow_server.sql.tables import metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One revision, as it is to be run."""

    revision: str
    summary: str
    """What it does, in a sentence."""
    is_additive: bool
    """Whether versions that do not know it work on as before."""


def steps(revisions: tuple[str, ...]) -> list[Step]:
    """Returns what these revisions do."""
    scripts = ScriptDirectory(str(VERSIONS.parent))
    found = []
    for revision in revisions:
        script = scripts.get_revision(revision)
        found.append(
            Step(
                revision=revision,
                summary=(script.doc or "").strip(),
                is_additive=script.module.IS_ADDITIVE,
            )
        )
    return found


def bring_to(connection: Connection, revision: str) -> None:
    """Brings the tables to a revision, forward or back. Raises InvalidInputError if there is none such."""
    check_revision(revision)
    there = schema_of(connection).revision
    check_revision(there)
    if not inspect(connection).has_table(marks.name):
        mark(connection, there)
    if revision > there:
        command.upgrade(config_of(connection=connection), revision)
    elif revision < there:
        command.downgrade(config_of(connection=connection), revision)


def script_between(dialect: str, start: str, end: str) -> str:
    """Returns the SQL that brings a lake's tables from one revision to another, without running it.

    `start` is `base` where there are no tables. Raises InvalidInputError if there is no such revision.
    """
    written = StringIO()
    check_revision(end)
    config = config_of(dialect=dialect)
    config.output_buffer = written
    way = command.upgrade if start == "base" or end > start else command.downgrade
    way(config, f"{start}:{end}", sql=True)
    return written.getvalue()


def differences(connection: Connection) -> list[str]:
    """Returns how the tables are not as the last revision leaves them: somebody else changed them."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [" ".join(map(str, _flat(found))) for found in compare_metadata(context, metadata)]


def check_revision(revision: str) -> None:
    """Raises InvalidInputError if this version knows no such revision."""
    if revision not in known_revisions():
        raise InvalidInputError(
            f"this version knows no revision {revision!r}; it knows {', '.join(known_revisions())}"
        )


def config_of(*, connection: Connection | None = None, dialect: str | None = None) -> Config:
    """Returns what Alembic works by: a connection, or a kind of database to write a script for."""
    config = Config(output_buffer=StringIO(), stdout=StringIO(), attributes={})
    config.set_main_option("script_location", str(VERSIONS.parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["dialect"] = dialect
    return config


def _flat(found: object) -> list[object]:
    parts = found if isinstance(found, (list, tuple)) else (found,)
    return [each for part in parts for each in (_flat(part) if isinstance(part, (list, tuple)) else [part])]
