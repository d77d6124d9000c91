"""The branch that a run publishes to, made where nobody has made it."""

from contextlib import suppress

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import AlreadyExistsError, RefNotFoundError


def ensure_branch(
    catalog: Catalog, repository: str, branch: str, *, source: str | None = None, author: str
) -> None:
    """Makes a branch, if it is not there: at `source`, else at the repository's default branch.

    So who publishes to a branch of its own sees the data at once, and nobody sees what it does. Other
    processes may be making it, too. Raises InvalidInputError for what cannot name a branch.
    """
    try:
        catalog.refs.get_ref(repository, branch)
    except RefNotFoundError:
        source = source or catalog.repositories.get_repository(repository).default_branch
        with suppress(AlreadyExistsError):  # another process was faster
            catalog.refs.create_branch(repository, branch, source=source, author=author)
