"""What every catalog promises about changes that are not committed yet."""

from datetime import UTC, datetime

import pytest

from lineageflow_core.catalog import Catalog, Staging
from lineageflow_core.errors import (
    InvalidInputError,
    ObjectMissingError,
    ObjectNotFoundError,
    PathConflictError,
    RefNotFoundError,
    StateError,
)
from lineageflow_core.model.change import delete, move, put, replace
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.merge import Side
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.refs import RefKind
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import (
    CatalogContract,
    entries,
    files,
    first_parents,
    in_pages_of_one,
    new_run_id,
)
from lineageflow_core.testing.catalog.staging_scene import (
    commit_staged,
    discard,
    putting,
    stage,
    staged,
    staged_files,
)
from lineageflow_core.testing.signatures import assert_same_signatures


class StagingContract(CatalogContract):
    """`Staging`. Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Staging, catalog.staging)

    def test_staged_changes_are_seen_by_who_asks_for_them_and_on_no_branch(self, repo: Repository) -> None:
        tip = repo.put("d", {"x": b"1", "y": b"1", "z": b"3"})
        draft = stage(repo, putting(repo, "d/x", b"2"), delete("d/y"), putting(repo, "new", b"4"))
        assert (tip.id, tip) == (draft.base, repo.head())
        assert {"d/x": b"1", "d/y": b"1", "d/z": b"3"} == files(repo)
        assert {"d/x": b"2", "d/z": b"3", "new": b"4"} == staged_files(repo)
        assert {"d/x": "changed", "d/y": "removed", "new": "added"} == staged(repo)

    def test_later_changes_join_those_that_are_staged(self, repo: Repository) -> None:
        first = stage(repo, putting(repo, "a", b"1"))
        second = stage(repo, putting(repo, "b", b"2"), putting(repo, "a", b"3"))
        assert first.base == second.base == repo.head().id
        assert {"a": b"3", "b": b"2"} == staged_files(repo)

    def test_all_changes_are_staged_or_none(self, repo: Repository) -> None:
        before = stage(repo, putting(repo, "a", b"1"))
        with pytest.raises(ObjectNotFoundError, match="'nothing'"):
            stage(repo, putting(repo, "b", b"1"), delete("nothing"))
        with pytest.raises(PathConflictError, match="'a'"):
            stage(repo, putting(repo, "b", b"1"), putting(repo, "a/b", b"1"))
        missing = ObjectEntry(path="", object_id=ObjectId("0" * 64), size=1)
        with pytest.raises(ObjectMissingError):
            stage(repo, put("c", [missing]))
        assert before == repo.catalog.staging.get_draft(repo.name, "main", author="ada").draft

    def test_changes_that_take_all_back_leave_nothing_staged(self, repo: Repository) -> None:
        tip = repo.put("a", b"1")
        stage(repo, putting(repo, "a", b"2"), putting(repo, "b", b"2"))
        left = stage(repo, putting(repo, "a", b"1"), delete("b"))
        assert (tip.id, tip.id, None) == (left.base, left.commit, left.staged_at)
        assert () == repo.catalog.staging.list_drafts(repo.name).items

    def test_what_is_staged_becomes_one_commit(self, repo: Repository) -> None:
        tip = repo.put("d", {"x": b"1"})
        stage(repo, putting(repo, "d/y", b"2"))
        stage(repo, replace("e", entries(repo, {"z": b"3"})))
        made = repo.catalog.staging.commit_staged(
            repo.name, "main", author="ada", message="größer", metadata={"ticket": "Ü-1"}
        )
        assert made == repo.head()
        assert ((tip.id,), "ada", "größer") == (made.parents, made.author, made.message)
        assert ({"ticket": "Ü-1"}, ("e",)) == (made.metadata, made.replaced)
        assert {"d/x": b"1", "d/y": b"2", "e/z": b"3"} == files(repo)
        assert {} == staged(repo)
        assert () == repo.catalog.staging.list_drafts(repo.name).items

    def test_nothing_staged_is_nothing_to_commit(self, repo: Repository) -> None:
        stage(repo, putting(repo, "a", b"1"), author="bob")
        with pytest.raises(StateError, match="ada has nothing staged on 'main'"):
            commit_staged(repo)
        found = repo.catalog.staging.get_draft(repo.name, "main", author="ada")
        assert (repo.head().id, repo.head().id) == (found.draft.base, found.draft.commit)

    def test_two_people_stage_side_by_side(self, repo: Repository) -> None:
        repo.put("d", {"x": b"0"})
        stage(repo, putting(repo, "d/x", b"ada"), author="ada")
        stage(repo, putting(repo, "d/y", b"bob"), author="bob")
        assert {"d/x": "changed"} == staged(repo, author="ada")
        assert {"d/y": "added"} == staged(repo, author="bob")
        commit_staged(repo, author="bob")
        assert {"d/x": "changed"} == staged(repo, author="ada")
        commit_staged(repo, author="ada")
        assert {"d/x": b"ada", "d/y": b"bob"} == files(repo)

    def test_one_person_stages_on_two_branches(self, repo: Repository) -> None:
        repo.branch("topic")
        stage(repo, putting(repo, "a", b"1"))
        stage(repo, putting(repo, "b", b"2"), branch="topic")
        commit_staged(repo, branch="topic")
        assert ({}, {"b": b"2"}, {"a": "added"}) == (files(repo), files(repo, "topic"), staged(repo))

    @pytest.mark.parametrize(
        "author", ["Ada <ada@x.org>", "ädä/ö", "a:b~1@{2}", "%41", "名前", "..", "run:1"]
    )
    def test_an_author_may_have_any_name(self, repo: Repository, author: str) -> None:
        draft = stage(repo, putting(repo, "a", b"1"), author=author)
        assert author == draft.author
        assert [draft] == [each.draft for each in repo.catalog.staging.list_drafts(repo.name).items]
        assert {"a": b"1"} == staged_files(repo, author=author)
        assert author == commit_staged(repo, author=author).author

    def test_a_name_is_the_same_however_it_is_written(self, repo: Repository) -> None:
        stage(repo, putting(repo, "a", b"1"), author="Zo\u00eb")
        stage(repo, putting(repo, "b", b"1"), author=" Zoe\u0308 ")
        assert {"a": "added", "b": "added"} == staged(repo, author="Zo\u00eb")

    @pytest.mark.parametrize("author", ["", " ", "a\nb", "\0", "\ud800", "x" * 300])
    def test_an_author_has_a_name(self, repo: Repository, author: str) -> None:
        with pytest.raises(InvalidInputError):
            stage(repo, putting(repo, "a", b"1"), author=author)

    def test_a_run_has_no_drafts_and_neither_has_what_is_no_branch(self, repo: Repository) -> None:
        run_id = new_run_id()
        repo.catalog.transactions.begin(repo.name, run_id)
        with pytest.raises(InvalidInputError, match="takes no staged changes"):
            stage(repo, putting(repo, "a", b"1"), branch=f"run:{run_id}")
        repo.tag("v1")
        with pytest.raises(RefNotFoundError, match="no branch 'v1'"):
            stage(repo, putting(repo, "a", b"1"), branch="v1")
        with pytest.raises(InvalidInputError):
            stage(repo, putting(repo, "a", b"1"), branch="main~1")

    def test_drafts_are_listed_with_what_is_in_them(self, repo: Repository) -> None:
        repo.put("d", {"x": b"11", "y": b"1", "z": b"zzz"})
        repo.branch("topic")
        stage(
            repo,
            putting(repo, "d/x", b"2"),
            delete("d/y"),
            putting(repo, "e", b"55555"),
            move("d/z", "d/w"),
            author="bob",
        )
        stage(repo, putting(repo, "a", b"1"), author="ada", branch="topic")
        repo.put("later", b"1")
        list_drafts = repo.catalog.staging.list_drafts
        found = in_pages_of_one(lambda after, limit: list_drafts(repo.name, after=after, limit=limit))
        assert [("main", "bob"), ("topic", "ada")] == [
            (each.draft.branch, each.draft.author) for each in found
        ]
        bob = found[0]
        assert (1, 1, 1, 1) == (bob.added, bob.changed, bob.removed, bob.moved)
        assert (2, 5 - 1 - 1, 1) == (bob.datasets, bob.size_change, bob.behind)
        assert repo.head().id == bob.tip
        assert bob == repo.catalog.staging.get_draft(repo.name, "main", author="bob")
        assert (found[1],) == list_drafts(repo.name, branch="topic").items

    def test_drafts_are_not_among_the_refs_of_people(self, repo: Repository) -> None:
        draft = stage(repo, putting(repo, "a", b"1"))
        refs = repo.catalog.refs
        for kind in (RefKind.BRANCH, RefKind.TAG, RefKind.RUN):
            assert draft.commit not in [ref.commit for ref in refs.list_refs(repo.name, kind=kind).items]
        assert draft.commit not in first_parents(repo)
        with pytest.raises(RefNotFoundError):
            repo.head(draft.commit[:8])
        assert draft.commit == repo.head(draft.commit).id == repo.head("stage:main:ada").id

    def test_a_draft_is_read_as_a_ref_and_so_is_what_it_was(self, repo: Repository) -> None:
        assert repo.head() == repo.head("stage:main:ada")
        draft = stage(repo, putting(repo, "a", b"1"))
        assert draft.staged_at is not None
        then = f"stage:main:ada@{{{datetime.now(UTC).isoformat()}}}"
        stage(repo, delete("a"))
        assert {"a": b"1"} == files(repo, then)
        assert repo.head().id == repo.head(f"{then}~1").id
        with pytest.raises(RefNotFoundError):
            repo.head("stage:other:ada")
        for text in ("stage:", "stage:main", "stage:main:", "stage::ada", "stage:main:%ff"):
            with pytest.raises(InvalidInputError):
                repo.head(text)

    def test_a_draft_never_becomes_history_as_it_is(self, repo: Repository) -> None:
        draft = stage(repo, putting(repo, "a", b"1"))
        for source in (draft.commit, "stage:main:ada"):
            with pytest.raises(InvalidInputError, match="commit it first"):
                repo.branch("topic", base=source)
            with pytest.raises(InvalidInputError, match="commit it first"):
                repo.tag("v1", source=source)
            with pytest.raises(InvalidInputError, match="commit it first"):
                repo.merge(source)


class StagedDiffContract(CatalogContract):
    """Looking at what is staged. Needs the fixture `catalog`."""

    def test_what_is_staged_is_listed_in_pages(self, repo: Repository) -> None:
        repo.put("d", {"x": b"1", "y": b"1"})
        repo.put("e", {"x": b"1"})
        stage(repo, delete("d"), putting(repo, "e/y", b"2"), putting(repo, "a-b", b"3"))
        stage(repo, replace("a/b", entries(repo, {"c": b"4", "c-d": b"4"})))
        staging = repo.catalog.staging
        found = in_pages_of_one(
            lambda after, limit: staging.diff_staged(
                repo.name, "main", author="ada", after=after, limit=limit
            )
        )
        assert ["a-b", "a/b/c", "a/b/c-d", "d/x", "d/y", "e/y"] == [each.path for each in found]
        datasets = in_pages_of_one(
            lambda after, limit: staging.diff_staged_datasets(
                repo.name, "main", author="ada", after=after, limit=limit
            )
        )
        assert [("a-b", "added"), ("a/b", "added"), ("d", "removed"), ("e", "changed")] == [
            (each.path, each.kind.value) for each in datasets
        ]

    def test_only_what_is_below_a_path_is_listed(self, repo: Repository) -> None:
        stage(repo, *(putting(repo, path, b"1") for path in ("a", "a-b", "b/a", "b/b")))
        stage(repo, put("d", entries(repo, {"x": b"1", "p/x": b"1", "p/y": b"2", "p-q": b"3"})))
        assert {"b/a": "added", "b/b": "added"} == staged(repo, "b")
        assert {"a": "added"} == staged(repo, "a")
        assert {"d/p/x": "added", "d/p/y": "added"} == staged(repo, "d/p")
        assert {} == staged(repo, "nothing")

    def test_what_moved_is_listed_once_where_it_is_now(self, repo: Repository) -> None:
        repo.put("d", {"x": b"1", "y": b"2"})
        repo.put("whole", {"x": b"3", "y": b"4"})
        stage(repo, move("d/x", "d/z"), move("whole", "there/whole"))
        expected = {
            "d/z": "moved from d/x",
            "there/whole/x": "moved from whole/x",
            "there/whole/y": "moved from whole/y",
        }
        assert expected == staged(repo)
        [_, dataset] = repo.catalog.staging.diff_staged_datasets(repo.name, "main", author="ada").items
        assert ("there/whole", DiffKind.MOVED, "whole") == (dataset.path, dataset.kind, dataset.moved_from)
        assert (dataset.left, 0, 0) == (dataset.right, dataset.added, dataset.removed)
        found = repo.catalog.staging.get_draft(repo.name, "main", author="ada")
        assert (2, 3) == (found.datasets, found.moved)

    def test_what_moved_out_of_a_path_is_removed_there(self, repo: Repository) -> None:
        repo.put("a/x", b"1")
        stage(repo, move("a/x", "b/x"))
        assert ({"a/x": "removed"}, {"b/x": "added"}) == (staged(repo, "a"), staged(repo, "b"))

    def test_a_move_is_known_by_equal_content_however_it_was_made(self, repo: Repository) -> None:
        repo.put("a/x.csv", b"1")
        repo.put("a/y.csv", b"1")
        stage(
            repo,
            delete("a/x.csv"),
            delete("a/y.csv"),
            *(putting(repo, path, b"1") for path in ("b/new", "b/y.csv", "b/z.csv")),
        )
        assert {
            "b/new": "moved from a/x.csv",
            "b/y.csv": "moved from a/y.csv",
            "b/z.csv": "added",
        } == staged(repo)

    def test_empty_files_do_not_move(self, repo: Repository) -> None:
        repo.put("a", b"")
        stage(repo, delete("a"), putting(repo, "b", b""))
        assert {"a": "removed", "b": "added"} == staged(repo)

    def test_a_preview_says_what_a_commit_would_do(self, repo: Repository) -> None:
        base = repo.put("d", {"x": b"0", "y": b"0"})
        draft = stage(repo, putting(repo, "d/x", b"1"), putting(repo, "e", b"1"))
        tip = repo.put("d/y", b"2")
        preview = repo.catalog.staging.preview_staged
        found = preview(repo.name, "main", author="ada")
        assert ((draft.commit,), tip.id, base.id) == (found.sources, found.head, found.base)
        assert not found.up_to_date
        assert (["d", "e"], ()) == ([each.path for each in found.datasets], found.conflicts)
        some = preview(repo.name, "main", author="ada", paths=["e"])
        assert ["e"] == [each.path for each in some.datasets]
        repo.put("d/x", b"3")
        [conflict] = preview(repo.name, "main", author="ada").conflicts
        assert conflict.theirs_by is not None
        assert ("d/x", "ada", draft.commit) == (
            conflict.path,
            conflict.theirs_by.author,
            conflict.theirs_by.commit,
        )
        picks = {"d/x": Side.THEIRS}
        assert () == preview(repo.name, "main", author="ada", picks=picks).conflicts
        assert () == preview(repo.name, "main", author="ada", strategy=Side.OURS).conflicts
        assert preview(repo.name, "main", author="bob").up_to_date


class DiscardContract(CatalogContract):
    """`Staging.discard_staged`. Needs the fixture `catalog`."""

    def test_a_path_goes_back_and_the_rest_stays_staged(self, repo: Repository) -> None:
        repo.put("d", {"x": b"1", "y": b"1", "p/a": b"1"})
        stage(repo, putting(repo, "d/x", b"2"), delete("d/y"), putting(repo, "d/p/a", b"2"))
        stage(repo, putting(repo, "d/p/b", b"2"), putting(repo, "e", b"2"))
        discard(repo, "d/p", "d/y")
        assert {"d/x": "changed", "e": "added"} == staged(repo)
        discard(repo, "e")
        discard(repo, "d")
        assert {} == staged(repo)
        assert repo.head() == repo.head("stage:main:ada")

    def test_everything_goes_back_where_no_path_is_named(self, repo: Repository) -> None:
        stage(repo, putting(repo, "a", b"1"), replace("d", entries(repo, {"x": b"1"})))
        stage(repo, putting(repo, "a", b"1"), author="bob")
        left = discard(repo)
        assert (repo.head().id, repo.head().id, ()) == (left.base, left.commit, left.replaced)
        assert ({}, {"a": "added"}) == (staged(repo), staged(repo, author="bob"))
        assert left == discard(repo)

    def test_where_nothing_is_staged_nothing_can_be_discarded(self, repo: Repository) -> None:
        repo.put("a", b"1")
        draft = stage(repo, putting(repo, "b", b"1"))
        for path in ("a", "nothing", "b/c"):
            with pytest.raises(ObjectNotFoundError, match=f"nothing is staged at '{path}'"):
                discard(repo, "b", path)
        assert draft.commit == repo.head("stage:main:ada").id

    @pytest.mark.parametrize("end", ["a/x", "b/x"])
    def test_a_move_goes_back_by_either_end(self, repo: Repository, end: str) -> None:
        repo.put("a/x", b"1")
        stage(repo, move("a/x", "b/x"), putting(repo, "c", b"2"))
        discard(repo, end)
        assert ({"c": "added"}, {"a/x": b"1", "c": b"2"}) == (staged(repo), staged_files(repo))

    @pytest.mark.parametrize("end", ["raw", "raw2"])
    def test_a_dataset_that_moved_and_changed_inside_goes_back_by_either_end(
        self, repo: Repository, end: str
    ) -> None:
        tip = repo.put("raw", {"d/x": b"1", "y": b"2"})
        stage(repo, move("raw/d", "raw/d/inner"), move("raw", "raw2"))
        left = discard(repo, end)
        assert ({}, {"raw/d/x": b"1", "raw/y": b"2"}) == (staged(repo), staged_files(repo))
        assert (tip.id, ()) == (left.commit, left.replaced)

    def test_a_replaced_dataset_does_not_go_back_with_one_file_of_it(self, repo: Repository) -> None:
        repo.put("a", b"1")
        repo.put("d", {"x": b"2"})
        stage(repo, replace("d", entries(repo, {"y": b"1"})), delete("a"))
        discard(repo, "a")
        assert {"d/x": "removed", "d/y": "added"} == staged(repo)

    def test_what_is_staged_as_one_thing_goes_back_as_one_thing(self, repo: Repository) -> None:
        repo.put("d", {"x": b"1"})
        stage(repo, replace("d", entries(repo, {"y": b"2"})), putting(repo, "e", b"1"))
        with pytest.raises(InvalidInputError, match="'d/y' is part of 'd'"):
            discard(repo, "d/y")
        left = discard(repo, "d")
        assert ((), {"e"}) == (left.replaced, set(staged(repo)))
