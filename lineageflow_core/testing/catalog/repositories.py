"""What every catalog promises about repositories."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from lineageflow_core.catalog import Catalog, Repositories
from lineageflow_core.errors import (
    AlreadyExistsError,
    InvalidInputError,
    RefNotFoundError,
    RepositoryNotFoundError,
    StateError,
)
from lineageflow_core.model.change import put
from lineageflow_core.model.page import MAX_LIMIT, Page
from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import (
    Call,
    CatalogContract,
    commit,
    entries,
    files,
    in_pages_of_one,
    new_run_id,
)
from lineageflow_core.testing.signatures import assert_same_signatures

IMPOSSIBLE_NAMES = [
    "", ".", "..", "-a", ".a", "a/b", "a b", "a\n", "a\0", "@a", "a:b", "a~1", "ünlü", "\ud800", "x" * 129,
    "../../etc/passwd",
]  # fmt: skip


class RepositoriesContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Repositories, catalog.repositories)

    def test_a_new_repository_has_a_default_branch_with_one_empty_commit(self, catalog: Catalog) -> None:
        name = new_name()
        info = catalog.repositories.create_repository(name, author="grace", default_branch="trunk")
        assert (name, "trunk") == (info.name, info.default_branch)
        assert info == catalog.repositories.get_repository(name)
        [only] = catalog.history.log(name, "trunk").items
        assert ((), "grace") == (only.parents, only.author)
        assert {} == files(Repository(catalog, name), "trunk")
        assert ["trunk"] == [ref.name for ref in catalog.refs.list_refs(name).items]

    def test_the_default_branch_is_main_unless_one_is_named(self, repo: Repository) -> None:
        assert "main" == repo.info.default_branch

    def test_a_name_that_is_taken_stays_as_it_is(self, repo: Repository) -> None:
        before = repo.info
        with pytest.raises(AlreadyExistsError, match=repo.name):
            repo.catalog.repositories.create_repository(repo.name, author="bob", key="other")
        assert before == repo.info

    @pytest.mark.parametrize("name", IMPOSSIBLE_NAMES)
    def test_an_impossible_name_is_refused_wherever_it_is_given(self, catalog: Catalog, name: str) -> None:
        with pytest.raises(InvalidInputError):
            catalog.repositories.create_repository(name, author="ada")
        with pytest.raises(InvalidInputError):
            catalog.repositories.get_repository(name)
        with pytest.raises(InvalidInputError):
            catalog.refs.resolve(name, "main")

    def test_an_impossible_default_branch_leaves_no_repository(self, catalog: Catalog) -> None:
        name = new_name()
        with pytest.raises(InvalidInputError, match="cannot name a branch"):
            catalog.repositories.create_repository(name, author="ada", default_branch="a/b")
        with pytest.raises(RepositoryNotFoundError):
            catalog.repositories.get_repository(name)

    def test_the_same_key_makes_one_repository(self, catalog: Catalog) -> None:
        name = new_name()
        first = catalog.repositories.create_repository(name, author="ada", key="k")
        Repository(catalog, name).put("a", b"1")
        assert first == catalog.repositories.create_repository(name, author="ada", key="k")
        assert {"a": b"1"} == files(Repository(catalog, name))

    def test_one_key_may_make_repositories_of_different_names(self, catalog: Catalog) -> None:
        made = [
            catalog.repositories.create_repository(name, author="ada", key="setup")
            for name in (new_name(), new_name())
        ]
        assert made == [catalog.repositories.get_repository(info.name) for info in made]
        assert made[0].id != made[1].id

    def test_a_repository_that_is_not_there_is_named_in_every_error(self, catalog: Catalog) -> None:
        name = new_name()
        calls: list[Call] = [
            lambda: catalog.repositories.get_repository(name),
            lambda: catalog.refs.resolve(name, "main"),
            lambda: catalog.refs.list_refs(name),
            lambda: catalog.history.commit(name, "main", [], author="ada", message=""),
            lambda: catalog.objects.list_objects(name, "main"),
            lambda: catalog.content.upload(name, [b"x"]),
            lambda: catalog.transactions.begin(name, new_run_id()),
            lambda: catalog.transactions.list_transactions(name),
            lambda: catalog.lineage.blame(name, "main", "a"),
            lambda: catalog.plans.list_plans(name),
        ]
        for call in calls:
            with pytest.raises(RepositoryNotFoundError, match=name) as caught:
                call()
            assert {"repository": name} == caught.value.details

    def test_repositories_are_listed_by_name_in_pages(self, catalog: Catalog) -> None:
        names = [f"{new_name()}{end}" for end in ("", "-1", ".1", "A", "b")]
        for name in names:
            catalog.repositories.create_repository(name, author="ada")
        listed = in_pages_of_one(
            lambda after, limit: catalog.repositories.list_repositories(after=after, limit=limit)
        )
        found = [info.name for info in listed]
        assert sorted(found) == found
        assert set(names) <= set(found)

    def test_a_repository_keeps_its_content_where_it_was_told(self, catalog: Catalog, tmp_path: Path) -> None:
        storage = f"file://{tmp_path}"
        repo = Repository(catalog, new_name(), author="ada")
        info = catalog.repositories.create_repository(repo.name, author="ada", storage=storage)
        repo.put("a", b"content")
        assert (storage, b"content") == (info.storage, repo.read_bytes("a"))
        assert b"content" in {path.read_bytes() for path in tmp_path.glob(f"{info.id}/objects/*/*")}

    @pytest.mark.parametrize("storage", ["", "ftp://host/a", "s3://key:secret@bucket", "az://c?sig=secret"])
    def test_a_storage_that_cannot_be_used_is_refused(self, catalog: Catalog, storage: str) -> None:
        name = new_name()
        with pytest.raises(InvalidInputError) as caught:
            catalog.repositories.create_repository(name, author="ada", storage=storage)
        assert "secret@" not in str(caught.value)
        with pytest.raises(RepositoryNotFoundError):
            catalog.repositories.get_repository(name)

    def test_a_storage_is_checked(self, repo: Repository) -> None:
        assert repo.catalog.repositories.check_storage(repo.name).usable

    @pytest.mark.parametrize("limit", [0, -1, 1001])
    def test_a_page_of_another_size_than_1_to_1000_is_refused(self, repo: Repository, limit: int) -> None:
        catalog, name = repo.catalog, repo.name
        repo.put("a", b"1")
        calls: list[Call] = [
            lambda: catalog.repositories.list_repositories(limit=limit),
            lambda: catalog.refs.list_refs(name, limit=limit),
            lambda: catalog.history.log(name, "main", limit=limit),
            lambda: catalog.history.diff(name, "main~1", "main", limit=limit),
            lambda: catalog.history.diff_datasets(name, "main~1", "main", limit=limit),
            lambda: catalog.objects.list_objects(name, "main", limit=limit),
            lambda: catalog.objects.list_folder(name, "main", limit=limit),
            lambda: catalog.objects.list_datasets(name, "main", limit=limit),
            lambda: catalog.objects.list_snapshots(name, "main", "a", limit=limit),
            lambda: catalog.transactions.list_transactions(name, limit=limit),
            lambda: catalog.lineage.list_runs(limit=limit),
            lambda: catalog.plans.list_plans(name, limit=limit),
        ]
        for call in calls:
            with pytest.raises(InvalidInputError, match="1 to 1000"):
                call()

    def test_a_renamed_repository_goes_by_both_names(self, repo: Repository) -> None:
        repositories, old, new = repo.catalog.repositories, repo.name, new_name()
        before = repo.info
        repo.put("a", b"1")
        renamed = repositories.rename_repository(old, new, author="bob")
        assert dataclasses.replace(before, name=new) == renamed
        assert [renamed, renamed] == [repositories.get_repository(name) for name in (old, new)]
        repo.put("b", b"2")
        assert {"a": b"1", "b": b"2"} == files(Repository(repo.catalog, new))

    def test_a_new_repository_takes_an_old_name_over(self, repo: Repository) -> None:
        repositories, old, new = repo.catalog.repositories, repo.name, new_name()
        repo.put("a", b"1")
        repositories.rename_repository(old, new, author="bob")
        repositories.create_repository(old, author="eve")
        assert ({}, {"a": b"1"}) == (files(repo), files(Repository(repo.catalog, new)))

    def test_a_repository_is_not_renamed_to_a_name_that_is_taken(self, repo: Repository) -> None:
        other = Repository(repo.catalog, new_name()).create()
        before = repo.info
        with pytest.raises(AlreadyExistsError, match=other.name):
            repo.catalog.repositories.rename_repository(repo.name, other.name, author="ada")
        with pytest.raises(InvalidInputError):
            repo.catalog.repositories.rename_repository(repo.name, "a/b", author="ada")
        assert before == repo.info

    def test_an_old_name_is_free_for_its_repository(self, repo: Repository) -> None:
        repositories, old, new = repo.catalog.repositories, repo.name, new_name()
        before = repo.info
        repositories.rename_repository(old, new, author="ada")
        assert before == repositories.rename_repository(new, old, author="ada")
        assert before == repositories.get_repository(new)

    def test_open_runs_and_plans_go_along_with_a_renamed_repository(self, repo: Repository) -> None:
        catalog, old, new, run_id = repo.catalog, repo.name, new_name(), new_run_id()
        catalog.transactions.begin(old, run_id)
        commit(repo, put("a", entries(repo, {"": b"1"})), branch=f"run:{run_id}")
        catalog.repositories.rename_repository(old, new, author="ada")
        Repository(catalog, old).create()
        assert new == catalog.transactions.get_transaction(new, run_id).repository
        assert [new] == [each.repository for each in catalog.transactions.list_transactions(new).items]
        assert new == catalog.transactions.publish(new, run_id, author="ada").repository
        assert b"1" == Repository(catalog, new).read_bytes("a")

    def test_another_branch_becomes_the_default(self, repo: Repository) -> None:
        repositories = repo.catalog.repositories
        repo.branch("dev")
        changed = repositories.set_default_branch(repo.name, "dev", author="ada")
        assert ("dev", changed) == (changed.default_branch, repo.info)
        repo.put("a", b"1")
        assert {"a": b"1"} == files(repo, "dev")
        with pytest.raises(StateError, match="default branch"):
            repo.catalog.refs.delete_branch(repo.name, "dev", author="ada")
        repo.catalog.refs.delete_branch(repo.name, "main", author="ada")

    def test_what_is_no_branch_does_not_become_the_default(self, repo: Repository) -> None:
        repo.tag("v1")
        for name in ("nothing", "v1"):
            with pytest.raises(RefNotFoundError, match=name):
                repo.catalog.repositories.set_default_branch(repo.name, name, author="ada")
        assert "main" == repo.info.default_branch

    def test_a_deleted_repository_is_hidden_until_it_is_restored(self, repo: Repository) -> None:
        repositories, name = repo.catalog.repositories, repo.name
        before = repo.info
        repo.put("a", b"1")
        deleted = repositories.delete_repository(name, author="bob")
        assert deleted.deleted_at is not None
        calls: list[Call] = [
            lambda: repositories.get_repository(name),
            lambda: repo.catalog.refs.resolve(name, "main"),
            lambda: repo.put("b", b"2"),
            lambda: repositories.delete_repository(name, author="bob"),
            lambda: repositories.rename_repository(name, new_name(), author="bob"),
        ]
        for call in calls:
            with pytest.raises(RepositoryNotFoundError, match=f"is deleted; `.* restore {name}`"):
                call()
        assert name not in names_of(repositories.list_repositories)
        assert name in names_of(repositories.list_deleted_repositories)
        with pytest.raises(AlreadyExistsError, match="is deleted, and its name is kept until"):
            repositories.create_repository(name, author="ada")
        assert before == repositories.restore_repository(name, author="ada")
        assert {"a": b"1"} == files(repo)
        assert name not in names_of(repositories.list_deleted_repositories)
        with pytest.raises(StateError, match="not deleted"):
            repositories.restore_repository(name, author="ada")

    def test_a_preview_tells_what_a_deletion_hides(self, repo: Repository) -> None:
        repo.put("a", b"1")
        repo.put("b", {"x": b"1"})
        repo.branch("topic")
        repo.tag("v1")
        repo.catalog.transactions.begin(repo.name, new_run_id())
        preview = repo.catalog.repositories.preview_deletion(repo.name)
        assert (repo.info, 2, 1, 2, 1, ()) == (
            preview.repository,
            preview.branches,
            preview.tags,
            preview.datasets,
            preview.open_runs,
            preview.dependents,
        )

    def test_a_change_repeated_with_its_key_is_one_change(self, repo: Repository) -> None:
        repositories, old, new = repo.catalog.repositories, repo.name, new_name()
        renamed = repositories.rename_repository(old, new, author="ada", key="rename")
        repositories.rename_repository(new, f"{new}-2", author="bob")
        assert renamed == repositories.rename_repository(old, new, author="ada", key="rename")
        deleted = repositories.delete_repository(old, author="ada", key="delete")
        assert deleted == repositories.delete_repository(old, author="ada", key="delete")
        restored = repositories.restore_repository(old, author="ada", key="restore")
        assert restored == repositories.restore_repository(old, author="ada", key="restore")
        assert restored == repositories.get_repository(f"{new}-2")


def names_of(list_page: Callable[..., Page[RepositoryInfo]]) -> list[str]:
    """Returns the names of a whole list of repositories."""
    return [info.name for info in list_page(limit=MAX_LIMIT).items]


def new_name() -> str:
    """Returns a name that no repository has."""
    return f"repo-{uuid4().hex[:12]}"
