"""Merging roots: by path, and by what was written as one thing."""

from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.model.change import delete, put, replace
from lineageflow_core.model.merge import ConflictKind, Side
from lineageflow_core.tree.merge import Merged, MergeInput, merge_roots
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree
from lineageflow_core.tree.source import NodeBuffer
from tests.core.tree.test_changes import apply, contents, entry, paths, relative


def merged(
    nodes: NodeBuffer,
    base: str,
    ours: str,
    theirs: str,
    *,
    replaced: tuple[str, ...] = (),
    picks: dict[str, Side] | None = None,
) -> Merged:
    sides = MergeInput(base=base, ours=ours, theirs=theirs, ours_replaced=frozenset(replaced))
    return merge_roots(nodes, sides, picks or {})


def test_changes_of_different_datasets_merge() -> None:
    nodes = NodeBuffer()
    ours = apply(nodes, EMPTY_ROOT, [replace("a", [entry("x")])])
    theirs = apply(nodes, EMPTY_ROOT, [replace("b", [entry("y")])])
    result = merged(nodes, EMPTY_ROOT, ours, theirs, replaced=("a", "b"))
    assert result.root is not None
    assert ["a/x", "b/y"] == paths(nodes, result.root)


def test_files_added_to_one_dataset_merge() -> None:
    nodes = NodeBuffer()
    base = apply(nodes, EMPTY_ROOT, [put("d", [entry("0")])])
    ours = apply(nodes, base, [put("d/1", [entry("")])])
    theirs = apply(nodes, base, [put("d/2", [entry("")])])
    result = merged(nodes, base, ours, theirs)
    assert result.root is not None
    assert ["d/0", "d/1", "d/2"] == paths(nodes, result.root)


def test_replacing_a_dataset_conflicts_with_any_change_below_it() -> None:
    nodes = NodeBuffer()
    base = apply(nodes, EMPTY_ROOT, [put("d", [entry("0")])])
    ours = apply(nodes, base, [replace("d", [entry("1")])])
    theirs = apply(nodes, base, [put("d/2", [entry("")])])
    result = merged(nodes, base, ours, theirs, replaced=("d",))
    assert [("d", ConflictKind.UNIT)] == [(found.path, found.kind) for found in result.conflicts]
    assert result.root is None


def test_a_unit_picked_from_a_side_is_that_side_whole() -> None:
    nodes = NodeBuffer()
    base = apply(nodes, EMPTY_ROOT, [put("d", [entry("0")])])
    ours = apply(nodes, base, [replace("d", [entry("1")])])
    theirs = apply(nodes, base, [put("d/2", [entry("")])])
    mine = merged(nodes, base, ours, theirs, replaced=("d",), picks={"d": Side.OURS})
    other = merged(nodes, base, ours, theirs, replaced=("d",), picks={"d": Side.THEIRS})
    assert (ours, theirs) == (mine.root, other.root)


def test_different_partitions_replaced_merge_and_equal_ones_conflict() -> None:
    nodes = NodeBuffer()
    base = apply(nodes, EMPTY_ROOT, [replace("t/d1", [entry("p")], dataset="t")])
    ours = apply(nodes, base, [replace("t/d2", [entry("q")], dataset="t")])
    other_day = apply(nodes, base, [replace("t/d3", [entry("r")], dataset="t")])
    same_day = apply(nodes, base, [replace("t/d2", [entry("s")], dataset="t")])
    clean = merged(nodes, base, ours, other_day, replaced=("t/d2", "t/d3"))
    assert clean.root is not None
    assert ["t/d1/p", "t/d2/q", "t/d3/r"] == paths(nodes, clean.root)
    clash = merged(nodes, base, ours, same_day, replaced=("t/d2",))
    assert ["t/d2"] == [found.path for found in clash.conflicts]


def test_both_sides_writing_the_same_is_one_change() -> None:
    nodes = NodeBuffer()
    ours = apply(nodes, EMPTY_ROOT, [replace("d", [entry("1")])])
    result = merged(nodes, EMPTY_ROOT, ours, ours, replaced=("d",))
    assert ours == result.root


def test_a_file_and_a_folder_of_one_name_conflict() -> None:
    nodes = NodeBuffer()
    ours = apply(nodes, EMPTY_ROOT, [put("a", [entry("")])])
    theirs = apply(nodes, EMPTY_ROOT, [put("a/b", [entry("")])])
    result = merged(nodes, EMPTY_ROOT, ours, theirs)
    assert [ConflictKind.PATH] == [found.kind for found in result.conflicts]


