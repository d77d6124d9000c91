"""What every `QuarantineStore` promises."""

from dataclasses import replace

import pytest

from lineageflow_core.errors import InvalidInputError, RefMovedError
from lineageflow_core.model.ids import PlanId, SnapshotId
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.store.ports import QuarantineStore, Stores
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import MAIN, NOON, later, move, new_commit, new_repository, publication

FIRST = new_commit("first")


def new_quarantine(dataset: str, *, partition: str = "", snapshot: str = "ab") -> Quarantine:
    """Returns a quarantine that holds."""
    return Quarantine(
        dataset=dataset,
        partition=partition,
        snapshot=SnapshotId(snapshot * 32),
        reason="ünlü",
        author="ada",
        at=NOON,
        plan=PlanId("p"),
    )


class QuarantineStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(QuarantineStore, stores.quarantines)

    def test_a_publication_sets_and_lifts_quarantines(self, stores: Stores) -> None:
        repository, held = new_repository(), new_quarantine("raw")
        publish(stores, repository, held)
        assert [held] == stores.quarantines.holding(repository, "raw")
        publish(stores, repository, replace(held, lifted_at=later(1), lifted_by="grace"))
        assert [] == stores.quarantines.holding(repository, "raw")
        assert () == stores.quarantines.list(repository, path="", after=None, limit=9).items

    def test_only_those_of_the_dataset_are_told(self, stores: Stores) -> None:
        repository = new_repository()
        one, other = (
            new_quarantine("raw", partition="d1"),
            new_quarantine("raw", partition="d1", snapshot="cd"),
        )
        publish(stores, repository, other, new_quarantine("raw/more"), one)
        assert [one, other] == stores.quarantines.holding(repository, "raw")
        assert [] == stores.quarantines.holding(new_repository(), "raw")

    def test_they_are_listed_by_path_in_pages(self, stores: Stores) -> None:
        repository = new_repository()
        held = [new_quarantine(name) for name in ("a", "a/b", "a/c", "a0", "b")]
        publish(stores, repository, *reversed(held))

        def listed(path: str) -> list[Quarantine]:
            first = stores.quarantines.list(repository, path=path, after=None, limit=1)
            rest = stores.quarantines.list(repository, path=path, after=first.next, limit=9)
            return [*first.items, *rest.items]

        assert held == listed("")
        assert held[:3] == listed("a")
        with pytest.raises(InvalidInputError):
            stores.quarantines.list(repository, path="", after="nowhere", limit=1)

    def test_a_publication_that_fails_quarantines_nothing(self, stores: Stores) -> None:
        repository = new_repository()
        elsewhere = move(MAIN, FIRST, None)
        with pytest.raises(RefMovedError):
            stores.refs.publish(
                repository, replace(publication("x", elsewhere), quarantines=(new_quarantine("raw"),))
            )
        assert [] == stores.quarantines.holding(repository, "raw")

    def test_the_log_keeps_what_was_quarantined(self, stores: Stores) -> None:
        repository, held = new_repository(), new_quarantine("raw")
        publish(stores, repository, held)
        (entry,) = stores.operations.list(
            repository, actor=None, operation=None, refs=(), since=None, until=None, after=None, limit=9
        ).items
        assert (held,) == entry.quarantines


def publish(stores: Stores, repository: str, *held: Quarantine) -> None:
    """Publishes quarantines, and nothing else."""
    key = "/".join(f"{each.path}{each.snapshot[:2]}{each.lifted_at}" for each in held)
    stores.refs.publish(repository, replace(publication(key), quarantines=held))
