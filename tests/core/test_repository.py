"""A repository, its branches and transactions as people use them."""

from pathlib import Path

import pytest

from lineageflow_core import Branch, Dataset, Lake, Repository, connect
from lineageflow_core.errors import (
    AlreadyExistsError,
    InvalidInputError,
    MergeConflictError,
    RefNotFoundError,
    StateError,
)
from lineageflow_core.model.refs import RefKind
from lineageflow_core.testing.catalog.scene import files, first_parents


@pytest.fixture
def repo() -> Repository:
    repo = connect("memory:").repository("sales", author="ada").create()
    repo.put("raw", {"a": b"1"})
    return repo


def branches(repo: Repository) -> list[str]:
    return [ref.name for ref in repo.catalog.refs.list_refs(repo.name).items]


def test_a_block_that_ends_well_is_merged_and_its_branch_removed(repo: Repository) -> None:
    with repo.branch("cleanup", base="main", merge="on_success") as b:
        b.write("clean", b"1")
        b.delete("raw/a")
        assert ({"clean": b"1"}, {"raw/a": b"1"}) == (files(repo, "cleanup"), files(repo))
    assert {"clean": b"1"} == files(repo)
    assert ["main"] == branches(repo)


def test_a_block_that_raises_changes_nothing_and_says_where_its_work_is(repo: Repository) -> None:
    def fail() -> None:
        with repo.branch("cleanup", base="main", merge="on_success") as b:
            b.write("clean", b"1")
            raise KeyError("x")

    with pytest.raises(KeyError) as raised:
        fail()
    (note,) = raised.value.__notes__
    assert "branch 'cleanup', at lf://sales/@cleanup; nothing else changed" in note
    assert {"raw/a": b"1"} == files(repo)
    assert b"1" == repo.on("cleanup").dataset("clean").bytes()
    with pytest.raises(AlreadyExistsError):
        repo.branch("cleanup")


def test_a_conflict_at_the_end_leaves_the_branch(repo: Repository) -> None:
    def conflict() -> None:
        with repo.branch("cleanup", merge="on_success") as b:
            b.write("raw", {"a": b"2"})
            repo.write("raw", {"a": b"3"})

    with pytest.raises(MergeConflictError):
        conflict()
    assert ["cleanup", "main"] == branches(repo)


def test_what_becomes_of_a_branch_is_one_of_two_things(repo: Repository) -> None:
    with pytest.raises(InvalidInputError, match="merge is 'always'; write one of on_success, never"):
        repo.branch("cleanup", merge="always")  # type: ignore[arg-type]
    assert ["main"] == [ref.name for ref in repo.catalog.refs.list_refs(repo.name).items]


def test_a_branch_is_kept_where_nothing_else_was_said(repo: Repository) -> None:
    with repo.branch("work") as b:
        b.put("raw/b", b"2")
    assert ["main", "work"] == branches(repo)
    assert [("raw/b", "added")] == [(each.path, each.kind) for each in b.diff("main")]
    assert "put raw/b" == b.log()[0].message
    b.merge()
    b.remove()
    assert {"raw/a": b"1", "raw/b": b"2"} == files(repo)


def test_work_on_a_branch_that_was_made_from_a_branch_goes_back_there(repo: Repository) -> None:
    repo.branch("dev")
    with repo.branch("cleanup", base="dev", merge="on_success") as b:
        b.write("clean", b"1")
    assert ("clean" in files(repo, "dev"), "clean" in files(repo)) == (True, False)
    repo.tag("v1")
    with repo.branch("fix", base="v1", merge="on_success") as b:
        b.write("fixed", b"1")
    assert b"1" == files(repo)["fixed"]


def test_a_branch_that_is_not_there_is_told_when_it_is_used(repo: Repository) -> None:
    with pytest.raises(RefNotFoundError, match=r"has no branch 'nothing'.*branch create nothing"):
        repo.on("nothing").write("x", b"1")


def test_a_transaction_is_one_commit(repo: Repository) -> None:
    with repo.transaction("both") as tx:
        tx.write("x", b"1")
        tx.put("raw/b", b"2")
        tx.delete("raw/a")
        assert {"raw/a": b"1"} == files(repo)
    assert {"x": b"1", "raw/b": b"2"} == files(repo)
    assert tx.commit == repo.head()
    assert (3, "both", "ada") == (len(first_parents(repo)), repo.head().message, repo.head().author)


def test_a_transaction_that_raises_or_does_nothing_leaves_nothing(repo: Repository) -> None:
    def fail() -> None:
        with repo.transaction("both") as tx:
            tx.write("x", b"1")
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    with repo.transaction("nothing") as tx:
        pass
    assert (None, 2) == (tx.commit, len(first_parents(repo)))


def test_datasets_commits_and_differences_are_listed(repo: Repository) -> None:
    repo.write("other", b"1")
    assert ["other", "raw"] == [each.path for each in repo.datasets()]
    assert ["write other", "put raw"] == [commit.message for commit in repo.log()][:2]
    assert ["other"] == [each.path for each in repo.diff("main~1")]
    assert RefKind.TAG is repo.tag("v1").kind


def test_what_is_printed_can_be_typed_in_again(tmp_path: Path) -> None:
    lake = connect(str(tmp_path / "lake"))
    repo = lake.repository("sales", author="ada").create()
    handles: list[Lake | Repository | Branch | Dataset] = [
        lake,
        repo,
        repo.on("main"),
        repo.dataset("orders", ref="main~1"),
    ]
    for handle in handles:
        assert repr(handle) == repr(eval(repr(handle), {"connect": connect}))
    assert f"connect('{tmp_path}/lake').repository('sales', author='ada')" == repr(repo)


def test_what_is_staged_waits_for_its_commit(repo: Repository) -> None:
    stage = repo.on("main").stage
    stage.put("raw/b", b"2")
    stage.move("raw/a", "raw/c")
    assert [("added", "raw/b"), ("moved", "raw/c")] == [(each.kind, each.path) for each in repo.stage.diff()]
    assert (1, 1) == (stage.status.added, stage.status.moved)
    assert ({"raw/a": b"1"}, {"raw/b": b"2", "raw/c": b"1"}) == (files(repo), files(repo, stage.ref))
    made = stage.commit("some of it", "raw/b", metadata={"ticket": "1"})
    assert ("some of it", {"ticket": "1"}, "ada") == (made.message, made.metadata, made.author)
    assert {"raw/a": b"1", "raw/b": b"2"} == files(repo)
    stage.discard()
    assert () == stage.diff()
    with pytest.raises(StateError):
        stage.commit("nothing")


def test_a_stage_follows_its_branch(repo: Repository) -> None:
    stage = repo.stage
    stage.put("raw/b", b"2")
    repo.put("raw/a", b"3")
    assert 1 == stage.status.behind
    stage.update()
    assert 0 == stage.status.behind
    assert {"raw/a": b"3", "raw/b": b"2"} == files(repo, stage.ref)


def test_a_move_is_a_commit(repo: Repository) -> None:
    assert "move raw to old" == repo.move("raw", "old").message
    assert {"old/a": b"1"} == files(repo)
