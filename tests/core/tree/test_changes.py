"""Changing a root, against a plain dictionary of paths."""

from collections.abc import Sequence

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError, ObjectNotFoundError, PathConflictError
from lineageflow_core.model.change import Change, delete, put, replace
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.tree.changes import RootEdit
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree
from lineageflow_core.tree.source import NodeBuffer


def entry(path: str, content: str = "x") -> ObjectEntry:
    digest = blake3(content.encode()).hexdigest()
    return ObjectEntry(path=path, object_id=ObjectId(digest), size=len(content))


def apply(nodes: NodeBuffer, root: str, changes: Sequence[Change]) -> str:
    edit = RootEdit(nodes, root)
    edit.apply(changes)
    return edit.finish()


def paths(nodes: NodeBuffer, root: str) -> list[str]:
    return [found.path for found in RootTree(nodes, root).objects()]


def test_a_loose_file_is_a_dataset_of_its_own() -> None:
    nodes = NodeBuffer()
    root = apply(nodes, EMPTY_ROOT, [put("raw/a.csv", [entry("")])])
    assert ["raw/a.csv"] == [dataset.path for dataset in RootTree(nodes, root).datasets()]


def test_a_folder_put_is_one_dataset() -> None:
    nodes = NodeBuffer()
    root = apply(nodes, EMPTY_ROOT, [put("raw", [entry("a.csv"), entry("deep/b.csv")])])
    dataset = RootTree(nodes, root).dataset_at("raw/deep/b.csv")
    assert dataset is not None
    assert ("raw", 2, 2) == (dataset.path, dataset.objects, dataset.size)


def test_replacing_a_dataset_drops_what_was_below_it() -> None:
    nodes = NodeBuffer()
    root = apply(nodes, EMPTY_ROOT, [put("raw/a", [entry("")]), put("raw/b", [entry("")])])
    root = apply(nodes, root, [replace("raw", [entry("c")])])
    assert ["raw/c"] == paths(nodes, root)


def test_replacing_a_partition_leaves_the_others() -> None:
    nodes = NodeBuffer()
    first = [replace(f"t/{day}", [entry("part-0")], dataset="t") for day in ("d1", "d2")]
    root = apply(nodes, EMPTY_ROOT, first)
    root = apply(nodes, root, [replace("t/d2", [entry("part-9")], dataset="t")])
    tree = RootTree(nodes, root)
    dataset = tree.dataset_at("t")
    assert dataset is not None
    assert ["t/d1/part-0", "t/d2/part-9"] == paths(nodes, root)
    assert ["d1", "d2"] == list(tree.partitions(dataset))


def test_equal_partitions_have_one_snapshot_wherever_they_are() -> None:
    nodes = NodeBuffer()
    root = apply(nodes, EMPTY_ROOT, [replace(f"t/{day}", [entry("p")], dataset="t") for day in ("d1", "d2")])
    root = apply(nodes, root, [replace("whole", [entry("p")])])
    tree = RootTree(nodes, root)
    assert tree.digest_at("t/d1") == tree.digest_at("t/d2") == tree.digest_at("whole")


def test_the_last_object_takes_its_dataset_with_it() -> None:
    nodes = NodeBuffer()
    root = apply(nodes, EMPTY_ROOT, [put("raw", [entry("a")])])
    assert EMPTY_ROOT == apply(nodes, root, [delete("raw/a")])


@pytest.mark.parametrize("first, second", [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b")])
def test_a_path_is_not_an_object_and_a_folder(first: str, second: str) -> None:
    nodes = NodeBuffer()
    root = apply(nodes, EMPTY_ROOT, [put(first, [entry("")])])
    with pytest.raises(PathConflictError):
        apply(nodes, root, [put(second, [entry("")])])


@pytest.mark.parametrize("first, second", [("x", "x/y"), ("x/y", "x"), ("x/y", "x/y/z"), ("x-y", "x-y/z")])
def test_a_path_in_a_dataset_is_not_an_object_and_a_folder(first: str, second: str) -> None:
    nodes = NodeBuffer()
    root = apply(nodes, EMPTY_ROOT, [put("d", [entry(first), entry("x.csv")])])
    with pytest.raises(PathConflictError):
        apply(nodes, root, [put(f"d/{second}", [entry("")])])


def test_deleting_nothing_is_an_error_that_names_the_path() -> None:
    with pytest.raises(ObjectNotFoundError, match="'nope'"):
        apply(NodeBuffer(), EMPTY_ROOT, [delete("nope")])


def test_a_partition_must_be_as_deep_as_the_others() -> None:
    nodes = NodeBuffer()
    root = apply(nodes, EMPTY_ROOT, [replace("t/d1", [entry("p")], dataset="t")])
    with pytest.raises(InvalidInputError, match="partitions of 1"):
        apply(nodes, root, [replace("t/a/b", [entry("p")], dataset="t")])


def test_an_object_of_a_partitioned_dataset_is_in_a_partition() -> None:
    nodes = NodeBuffer()
    root = apply(nodes, EMPTY_ROOT, [replace("t/d1", [entry("p")], dataset="t")])
    with pytest.raises(InvalidInputError, match="no partition"):
        apply(nodes, root, [put("t/loose", [entry("")])])


names = st.sampled_from(["a", "b", "b-c", "d.csv", "e"])
relative = st.lists(names, min_size=1, max_size=3).map("/".join)
contents = st.sampled_from(["", "one", "two"])
operations = st.lists(st.tuples(st.sampled_from(["put", "delete"]), relative, contents), max_size=30)


@given(operations)
def test_a_dataset_holds_what_a_dictionary_would(steps: list[tuple[str, str, str]]) -> None:
    nodes = NodeBuffer()
    model: dict[str, str] = {}
    root = EMPTY_ROOT
    for kind, path, content in steps:
        clash = any(other != path and (f"{other}/").startswith(f"{path}/") for other in model) or any(
            path != other and path.startswith(f"{other}/") for other in model
        )
        if kind == "put":
            change = put(f"data/{path}", [entry("", content)], dataset="data")
            if clash:
                with pytest.raises(PathConflictError):
                    apply(nodes, root, [change])
            else:
                model[path] = content
                root = apply(nodes, root, [change])
        else:
            gone = [other for other in model if other == path or other.startswith(f"{path}/")]
            if gone:
                root = apply(nodes, root, [delete(f"data/{path}")])
                for other in gone:
                    del model[other]
            else:
                with pytest.raises(ObjectNotFoundError):
                    apply(nodes, root, [delete(f"data/{path}")])
    expected = {f"data/{path}": entry("", content).object_id for path, content in model.items()}
    assert expected == {found.path: found.object_id for found in RootTree(nodes, root).objects()}
    assert root == apply(nodes, EMPTY_ROOT, [put("data", [entry(p, c) for p, c in model.items()])])
