"""Where writes go: always to a branch."""

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, RefNotFoundError
from lineageflow_core.filesystem.refusals import read_only


def check_branch(catalog: Catalog, repository: str, ref: str, path: str) -> None:
    """Raises OSError if `ref` is a point in history, and RefNotFoundError if it is nothing at all."""
    if ref.startswith("run:"):
        return  # the commit tells whether the run's branch is open
    try:
        catalog.refs.get_ref(repository, ref)
    except (RefNotFoundError, InvalidInputError):
        catalog.refs.resolve(repository, ref)
        raise read_only(path, ref) from None
