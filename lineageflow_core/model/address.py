"""Addresses: `lf://repository/[@ref/]path`.

The identity of a dataset is its address without ref, so that pipeline code and lineage name no branch.
"""

from dataclasses import dataclass

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.names import check_path, check_repository_name
from lineageflow_core.model.refs import parse_revision

SCHEME = "lf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A place in a lake."""

    repository: str
    ref: str | None = None
    """A ref as written, or None for what the context says (a run's branch, else the default branch)."""
    path: str = ""
    """An object, dataset, partition or folder; '' is the whole repository."""

    def __str__(self) -> str:
        parts = [
            self.repository,
            *([f"@{self.ref}"] if self.ref else []),
            *([self.path] if self.path else []),
        ]
        return f"{SCHEME}://{'/'.join(parts)}"


def parse_address(text: str) -> Address:
    """Parses `lf://repository/[@ref/]path`, or the same without `lf://`. Raises InvalidInputError."""
    rest = text.removeprefix(f"{SCHEME}://")
    if "://" in rest:
        raise InvalidInputError(f"{text[:200]!r} is not an lf:// address; write 'lf://repository/path'")
    repository, _, rest = rest.partition("/")
    ref: str | None = None
    if rest.startswith("@"):
        ref, _, rest = rest[1:].partition("/")
        parse_revision(ref)
    rest = rest.rstrip("/")
    return Address(
        repository=check_repository_name(repository), ref=ref, path=check_path(rest) if rest else ""
    )
