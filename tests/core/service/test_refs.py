"""What is staged on a branch goes where the branch goes."""

import pytest

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import Publication, RefUpdate
from lineageflow_core.testing.values import NOON


@pytest.fixture
def stores() -> MemoryStores:
    return MemoryStores()


@pytest.fixture
def catalog(stores: MemoryStores) -> Catalog:
    """Returns a lake where ada and bob have staged something on `topic`, and ada on `topic-2`."""
    catalog = open_embedded(stores)
    info = catalog.repositories.create_repository("r", author="ada")
    tip = catalog.refs.resolve("r", "main").id
    for name in ("topic", "topic-2"):
        catalog.refs.create_branch("r", name, source="main", author="ada")
    drafts = [RefName(kind=RefKind.STAGE, name=name) for name in ("topic:ada", "topic:bob", "topic-2:ada")]
    updates = tuple(RefUpdate(ref=draft, expected=None, new=tip) for draft in drafts)
    stores.refs.publish(
        info.id, Publication(key="stage", operation="stage", actor="ada", at=NOON, updates=updates)
    )
    return catalog


def drafts(catalog: Catalog) -> list[str]:
    return [ref.name for ref in catalog.refs.list_refs("r", kind=RefKind.STAGE).items]


def test_drafts_move_along_with_a_renamed_branch_and_back_with_its_undo(catalog: Catalog) -> None:
    before = drafts(catalog)
    catalog.refs.rename_branch("r", "topic", "better", author="ada")
    assert ["better:ada", "better:bob", "topic-2:ada"] == drafts(catalog)
    catalog.operations.undo_operation("r", catalog.operations.list_operations("r").items[0].id, author="ada")
    assert before == drafts(catalog)


def test_drafts_go_with_a_deleted_branch_and_come_back_with_it(catalog: Catalog) -> None:
    before = drafts(catalog)
    catalog.refs.delete_branch("r", "topic", author="ada")
    assert ["topic-2:ada"] == drafts(catalog)
    catalog.refs.restore_branch("r", "topic", author="ada")
    assert before == drafts(catalog)


def test_drafts_never_stand_among_peoples_branches_or_operations(catalog: Catalog) -> None:
    assert ["main", "topic", "topic-2"] == [ref.name for ref in catalog.refs.list_refs("r").items]
    assert "stage" not in {each.operation for each in catalog.operations.list_operations("r").items}
