"""Any changes at all, most of them at odds: what is refused is refused, and all else leaves a sound root."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError, ObjectNotFoundError, PathConflictError
from lineageflow_core.model.change import Change, ChangeKind, check_change
from lineageflow_core.model.merge import ConflictKind, Side
from lineageflow_core.model.names import is_under
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.tree.changes import RootEdit
from lineageflow_core.tree.compare import diff_datasets, diff_objects
from lineageflow_core.tree.folder import cursor_of, list_items
from lineageflow_core.tree.merge import Merged, MergeInput, merge_roots
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree, relative_to
from lineageflow_core.tree.source import NodeBuffer
from tests.core.tree.test_changes import entry

PATHS = ["a", "a/b", "a/b/c", "a/d", "a-b", "e"]
"""They lie in one another, and '/' sorts behind '-'."""

objects = st.dictionaries(st.sampled_from(["", "x", "y", "x/z", "b"]), st.sampled_from("12"), max_size=2)
change = st.builds(
    lambda kind, path, target, dataset, files: Change(
        kind=kind,
        path=path,
        dataset=dataset,
        objects=tuple(entry(name, text) for name, text in files.items()),
        target=target if kind is ChangeKind.MOVE else None,
    ),
    st.sampled_from(ChangeKind),
    st.sampled_from(PATHS),
    st.sampled_from([*PATHS, "a/b/x", "f"]),
    st.none() | st.sampled_from(["a", "a/b"]),
    objects,
)
changes = st.lists(change, max_size=4)
many = settings(max_examples=200)


class Changed(NamedTuple):
    """What came of some changes."""

    root: str
    accepted: list[Change]
    replaced: frozenset[str]


def changed(nodes: NodeBuffer, root: str, steps: list[Change]) -> Changed:
    """Makes each change a commit of its own, unless it is refused."""
    accepted: list[Change] = []
    replaced: set[str] = set()
    for step in map(check_change, steps):
        edit = RootEdit(nodes, root)
        try:
            edit.apply([step])
            after = edit.finish()
        except (InvalidInputError, ObjectNotFoundError, PathConflictError):
            continue
        accepted.append(step)
        if after != root:
            replaced |= edit.replaced
        root = after
    return Changed(root, accepted, frozenset(replaced))


def sound(nodes: NodeBuffer, root: str) -> dict[str, ObjectEntry]:
    """Returns the objects of a root by path, having checked what holds for every root."""
    tree = RootTree(nodes, root)
    found: dict[str, ObjectEntry] = {}
    for dataset in tree.datasets():
        inside = list(tree.objects(dataset.path))
        assert inside
        assert (dataset.objects, dataset.size) == (len(inside), sum(each.size for each in inside))
        for each in inside:
            key = relative_to(each.path, dataset.path)
            assert not dataset.partition_depth or key.count("/") >= dataset.partition_depth
        snapshots = [tree.snapshot(dataset, partition) for partition in tree.partitions(dataset)]
        assert dataset.objects == sum(snapshot.objects for snapshot in snapshots if snapshot)
        found |= {each.path: each for each in inside}
    for paths in ([dataset.path for dataset in tree.datasets()], found):
        assert not [pair for pair in combinations(paths, 2) if is_under(*pair) or is_under(*pair[::-1])]
    return found


@many
@given(changes, changes)
def test_changes_give_one_root_however_they_are_grouped(before: list[Change], steps: list[Change]) -> None:
    nodes = NodeBuffer()
    base = changed(nodes, EMPTY_ROOT, before).root
    one_by_one = changed(nodes, base, steps)
    sound(nodes, one_by_one.root)
    together = RootEdit(nodes, base)
    together.apply(one_by_one.accepted)
    assert one_by_one.root == together.finish()


@many
@given(changes, changes, st.sampled_from(["", "a/b/x", *PATHS]))
def test_a_difference_is_that_of_two_dictionaries(
    before: list[Change], steps: list[Change], path: str
) -> None:
    nodes = NodeBuffer()
    left = changed(nodes, EMPTY_ROOT, before).root
    right = changed(nodes, left, steps).root
    one, other = sound(nodes, left), sound(nodes, right)
    found = list(diff_objects(nodes, left, right, path=path))
    assert {
        name: (one.get(name), other.get(name))
        for name in one.keys() | other.keys()
        if one.get(name) != other.get(name) and is_under(name, path)
    } == {each.path: (each.left, each.right) for each in found}
    assert len(found) == len({each.path for each in found})
    for place, each in enumerate(found):
        assert found[place + 1 :] == list(diff_objects(nodes, left, right, path=path, after=each.path))
    datasets = list(diff_datasets(nodes, left, right, path=path))
    for place, dataset in enumerate(datasets):
        rest = diff_datasets(nodes, left, right, path=path, after=dataset.path)
        assert datasets[place + 1 :] == list(rest)


@many
@given(changes, st.sampled_from(["", "a/b/x", *PATHS]))
def test_every_list_can_be_continued_anywhere(steps: list[Change], folder: str) -> None:
    nodes = NodeBuffer()
    root = changed(nodes, EMPTY_ROOT, steps).root
    tree = RootTree(nodes, root)

    def continues(page: Callable[[str], Iterator[object]], cursors: list[str]) -> bool:
        whole = list(page(""))
        return all(whole[place + 1 :] == list(page(cursor)) for place, cursor in enumerate(cursors))

    listed = [each.path for each in tree.objects(folder)]
    assert {path for path in sound(nodes, root) if is_under(path, folder)} == {*listed}
    assert continues(lambda after: tree.objects(folder, after=after), listed)
    datasets = [each.path for each in tree.datasets(folder)]
    assert continues(lambda after: tree.datasets(folder, after=after), datasets)
    items = [cursor_of(item) for item in list_items(tree, folder)]
    assert continues(lambda after: list_items(tree, folder, after=after or None), items)


@many
@given(changes, changes, changes, st.sampled_from(Side))
def test_a_merge_is_symmetric_and_every_conflict_can_be_decided(
    before: list[Change], mine: list[Change], other: list[Change], side: Side
) -> None:
    nodes = NodeBuffer()
    base = changed(nodes, EMPTY_ROOT, before).root
    ours, theirs = changed(nodes, base, mine), changed(nodes, base, other)
    forth, back = (
        MergeInput(
            base=base,
            ours=one.root,
            theirs=two.root,
            ours_replaced=one.replaced,
            theirs_replaced=two.replaced,
        )
        for one, two in ((ours, theirs), (theirs, ours))
    )
    merged, mirrored = merge_roots(nodes, forth, {}), merge_roots(nodes, back, {})
    assert merged.root == mirrored.root
    assert in_the_way(merged) == in_the_way(mirrored)
    picks: dict[str, Side] = {}
    while merged.root is None:  # deciding one conflict can show another
        assert not picks.keys() & {conflict.path for conflict in merged.conflicts}
        picks |= {conflict.path: side for conflict in merged.conflicts}
        merged = merge_roots(nodes, forth, picks)
    sound(nodes, merged.root)


def in_the_way(merged: Merged) -> list[str]:
    """Returns the paths of conflicts. Those of an object and a folder are named from one side: not they."""
    return [conflict.path for conflict in merged.conflicts if conflict.kind is not ConflictKind.PATH]
