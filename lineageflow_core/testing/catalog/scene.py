"""What the suites of the catalog play in: a repository for each test, and short words for what happens."""

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar
from uuid import uuid4

import pytest

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.change import Change
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.page import MAX_LIMIT, Page
from lineageflow_core.repository import Repository
from lineageflow_core.uploads import upload_sources

T = TypeVar("T")

Call: TypeAlias = Callable[[], object]
"""Something that a catalog is asked to do."""
Difference: TypeAlias = tuple[str, ObjectEntry | None, ObjectEntry | None]
"""A path, and what is there on the left and on the right."""


class CatalogContract:
    """Needs the fixture `catalog`, which tests may share: each has a repository of its own in it."""

    @pytest.fixture
    def repo(self, catalog: Catalog) -> Repository:
        """Returns a new repository, whose branch `main` holds one empty commit."""
        return Repository(catalog, f"repo-{uuid4().hex[:12]}", author="ada").create()


def new_run_id() -> RunId:
    """Returns the id of a run that nobody heard of."""
    return RunId(str(uuid4()))


def entries(repo: Repository, files: Mapping[str, bytes]) -> list[ObjectEntry]:
    """Uploads contents and returns an entry for each, with its relative path."""
    return upload_sources(repo.catalog, repo.name, files)


def commit(
    repo: Repository,
    *changes: Change,
    branch: str = "main",
    expected: CommitId | None = None,
    key: str | None = None,
) -> Commit:
    """Commits changes."""
    return repo.catalog.history.commit(
        repo.name,
        branch,
        changes,
        author="ada",
        message=", ".join(f"{change.kind} {change.path}" for change in changes),
        expected=expected,
        key=key,
    )


def files(repo: Repository, ref: str = "main", path: str = "") -> dict[str, bytes]:
    """Returns the content of every object at or below `path`."""
    objects = repo.catalog.objects.list_objects(repo.name, ref, path=path, limit=MAX_LIMIT).items
    return {entry.path: repo.read_bytes(entry.path, ref=ref) for entry in objects}


def differences(repo: Repository, left: str, right: str) -> list[Difference]:
    """Returns the objects that differ, by path, with what is on either side: a move as two of them."""
    found: list[Difference] = []
    for entry in repo.catalog.history.diff(repo.name, left, right, limit=MAX_LIMIT).items:
        if entry.left is not None and entry.left.path != entry.path:
            found += [(entry.left.path, entry.left, None), (entry.path, None, entry.right)]
        else:
            found.append((entry.path, entry.left, entry.right))
    return sorted(found, key=lambda each: each[0])


def first_parents(repo: Repository, ref: str = "main") -> list[CommitId]:
    """Returns the ids of the first parents of a ref, newest first."""
    return [commit.id for commit in repo.catalog.history.log(repo.name, ref, limit=MAX_LIMIT).items]


def in_pages_of_one(list_page: Callable[[str | None, int], Page[T]]) -> list[T]:
    """Returns a list that was asked for in pages of one item, which must be what one page shows.

    `list_page` takes `after` and `limit`.
    """
    items: list[T] = []
    page = list_page(None, 1)
    while page.next is not None:
        assert len(page.items) == 1
        items += page.items
        page = list_page(page.next, 1)
    items += page.items
    assert list_page(None, MAX_LIMIT) == Page(items=tuple(items))
    return items