edits = st.dictionaries(relative.map(lambda path: f"{path}.leaf"), st.none() | contents, max_size=8)
states = st.dictionaries(relative.map(lambda path: f"{path}.leaf"), contents, max_size=8)


def edited(nodes: NodeBuffer, root: str, before: dict[str, str], changes: dict[str, str | None]) -> str:
    puts = [
        put(f"d/{path}", [entry("", text)], dataset="d") for path, text in changes.items() if text is not None
    ]
    deletes = [delete(f"d/{path}") for path, text in changes.items() if text is None and path in before]
    return apply(nodes, root, puts + deletes)


@given(states, edits, edits)
def test_merging_agrees_with_a_dictionary_and_is_symmetric(
    before: dict[str, str], mine: dict[str, str | None], other: dict[str, str | None]
) -> None:
    nodes = NodeBuffer()
    base = edited(nodes, EMPTY_ROOT, {}, dict(before))
    ours, theirs = edited(nodes, base, before, mine), edited(nodes, base, before, other)
    forth = merged(nodes, base, ours, theirs)
    back = merged(nodes, base, theirs, ours)
    after = {**before, **mine}, {**before, **other}
    touched = [
        path
        for path in mine.keys() | other.keys()
        if before.get(path) != after[0].get(path)
        and before.get(path) != after[1].get(path)
        and after[0].get(path) != after[1].get(path)
    ]
    assert sorted(f"d/{path}" for path in touched) == [found.path for found in forth.conflicts]
    assert forth.root == back.root
    if forth.root is not None:
        changed = {path: text for path, text in after[0].items() if text != before.get(path)}
        expected = {**after[1], **changed}
        listed = {found.path: found.object_id for found in RootTree(nodes, forth.root).objects()}
        assert listed == {
            f"d/{path}": entry("", text).object_id for path, text in expected.items() if text is not None
        }


UNITS = {"a": None, "t/p": "t", "t/q": "t"}
"""A dataset and two partitions, with their dataset."""
writes = st.lists(st.tuples(st.sampled_from(sorted(UNITS)), st.sampled_from("01")), max_size=3)


def written(nodes: NodeBuffer, root: str, units: list[tuple[str, str]]) -> tuple[str, dict[str, set[str]]]:
    """Returns the root after runs wrote units, and by which roots they did."""
    roots: dict[str, set[str]] = {}
    for unit, text in units:
        root = apply(nodes, root, [replace(unit, [entry("x", text)], dataset=UNITS[unit])])
        roots.setdefault(unit, set()).add(root)
    return root, roots


@given(writes, writes)
def test_what_runs_wrote_on_either_side_is_what_both_have_then_or_conflicts(
    mine: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    nodes = NodeBuffer()
    base, _ = written(nodes, EMPTY_ROOT, [(unit, "0") for unit in UNITS])
    (ours, by_ours), (theirs, by_theirs) = written(nodes, base, mine), written(nodes, base, other)

    def merged_with(one: str, by_one: dict[str, set[str]], two: str, by_two: dict[str, set[str]]) -> Merged:
        sides = MergeInput(
            base=base,
            ours=one,
            theirs=two,
            ours_replaced=frozenset(by_one),
            theirs_replaced=frozenset(by_two),
            ours_written=by_one,
            theirs_written=by_two,
        )
        return merge_roots(nodes, sides, {})

    forth, back = merged_with(ours, by_ours, theirs, by_theirs), merged_with(theirs, by_theirs, ours, by_ours)
    differently = {unit for unit in UNITS if unit in dict(mine) and unit in dict(other)} - {
        unit for unit in UNITS if dict(mine).get(unit) == dict(other).get(unit)
    }
    assert (
        differently == {found.path for found in forth.conflicts} == {found.path for found in back.conflicts}
    )
    assert forth.root == back.root
    if forth.root is not None:
        wrote = dict.fromkeys(UNITS, "0") | dict(mine) | dict(other)
        listed = {found.path: found.object_id for found in RootTree(nodes, forth.root).objects()}
        assert listed == {f"{unit}/x": entry("", text).object_id for unit, text in wrote.items()}
