"""Some paths of one root in another: there it is as in the one, elsewhere as in the other."""

from contextlib import suppress

from hypothesis import given, reject
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError, PathConflictError
from lineageflow_core.model.change import Change
from lineageflow_core.model.names import is_under
from lineageflow_core.tree.root import EMPTY_ROOT, RootTree
from lineageflow_core.tree.source import NodeBuffer
from lineageflow_core.tree.transplant import transplant
from tests.core.tree.test_any_changes import PATHS, changed, changes, many, sound

some_paths = st.sets(st.sampled_from([*PATHS, "a/b/x", "a/x"]), min_size=1, max_size=3)


@many
@given(changes, changes, changes, some_paths)
def test_the_paths_are_as_in_the_source_and_all_else_is_as_before(
    before: list[Change], mine: list[Change], other: list[Change], paths: set[str]
) -> None:
    nodes = NodeBuffer()
    base = changed(nodes, EMPTY_ROOT, before).root
    root, source = changed(nodes, base, mine).root, changed(nodes, base, other).root
    try:
        result = transplant(nodes, root, source, paths)
    except (InvalidInputError, PathConflictError):
        reject()
    here, there = sound(nodes, root), sound(nodes, source)

    def chosen(path: str) -> bool:
        return any(is_under(path, each) for each in paths)

    expected = {path: entry for path, entry in here.items() if not chosen(path)}
    expected |= {path: entry for path, entry in there.items() if chosen(path)}
    assert expected == sound(nodes, result)


@many
@given(changes, changes, st.sampled_from(PATHS))
def test_what_is_chosen_and_what_is_left_are_the_whole(
    before: list[Change], steps: list[Change], path: str
) -> None:
    nodes = NodeBuffer()
    base = changed(nodes, EMPTY_ROOT, before).root
    draft = changed(nodes, base, steps).root
    try:
        chosen = transplant(nodes, base, draft, [path])
    except (InvalidInputError, PathConflictError):
        reject()
    datasets = {each.path for root in (draft, chosen) for each in RootTree(nodes, root).datasets()}
    assert draft == transplant(nodes, chosen, draft, datasets)
    with suppress(InvalidInputError):  # a part of a dataset may not fit the other's partitions
        assert draft == transplant(nodes, chosen, draft, sound(nodes, draft) | sound(nodes, chosen))
