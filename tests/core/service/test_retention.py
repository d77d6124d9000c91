"""What telling what is kept costs: by the commits, not by the commits times the refs that lead to them."""

from collections.abc import Callable

import pytest

from lineageflow_core.model.change import put
from lineageflow_core.model.settings import RepositorySettings, RetentionRule
from lineageflow_core.repository import Repository
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.testing.catalog.scene import commit, entries
from lineageflow_core.testing.storage_clock import AgingStores, StorageClock

COMMITS = 12


class Counted:
    """A repository whose history is as long as it is, and how often its stores are asked."""

    def __init__(self, *rules: RetentionRule) -> None:
        self.asked = 0
        stores = AgingStores(MemoryStores(), StorageClock(), self._count)
        self.catalog = open_embedded(stores)
        self.repo = Repository(self.catalog, "r", author="ada").create()
        self.catalog.settings.update_settings("r", RepositorySettings(retention_rules=rules), author="ada")
        for number in range(COMMITS):
            commit(self.repo, put("a", entries(self.repo, {"": b"%d" % number})))

    def _count(self) -> None:
        self.asked += 1

    def collected(self) -> int:
        """Returns how often a collection asks."""
        before = self.asked
        self.catalog.collection.plan_collection("r")
        return self.asked - before


def _tag(history: Counted, name: str, source: str) -> None:
    history.catalog.refs.create_tag("r", name, source=source, author="ada")


def _branch(history: Counted, name: str, source: str) -> None:
    history.catalog.refs.create_branch("r", name, source=source, author="ada")


@pytest.mark.parametrize("rules", [(), (RetentionRule(keep_versions=2),)], ids=["no rules", "rules"])
@pytest.mark.parametrize("mark", [_tag, _branch], ids=["tags", "branches"])
def test_a_collection_asks_as_often_however_many_refs_lead_to_a_history(
    mark: Callable[[Counted, str, str], None], rules: tuple[RetentionRule, ...]
) -> None:
    history = Counted(*rules)
    mark(history, "n0", "main~1")
    history.collected()  # from here on its tree nodes are in memory
    first = history.collected()
    for number in range(2, COMMITS):
        mark(history, f"n{number}", f"main~{number}")
    then = history.collected()
    assert first == then
