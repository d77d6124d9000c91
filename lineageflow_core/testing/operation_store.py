"""What every `OperationStore` and `CheckStore` promises: the log as it is read, and the results in it."""

from dataclasses import replace
from typing import Any

import pytest

from lineageflow_core.errors import AlreadyExistsError, InvalidInputError
from lineageflow_core.model.check import Check, CheckState
from lineageflow_core.model.operation import Operation, RefMove
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.repository import RepositoryChange
from lineageflow_core.model.settings import SettingsChange
from lineageflow_core.store.ports import CheckStore, OperationStore, Stores
from lineageflow_core.testing.repository_store import new_info
from lineageflow_core.testing.settings_store import DEFAULTS, STRICT
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import (
    MAIN,
    branch,
    later,
    move,
    new_commit,
    new_repository,
    publication,
    publish_commit,
    run_id,
)

FIRST = new_commit("first")
SECOND = new_commit("second", FIRST)
TAG = RefName(kind=RefKind.TAG, name="v1")
RUN = RefName(kind=RefKind.RUN, name=run_id(1))
DRAFT = RefName(kind=RefKind.STAGE, name="main:ada")


class OperationStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(OperationStore, stores.operations)
        assert_same_signatures(CheckStore, stores.checks)

    def test_an_operation_tells_everything_that_it_changed(self, stores: Stores) -> None:
        info = new_info("flights")
        stores.repositories.add(info)
        change = RepositoryChange(before=info, after=replace(info, default_branch="dev"))
        settings = SettingsChange(before=DEFAULTS, after=STRICT)
        check = new_check("schema", FIRST.root)
        published = replace(
            publication("k", move(MAIN, None, FIRST), move(TAG, None, None), commits=[FIRST]),
            settings=settings,
            repository=change,
            check=check,
            undoes=7,
        )
        stores.refs.publish(info.id, published)
        [logged] = listed(stores, info.id)
        assert logged == Operation(
            id=logged.id,
            operation="commit",
            actor="ada",
            at=published.at,
            moves=(RefMove(ref=MAIN, before=None, after=FIRST.id),),
            settings=settings,
            repository=change,
            check=check,
            undoes=7,
        )
        assert logged == stores.operations.get(info.id, logged.id)
        assert logged == stores.operations.with_key(info.id, "k")

    def test_what_nobody_did_is_none(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        [logged] = listed(stores, repository)
        assert [None, None, None] == [
            stores.operations.get(repository, logged.id + 1),
            stores.operations.get(new_repository(), logged.id),
            stores.operations.with_key(repository, "other"),
        ]

    def test_a_repository_that_is_as_expected_is_no_change(self, stores: Stores) -> None:
        info = new_info("flights")
        stores.repositories.add(info)
        same = RepositoryChange(before=info, after=info)
        done = stores.refs.publish(info.id, replace(publication("k"), repository=same))
        assert done.repository is None
        assert done == stores.refs.published(info.id, "k")

    def test_the_log_of_people_leaves_out_runs_drafts_checks_and_looks(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        for number, ref in enumerate((RUN, DRAFT)):
            stores.refs.publish(repository, publication(f"inner {number}", move(ref, None, FIRST)))
        stores.refs.publish(repository, publication("look", move(MAIN, FIRST, FIRST)))
        check = replace(publication("check"), check=new_check("c", FIRST.root), operation="record_check")
        stores.refs.publish(repository, check)
        stores.refs.publish(repository, publication("both", move(RUN, FIRST, None), move(TAG, None, FIRST)))
        assert [{RUN, TAG}, {MAIN}] == [
            {each.ref for each in logged.moves} for logged in listed(stores, repository)
        ]
        assert 1 == len(listed(stores, repository, operation="record_check"))
        assert 2 == len(listed(stores, repository, refs=[RUN]))

    def test_the_log_narrows_down_and_goes_on_in_pages(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        for minute in range(1, 5):
            made = publication(f"{minute}", move(branch(f"b{minute}"), None, FIRST), at=later(minute))
            stores.refs.publish(
                repository, replace(made, operation="create_branch", actor="bob" if minute % 2 else "eve")
            )
        publish_commit(stores.refs, new_repository(), FIRST)
        everything = listed(stores, repository)
        assert [later(minute) for minute in (4, 3, 2, 1, 0)] == [each.at for each in everything]
        assert everything[1:3] == listed(stores, repository, since=later(2), until=later(4))
        assert everything[1:4:2] == listed(stores, repository, actor="bob")
        assert everything[:4] == listed(stores, repository, operation="create_branch")
        assert [everything[2], everything[4]] == listed(stores, repository, refs=[branch("b2"), MAIN])
        assert [everything[2]] == listed(stores, repository, refs=[branch("b2"), MAIN], actor="eve")
        first = page(stores, repository, limit=2)
        second = page(stores, repository, after=first.next, limit=2)
        third = page(stores, repository, after=second.next, limit=2)
        assert everything == [*first.items, *second.items, *third.items]
        assert third.next is None

    @pytest.mark.parametrize("after", ["", "x", "-1", "1.5", "9" * 19])
    def test_a_place_that_is_none_is_refused(self, stores: Stores, after: str) -> None:
        with pytest.raises(InvalidInputError):
            page(stores, new_repository(), after=after, limit=1)

    def test_the_log_tells_who_made_refs_last(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        for key, update in enumerate(
            (move(TAG, None, FIRST), move(TAG, FIRST, None), move(TAG, None, FIRST))
        ):
            tagging = replace(publication(f"{key}", update), operation="create_tag", message=f"the {key}")
            stores.refs.publish(repository, tagging)
        stores.refs.publish(repository, publication("other", move(branch("v1"), None, FIRST)))
        found = stores.operations.makers(repository, [TAG, MAIN], operation="create_tag")
        assert {TAG: "the 2"} == {ref: each.message for ref, each in found.items()}
        assert [()] == [each.moves for each in found.values()]
        assert {MAIN} == set(stores.operations.makers(repository, [TAG, MAIN], operation="commit"))

    def test_a_check_replaces_the_one_of_its_name_and_content(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        failed = new_check("b", FIRST.root, CheckState.FAILED)
        passed = new_check("b", FIRST.root)
        other, elsewhere = new_check("B", FIRST.root), new_check("b", SECOND.root)
        for number, check in enumerate((failed, other, elsewhere, passed)):
            stores.refs.publish(repository, replace(publication(f"{number}"), check=check))
        assert [other, passed] == stores.checks.list(repository, FIRST.root)
        assert [elsewhere] == stores.checks.list(repository, SECOND.root)
        assert [] == stores.checks.list(new_repository(), FIRST.root)

    def test_a_tag_stands_at_one_commit_for_ever(self, stores: Stores) -> None:
        repository = new_repository()
        stores.refs.publish(repository, publication("commits", commits=[FIRST, SECOND]))
        stores.refs.publish(repository, publication("made", move(TAG, None, FIRST)))
        stores.refs.publish(repository, publication("gone", move(TAG, FIRST, None)))
        with pytest.raises(AlreadyExistsError, match="'v1' names commit"):
            stores.refs.publish(
                repository, publication("other", move(branch("b"), None, FIRST), move(TAG, None, SECOND))
            )
        assert [None, None] == [stores.refs.get(repository, ref) for ref in (TAG, branch("b"))]
        assert stores.refs.published(repository, "other") is None
        stores.refs.publish(repository, publication("again", move(TAG, None, FIRST)))
        stores.refs.publish(
            new_repository(), publication("k", move(TAG, None, SECOND), commits=[FIRST, SECOND])
        )


def new_check(name: str, root: str, state: CheckState = CheckState.PASSED) -> Check:
    """Returns a check's result."""
    return Check(
        name=name, state=state, root=root, commit=FIRST.id, author="ci", at=later(0), details={"n": "1"}
    )


def page(stores: Stores, repository: str, *, after: str | None = None, limit: int) -> Page[Operation]:
    """Returns a page of the log."""
    return stores.operations.list(
        repository,
        actor=None,
        operation=None,
        refs=(),
        since=None,
        until=None,
        after=after,
        limit=limit,
    )


def listed(stores: Stores, repository: str, **wanted: Any) -> list[Operation]:
    """Returns what of the log is wanted."""
    everything: dict[str, Any] = {"actor": None, "operation": None, "refs": (), "since": None, "until": None}
    return list(stores.operations.list(repository, **everything | wanted, after=None, limit=100).items)
