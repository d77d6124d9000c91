"""What every `RefStore` promises about refs: where they are, and how they move."""

from dataclasses import replace

import pytest

from lineageflow_core.errors import (
    AlreadyExistsError,
    InvalidInputError,
    RefMovedError,
    TransactionClosedError,
)
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import Ref, RefKind, RefName
from lineageflow_core.model.run import TransactionState
from lineageflow_core.store.ports import RefStore, Stores
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import (
    MAIN,
    NOON,
    branch,
    later,
    move,
    new_commit,
    new_repository,
    new_transaction,
    publication,
    publish_commit,
    run_id,
)

FIRST = new_commit("first")
SECOND = new_commit("second", FIRST)


class RefStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(RefStore, stores.refs)

    def test_a_ref_that_nobody_made_is_none(self, stores: Stores) -> None:
        assert stores.refs.get(new_repository(), MAIN) is None

    def test_a_publication_makes_a_ref(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        expected = Ref(kind=RefKind.BRANCH, name="main", commit=FIRST.id, created_at=NOON, updated_at=NOON)
        assert expected == stores.refs.get(repository, MAIN)

    def test_a_publication_may_move_very_many_refs(self, stores: Stores) -> None:
        repository = new_repository()
        names = [branch(f"b{number:04}") for number in range(2_500)]
        moves = [move(name, None, FIRST) for name in names]
        stores.refs.publish(repository, publication("k", *moves, commits=[FIRST]))
        assert [FIRST.id, FIRST.id] == [
            ref.commit for ref in (stores.refs.get(repository, names[each]) for each in (0, -1)) if ref
        ]

    def test_a_ref_that_moves_says_when(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        moved = publication("k", move(MAIN, FIRST, SECOND), commits=[SECOND], at=later(1))
        stores.refs.publish(repository, moved)
        ref = stores.refs.get(repository, MAIN)
        assert ref is not None
        assert (SECOND.id, NOON, later(1)) == (ref.commit, ref.created_at, ref.updated_at)

    def test_a_ref_that_is_removed_is_gone(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        stores.refs.publish(repository, publication("k", move(MAIN, FIRST, None)))
        assert stores.refs.get(repository, MAIN) is None

    def test_refs_of_one_name_and_two_kinds_are_two(self, stores: Stores) -> None:
        repository = new_repository()
        tag = RefName(kind=RefKind.TAG, name="main")
        publish_commit(stores.refs, repository, FIRST)
        stores.refs.publish(repository, publication("k", move(tag, None, SECOND), commits=[SECOND]))
        found = [stores.refs.get(repository, ref) for ref in (MAIN, tag)]
        assert [FIRST.id, SECOND.id] == [ref.commit for ref in found if ref]

    def test_a_tag_is_where_it_was_once_or_nowhere(self, stores: Stores) -> None:
        repository = new_repository()
        tag = RefName(kind=RefKind.TAG, name="v1")
        stores.refs.publish(repository, publication("k1", move(tag, None, None), commits=[FIRST, SECOND]))
        stores.refs.publish(repository, publication("k2", move(tag, None, FIRST)))
        stores.refs.publish(repository, publication("k3", move(tag, FIRST, None)))
        for number, elsewhere in enumerate((SECOND, None)):
            with pytest.raises(AlreadyExistsError, match="tag 'v1' names commit"):
                stores.refs.publish(repository, publication(f"no {number}", move(tag, None, elsewhere)))
        stores.refs.publish(repository, publication("k4", move(tag, None, FIRST)))

    def test_the_commits_that_refs_of_a_kind_are_at_are_found_once(self, stores: Stores) -> None:
        repository = new_repository()
        tag = RefName(kind=RefKind.TAG, name="v1")
        other = new_commit("other")
        moves = [move(MAIN, None, FIRST), move(branch("a"), None, FIRST), move(branch("b"), None, SECOND)]
        moves.append(move(tag, None, other))
        stores.refs.publish(repository, publication("k", *moves, commits=[FIRST, SECOND, other]))
        assert sorted([FIRST.id, SECOND.id]) == sorted(stores.refs.tips(repository, RefKind.BRANCH))
        assert [other.id] == list(stores.refs.tips(repository, RefKind.TAG))
        assert not stores.refs.tips(repository, RefKind.RUN)
        assert not stores.refs.tips(new_repository(), RefKind.BRANCH)

    @pytest.mark.parametrize(
        "expected, actual", [(None, FIRST), (SECOND, FIRST), (FIRST, None)], ids=["there", "moved", "gone"]
    )
    def test_a_ref_that_is_elsewhere_does_not_move(
        self, stores: Stores, expected: Commit | None, actual: Commit | None
    ) -> None:
        repository = new_repository()
        stores.refs.publish(repository, publication("k1", commits=[FIRST, SECOND]))
        if actual:
            stores.refs.publish(repository, publication("k2", move(MAIN, None, actual)))
        with pytest.raises(RefMovedError) as caught:
            stores.refs.publish(repository, publication("k3", move(MAIN, expected, SECOND)))
        details = {
            "ref": "main",
            "expected": expected.id if expected else None,
            "actual": actual.id if actual else None,
        }
        assert details == caught.value.details

    def test_a_publication_happens_wholly_or_not_at_all(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        transaction = new_transaction(1, FIRST)
        updates = (move(branch("new"), None, SECOND), move(MAIN, SECOND, None))
        with pytest.raises(RefMovedError):
            stores.refs.publish(
                repository, publication("k", *updates, commits=[SECOND], transaction=transaction)
            )
        left = (
            stores.refs.get(repository, branch("new")),
            stores.commits.get(repository, SECOND.id),
            stores.transactions.get(repository, transaction.run_id),
            stores.refs.published(repository, "k"),
        )
        assert (None, None, None, None) == left

    def test_several_refs_move_at_once(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        run = RefName(kind=RefKind.RUN, name=run_id(1))
        updates = (move(MAIN, FIRST, SECOND), move(run, None, FIRST), move(branch("b"), None, SECOND))
        stores.refs.publish(repository, publication("k", *updates, commits=[SECOND]))
        found = [stores.refs.get(repository, update.ref) for update in updates]
        assert [SECOND.id, FIRST.id, SECOND.id] == [ref.commit for ref in found if ref]

    def test_an_update_that_moves_nothing_still_checks_where_the_ref_is(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        stores.refs.publish(repository, publication("same", move(MAIN, FIRST, FIRST)))
        stores.refs.publish(repository, publication("absent", move(branch("b"), None, None)))
        with pytest.raises(RefMovedError):
            stores.refs.publish(repository, publication("not absent", move(MAIN, None, None)))

    def test_nothing_points_at_a_commit_that_is_nowhere(self, stores: Stores) -> None:
        repository = new_repository()
        with pytest.raises(InvalidInputError):
            stores.refs.publish(repository, publication("ref", move(MAIN, None, FIRST)))
        with pytest.raises(InvalidInputError):
            stores.refs.publish(repository, publication("parent", commits=[SECOND]))

    def test_an_open_transaction_is_stored_with_the_refs(self, stores: Stores) -> None:
        repository = new_repository()
        opened = new_transaction(1, FIRST)
        stores.transactions.add(repository, opened)
        closed = replace(opened, state=TransactionState.PUBLISHED, published=FIRST.id)
        update = move(MAIN, None, FIRST)
        stores.refs.publish(repository, publication("k", update, commits=[FIRST], transaction=closed))
        assert closed == stores.transactions.get(repository, opened.run_id)

    @pytest.mark.parametrize("state", [state for state in TransactionState if state != "open"])
    def test_a_closed_transaction_takes_no_more_writes(self, stores: Stores, state: TransactionState) -> None:
        repository = new_repository()
        closed = new_transaction(1, FIRST, state=state)
        stores.transactions.add(repository, closed)
        late = replace(closed, state=TransactionState.OPEN, head=FIRST.id)
        update = move(MAIN, None, FIRST)
        with pytest.raises(TransactionClosedError):
            stores.refs.publish(repository, publication("k", update, commits=[FIRST], transaction=late))
        assert closed == stores.transactions.get(repository, closed.run_id)
        assert stores.refs.get(repository, MAIN) is None

    def test_refs_of_one_kind_are_listed_by_name_in_pages(self, stores: Stores) -> None:
        repository = make_branches(stores, "b", "a", "c", "B", "a-1", "a.1", "a1")
        stores.refs.publish(
            repository, publication("t", move(RefName(kind=RefKind.TAG, name="t"), None, FIRST))
        )
        everything = ["B", "a", "a-1", "a.1", "a1", "b", "c"]
        assert everything == names_of(list_branches(stores, repository, limit=7))
        first = list_branches(stores, repository, limit=4)
        second = list_branches(stores, repository, after=first.next, limit=4)
        assert everything == names_of(first) + names_of(second)
        assert second.next is None

    def test_refs_are_listed_by_how_their_names_start(self, stores: Stores) -> None:
        repository = make_branches(stores, "a", "ab", "ab-1", "abz", "ac", "b")
        assert ["ab", "ab-1", "abz"] == names_of(list_branches(stores, repository, prefix="ab", limit=9))

    def test_a_listing_goes_on_where_it_was_whatever_came_or_went(self, stores: Stores) -> None:
        repository = make_branches(stores, "a", "b", "c")
        first = list_branches(stores, repository, limit=2)
        stores.refs.publish(
            repository,
            publication("k", move(branch("b"), FIRST, None), move(branch("aa"), None, FIRST)),
        )
        assert ["c"] == names_of(list_branches(stores, repository, after=first.next, limit=2))

    def test_a_repository_without_refs_lists_none(self, stores: Stores) -> None:
        assert () == list_branches(stores, new_repository(), limit=1).items


def make_branches(stores: Stores, *branches: str) -> str:
    """Makes a repository with these branches, all at one commit, and returns its id."""
    repository = new_repository()
    moves = [move(branch(name), None, FIRST) for name in branches]
    stores.refs.publish(repository, publication("branches", *moves, commits=[FIRST]))
    return repository


def list_branches(
    stores: Stores, repository: str, *, prefix: str = "", after: str | None = None, limit: int
) -> Page[Ref]:
    """Returns a page of a repository's branches."""
    return stores.refs.list(repository, kind=RefKind.BRANCH, prefix=prefix, after=after, limit=limit)


def names_of(page: Page[Ref]) -> list[str]:
    """Returns the names on a page."""
    return [ref.name for ref in page.items]
