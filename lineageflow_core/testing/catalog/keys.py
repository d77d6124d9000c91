"""What every catalog promises about keys: a call that is repeated changes nothing and returns the same again.

So a reply that was lost is no error, whatever has happened since.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lineageflow_core.errors import InvalidInputError, RefMovedError
from lineageflow_core.model.change import Change, delete, put
from lineageflow_core.model.merge import Side
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import (
    Call,
    CatalogContract,
    commit,
    entries,
    files,
    first_parents,
    new_run_id,
)

KEY = "key/with ünlü characters"


@dataclass(frozen=True)
class Repeated:
    """A mutating call, and what else happens before it is repeated."""

    call: Callable[[Repository], Any]
    meanwhile: Callable[[Repository], Any]


def _refs(method: str, *names: str, **given: str) -> Callable[[Repository], Any]:
    return lambda repo: getattr(repo.catalog.refs, method)(repo.name, *names, author="ada", key=KEY, **given)


def _merging(method: str, *args: Any, **given: Any) -> Callable[[Repository], Any]:
    return lambda repo: getattr(repo.catalog.merging, method)(
        repo.name, *args, author="ada", key=KEY, **given
    )


def _topic_is_gone(repo: Repository) -> None:
    repo.put("d/x", b"meanwhile")
    repo.catalog.refs.delete_branch(repo.name, "topic", author="bob")


CALLS = {
    "create_branch": Repeated(
        call=_refs("create_branch", "new", source="main"),
        meanwhile=lambda repo: repo.catalog.refs.delete_branch(repo.name, "new", author="bob"),
    ),
    "create_tag": Repeated(
        call=_refs("create_tag", "new", source="topic"),
        meanwhile=_topic_is_gone,
    ),
    "delete_branch": Repeated(
        call=_refs("delete_branch", "topic"), meanwhile=lambda repo: repo.branch("topic", base="main")
    ),
    "delete_tag": Repeated(
        call=_refs("delete_tag", "v1"), meanwhile=lambda repo: repo.tag("v1", source="main~1")
    ),
    "rename_branch": Repeated(
        call=_refs("rename_branch", "topic", "new"),
        meanwhile=lambda repo: repo.catalog.refs.delete_branch(repo.name, "new", author="bob"),
    ),
    "restore_branch": Repeated(
        call=_refs("restore_branch", "lost"),
        meanwhile=lambda repo: repo.catalog.refs.delete_branch(repo.name, "lost", author="bob"),
    ),
    "commit": Repeated(
        call=lambda repo: commit(repo, put("d/x", entries(repo, {"": b"mine"})), key=KEY),
        meanwhile=lambda repo: repo.put("d/x", b"meanwhile"),
    ),
    "a commit that deletes": Repeated(
        call=lambda repo: commit(repo, delete("d"), key=KEY), meanwhile=lambda repo: repo.put("new", b"1")
    ),
    "a commit that expects": Repeated(
        call=lambda repo: commit(
            repo, put("new", entries(repo, {"": b"1"})), key=KEY, expected=repo.head("v1").id
        ),
        meanwhile=lambda repo: repo.put("new", b"meanwhile"),
    ),
    "a commit that changes nothing": Repeated(
        call=lambda repo: commit(repo, put("d/x", entries(repo, {"": b"1"})), key=KEY),
        meanwhile=lambda repo: repo.put("d/x", b"meanwhile"),
    ),
    "merge": Repeated(call=_merging("merge", "topic", into="main"), meanwhile=_topic_is_gone),
    "a merge with picks": Repeated(
        call=_merging("merge", "clash", into="main", picks={"d/x": Side.THEIRS}),
        meanwhile=lambda repo: repo.put("d/x", b"meanwhile", branch="clash"),
    ),
    "a merge of nothing": Repeated(
        call=_merging("merge", "v1", into="main"),
        meanwhile=lambda repo: repo.put("d/x", b"meanwhile"),
    ),
    "revert": Repeated(
        call=_merging("revert", ["main"], branch="main"),
        meanwhile=lambda repo: repo.put("d/x", b"meanwhile"),
    ),
    "a revert of several": Repeated(
        call=_merging("revert", ["v1..main", "v1"], branch="main"),
        meanwhile=lambda repo: repo.put("d/x", b"meanwhile"),
    ),
    "cherry_pick": Repeated(
        call=_merging("cherry_pick", ["v1..topic", "clash"], branch="main", strategy=Side.THEIRS),
        meanwhile=_topic_is_gone,
    ),
    "a pick of nothing": Repeated(
        call=_merging("cherry_pick", ["main"], branch="main"),
        meanwhile=lambda repo: repo.put("d/x", b"meanwhile"),
    ),
    "reset": Repeated(call=_merging("reset", "main", to="topic"), meanwhile=_topic_is_gone),
    "a reset of one path": Repeated(
        call=_merging("reset", "main", to="topic", path="e"), meanwhile=_topic_is_gone
    ),
    "a reset of nothing": Repeated(
        call=_merging("reset", "main", to="main", path="d"),
        meanwhile=lambda repo: repo.put("d/x", b"meanwhile"),
    ),
}


class KeyContract(CatalogContract):
    """Needs the fixture `catalog`."""

    @pytest.fixture
    def forked(self, repo: Repository) -> Repository:
        """Returns a repository with a branch `topic` and a tag `v1`, and a branch `clash` that conflicts."""
        repo.put("d/x", b"0", dataset="d")
        repo.tag("v1")
        repo.branch("topic")
        repo.put("e", {"x": b"1"}, branch="topic")
        repo.branch("clash")
        repo.put("d/x", b"clash", branch="clash")
        repo.put("d/x", b"1")
        repo.branch("lost")
        repo.catalog.refs.delete_branch(repo.name, "lost", author="bob")
        return repo

    @pytest.mark.parametrize("repeated", CALLS.values(), ids=CALLS)
    def test_a_call_repeated_with_its_key_changes_nothing(
        self, forked: Repository, repeated: Repeated
    ) -> None:
        first = repeated.call(forked)
        assert _identity(first) == _identity(repeated.call(forked))
        repeated.meanwhile(forked)
        before = _state(forked)
        assert _identity(first) == _identity(repeated.call(forked))
        assert before == _state(forked)

    def test_without_a_key_a_call_is_another_call(self, forked: Repository) -> None:
        [entry] = entries(forked, {"": b"mine"})
        first = commit(forked, put("d/x", [entry]))
        forked.put("d/x", b"meanwhile")
        assert first != commit(forked, put("d/x", [entry]))
        assert b"mine" == forked.read_bytes("d/x")

    def test_a_key_holds_in_its_repository_only(self, forked: Repository) -> None:
        other = Repository(forked.catalog, f"{forked.name}-2").create()
        made = [commit(each, put("new", entries(each, {"": b"1"})), key=KEY) for each in (forked, other)]
        assert made == [forked.head(), other.head()]

    def test_a_call_that_failed_may_be_repeated(self, forked: Repository) -> None:
        [entry] = entries(forked, {"": b"mine"})
        with pytest.raises(RefMovedError):
            commit(forked, put("d/x", [entry]), expected=forked.head("v1").id, key=KEY)
        made = commit(forked, put("d/x", [entry]), expected=forked.head().id, key=KEY)
        assert (made, b"mine") == (forked.head(), forked.read_bytes("d/x"))

    def test_a_key_that_was_used_for_something_else_is_refused(self, forked: Repository) -> None:
        commit(forked, put("new", entries(forked, {"": b"1"})), key=KEY)
        before = _state(forked)
        calls: list[Call] = [
            lambda: commit(forked, put("newer", entries(forked, {"": b"2"})), branch="topic", key=KEY),
            lambda: CALLS["merge"].call(forked),
            lambda: CALLS["create_tag"].call(forked),
            lambda: CALLS["delete_tag"].call(forked),
        ]
        for call in calls:
            with pytest.raises(InvalidInputError, match="used before, for commit on main"):
                call()
        assert before == _state(forked)

    def test_a_change_of_nothing_by_a_run_is_repeated_as_that(self, forked: Repository) -> None:
        run_id = new_run_id()
        forked.catalog.transactions.begin(forked.name, run_id)
        base = forked.head()

        def write(key: str, *changes: Change) -> Any:
            return commit(forked, *changes, branch=f"run:{run_id}", key=key)

        something = put("d/x", entries(forked, {"": b"2"}))
        assert base == write("nothing")
        written = write("something", something)
        assert [base, written] == [write("nothing"), write("something", something)]
        assert written == forked.head(f"run:{run_id}")


def _identity(result: Any) -> tuple[str, ...]:
    """Returns what two results must have in common: a ref's times are not kept once it is deleted."""
    return (result.name, result.commit) if hasattr(result, "commit") else (result.id,)


def _state(repo: Repository) -> Any:
    refs = repo.catalog.refs.list_refs(repo.name).items
    return refs, first_parents(repo), files(repo)
