from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.tree.shape import SHAPE, Shape
from tests.core.tree.maps import TINY

runs = st.integers(0, 60).flatmap(
    lambda length: st.tuples(
        st.sets(st.integers(1, max(1, length)), max_size=length).map(sorted), st.just(length)
    )
)


def test_a_leaf_of_a_stored_tree_has_256_entries_and_a_node_above_128_children_on_average() -> None:
    keys = [f"date=2026-01-01/part-{n:06d}.parquet" for n in range(200_000)]
    leaves = len(SHAPE.ends(keys, level=0))
    above = len(SHAPE.ends(keys, level=1))
    assert 240 < 200_000 / leaves < 272
    assert 2 <= above <= 16


def test_a_key_that_ends_a_node_ends_one_on_each_level_below() -> None:
    keys = [str(n) for n in range(5_000)]
    shape = Shape(leaf=4, fan_out=4)
    ends = [set(shape.ends(keys, level=level)) for level in range(5)]
    assert [True] * 4 == [higher < lower for lower, higher in pairwise(ends)]


def test_no_rank_ends_a_node_on_a_level_that_ranks_are_too_short_for() -> None:
    assert [] == SHAPE.ends([str(n) for n in range(1_000)], level=4)


@given(runs)
def test_no_node_holds_more_than_the_slack_allows(run: tuple[list[int], int]) -> None:
    ends, length = run
    cuts = TINY.cut(ends, length=length, level=0)
    nodes = [end - start for start, end in zip([0, *cuts], [*cuts, length], strict=True)]
    assert max(nodes) <= TINY.leaf * TINY.slack
    assert all(entries > 0 for entries in nodes[:-1])


@given(runs)
def test_every_end_by_rank_is_a_cut(run: tuple[list[int], int]) -> None:
    ends, length = run
    assert set() == {end for end in ends if end <= length} - set(TINY.cut(ends, length=length, level=0))


@given(runs, st.integers(0, 60))
def test_where_nodes_end_does_not_depend_on_what_follows(run: tuple[list[int], int], shorter: int) -> None:
    ends, length = run
    shorter = min(shorter, length)
    whole = [cut for cut in TINY.cut(ends, length=length, level=0) if cut <= shorter]
    assert whole == TINY.cut([end for end in ends if end <= shorter], length=shorter, level=0)


def test_a_shape_whose_trees_would_never_come_to_a_root_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="fan_out"):
        Shape(fan_out=1)
