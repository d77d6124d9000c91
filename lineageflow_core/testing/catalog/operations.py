"""What every catalog promises about its log of operations, and about undoing them."""

from datetime import timedelta
from typing import Any

import pytest

from lineageflow_core.catalog import Catalog, Operations
from lineageflow_core.errors import (
    ConflictError,
    InvalidInputError,
    LineageFlowError,
    OperationNotFoundError,
    RefMovedError,
    RefNotFoundError,
    RuleViolatedError,
    StateError,
)
from lineageflow_core.model.change import put
from lineageflow_core.model.operation import Operation, RefMove
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.settings import BranchRule, RepositorySettings
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import (
    CatalogContract,
    commit,
    entries,
    in_pages_of_one,
    new_run_id,
)
from lineageflow_core.testing.signatures import assert_same_signatures

STRICT = RepositorySettings(branch_rules=(BranchRule(pattern="topic", merges_only=True),))


def operations(repo: Repository, **wanted: Any) -> list[Operation]:
    """Returns the log, newest first."""
    return list(repo.catalog.operations.list_operations(repo.name, **wanted).items)


def undo(repo: Repository, operation: Operation | None = None, *, key: str | None = None) -> Operation:
    """Undoes an operation, else the last one, after a preview that says the same."""
    undone = operation or operations(repo)[0]
    preview = repo.catalog.operations.preview_undo(repo.name, undone.id) if key is None else None
    made = repo.catalog.operations.undo_operation(repo.name, undone.id, author="bob", key=key)
    if preview is not None:
        assert (preview.settings, preview.repository) == (made.settings, made.repository)
        assert set(preview.moves) == set(made.moves)
    assert (undone.id, "bob") == (made.undoes, made.actor)
    return made


class OperationsContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Operations, catalog.operations)

    def test_everything_that_people_do_is_in_the_log(self, repo: Repository) -> None:
        catalog, name = repo.catalog, repo.name
        root = repo.head()
        tip = repo.put("a", b"1")
        catalog.refs.create_tag(name, "v1", source="main", author="bob")
        catalog.settings.update_settings(name, STRICT, author="eve")
        settings, tag, put_a, created = operations(repo)
        assert ["update_settings", "create_tag", "commit", "create_repository"] == [
            each.operation for each in (settings, tag, put_a, created)
        ]
        assert ["eve", "bob", "ada", "ada"] == [each.actor for each in (settings, tag, put_a, created)]
        assert settings.id > tag.id > put_a.id > created.id
        main = RefName(kind=RefKind.BRANCH, name="main")
        assert (RefMove(ref=main, before=root.id, after=tip.id),) == put_a.moves
        v1 = RefName(kind=RefKind.TAG, name="v1")
        assert (RefMove(ref=v1, before=None, after=tip.id),) == tag.moves
        assert settings.settings is not None
        assert (RepositorySettings(), STRICT) == (settings.settings.before, settings.settings.after)
        assert settings == catalog.operations.get_operation(name, settings.id)

    def test_the_log_is_read_in_pages_newest_first(self, repo: Repository) -> None:
        for number in range(3):
            repo.put("a", b"%d" % number)
        listed = in_pages_of_one(
            lambda after, limit: repo.catalog.operations.list_operations(repo.name, after=after, limit=limit)
        )
        assert 4 == len(listed)
        assert sorted(listed, key=lambda each: -each.id) == listed

    def test_the_log_narrows_down_by_what_is_asked_for(self, repo: Repository) -> None:
        repo.put("a", b"1")
        repo.branch("topic")
        repo.put("b", b"1", branch="topic")
        repo.catalog.refs.delete_branch(repo.name, "topic", author="bob")
        deletion, write, creation = operations(repo, ref="topic")
        assert ["delete_branch", "commit", "create_branch"] == [
            each.operation for each in (deletion, write, creation)
        ]
        assert [deletion] == operations(repo, actor="bob")
        assert [creation] == operations(repo, operation="create_branch")
        assert [] == operations(repo, ref="topic", actor="eve")
        assert [deletion] == operations(repo, since=deletion.at)[:1]
        assert deletion not in operations(repo, until=deletion.at)
        assert [] == operations(repo, since=deletion.at + timedelta(hours=1))

    def test_steps_of_runs_and_checks_are_told_where_they_are_asked_for(self, repo: Repository) -> None:
        run_id = new_run_id()
        repo.catalog.transactions.begin(repo.name, run_id)
        commit(repo, put("a", entries(repo, {"": b"1"})), branch=f"run:{run_id}")
        repo.catalog.checks.record_check(repo.name, "main", "c", state="passed", author="ci")  # type: ignore[arg-type]  # JSON knows it as text
        assert ["create_repository"] == [each.operation for each in operations(repo)]
        assert ["commit"] == [each.operation for each in operations(repo, ref=f"run:{run_id}")]
        [recorded] = operations(repo, operation="record_check")
        assert recorded.check is not None
        assert "c" == recorded.check.name

    def test_an_operation_that_is_not_there_is_not_found(self, repo: Repository) -> None:
        other = Repository(repo.catalog, f"{repo.name}-2").create()
        [foreign] = operations(other)
        for call in (repo.catalog.operations.get_operation, repo.catalog.operations.preview_undo):
            with pytest.raises(OperationNotFoundError, match="has no operation"):
                call(repo.name, foreign.id)

    def test_a_place_that_is_none_is_refused(self, repo: Repository) -> None:
        with pytest.raises(InvalidInputError, match="not a place"):
            operations(repo, after="x")


class UndoContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_a_deleted_branch_comes_back_where_it_was(self, repo: Repository) -> None:
        repo.branch("topic")
        tip = repo.put("a", b"1", branch="topic")
        repo.catalog.refs.delete_branch(repo.name, "topic", author="ada")
        undo(repo)
        assert tip == repo.head("topic")

    def test_a_branch_that_was_made_goes_and_comes_back_by_another_undo(self, repo: Repository) -> None:
        made = repo.branch("topic")
        undo(repo)
        with pytest.raises(RefNotFoundError):
            repo.head("topic")
        undo(repo)
        assert made.commit == repo.head("topic").id

    def test_a_tag_comes_back(self, repo: Repository) -> None:
        made = repo.tag("v1")
        repo.catalog.refs.delete_tag(repo.name, "v1", author="ada")
        undo(repo)
        assert made.commit == repo.head("v1").id

    def test_a_renamed_branch_gets_its_name_back_with_later_commits(self, repo: Repository) -> None:
        repo.catalog.refs.rename_branch(repo.name, "main", "trunk", author="ada")
        assert "trunk" == repo.info.default_branch
        undo(repo)
        assert ("main", ["main"]) == (
            repo.info.default_branch,
            [ref.name for ref in repo.catalog.refs.list_refs(repo.name).items],
        )

    def test_settings_are_what_they_were(self, repo: Repository) -> None:
        settings = repo.catalog.settings
        settings.update_settings(repo.name, STRICT, author="ada")
        undo(repo)
        assert RepositorySettings() == settings.get_settings(repo.name)
        undo(repo)
        assert STRICT == settings.get_settings(repo.name)

    def test_a_repository_gets_its_name_and_default_branch_back(self, repo: Repository) -> None:
        repositories, name = repo.catalog.repositories, repo.name
        before = repo.info
        repo.branch("dev")
        repositories.set_default_branch(name, "dev", author="ada")
        repositories.rename_repository(name, f"{name}-new", author="ada")
        undo(repo)
        undo(repo, operations(repo, operation="set_default_branch")[0])
        assert before == repositories.get_repository(name)

    def test_a_deleted_repository_comes_back(self, repo: Repository) -> None:
        before = repo.info
        repo.catalog.repositories.delete_repository(repo.name, author="ada")
        undo(repo)
        assert before == repo.info

    def test_what_was_changed_later_is_not_taken_back(self, repo: Repository) -> None:
        settings = repo.catalog.settings
        repo.branch("topic")
        [creation, *_] = operations(repo)
        repo.put("a", b"1", branch="topic")
        assert_refused(repo, creation, RefMovedError, "'topic' is not where")
        settings.update_settings(repo.name, STRICT, author="ada")
        [change, *_] = operations(repo)
        settings.update_settings(repo.name, RepositorySettings(trash_days=1), author="eve")
        assert_refused(repo, change, ConflictError, "the settings have changed since")
        repo.catalog.repositories.set_default_branch(repo.name, "topic", author="ada")
        [default, *_] = operations(repo)
        repo.catalog.repositories.set_default_branch(repo.name, "main", author="ada")
        assert_refused(repo, default, ConflictError, "the repository has changed since")

    def test_commits_are_taken_back_by_commits(self, repo: Repository) -> None:
        tip = repo.put("a", b"1")
        [write, creation] = operations(repo)
        assert_refused(repo, write, StateError, f"lineageflow revert {tip.id[:8]}")
        assert_refused(repo, creation, StateError, "repo delete")
        assert tip == repo.head()

    def test_a_protected_branch_and_the_default_one_are_not_undone_away(self, repo: Repository) -> None:
        repo.branch("topic")
        [creation, *_] = operations(repo)
        repo.catalog.settings.update_settings(repo.name, STRICT, author="ada")
        assert_refused(repo, creation, RuleViolatedError, "protected")
        repo.catalog.settings.update_settings(repo.name, RepositorySettings(), author="ada")
        repo.catalog.repositories.set_default_branch(repo.name, "topic", author="ada")
        assert_refused(repo, creation, StateError, "is the default branch now")

    def test_a_branch_does_not_come_back_beside_a_tag_of_its_name(self, repo: Repository) -> None:
        repo.branch("x")
        repo.catalog.refs.delete_branch(repo.name, "x", author="ada")
        [deletion, *_] = operations(repo)
        repo.tag("x")
        assert_refused(repo, deletion, RefMovedError, "'x' is not where")

    def test_an_undo_repeated_with_its_key_is_one_undo(self, repo: Repository) -> None:
        repo.branch("topic")
        [creation, *_] = operations(repo)
        first = undo(repo, creation, key="k")
        repo.branch("topic")
        again = repo.catalog.refs.get_ref(repo.name, "topic")
        assert first == repo.catalog.operations.undo_operation(repo.name, creation.id, author="bob", key="k")
        assert again == repo.catalog.refs.get_ref(repo.name, "topic")
        with pytest.raises(InvalidInputError, match="used before"):
            repo.catalog.operations.undo_operation(repo.name, first.id, author="bob", key="k")


def assert_refused(
    repo: Repository, operation: Operation, error: type[LineageFlowError], message: str
) -> None:
    """Asserts that an operation cannot be undone, that the preview says so, and that nothing happened."""
    before = operations(repo)
    with pytest.raises(error, match=message):
        repo.catalog.operations.preview_undo(repo.name, operation.id)
    with pytest.raises(error, match=message):
        repo.catalog.operations.undo_operation(repo.name, operation.id, author="bob")
    assert before == operations(repo)
