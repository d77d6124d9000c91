"""An import from start to end, for whoever waits for it.

The lake does the work in steps (`catalog.transfers`); this asks for one after another. Interrupted, the same
call goes on where the last one was.
"""

from collections.abc import Callable
from pathlib import Path

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import StateError
from lineageflow_core.model.transfer import Import, ImportMode, ImportState


def source_url(source: str | Path) -> str:
    """Returns a folder's or file's URL; a URL as it is."""
    return f"file://{source.absolute()}" if isinstance(source, Path) else source


def import_objects(
    catalog: Catalog,
    repository: str,
    source: str | Path,
    path: str,
    *,
    branch: str,
    author: str,
    message: str = "",
    mode: ImportMode = ImportMode.REFERENCE,
    partition_depth: int = 0,
    progress: Callable[[Import], None] | None = None,
) -> Import:
    """Makes the dataset at `path` what lies at `source`, and returns the finished import.

    A Path is a folder or file where the lake is. `progress` is told how far the import is, every two
    seconds or so. Raises as `Transfers.start_import` and `continue_import` do, and StateError if it is
    cancelled.
    """
    found = catalog.transfers.start_import(
        repository,
        branch,
        source_url(source),
        path,
        mode=mode,
        partition_depth=partition_depth,
        author=author,
        message=message,
    )
    while found.state is ImportState.RUNNING:
        found = catalog.transfers.continue_import(repository, found.id)
        if progress is not None:
            progress(found)
    if found.state is ImportState.CANCELLED:
        raise StateError(f"import {found.id} was cancelled; start it again", import_id=found.id)
    return found
