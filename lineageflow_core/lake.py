"""A lake as `connect` gives it: a Catalog that hands out its repositories, and knows where it is."""

from dataclasses import dataclass

from lineageflow_core.catalog import Catalog
from lineageflow_core.html import repositories_page
from lineageflow_core.model.page import every
from lineageflow_core.model.secrets import without_password
from lineageflow_core.repository import Repository


@dataclass(frozen=True, kw_only=True, repr=False)
class Lake(Catalog):
    """One lake, open.

    >>> lake = connect("./lake")
    >>> repo = lake.repository("sales", author="ada").create(exist_ok=True)
    """

    def repository(self, name: str, *, author: str = "lineageflow") -> Repository:
        """Returns a repository; `author` is who commits are by. Nothing is looked up before it is used."""
        return Repository(self, name, author=author)

    def __repr__(self) -> str:
        return f"connect({without_password(self.address or 'memory:')!r})"

    def _repr_html_(self) -> str:
        pages = every(lambda after, limit: self.repositories.list_repositories(after=after, limit=limit))
        return repositories_page(list(pages))
