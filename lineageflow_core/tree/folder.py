"""A folder of a commit, listed: datasets and folders above them, objects and folders inside them."""

from collections.abc import Iterator

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.names import is_under
from lineageflow_core.model.objects import Dataset, Item, ItemKind
from lineageflow_core.tree.node import Value
from lineageflow_core.tree.read import Child, children, get
from lineageflow_core.tree.root import RootTree, dataset_of, join, relative_to


def list_items(tree: RootTree, folder: str, *, after: str | None = None) -> Iterator[Item]:
    """Yields what lies directly in `folder`, from behind the item with the cursor `after` on.

    Items come in the order of their keys, where a folder's ends in '/'. Sizes cost no scan inside a dataset;
    above datasets they cost one step for each dataset.
    """
    home = tree.dataset_at(folder) if folder else None
    if home is None:
        yield from _above_datasets(tree, folder, after)
    else:
        yield from _inside_dataset(tree, home, folder, after)


def cursor_of(item: Item) -> str:
    """Returns what to pass as `after` to go on behind an item."""
    return f"{item.path}/" if item.kind is ItemKind.FOLDER else item.path


def _above_datasets(tree: RootTree, folder: str, after: str | None) -> Iterator[Item]:
    prefix = folder + "/" if folder else ""
    for child in children(tree.nodes, tree.root, prefix, after=after):
        path = child.key.removesuffix("/")
        if child.value is not None:
            yield _dataset_item(tree, dataset_of(path, child.value))
        else:
            objects = sum(dataset.objects for dataset in tree.datasets(path))
            yield Item(path=path, kind=ItemKind.FOLDER, objects=objects, size=child.size)


def _dataset_item(tree: RootTree, dataset: Dataset) -> Item:
    single = get(tree.nodes, bytes.fromhex(dataset.snapshot), "") if dataset.objects == 1 else None
    return Item(
        path=dataset.path,
        kind=ItemKind.DATASET,
        objects=dataset.objects,
        size=dataset.size,
        dataset=dataset.path,
        object_id=ObjectId(single.id.hex()) if single else None,
        snapshot=dataset.snapshot,
    )


def _inside_dataset(tree: RootTree, home: Dataset, folder: str, after: str | None) -> Iterator[Item]:
    inner = relative_to(folder, home.path)
    behind = relative_to(after, home.path) if after and is_under(after, home.path) else None
    for child in children(
        tree.nodes, bytes.fromhex(home.snapshot), f"{inner}/" if inner else "", after=behind
    ):
        yield _inner_item(join(home.path, child.key.removesuffix("/")), home.path, child)


def _inner_item(path: str, dataset: str, child: Child) -> Item:
    value: Value | None = child.value
    return Item(
        path=path,
        kind=ItemKind.FOLDER if value is None else ItemKind.OBJECT,
        objects=child.entries,
        size=child.size,
        dataset=dataset,
        object_id=ObjectId(value.id.hex()) if value else None,
    )
