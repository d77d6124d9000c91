"""Where a path of the filesystem leads: a repository, perhaps a ref, and a path inside.

fsspec's paths are addresses without `lf://`: `sales/orders/part-0.parquet`, `sales/@v1/orders`. A connection
may stand in front (`lf://conn@sales/orders`, as Airflow writes it); it says how to reach the lake, not which
data is meant, so it is no part of a path.
"""

from dataclasses import dataclass

from lineageflow_core.model.address import SCHEME, parse_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A path, taken apart."""

    repository: str
    """'' for the place above all repositories."""
    ref: str | None
    """As written; None where the run decides, else the default branch."""
    path: str

    @property
    def prefix(self) -> str:
        """What every name of this state of the repository starts with."""
        return f"{self.repository}/@{self.ref}/" if self.ref else f"{self.repository}/"

    @property
    def name(self) -> str:
        """The path as fsspec writes it."""
        return (self.prefix + self.path).rstrip("/")


def parse_place(name: str) -> Place:
    """Takes a path without protocol apart. Raises InvalidInputError."""
    if not name:
        return Place(repository="", ref=None, path="")
    address = parse_address(name)
    return Place(repository=address.repository, ref=address.ref, path=address.path)


def strip(text: str) -> str:
    """Returns a URL or path without protocol, connection and closing slashes."""
    for start in (f"{SCHEME}://", f"{SCHEME}::"):
        text = text.removeprefix(start)
    repository, slash, rest = text.strip("/").partition("/")
    return repository.rpartition("@")[2] + slash + rest
