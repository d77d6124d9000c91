"""Merging histories that share nothing, which only rebuilt or imported repositories have."""

from datetime import UTC, datetime

import pytest

from lineageflow_core.errors import MergeConflictError
from lineageflow_core.model.commit import make_commit
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.repository import Repository
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.service.opened import Lake
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import RefUpdate
from lineageflow_core.testing.catalog.scene import files

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def repo() -> Repository:
    """Returns a repository whose branch `stranger` has the content of `main~1`, and no history."""
    stores = MemoryStores()
    repo = Repository(open_embedded(stores), "data", author="ada").create()
    content = repo.put("d", {"x": b"1", "y": b"1"})
    repo.put("e", b"1")
    commit = make_commit(parents=(), root=content.root, author="grace", message="import", created_at=NOW)
    opened = Lake(stores, lambda: NOW).repository("data")
    opened.publish(
        "create_branch",
        key=None,
        actor="grace",
        updates=[RefUpdate(ref=RefName(kind=RefKind.BRANCH, name="stranger"), expected=None, new=commit.id)],
        commits=[commit],
    )
    return repo


def test_histories_that_share_nothing_merge_where_they_have_the_same(repo: Repository) -> None:
    repo.put("f", b"1", branch="stranger")
    preview = repo.catalog.merging.preview_merge("data", "stranger", into="main")
    assert (None, (), ["f"]) == (preview.base, preview.conflicts, [diff.path for diff in preview.datasets])
    repo.merge("stranger")
    assert {"d/x": b"1", "d/y": b"1", "e": b"1", "f": b"1"} == files(repo)


def test_what_they_have_differently_conflicts(repo: Repository) -> None:
    repo.put("d/x", b"2", branch="stranger")
    with pytest.raises(MergeConflictError) as caught:
        repo.merge("stranger")
    [conflict] = caught.value.details["conflicts"]
    assert ("d/x", None) == (conflict["path"], conflict["base"])


def test_a_first_commit_is_picked_and_reverted_as_all_that_it_holds(repo: Repository) -> None:
    repo.branch("empty", base="main~2")
    repo.cherry_pick("stranger", branch="empty")
    assert {"d/x": b"1", "d/y": b"1"} == files(repo, "empty")
    repo.revert("stranger", branch="empty")
    assert {} == files(repo, "empty")
