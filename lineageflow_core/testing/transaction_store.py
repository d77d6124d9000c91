"""What every `TransactionStore` promises."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.page import Page
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.store.ports import Stores, TransactionStore
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import (
    later,
    new_commit,
    new_repository,
    new_transaction,
    run_id,
)

BASE = new_commit("base")


class TransactionStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(TransactionStore, stores.transactions)

    def test_a_transaction_is_kept_exactly(self, stores: Stores) -> None:
        repository = new_repository()
        whole = replace(new_transaction(1, BASE), head=BASE.id, published=BASE.id)
        stores.transactions.add(repository, whole)
        assert whole == stores.transactions.get(repository, whole.run_id)

    def test_a_run_without_transaction_has_none(self, stores: Stores) -> None:
        assert stores.transactions.get(new_repository(), run_id(1)) is None

    def test_the_first_transaction_of_a_run_stays(self, stores: Stores) -> None:
        repository = new_repository()
        first = new_transaction(1, BASE)
        second = replace(first, base=new_commit("other base").id, created_at=later(1))
        added = [stores.transactions.add(repository, each) for each in (first, second)]
        assert [first, first] == added

    def test_a_run_has_one_transaction_in_each_repository(self, stores: Stores) -> None:
        one, two = new_repository(), new_repository()
        first = new_transaction(1, BASE)
        second = replace(first, base=new_commit("other base").id)
        stores.transactions.add(one, first)
        stores.transactions.add(two, second)
        found = [stores.transactions.get(each, first.run_id) for each in (one, two)]
        assert [first, second] == found

    def test_a_transaction_moves_from_the_state_that_is_expected(self, stores: Stores) -> None:
        repository = new_repository()
        opened = new_transaction(1, BASE)
        closed = replace(opened, state=TransactionState.DISCARDED)
        stores.transactions.add(repository, opened)
        assert stores.transactions.move(repository, closed, expected=TransactionState.OPEN)
        assert closed == stores.transactions.get(repository, opened.run_id)

    def test_a_transaction_does_not_move_from_another_state(self, stores: Stores) -> None:
        repository = new_repository()
        opened = new_transaction(1, BASE)
        stores.transactions.add(repository, opened)
        expired = replace(opened, state=TransactionState.EXPIRED)
        assert not stores.transactions.move(repository, expired, expected=TransactionState.DISCARDED)
        assert opened == stores.transactions.get(repository, opened.run_id)

    def test_a_transaction_that_is_not_stored_does_not_move(self, stores: Stores) -> None:
        transaction = new_transaction(1, BASE)
        assert not stores.transactions.move(new_repository(), transaction, expected=TransactionState.OPEN)

    def test_transactions_are_listed_newest_first_in_pages(self, stores: Stores) -> None:
        repository = new_repository()
        minutes = {1: 5, 2: 9, 3: 5, 4: 0, 5: 9}
        for number, minute in minutes.items():
            stores.transactions.add(repository, new_transaction(number, BASE, created_at=later(minute)))
        stores.transactions.add(new_repository(), new_transaction(6, BASE))
        first = stores.transactions.list(repository, state=None, after=None, limit=3)
        second = stores.transactions.list(repository, state=None, after=first.next, limit=3)
        assert [run_id(number) for number in (5, 2, 3, 1, 4)] == ids_of(first) + ids_of(second)
        assert second.next is None

    def test_transactions_are_listed_by_state(self, stores: Stores) -> None:
        repository = new_repository()
        for number, state in enumerate(TransactionState):
            stores.transactions.add(repository, new_transaction(number, BASE, state=state))
        for number, state in enumerate(TransactionState):
            listed = stores.transactions.list(repository, state=state, after=None, limit=9)
            assert [run_id(number)] == ids_of(listed)

    def test_what_expires_is_told_the_earliest_first(self, stores: Stores) -> None:
        repository = new_repository()
        minutes = {1: 5, 2: 9, 3: 5, 4: 0, 5: 6}
        for number, minute in minutes.items():
            stores.transactions.add(repository, new_transaction(number, BASE, created_at=later(minute)))
        stores.transactions.add(new_repository(), new_transaction(6, BASE))
        before = later(6) + timedelta(days=14)
        over = stores.transactions.expiring(repository, before=before, limit=9)
        assert [run_id(number) for number in (4, 1, 3, 5)] == [each.run_id for each in over]
        assert over[:2] == stores.transactions.expiring(repository, before=before, limit=2)
        just_before = before - timedelta(microseconds=1)
        assert over[:3] == stores.transactions.expiring(repository, before=just_before, limit=9)

    def test_only_what_is_open_or_discarded_expires(self, stores: Stores) -> None:
        repository = new_repository()
        for number, state in enumerate(TransactionState):
            stores.transactions.add(repository, new_transaction(number, BASE, state=state))
        over = stores.transactions.expiring(repository, before=later(99_999), limit=9)
        assert [TransactionState.OPEN, TransactionState.DISCARDED] == [each.state for each in over]

    @pytest.mark.parametrize("after", ["", "x", "12", "12.x", "x.y", "9" * 40 + f".{run_id(1)}"])
    def test_a_place_that_no_page_gave_is_refused(self, stores: Stores, after: str) -> None:
        with pytest.raises(InvalidInputError):
            stores.transactions.list(new_repository(), state=None, after=after, limit=1)


def ids_of(page: Page[Transaction]) -> list[str]:
    """Returns the runs of a page's transactions."""
    return [transaction.run_id for transaction in page.items]
