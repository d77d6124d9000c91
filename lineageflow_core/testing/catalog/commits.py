"""What every catalog promises about making commits."""

import dataclasses

import pytest

from lineageflow_core.catalog import Catalog, History
from lineageflow_core.errors import (
    InvalidInputError,
    ObjectMissingError,
    ObjectNotFoundError,
    PathConflictError,
    RefMovedError,
    RefNotFoundError,
)
from lineageflow_core.model.change import Change, delete, put, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, ObjectId
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import (
    CatalogContract,
    commit,
    entries,
    files,
    first_parents,
    in_pages_of_one,
    new_run_id,
)
from lineageflow_core.testing.signatures import assert_same_signatures


def brief(change: Change) -> str:
    """Returns a change in few words."""
    return f"{change.kind} {change.path}"


class CommitContract(CatalogContract):
    """`History.commit` and `History.log`. Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(History, catalog.history)

    def test_a_commit_is_the_new_tip_and_has_all_that_was_said_of_it(self, repo: Repository) -> None:
        root, run_id = repo.head(), new_run_id()
        made = repo.catalog.history.commit(
            repo.name,
            "main",
            [put("a", entries(repo, {"": b"1"})), replace("d", entries(repo, {"x": b"2"}))],
            author="grace",
            message="größer\n\n☃",
            metadata={"ticket": "Ü-1", "": ""},
            run_id=run_id,
        )
        assert made == repo.head("main") == repo.head(made.id)
        assert ("grace", "größer\n\n☃") == (made.author, made.message)
        assert ({"ticket": "Ü-1", "": ""}, run_id) == (made.metadata, made.run_id)
        assert ((root.id,), root.generation + 1, ("d",)) == (made.parents, made.generation, made.replaced)
        assert made.created_at >= root.created_at
        assert {"a": b"1", "d/x": b"2"} == files(repo)

    def test_changes_apply_in_their_order(self, repo: Repository) -> None:
        one, two = entries(repo, {"": b"1"}), entries(repo, {"": b"2"})
        commit(repo, put("a", one), put("a", two), put("b", one), delete("b"), put("c", one))
        assert {"a": b"2", "c": b"1"} == files(repo)
        commit(repo, delete("c"), put("c/d", one), replace("a", []))
        assert {"c/d": b"1"} == files(repo)

    def test_all_changes_become_visible_or_none(self, repo: Repository) -> None:
        tip = repo.put("a", b"1")
        with pytest.raises(ObjectNotFoundError, match="'nothing'"):
            commit(repo, put("b", entries(repo, {"": b"2"})), delete("nothing"))
        with pytest.raises(PathConflictError, match="'a'"):
            commit(repo, put("b", entries(repo, {"": b"2"})), put("a/b", entries(repo, {"": b"3"})))
        assert tip == repo.head()

    def test_changes_that_change_nothing_return_the_tip(self, repo: Repository) -> None:
        repo.replace("t/p", {"x": b"1"}, dataset="t")
        tip = repo.put("d", {"x": b"1", "y": b"2"})
        assert tip == repo.put("d", {"x": b"1", "y": b"2"})
        assert tip == repo.put("d/y", b"2")
        assert tip == repo.replace("d", {"y": b"2", "x": b"1"})
        assert tip == repo.replace("t/p", {"x": b"1"}, dataset="t")
        assert tip == commit(repo, put("e", entries(repo, {"": b"1"})), delete("e"))
        assert tip == commit(repo)
        assert tip == commit(repo, expected=repo.head("main~1").id)
        assert tip == repo.head()

    def test_metadata_of_an_object_is_part_of_its_content(self, repo: Repository) -> None:
        [plain] = entries(repo, {"": b"1"})
        commit(repo, put("d/x", [plain], dataset="d"))
        described = ObjectEntry(
            path="", object_id=plain.object_id, size=1, media_type="text/x-ü", metadata={"k": "ü", "a": ""}
        )
        tip = commit(repo, put("d/x", [described]))
        for path in ("d", "d/x"):
            assert tip == repo.catalog.history.log(repo.name, "main", path=path, limit=1).items[0]
        found = repo.catalog.objects.get_object(repo.name, "main", "d/x")
        assert ("text/x-ü", {"k": "ü", "a": ""}) == (found.media_type, found.metadata)
        assert tip == commit(repo, put("d/x", [described]))

    def test_objects_are_uploaded_before_they_are_committed(self, repo: Repository) -> None:
        tip = repo.head()
        missing = ObjectEntry(path="x", object_id=ObjectId("0" * 64), size=1)
        with pytest.raises(ObjectMissingError, match="'x'") as caught:
            commit(repo, put("d", [*entries(repo, {"y": b"1"}), missing]))
        assert {"missing": ["0" * 64]} == caught.value.details
        assert tip == repo.head()

    @pytest.mark.parametrize("object_id", ["", "0" * 63, "G" * 64, "../../../../etc/passwd"])
    def test_what_is_no_object_id_is_refused(self, repo: Repository, object_id: str) -> None:
        with pytest.raises(InvalidInputError, match="is not an object id"):
            commit(repo, put("d", [ObjectEntry(path="x", object_id=ObjectId(object_id), size=1)]))

    def test_a_run_id_that_is_none_is_refused(self, repo: Repository) -> None:
        for run_id in ("", "last night"):
            with pytest.raises(InvalidInputError, match="is not a run id"):
                repo.catalog.history.commit(
                    repo.name,
                    "main",
                    [],
                    author="ada",
                    message="",
                    run_id=run_id,  # type: ignore[arg-type]
                )

    @pytest.mark.parametrize("author", ["", " ", "\ud800"])
    def test_an_author_has_a_name(self, repo: Repository, author: str) -> None:
        tip = repo.head()
        change = put("a", entries(repo, {"": b"1"}))
        with pytest.raises(InvalidInputError):
            repo.catalog.history.commit(repo.name, "main", [change], author=author, message="")
        with pytest.raises(InvalidInputError):
            repo.catalog.history.commit(
                repo.name, "main", [change], author="ada", message="", metadata={"author": "\ud800"}
            )
        assert tip == repo.head()

    @pytest.mark.parametrize("size", [-1, 1 << 63])
    def test_an_object_has_a_size_that_can_be(self, repo: Repository, size: int) -> None:
        [entry] = entries(repo, {"": b"1"})
        with pytest.raises(InvalidInputError, match=f"no object has {size} bytes"):
            commit(repo, put("a", [dataclasses.replace(entry, size=size)]))

    def test_two_objects_of_a_change_have_two_paths(self, repo: Repository) -> None:
        both = [*entries(repo, {"x": b"1"}), *entries(repo, {"x": b"2"})]
        for change in (put("d", both), replace("d", both)):
            with pytest.raises(InvalidInputError, match="two objects of the change to 'd'"):
                commit(repo, change)

    @pytest.mark.parametrize("branch", ["nothing", "v1", "0" * 8])
    def test_only_a_branch_takes_commits(self, repo: Repository, branch: str) -> None:
        repo.tag("v1")
        with pytest.raises(RefNotFoundError, match=f"no branch '{branch}'") as caught:
            repo.put("a", b"1", branch=branch)
        assert {"ref": branch} == caught.value.details

    @pytest.mark.parametrize("branch", ["main~1", "main@{2026-05-01}", "0" * 64, "a/b", ""])
    def test_a_point_in_history_takes_no_commits(self, repo: Repository, branch: str) -> None:
        with pytest.raises(InvalidInputError):
            commit(repo, put("a", entries(repo, {"": b"1"})), branch=branch)

    def test_changes_go_on_top_of_others_that_are_elsewhere(self, repo: Repository) -> None:
        seen = repo.put("d", {"x": b"1", "y": b"1"})
        repo.put("d/y", b"2")
        repo.replace("e", {"x": b"2"})
        tip = commit(repo, put("d/x", entries(repo, {"": b"3"})), expected=seen.id)
        assert tip == commit(repo, expected=tip.id)
        assert {"d/x": b"3", "d/y": b"2", "e/x": b"2"} == files(repo)
        assert 5 == len(first_parents(repo))

    def test_the_tip_as_expected_takes_any_change(self, repo: Repository) -> None:
        seen = repo.put("d", {"x": b"1"})
        commit(repo, replace("d", entries(repo, {"y": b"2"})), expected=seen.id)
        assert {"d/y": b"2"} == files(repo)

    @pytest.mark.parametrize(
        "theirs, mine",
        [
            (put("d/x", []), put("d/x", [])),
            (delete("d/x"), put("d/x", [])),
            (put("d/x", []), delete("d/x")),
            (put("d/x", []), delete("d")),
            (delete("d"), put("d/x", [])),
            (put("d/z", []), replace("d", [])),
            (replace("d", []), put("d/x", [])),
            (replace("d", []), put("d/new", [])),
            (replace("t/p", [], dataset="t"), put("t/p/new", [], dataset="t")),
            (replace("t/p", [], dataset="t"), replace("t/p", [], dataset="t")),
            (put("new", []), put("new/z", [])),
            (put("new/z", []), put("new", [])),
        ],
        ids=brief,
    )
    def test_changes_to_what_others_changed_are_refused(
        self, repo: Repository, theirs: Change, mine: Change
    ) -> None:
        repo.replace("t/p", {"x": b"1"}, dataset="t")
        seen = repo.put("d", {"x": b"1"})
        tip = commit(repo, filled(repo, theirs, b"2"))
        with pytest.raises(RefMovedError, match=f"new tip {tip.id[:8]}") as caught:
            commit(repo, filled(repo, mine, b"3"), expected=seen.id)
        assert (seen.id, tip.id) == (caught.value.details["expected"], caught.value.details["actual"])
        assert tip == repo.head()

    def test_partitions_that_others_replaced_do_not_touch_other_ones(self, repo: Repository) -> None:
        seen = repo.replace("t/p", {"x": b"1"}, dataset="t")
        repo.replace("t/q", {"x": b"1"}, dataset="t")
        [entry] = entries(repo, {"x": b"2"})
        commit(repo, replace("t/p", [entry], dataset="t"), put("t/r", [entry]), expected=seen.id)
        assert {"t/p/x": b"2", "t/q/x": b"1", "t/r/x": b"2"} == files(repo)

    def test_a_commit_that_nobody_can_have_seen_is_not_expected(self, repo: Repository) -> None:
        with pytest.raises(RefNotFoundError):
            commit(repo, put("a", entries(repo, {"": b"1"})), expected=CommitId("0" * 64))

    def test_writes_without_expectation_apply_to_whatever_the_tip_is(self, repo: Repository) -> None:
        repo.put("a", b"1")
        repo.put("a", b"2")
        assert b"2" == repo.read_bytes("a")

    def test_the_log_has_first_parents_newest_first_in_pages(self, repo: Repository) -> None:
        root, first = repo.head(), repo.put("a", b"1")
        repo.branch("topic")
        repo.put("b", b"1", branch="topic")
        second = repo.put("a", b"2")
        merged = repo.merge("topic")
        log = repo.catalog.history.log
        assert [merged, second, first, root] == in_pages_of_one(
            lambda after, limit: log(repo.name, "main", after=after, limit=limit)
        )
        assert [first, root] == list(log(repo.name, "main~2").items)

    def test_the_log_of_a_path_has_those_that_changed_it(self, repo: Repository) -> None:
        made = repo.replace("t/p", {"x": b"1"}, dataset="t")
        other = repo.replace("t/q", {"x": b"1"}, dataset="t")
        loose = repo.put("raw/a", b"1")
        both = commit(repo, put("t/q/y", entries(repo, {"": b"2"})), delete("raw/a"))
        gone = commit(repo, delete("t/q"))
        log = repo.catalog.history.log
        expected = {
            "t": [gone, both, other, made],
            "t/p": [made],
            "t/p/x": [made],
            "t/q": [gone, both, other],
            "t/q/x": [gone, other],
            "raw": [both, loose],
            "raw/a": [both, loose],
            "nothing": [],
        }

        def listed(path: str) -> list[Commit]:
            return in_pages_of_one(
                lambda after, limit: log(repo.name, "main", path=path, after=after, limit=limit)
            )

        assert expected == {path: listed(path) for path in expected}


def filled(repo: Repository, change: Change, content: bytes) -> Change:
    """Returns a change that writes this content: one file for a put, a file `new` for a replacement."""
    if change.kind == "delete":
        return change
    objects = entries(repo, {"new" if change.kind == "replace" else "": content})
    return Change(kind=change.kind, path=change.path, dataset=change.dataset, objects=tuple(objects))
