"""What every catalog promises about collection."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import pytest

from lineageflow_core.catalog import Catalog, Collecting
from lineageflow_core.errors import (
    InvalidInputError,
    ObjectCollectedError,
    ObjectNotFoundError,
    RefNotFoundError,
    RepositoryNotFoundError,
    StateError,
)
from lineageflow_core.model.change import put as put_change
from lineageflow_core.model.collection import Collection, ContentKind
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.settings import RepositorySettings, RetentionRule
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, entries, files
from lineageflow_core.testing.catalog.stories import run, session_of
from lineageflow_core.testing.signatures import assert_same_signatures

PassTime: TypeAlias = Callable[[timedelta], None]
"""Lets time pass, for the lake and for its storage."""

DAY = timedelta(days=1)
WEEKS = timedelta(days=15)
"""Longer than the grace, and than what can be undone."""


class CollectionContract(CatalogContract):
    """Needs the fixtures `catalog`, and `pass_time`, which lets time pass for it and its storage."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Collecting, catalog.collection)

    def test_nothing_goes_of_what_branches_lead_to(self, repo: Repository, pass_time: PassTime) -> None:
        first = put(repo, "a", b"one")
        put(repo, "a", b"two")
        pass_time(WEEKS)
        done = collect(repo)
        assert ((), ()) == (done.trashed, done.purged)
        assert {"a": b"one"} == files(repo, first)

    def test_what_nothing_leads_to_goes_to_the_trash_and_then_for_good(
        self, repo: Repository, pass_time: PassTime
    ) -> None:
        [entry] = entries(repo, {"a": b"never committed"})
        pass_time(DAY * 2)
        assert 1 == count(collect(repo))
        assert [entry.object_id] == trash(repo)
        pass_time(DAY * 8)
        assert 1 == sum(group.count for group in collect(repo).purged)
        assert [] == trash(repo)
        assert [entry.object_id] == repo.catalog.content.missing(repo.name, [entry.object_id])
        with pytest.raises(ObjectCollectedError, match="nothing leads to it"):
            read(repo, entry)

    def test_the_trash_is_listed_after_what_can_be_an_id(self, repo: Repository) -> None:
        assert () == repo.catalog.collection.list_trash(repo.name, after="0" * 64).items
        with pytest.raises(InvalidInputError, match="'none'"):
            repo.catalog.collection.list_trash(repo.name, after="none")

    def test_what_is_young_stays(self, repo: Repository, pass_time: PassTime) -> None:
        entries(repo, {"a": b"being written"})
        pass_time(timedelta(hours=23))
        done = collect(repo)
        assert ((), 1) == (done.trashed, done.young)

    def test_a_plan_changes_nothing(self, repo: Repository, pass_time: PassTime) -> None:
        entries(repo, {"a": b"never committed"})
        pass_time(DAY * 2)
        planned = repo.catalog.collection.plan_collection(repo.name)
        assert (None, 1) == (planned.collection, count(planned))
        assert [] == trash(repo)
        assert planned.trashed == collect(repo).trashed

    def test_what_a_deleted_branch_held_goes_when_that_cannot_be_undone_any_more(
        self, repo: Repository, pass_time: PassTime
    ) -> None:
        repo.catalog.refs.create_branch(repo.name, "topic", source="main", author="ada")
        tip = put(repo, "a", b"only here", branch="topic")
        pass_time(DAY * 30)
        repo.catalog.refs.delete_branch(repo.name, "topic", author="ada")
        pass_time(DAY * 6)
        assert () == collect(repo).trashed
        pass_time(DAY * 2)
        assert 1 == count(collect(repo))
        pass_time(DAY * 8)
        collect(repo)
        with pytest.raises(ObjectCollectedError):
            files(repo, tip)
        with pytest.raises(ObjectCollectedError):
            repo.catalog.refs.create_branch(repo.name, "again", source=tip, author="ada")

    def test_a_branch_made_again_brings_what_it_holds_out_of_the_trash(
        self, repo: Repository, pass_time: PassTime
    ) -> None:
        repo.catalog.refs.create_branch(repo.name, "topic", source="main", author="ada")
        tip = put(repo, "a", b"only here", branch="topic")
        repo.catalog.refs.delete_branch(repo.name, "topic", author="ada")
        pass_time(WEEKS)
        assert 1 == count(collect(repo))
        repo.catalog.refs.create_branch(repo.name, "again", source=tip, author="ada")
        for _ in range(3):
            pass_time(WEEKS)
            collect(repo)
        assert {"a": b"only here"} == files(repo, "again")

    def test_what_is_read_comes_back(self, repo: Repository, pass_time: PassTime) -> None:
        [entry] = entries(repo, {"a": b"never committed"})
        pass_time(WEEKS)
        collect(repo)
        assert b"never committed" == read(repo, entry)

    def test_what_is_uploaded_again_is_there(self, repo: Repository, pass_time: PassTime) -> None:
        [entry] = entries(repo, {"a": b"content"})
        for _ in range(2):
            pass_time(WEEKS)
            collect(repo)
        assert [entry] == entries(repo, {"a": b"content"})
        put(repo, "a", b"content")
        for _ in range(2):
            pass_time(WEEKS)
            collect(repo)
        assert {"a": b"content"} == files(repo)

    def test_a_rule_lets_old_versions_go_and_keeps_commits_and_trees(
        self, repo: Repository, pass_time: PassTime
    ) -> None:
        first = put(repo, "a", b"one")
        limit(repo, RetentionRule(branches="main", datasets="a", keep_days=30))
        pass_time(DAY * 10)
        put(repo, "a", b"two")
        pass_time(DAY * 29)
        assert () == collect(repo).trashed
        pass_time(DAY * 2)
        [group] = collect(repo).trashed
        assert ("a", ContentKind.OBJECT, 1, 3) == (group.dataset, group.kind, group.count, group.size)
        pass_time(DAY * 8)
        collect(repo)
        assert ["a"] == [each.path for each in listed(repo, first)]
        with pytest.raises(ObjectCollectedError, match="the rule for branches 'main' and datasets 'a'"):
            files(repo, first)
        assert {"a": b"two"} == files(repo)

    def test_a_rule_keeps_so_many_versions(self, repo: Repository, pass_time: PassTime) -> None:
        limit(repo, RetentionRule(keep_versions=2))
        tips = [put(repo, "a", bytes([number])) for number in range(5)]
        put(repo, "b", b"another dataset")
        for _ in range(2):
            pass_time(WEEKS)
            collect(repo)
        assert [False, False, False, True, True] == [is_readable(repo, tip) for tip in tips]

    def test_any_rule_that_keeps_a_version_keeps_it(self, repo: Repository, pass_time: PassTime) -> None:
        limit(repo, RetentionRule(keep_versions=1), RetentionRule(datasets="a*", keep_days=365))
        old = put(repo, "a1", b"old")
        put(repo, "a1", b"new")
        put(repo, "b1", b"other old")
        put(repo, "b1", b"other new")
        for _ in range(2):
            pass_time(WEEKS)
            collect(repo)
        assert {"a1": b"old"} == files(repo, old)
        assert [False] == [is_readable(repo, "main~1", "b1")]

    def test_a_branch_without_a_rule_keeps_its_whole_history(
        self, repo: Repository, pass_time: PassTime
    ) -> None:
        limit(repo, RetentionRule(branches="main", keep_versions=1))
        old = put(repo, "a", b"one")
        repo.catalog.refs.create_branch(repo.name, "topic", source="main", author="ada")
        put(repo, "a", b"two")
        put(repo, "a", b"three", branch="topic")
        pass_time(WEEKS)
        assert () == collect(repo).trashed
        assert {"a": b"one"} == files(repo, old)

    def test_a_tag_keeps_what_it_holds(self, repo: Repository, pass_time: PassTime) -> None:
        limit(repo, RetentionRule(keep_versions=1))
        for content in (b"one", b"two"):
            put(repo, "a", content)
            put(repo, "b", content)
        repo.catalog.refs.create_tag(repo.name, "v1", source="main", author="ada")
        put(repo, "a", b"three")
        put(repo, "b", b"three")
        for _ in range(2):
            pass_time(WEEKS)
            collect(repo)
        assert {"a": b"two", "b": b"two"} == files(repo, "v1")
        assert not is_readable(repo, "v1~1", "b")

    def test_what_a_live_output_was_made_from_is_pinned(self, repo: Repository, pass_time: PassTime) -> None:
        limit(repo, RetentionRule(keep_versions=1))
        run(repo, "ingest", writes={"raw": b"raw one"})
        run(repo, "clean", reads=("raw",), writes={"clean": b"clean one"})
        old = repo.head().id
        run(repo, "ingest", writes={"raw": b"raw two"})
        for _ in range(2):
            pass_time(WEEKS)
            collect(repo)
        assert is_readable(repo, old, "raw/part-0")
        assert "to make what" in " ".join(reasons(repo, f"raw/part-0@{old}"))
        run(repo, "clean", reads=("raw",), writes={"clean": b"clean two"})
        for _ in range(2):
            pass_time(WEEKS)
            collect(repo)
        assert not is_readable(repo, old, "raw/part-0")

    def test_what_a_partition_was_made_from_is_pinned(self, repo: Repository, pass_time: PassTime) -> None:
        limit(repo, RetentionRule(keep_versions=1))
        run(repo, "ingest", writes={"raw": b"raw one"}, partition="may")
        run(repo, "clean", reads=("raw",), writes={"clean": b"clean one"}, partition="may")
        old = repo.head().id
        run(repo, "ingest", writes={"raw": b"raw two"}, partition="may")
        for _ in range(2):
            pass_time(WEEKS)
            collect(repo)
        assert is_readable(repo, old, "raw/may/part-0")

    def test_what_an_open_run_wrote_stays(self, repo: Repository, pass_time: PassTime) -> None:
        session = session_of(repo, "slow")
        session.write("raw", {"part-0": b"not published"})
        pass_time(DAY * 3)
        assert () == collect(repo).trashed
        session.publish()
        assert b"not published" == repo.read_bytes("raw/part-0")

    def test_staged_changes_stay(self, repo: Repository, pass_time: PassTime) -> None:
        repo.catalog.staging.stage(
            repo.name, "main", [put_change("a", entries(repo, {"": b"staged"}))], author="ada"
        )
        pass_time(DAY * 100)
        assert () == collect(repo).trashed

    def test_the_trash_is_restored_by_dataset(self, repo: Repository, pass_time: PassTime) -> None:
        limit(repo, RetentionRule(keep_versions=1))
        old = put(repo, "a", b"one")
        put(repo, "a", b"two")
        pass_time(WEEKS)
        collect(repo)
        back = repo.catalog.collection.restore_trash(repo.name, author="ada", dataset="a")
        assert (1, 3) == (back.count, back.size)
        assert [] == trash(repo)
        assert {"a": b"one"} == files(repo, old)

    def test_a_revert_needs_what_it_puts_back(self, repo: Repository, pass_time: PassTime) -> None:
        limit(repo, RetentionRule(keep_versions=1))
        put(repo, "a", b"one")
        put(repo, "a", b"two")
        pass_time(WEEKS)
        collect(repo)
        repo.catalog.merging.revert(repo.name, ["main"], branch="main", author="ada")
        for _ in range(3):
            pass_time(WEEKS)
            collect(repo)
        assert {"a": b"one"} == files(repo)
        with pytest.raises(ObjectCollectedError):
            repo.catalog.merging.revert(repo.name, ["main"], branch="main", author="ada")
        assert {"a": b"one"} == files(repo)

    def test_trees_of_what_is_gone_go_with_their_packs(self, repo: Repository, pass_time: PassTime) -> None:
        repo.catalog.refs.create_branch(repo.name, "topic", source="main", author="ada")
        put(repo, "a", b"only here", branch="topic")
        before = repo.catalog.collection.usage(repo.name).packs
        repo.catalog.refs.delete_branch(repo.name, "topic", author="ada")
        for _ in range(2):
            pass_time(WEEKS)
            collect(repo)
        usage = repo.catalog.collection.usage(repo.name)
        assert 0 == usage.stored
        assert usage.packs < before

    def test_why_something_is_kept_is_told(self, repo: Repository, pass_time: PassTime) -> None:
        first = put(repo, "a", b"one")
        repo.catalog.refs.create_tag(repo.name, "v1", source="main", author="ada")
        put(repo, "a", b"two")
        assert "tag 'v1' is at a commit that has it" in reasons(repo, f"a@{first}")
        assert "branch 'main' is at a commit that has it" in reasons(repo, "a@main")
        assert "branch 'main' is at a commit that has it" not in reasons(repo, f"a@{first}")
        assert any("the history of branch 'main'" in why for why in reasons(repo, first))

    def test_why_something_goes_is_told(self, repo: Repository, pass_time: PassTime) -> None:
        limit(repo, RetentionRule(keep_versions=1))
        first = put(repo, "a", b"one")
        put(repo, "a", b"two")
        pass_time(WEEKS)
        explained = repo.catalog.collection.explain(repo.name, f"a@{first}")
        assert not explained.kept
        assert any("lets it go" in why for why in explained.reasons)
        collect(repo)
        assert "in the trash" in reasons(repo, f"a@{first}")[-1]
        [entry] = entries(repo, {"b": b"never committed"})
        assert not repo.catalog.collection.explain(repo.name, entry.object_id).kept

    def test_what_is_not_there_is_not_explained(self, repo: Repository) -> None:
        with pytest.raises(RefNotFoundError):
            repo.catalog.collection.explain(repo.name, "nothing")
        with pytest.raises(ObjectNotFoundError):
            repo.catalog.collection.explain(repo.name, "nothing@main")

    def test_what_is_shared_is_told(self, repo: Repository) -> None:
        put(repo, "a", b"x" * 1000)
        put(repo, "b", b"x" * 1000)
        repo.catalog.refs.create_branch(repo.name, "topic", source="main", author="ada")
        usage = repo.catalog.collection.usage(repo.name)
        assert (1, 1000, 0) == (usage.objects, usage.stored, usage.trash)
        assert (4000, 3000, 2000) == (usage.tips, usage.history, usage.saved)

    def test_a_deleted_repository_is_purged_once_nobody_can_restore_it_any_more(
        self, repo: Repository, pass_time: PassTime
    ) -> None:
        repositories, name = repo.catalog.repositories, repo.name
        put(repo, "a", b"content")
        with pytest.raises(StateError, match="not deleted"):
            repositories.purge_repository(name, author="ada")
        repositories.delete_repository(name, author="ada")
        pass_time(DAY * 6)
        with pytest.raises(StateError, match="can be restored until"):
            repositories.preview_purge(name)
        with pytest.raises(StateError, match="can be restored until"):
            repositories.purge_repository(name, author="ada")
        pass_time(DAY)
        preview = repositories.preview_purge(name)
        assert (1, 2, 0) == (preview.objects, preview.packs, preview.trash)
        done = repositories.purge_repository(name, author="ada")
        assert (1, 2, preview.size) == (done.objects, done.packs, done.size)
        for call in (repositories.restore_repository, repositories.purge_repository):
            with pytest.raises(RepositoryNotFoundError):
                call(name, author="ada")
        again = repositories.create_repository(name, author="ada")
        assert again.id != preview.repository.id
        assert {} == files(repo)

    def test_what_is_repeated_with_its_key_is_done_once(self, repo: Repository, pass_time: PassTime) -> None:
        collecting = repo.catalog.collection
        entries(repo, {"a": b"never committed"})
        pass_time(DAY * 2)
        done = collecting.collect(repo.name, author="ada", key="collect")
        assert 1 == count(done)
        back = collecting.restore_trash(repo.name, author="ada", key="restore")
        assert 1 == back.count
        pass_time(DAY * 2)
        assert 1 == count(collect(repo))
        assert done == collecting.collect(repo.name, author="ada", key="collect")
        assert back == collecting.restore_trash(repo.name, author="ada", key="restore")
        assert 1 == len(trash(repo))
        with pytest.raises(InvalidInputError, match="was used before"):
            collecting.collect(repo.name, author="ada", key="restore")

    def test_a_collection_stands_in_the_log(self, repo: Repository) -> None:
        collect(repo)
        page = repo.catalog.operations.list_operations(repo.name, operation="collect")
        assert ["ada"] == [operation.actor for operation in page.items]


