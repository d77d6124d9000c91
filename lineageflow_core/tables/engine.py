"""DuckDB, shut in: it reads the files that it is given and its scratch folder, and loads nothing.

Names and values that come from files reach SQL only through `identifier` and `literal`.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_BYTES = 1 << 30
"""What DuckDB holds at once; beyond it, it works on disk."""
_MOST_ON_DISK = "64GB"
_MOST_THREADS = 4


def open_engine(scratch: Path, readable: Iterable[str] = ()) -> "DuckDBPyConnection":
    """Returns a connection that can read `readable` and use `scratch`, and nothing else."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "memory_limit": f"{MEMORY_BYTES}B",
            "max_temp_directory_size": _MOST_ON_DISK,
            "preserve_insertion_order": "true",
            "temp_directory": str(scratch / "spilled"),
            "threads": str(min(os.cpu_count() or 1, _MOST_THREADS)),
        },
    )
    paths = ", ".join(literal(os.path.realpath(path)) for path in readable)
    for statement in (
        f"SET allowed_directories = [{literal(os.path.realpath(scratch))}]",
        f"SET allowed_paths = [{paths}]",
        "SET enable_progress_bar = false",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(statement)
    return connection


def identifier(name: str) -> str:
    """Returns a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Returns a text as SQL."""
    return "'" + value.replace("'", "''") + "'"
