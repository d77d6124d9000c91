"""What every `CollectionStore` promises."""

from dataclasses import replace

import pytest

from lineageflow_core.errors import CollectionBegunError
from lineageflow_core.model.collection import Collected, CollectedState, ContentKind
from lineageflow_core.store.ports import CollectionStore, NodeLocation, Stores
from lineageflow_core.testing.commit_store import publish_nodes
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import NOON, branch, move, new_commit, new_repository, publication

NEW, ANOTHER = "cd" * 32, "ef" * 32


class CollectionStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(CollectionStore, stores.collections)

    def test_a_thing_goes_step_by_step_and_never_in_the_collection_that_took_it(self, stores: Stores) -> None:
        repository = new_repository()
        first = stores.collections.begin(repository)
        row = taken("ab" * 32, first)
        stores.collections.condemn(repository, [row])
        assert set() == stores.collections.purge(repository, [row.id], collection=first)
        stores.collections.confirm(repository, [row.id], collection=first, at=NOON)
        assert set() == stores.collections.purge(repository, [row.id], collection=first)
        second = stores.collections.begin(repository)
        assert {row.id} == stores.collections.purge(repository, [row.id], collection=second)
        [gone] = stores.collections.get(repository, [row.id]).values()
        assert replace(row, state=CollectedState.PURGED, at=NOON) == gone

    def test_a_collection_that_another_has_overtaken_changes_nothing(self, stores: Stores) -> None:
        repository = new_repository()
        nodes = publish_nodes(stores, repository, 1)
        first = stores.collections.begin(repository)
        stores.collections.begin(repository)
        with pytest.raises(CollectionBegunError):
            stores.collections.condemn(repository, [taken("ab" * 32, first)])
        with pytest.raises(CollectionBegunError):
            stores.collections.purge(repository, [], collection=first)
        with pytest.raises(CollectionBegunError):
            stores.collections.relocate(repository, in_pack(NEW, nodes), out_of="ab" * 32, collection=first)
        assert {} == stores.collections.get(repository, ["ab" * 32])
        assert located(nodes) == stores.commits.locate(repository, [node.node_id for node in nodes])

    def test_what_lies_in_a_pack_or_nowhere_is_relocated_and_nothing_else(self, stores: Stores) -> None:
        repository = new_repository()
        here, elsewhere = publish_nodes(stores, repository, 2)
        [elsewhere] = in_pack(ANOTHER, [elsewhere])
        publish(stores, repository, elsewhere)
        nowhere = NodeLocation(node_id=bytes(32), pack_id=NEW, offset=5, length=6)
        [here] = in_pack(NEW, [here])
        collection = stores.collections.begin(repository)
        wanted = [here, nowhere, *in_pack(NEW, [elsewhere])]
        stores.collections.relocate(repository, wanted, out_of="ab" * 32, collection=collection)
        found = stores.commits.locate(repository, [each.node_id for each in wanted])
        assert located([here, nowhere, elsewhere]) == found

    def test_nothing_comes_out_of_a_pack_that_nobody_knows(self, stores: Stores) -> None:
        repository = new_repository()
        nodes = publish_nodes(stores, repository, 1)
        collection = stores.collections.begin(repository)
        moved = in_pack(NEW, nodes)
        stores.collections.relocate(repository, moved, out_of=ANOTHER, collection=collection)
        assert located(nodes) == stores.commits.locate(repository, [node.node_id for node in nodes])


def taken(content_id: str, collection: int) -> Collected:
    """Returns a row of a pack that is on its way into the trash."""
    return Collected(
        kind=ContentKind.PACK,
        id=content_id,
        state=CollectedState.LEAVING,
        size=1,
        collection=collection,
        reason="nothing leads to it",
    )


def in_pack(pack_id: str, nodes: list[NodeLocation]) -> list[NodeLocation]:
    """Returns nodes as they lie in another pack."""
    return [replace(node, pack_id=pack_id, offset=node.offset + 1) for node in nodes]


def located(nodes: list[NodeLocation]) -> dict[bytes, NodeLocation]:
    """Returns nodes by their ids."""
    return {node.node_id: node for node in nodes}


def publish(stores: Stores, repository: str, node: NodeLocation) -> None:
    """Publishes a commit with one node."""
    stores.content(repository).write_pack(node.pack_id, bytes(node.offset + node.length))
    commit = new_commit("another")
    made = publication("another", move(branch("another"), None, commit), commits=[commit])
    stores.refs.publish(repository, replace(made, nodes=(node,)))
