"""What every catalog promises about branches, tags, and how people write refs."""

from datetime import timedelta, timezone

import pytest

from lineageflow_core.catalog import Catalog, Refs
from lineageflow_core.errors import (
    AlreadyExistsError,
    InvalidInputError,
    RefNotFoundError,
    StateError,
)
from lineageflow_core.model.change import put
from lineageflow_core.model.refs import RefKind
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.clock import StandingClock
from lineageflow_core.testing.catalog.scene import (
    Call,
    CatalogContract,
    commit,
    entries,
    first_parents,
    in_pages_of_one,
    new_run_id,
)
from lineageflow_core.testing.signatures import assert_same_signatures

IMPOSSIBLE_NAMES = [
    "", "-a", ".a", "a/b", "a b", "a~1", "a@{1}", "run:1", "a\n", "a\0", "HEAD", "run", "ünlü", "0" * 64,
    "x" * 129,
]  # fmt: skip


class RefsContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Refs, catalog.refs)

    def test_branches_tags_and_commit_ids_are_resolved(self, repo: Repository) -> None:
        tip = repo.put("a", b"1")
        repo.branch("topic")
        repo.tag("v1")
        for ref in ("main", "topic", "v1", tip.id, tip.id[:8], tip.id[:40]):
            assert tip == repo.catalog.refs.resolve(repo.name, ref)

    def test_tildes_go_back_by_first_parents(self, repo: Repository) -> None:
        root = repo.head()
        first = repo.put("a", b"1")
        repo.branch("topic")
        repo.put("b", b"2", branch="topic")
        merged = repo.merge("topic")
        assert [merged, first, first, root, root] == [
            repo.head(ref) for ref in ("main~0", "main~", "main~1", "main~2", "main~~1")
        ]
        assert first == repo.head(f"{merged.id}~1")

    @pytest.mark.parametrize("ref", ["main~2", "main~~~", "main~999999999"])
    def test_nothing_is_further_back_than_the_history(self, repo: Repository, ref: str) -> None:
        repo.put("a", b"1")
        with pytest.raises(RefNotFoundError, match="further than the history"):
            repo.head(ref)

    def test_a_branch_can_be_looked_at_as_it_was_at_an_instant(self, repo: Repository) -> None:
        catalog = repo.catalog
        made = catalog.refs.get_ref(repo.name, "main").created_at
        root, first = repo.head(), repo.put("a", b"1")
        moved = catalog.refs.get_ref(repo.name, "main").updated_at
        before = moved - timedelta(microseconds=1)
        assert [first, root, first] == [
            repo.head(ref)
            for ref in (
                f"main@{{{moved.isoformat()}}}",
                f"main@{{{before.isoformat()}}}",
                "main@{2999-01-01}",
            )
        ]
        assert root == repo.head("main@{2999-01-01}~1")
        for east in (timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))):
            assert first == repo.head(f"main@{{{moved.astimezone(east).isoformat()}}}")
        with pytest.raises(RefNotFoundError):
            repo.head(f"main@{{{(made - timedelta(seconds=1)).isoformat()}}}")

    @pytest.mark.parametrize(
        "ref",
        ["", "~1", "main~x", "main^", "a/b", "main@{}", "main@{yesterday}", "main@{0001-01-01T00:00+23:00}",
         "run:main", "run:", "main ", "ma\nin", "main\0", "ünlü", "\ud800",
         "main~" + "9" * 5000, "main@{2026-05-01}@{2026-05-01}"],
    )  # fmt: skip
    def test_what_is_no_ref_is_refused(self, repo: Repository, ref: str) -> None:
        with pytest.raises((InvalidInputError, RefNotFoundError)):
            repo.catalog.refs.resolve(repo.name, ref)

    @pytest.mark.parametrize("ref", ["nothing", "v1~2", "0" * 64, "01234567", "nothing@{2026-05-01}"])
    def test_a_ref_that_names_nothing_is_not_found(self, repo: Repository, ref: str) -> None:
        with pytest.raises(RefNotFoundError, match=ref.partition("@")[0]) as caught:
            repo.catalog.refs.resolve(repo.name, ref)
        assert ref == caught.value.details["ref"]

    def test_fewer_than_8_digits_are_no_commit_id(self, repo: Repository) -> None:
        with pytest.raises(RefNotFoundError):
            repo.head(repo.head().id[:7])

    def test_before_a_branch_was_there_it_names_nothing(self, repo: Repository) -> None:
        with pytest.raises(RefNotFoundError, match="'main' was not there yet at 2001-01-01T00:00:00"):
            repo.head("main@{2001-01-01}")
        with pytest.raises(RefNotFoundError, match="has no ref 'nope@"):
            repo.head("nope@{2001-01-01}")

    def test_a_branch_goes_before_a_commit_id(self, repo: Repository) -> None:
        root, tip = repo.head(), repo.put("a", b"1")
        repo.branch(root.id[:8])
        assert (tip, root) == (repo.head(root.id[:8]), repo.head(root.id[:9]))

    def test_a_branch_starts_at_its_source_and_moves_alone(self, repo: Repository) -> None:
        root = repo.head()
        repo.put("a", b"1")
        made = repo.catalog.refs.create_branch(repo.name, "topic", source="main~1", author="ada")
        assert (RefKind.BRANCH, "topic", root.id) == (made.kind, made.name, made.commit)
        assert made == repo.catalog.refs.get_ref(repo.name, "topic")
        tip = repo.put("b", b"2", branch="topic")
        now = repo.catalog.refs.get_ref(repo.name, "topic")
        assert (tip.id, made.created_at) == (now.commit, now.created_at)
        assert now.updated_at > made.updated_at
        assert [root.id] == first_parents(repo, "main")[1:]

    def test_a_tag_never_moves_and_takes_no_commits(self, repo: Repository) -> None:
        root = repo.head()
        made = repo.tag("v1")
        assert (RefKind.TAG, "v1", root.id) == (made.kind, made.name, made.commit)
        assert made == repo.catalog.refs.get_ref(repo.name, "v1", kind=RefKind.TAG)
        repo.put("a", b"1")
        with pytest.raises(RefNotFoundError, match="no branch 'v1'"):
            repo.put("a", b"1", branch="v1")
        assert root == repo.head("v1")

    def test_a_name_is_one_branch_or_one_tag(self, repo: Repository) -> None:
        repo.branch("b")
        repo.tag("t")
        for name in ("b", "t"):
            for make in (repo.branch, repo.tag):
                with pytest.raises(AlreadyExistsError, match=repr(name)):
                    make(name)

    @pytest.mark.parametrize("name", IMPOSSIBLE_NAMES)
    def test_an_impossible_name_is_refused_wherever_it_is_given(self, repo: Repository, name: str) -> None:
        refs = repo.catalog.refs
        calls: list[Call] = [
            lambda: refs.create_branch(repo.name, name, source="main", author="ada"),
            lambda: refs.create_tag(repo.name, name, source="main", author="ada"),
            lambda: refs.delete_branch(repo.name, name, author="ada"),
            lambda: refs.delete_tag(repo.name, name, author="ada"),
            lambda: refs.get_ref(repo.name, name),
            lambda: refs.get_ref(repo.name, name, kind=RefKind.TAG),
            lambda: refs.get_ref(repo.name, name, kind=RefKind.RUN),
        ]
        for call in calls:
            with pytest.raises(InvalidInputError):
                call()

    def test_a_branch_needs_a_source_that_is_there(self, repo: Repository) -> None:
        with pytest.raises(RefNotFoundError, match="nothing"):
            repo.branch("topic", base="nothing")
        with pytest.raises(RefNotFoundError):
            repo.head("topic")

    def test_a_branch_that_is_deleted_leaves_its_commits(self, repo: Repository) -> None:
        repo.branch("topic")
        tip = repo.put("a", b"1", branch="topic")
        there = repo.catalog.refs.get_ref(repo.name, "topic")
        assert there == repo.catalog.refs.delete_branch(repo.name, "topic", author="ada")
        with pytest.raises(RefNotFoundError):
            repo.head("topic")
        assert tip == repo.head(tip.id)
        assert b"1" == repo.read_bytes("a", ref=tip.id)
        assert repo.head().id == repo.branch("topic").commit

    def test_a_deleted_branch_is_restored_where_it_was(self, repo: Repository) -> None:
        refs = repo.catalog.refs
        repo.branch("topic")
        tip = repo.put("a", b"1", branch="topic")
        refs.delete_branch(repo.name, "topic", author="ada")
        assert tip.id == refs.restore_branch(repo.name, "topic", author="bob").commit
        assert tip == repo.head("topic")

    def test_only_a_branch_that_was_deleted_is_restored(self, repo: Repository) -> None:
        refs = repo.catalog.refs
        with pytest.raises(AlreadyExistsError, match="branch 'main' already"):
            refs.restore_branch(repo.name, "main", author="ada")
        with pytest.raises(RefNotFoundError, match="no deleted branch 'nothing'"):
            refs.restore_branch(repo.name, "nothing", author="ada")
        repo.branch("old")
        refs.rename_branch(repo.name, "old", "new", author="ada")
        with pytest.raises(RefNotFoundError, match="no deleted branch 'old'"):
            refs.restore_branch(repo.name, "old", author="ada")

    def test_a_renamed_branch_has_its_commit_and_history_under_the_new_name(self, repo: Repository) -> None:
        repo.branch("topic")
        tip = repo.put("a", b"1", branch="topic")
        renamed = repo.catalog.refs.rename_branch(repo.name, "topic", "better", author="bob")
        assert (RefKind.BRANCH, "better", tip.id) == (renamed.kind, renamed.name, renamed.commit)
        assert renamed == repo.catalog.refs.get_ref(repo.name, "better")
        with pytest.raises(RefNotFoundError):
            repo.head("topic")
        assert tip.id in first_parents(repo, "better")

    def test_a_renamed_branch_can_be_looked_at_as_it_was_under_its_old_name(self, repo: Repository) -> None:
        repo.branch("topic")
        before = repo.put("a", b"1", branch="topic")
        moved = repo.catalog.refs.get_ref(repo.name, "topic").updated_at
        repo.put("a", b"2", branch="topic")
        repo.catalog.refs.rename_branch(repo.name, "topic", "better", author="bob")
        repo.catalog.refs.rename_branch(repo.name, "better", "best", author="bob")
        assert before == repo.head(f"best@{{{moved.isoformat()}}}")

    def test_who_uses_the_old_name_of_a_branch_is_told_the_new_one(self, repo: Repository) -> None:
        repo.branch("topic")
        repo.catalog.refs.rename_branch(repo.name, "topic", "better", author="bob")
        calls: list[Call] = [
            lambda: repo.head("topic~1"),
            lambda: repo.put("a", b"1", branch="topic"),
        ]
        for call in calls:
            with pytest.raises(RefNotFoundError, match="renamed to 'better'"):
                call()

    def test_the_default_branch_is_renamed_as_the_default_branch(self, repo: Repository) -> None:
        tip = repo.put("a", b"1")
        repo.catalog.refs.rename_branch(repo.name, "main", "trunk", author="ada")
        assert ("trunk", tip) == (repo.info.default_branch, repo.head())

    @pytest.mark.parametrize("taken", ["b", "t", "main"])
    def test_a_branch_is_not_renamed_to_a_name_that_is_taken(self, repo: Repository, taken: str) -> None:
        repo.branch("b")
        repo.tag("t")
        before = repo.catalog.refs.list_refs(repo.name)
        with pytest.raises(AlreadyExistsError, match=repr(taken)):
            repo.catalog.refs.rename_branch(repo.name, "main", taken, author="ada")
        assert before == repo.catalog.refs.list_refs(repo.name)

    def test_an_open_run_publishes_to_the_branch_that_was_renamed(self, repo: Repository) -> None:
        run_id = new_run_id()
        repo.catalog.transactions.begin(repo.name, run_id)
        commit(repo, put("a", entries(repo, {"": b"1"})), branch=f"run:{run_id}")
        repo.catalog.refs.rename_branch(repo.name, "main", "trunk", author="ada")
        repo.catalog.refs.rename_branch(repo.name, "trunk", "stem", author="ada")
        repo.catalog.transactions.publish(repo.name, run_id, author="ada")
        assert b"1" == repo.read_bytes("a", ref="stem")

    def test_tags_are_listed_with_who_made_them_and_what_for(self, repo: Repository) -> None:
        refs = repo.catalog.refs
        made = refs.create_tag(repo.name, "v1", source="main", author="grace", message="the first")
        repo.tag("v2")
        repo.branch("b")
        refs.delete_tag(repo.name, "v1", author="bob")
        refs.create_tag(repo.name, "v1", source="main", author="eve", message="again")
        refs.delete_tag(repo.name, "v1", author="bob")
        deletion = repo.catalog.operations.list_operations(repo.name, limit=1).items[0]
        repo.catalog.operations.undo_operation(repo.name, deletion.id, author="bob")
        listed = in_pages_of_one(lambda after, limit: refs.list_tags(repo.name, after=after, limit=limit))
        assert [("v1", made.commit, "eve", "again"), ("v2", made.commit, "ada", "")] == [
            (tag.ref.name, tag.ref.commit, tag.author, tag.message) for tag in listed
        ]
        assert ["v2"] == [tag.ref.name for tag in refs.list_tags(repo.name, prefix="v2").items]

    def test_a_tags_name_never_means_two_commits(self, repo: Repository) -> None:
        refs = repo.catalog.refs
        made = repo.tag("v1")
        repo.put("a", b"1")
        refs.delete_tag(repo.name, "v1", author="ada")
        with pytest.raises(AlreadyExistsError, match=f"names commit {made.commit[:12]}"):
            repo.tag("v1")
        with pytest.raises(RefNotFoundError):
            repo.head("v1")
        assert made.commit == repo.tag("v1", source="main~1").commit

    def test_a_deleted_tags_name_is_no_branchs(self, repo: Repository) -> None:
        refs = repo.catalog.refs
        repo.branch("topic")
        made = repo.tag("v1")
        refs.delete_tag(repo.name, "v1", author="ada")
        renames = (
            lambda: refs.rename_branch(repo.name, "topic", "v1", author="ada"),
            lambda: repo.branch("v1"),
        )
        for attempt in renames:
            with pytest.raises(AlreadyExistsError, match=f"names commit {made.commit[:12]}"):
                attempt()
        assert made.commit == repo.tag("v1").commit

    def test_a_tag_that_is_deleted_is_gone(self, repo: Repository) -> None:
        made = repo.tag("v1")
        assert made == repo.catalog.refs.delete_tag(repo.name, "v1", author="ada")
        with pytest.raises(RefNotFoundError):
            repo.head("v1")

    def test_the_default_branch_stays(self, repo: Repository) -> None:
        with pytest.raises(StateError, match="default branch"):
            repo.catalog.refs.delete_branch(repo.name, "main", author="ada")
        assert "main" == repo.catalog.refs.get_ref(repo.name, "main").name

    def test_what_is_not_there_is_not_deleted(self, repo: Repository) -> None:
        repo.branch("b")
        repo.tag("t")
        for delete, name in (
            (repo.catalog.refs.delete_branch, "t"),
            (repo.catalog.refs.delete_tag, "b"),
            (repo.catalog.refs.delete_branch, "nothing"),
        ):
            with pytest.raises(RefNotFoundError, match=repr(name)):
                delete(repo.name, name, author="ada")

    def test_a_ref_of_another_kind_is_not_found(self, repo: Repository) -> None:
        repo.branch("topic")
        with pytest.raises(RefNotFoundError, match="no tag 'topic'"):
            repo.catalog.refs.get_ref(repo.name, "topic", kind=RefKind.TAG)

    def test_refs_are_listed_by_kind_and_name_in_pages(self, repo: Repository) -> None:
        branches, tags = ["B", "a", "a-1", "a.1", "a1", "main"], ["t1", "t2", "v1"]
        for name in branches[:-1]:
            repo.branch(name)
        for name in tags:
            repo.tag(name)

        def listed(kind: RefKind, prefix: str = "") -> list[str]:
            list_refs = repo.catalog.refs.list_refs
            return [
                ref.name
                for ref in in_pages_of_one(
                    lambda after, limit: list_refs(
                        repo.name, kind=kind, prefix=prefix, after=after, limit=limit
                    )
                )
            ]

        assert branches == listed(RefKind.BRANCH)
        assert tags == listed(RefKind.TAG)
        assert ["a", "a-1", "a.1", "a1"] == listed(RefKind.BRANCH, "a")
        assert ["t1", "t2"] == listed(RefKind.TAG, "t")
        assert [] == listed(RefKind.RUN)

    def test_the_branches_of_runs_stand_among_themselves(self, repo: Repository) -> None:
        run_id = new_run_id()
        repo.catalog.transactions.begin(repo.name, run_id)
        commit(repo, put("a", entries(repo, {"": b"1"})), branch=f"run:{run_id}")
        refs = repo.catalog.refs
        assert ["main"] == [ref.name for ref in refs.list_refs(repo.name).items]
        assert [] == list(refs.list_refs(repo.name, kind=RefKind.TAG).items)
        [ref] = refs.list_refs(repo.name, kind=RefKind.RUN).items
        assert (run_id, repo.head(f"run:{run_id}").id) == (ref.name, ref.commit)
        assert ref == refs.get_ref(repo.name, run_id, kind=RefKind.RUN)


class AmbiguityContract(CatalogContract):
    """Needs the fixtures `catalog` and `clock`, a StandingClock that tells that catalog the time."""

    def test_what_two_commit_ids_start_with_names_neither(
        self, repo: Repository, clock: StandingClock
    ) -> None:
        repo.branch("topic")
        # Of all numbers as messages, these are the first two whose commits share 8 digits.
        one, other = (
            repo.put("a", b"1", message="86778"),
            repo.put("a", b"1", message="159212", branch="topic"),
        )
        assert clock.now == one.created_at
        assert one.id[:8] == other.id[:8]
        with pytest.raises(RefNotFoundError, match="start of several commit ids; give more") as caught:
            repo.head(one.id[:8])
        assert {"ref": one.id[:8]} == caught.value.details
        assert [one, other] == [repo.head(one.id[:9]), repo.head(other.id[:9])]
