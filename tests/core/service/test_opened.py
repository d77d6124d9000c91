"""A repository is opened once, whatever happens to its name and default branch."""

from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.service.opened import Lake
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.testing.values import NOON


def make_lake() -> tuple[Lake, RepositoryInfo]:
    stores = MemoryStores()
    catalog = open_embedded(stores)
    catalog.repositories.create_repository("old", author="ada")
    lake = Lake(stores, lambda: NOON)
    lake.repository("old")
    catalog.refs.create_branch("old", "dev", source="main", author="ada")
    catalog.repositories.set_default_branch("old", "dev", author="ada")
    return lake, catalog.repositories.rename_repository("old", "new", author="ada")


def test_a_change_is_seen_at_once_under_every_name() -> None:
    lake, renamed = make_lake()
    assert [renamed, renamed, renamed] == [
        opened.info for opened in (lake.repository("old"), lake.repository("new"), lake.with_id(renamed.id))
    ]


def test_what_was_read_stays_read_through_a_rename() -> None:
    lake, _ = make_lake()
    one, other = lake.repository("old"), lake.repository("new")
    assert one.nodes is other.nodes
    assert one.graph is other.graph