def put(repo: Repository, path: str, content: bytes, *, branch: str = "main") -> str:
    """Commits a dataset of one file; returns the commit."""
    return commit(repo, put_change(path, entries(repo, {"": content})), branch=branch).id


def collect(repo: Repository) -> Collection:
    """Collects."""
    return repo.catalog.collection.collect(repo.name, author="ada")


def limit(repo: Repository, *rules: RetentionRule) -> None:
    """Sets the rules of retention."""
    settings = RepositorySettings(retention_rules=rules)
    repo.catalog.settings.update_settings(repo.name, settings, author="ada")


def count(collection: Collection) -> int:
    """Returns how many objects went to the trash."""
    return sum(group.count for group in collection.trashed if group.kind is ContentKind.OBJECT)


def trash(repo: Repository) -> list[str]:
    """Returns the ids of the objects in the trash."""
    items = repo.catalog.collection.list_trash(repo.name, limit=MAX_LIMIT).items
    return [entry.id for entry in items if entry.kind is ContentKind.OBJECT]


def read(repo: Repository, entry: ObjectEntry) -> bytes:
    """Returns an object's bytes."""
    with repo.catalog.content.open(repo.name, entry.object_id) as file:
        return file.read()


def listed(repo: Repository, ref: str) -> tuple[ObjectEntry, ...]:
    """Returns the objects at a ref."""
    return repo.catalog.objects.list_objects(repo.name, ref, limit=MAX_LIMIT).items


def is_readable(repo: Repository, ref: str, path: str = "a") -> bool:
    """Tells whether an object's bytes are still there, and not only in some cache."""
    entry = repo.catalog.objects.get_object(repo.name, ref, path)
    return repo.catalog.content.missing(repo.name, [entry.object_id]) == []


def reasons(repo: Repository, what: str) -> tuple[str, ...]:
    """Returns why something is kept, or goes."""
    return repo.catalog.collection.explain(repo.name, what).reasons
