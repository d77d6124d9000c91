"""`python -m lineageflow_server.sql.migrations "what it does"` writes the next revision from `tables.py`.

It compares the tables as the last revision leaves them with those that the code declares. The file is a
draft: how rows that are there get their values, it cannot know.
"""

import sys
import tempfile
from contextlib import closing
from pathlib import Path

from alembic import command

from lineageflow_core.store.turns import FileTurns
from lineageflow_server.sql.migrations import known_revisions
from lineageflow_server.sql.revisions import config_of
from lineageflow_server.sql.sqlite import SqliteDatabase


def main(arguments: list[str]) -> int:
    """Runs the command; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write('usage: python -m lineageflow_server.sql.migrations "what the revision does"\n')
        return 2
    number = f"{int(known_revisions()[-1]) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        database = SqliteDatabase(Path(folder) / "database", FileTurns(Path(folder) / "turns"))
        with closing(database), database.migrate() as connection:
            config = config_of(connection=connection)
            command.upgrade(config, "head")
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            command.revision(config, arguments[0], autogenerate=True, rev_id=number)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
