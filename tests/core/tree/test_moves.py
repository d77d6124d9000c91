"""What moved, as part of what differs."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.model.change import Change
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.names import is_under
from lineageflow_core.tree.compare import count_changes, diff_datasets, diff_objects
from lineageflow_core.tree.moves import datasets_with_moves, diff_with_moves, find_moves
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree
from lineageflow_core.tree.source import NodeBuffer
from tests.core.tree.test_any_changes import PATHS, changed, changes, many, sound


@many
@given(changes, changes, st.sampled_from(["", "a/b/x", *PATHS]))
def test_moves_taken_apart_are_the_difference(before: list[Change], steps: list[Change], path: str) -> None:
    nodes = NodeBuffer()
    left = changed(nodes, EMPTY_ROOT, before).root
    right = changed(nodes, left, steps).root
    moves = find_moves(nodes, left, right)
    plain = list(diff_objects(nodes, left, right, path=path))
    shown = list(diff_with_moves(nodes, left, right, moves, path=path))
    for place, each in enumerate(shown):
        rest = diff_with_moves(nodes, left, right, moves, path=path, after=each.path)
        assert shown[place + 1 :] == list(rest)
    apart = [(each.path, each.left, each.right) for each in shown if each.kind is not DiffKind.MOVED]
    for each in shown:
        if each.kind is DiffKind.MOVED:
            assert each.left is not None
            assert each.right is not None
            assert each.left.object_id == each.right.object_id
            assert is_under(each.left.path, path)
            assert is_under(each.path, path)
            apart += [(each.left.path, each.left, None), (each.path, None, each.right)]
    assert sorted((each.path, each.left, each.right) for each in plain) == sorted(apart)


@many
@given(changes, changes)
def test_counts_are_those_of_the_difference(before: list[Change], steps: list[Change]) -> None:
    nodes = NodeBuffer()
    left = changed(nodes, EMPTY_ROOT, before).root
    right = changed(nodes, left, steps).root
    counts = count_changes(nodes, left, right)
    kinds = Counter(each.kind for each in diff_objects(nodes, left, right))
    assert (kinds[DiffKind.ADDED], kinds[DiffKind.REMOVED]) == (counts.added, counts.removed)
    assert (kinds[DiffKind.CHANGED], len(list(diff_datasets(nodes, left, right)))) == (
        counts.changed,
        counts.datasets,
    )
    moves = find_moves(nodes, left, right)
    shown = diff_with_moves(nodes, left, right, moves)
    assert moves.count == sum(each.kind is DiffKind.MOVED for each in shown)
    sizes = [sum(each.size for each in sound(nodes, root).values()) for root in (left, right)]
    assert sizes[1] - sizes[0] == counts.size_change


@many
@given(changes, changes, st.sampled_from(["", *PATHS]))
def test_moves_inside_a_folder_are_a_difference_of_its_own(
    before: list[Change], steps: list[Change], path: str
) -> None:
    nodes = NodeBuffer()
    left = changed(nodes, EMPTY_ROOT, before).root
    right = changed(nodes, left, steps).root
    moves = find_moves(nodes, left, right, path=path)
    for one, other in (*moves.datasets.items(), *moves.objects.items()):
        assert is_under(one, path)
        assert is_under(other, path)
    shown = list(diff_with_moves(nodes, left, right, moves, path=path))
    assert moves.count == sum(each.kind is DiffKind.MOVED for each in shown)
    datasets = list(datasets_with_moves(moves, diff_datasets(nodes, left, right)))
    assert moves.count == sum(each.moved for each in datasets)
    assert all(each.added >= 0 and each.removed >= 0 for each in datasets)


@many
@given(changes, changes, st.integers(0, 6))
def test_of_many_objects_only_datasets_are_paired(
    before: list[Change], steps: list[Change], most: int
) -> None:
    nodes = NodeBuffer()
    left = changed(nodes, EMPTY_ROOT, before).root
    right = changed(nodes, left, steps).root
    whole, bounded = find_moves(nodes, left, right), find_moves(nodes, left, right, most=most)
    assert whole.datasets == bounded.datasets
    assert bounded.objects in ({}, whole.objects)
    counts = count_changes(nodes, left, right)
    if counts.added + counts.removed + counts.changed <= most:
        assert whole == bounded


@many
@given(changes, changes)
def test_a_dataset_that_moved_is_told_once(before: list[Change], steps: list[Change]) -> None:
    nodes = NodeBuffer()
    left = changed(nodes, EMPTY_ROOT, before).root
    right = changed(nodes, left, steps).root
    moves = find_moves(nodes, left, right)
    shown = list(datasets_with_moves(moves, diff_datasets(nodes, left, right)))
    moved = {each.moved_from: each.path for each in shown if each.kind is DiffKind.MOVED}
    assert moves.datasets == moved
    old, new = RootTree(nodes, left), RootTree(nodes, right)
    for one, other in moves.datasets.items():
        assert [old.dataset_at(one).snapshot] == [new.dataset_at(other).snapshot]  # type: ignore[union-attr]
