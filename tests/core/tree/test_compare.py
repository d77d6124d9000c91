"""Which of some paths differ between two roots, against a plain dictionary of paths."""

from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.model.change import Change, delete, put
from lineageflow_core.model.names import is_under, parents_of
from lineageflow_core.tree.compare import changed_among, changed_around, changed_datasets
from lineageflow_core.tree.root import EMPTY_ROOT
from lineageflow_core.tree.source import NodeBuffer
from tests.core.tree.test_any_changes import changed, changes, many
from tests.core.tree.test_changes import apply, contents, entry, relative

files = st.dictionaries(relative.map(lambda path: f"d/{path}.leaf") | st.just("loose"), contents, max_size=8)


def root_of(nodes: NodeBuffer, wanted: dict[str, str]) -> str:
    changes = [
        put(path, [entry("", text)], dataset="d" if path.startswith("d/") else None)
        for path, text in wanted.items()
    ]
    return apply(nodes, EMPTY_ROOT, changes)


@given(files, files, st.data())
def test_a_path_has_changed_if_an_object_at_or_below_it_has(
    before: dict[str, str], after: dict[str, str], data: st.DataObject
) -> None:
    nodes = NodeBuffer()
    every = {place for path in before.keys() | after.keys() for place in (path, *parents_of(path))} | {"no"}
    paths = data.draw(st.sets(st.sampled_from(sorted(every))))
    differ = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert {path for path in paths if any(is_under(each, path) for each in differ)} == changed_among(
        nodes, root_of(nodes, before), root_of(nodes, after), paths
    )


@many
@given(changes, changes, changes, st.integers(0, 1))
def test_around_some_paths_is_all_that_has_to_do_with_them(
    before: list[Change], mine: list[Change], other: list[Change], few: int
) -> None:
    nodes = NodeBuffer()
    base = changed(nodes, EMPTY_ROOT, before).root
    left, right = changed(nodes, base, mine).root, changed(nodes, base, other).root
    every = {path: (one, two) for path, one, two in changed_datasets(nodes, base, left)}
    paths = [path for path, _, _ in changed_datasets(nodes, base, right)][: few or None]
    tops = {place for place in (*every, *paths) if not {*every, *paths}.intersection(parents_of(place))}
    tops = {top for top in tops if any(is_under(path, top) for path in paths)}
    expected = {path for path in every if any(is_under(path, top) for top in tops)}
    found = changed_around(nodes, base, left, paths)
    assert {path: every[path] for path in expected} == dict(found)


def test_around_a_path_is_all_below_the_dataset_that_took_it_in() -> None:
    nodes = NodeBuffer()
    base = apply(nodes, EMPTY_ROOT, [put(path, [entry("", "1")]) for path in ("a/b/c", "a/d", "e")])
    taken_in = [delete("a"), delete("e"), put("a", [entry("x", "1")])]
    found = changed_around(nodes, base, apply(nodes, base, taken_in), ["a/b/c"])
    assert ["a", "a/b/c", "a/d"] == sorted(found)
