"""What runs write is what the branches hold to which it is published, whatever both were made from."""

from collections.abc import Mapping

from hypothesis import event, given
from hypothesis import strategies as st

from lineageflow_core.errors import MergeConflictError
from lineageflow_core.model.change import Change, put, replace
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.merge import Side
from lineageflow_core.repository import Repository
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.testing.catalog.scene import commit, entries, files, new_run_id

UNITS = {"a": None, "b/c": None, "t/p": "t", "t/q": "t"}
"""Datasets, and partitions with their dataset."""
Writes = list[tuple[str, dict[str, bytes]]]
"""Units, and what is written to each."""
units = st.sampled_from(sorted(UNITS))
contents = st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from([b"0", b"1"]), min_size=1)
wholes = st.tuples(units, contents)
"""A unit that is written as one thing."""
touches: st.SearchStrategy[tuple[str, dict[str, bytes]]] = wholes | st.tuples(units, st.just({}))
"""A unit that is written as one thing, or, with no content, a file that is added to it."""
some_wholes = st.lists(wholes, min_size=1, max_size=3)


def change(repo: Repository, unit: str, content: Mapping[str, bytes]) -> Change:
    if not content:
        return put(f"{unit}/z", entries(repo, {"": b"2"}), dataset=UNITS[unit] or unit)
    return replace(unit, entries(repo, content), dataset=UNITS[unit])


def run(repo: Repository, commits: list[Writes], *, base: str) -> RunId:
    run_id = repo.catalog.transactions.begin("lake", new_run_id(), base=base).run_id
    for writes in commits:
        commit(repo, *(change(repo, *each) for each in writes), branch=f"run:{run_id}")
    return run_id


def published(repo: Repository, run_id: RunId, strategy: Side | None) -> bool:
    try:
        repo.catalog.transactions.publish(repo.name, run_id, author="ada", strategy=strategy)
    except MergeConflictError:
        return False
    return True


@given(
    st.lists(touches, max_size=3),
    st.lists(st.lists(wholes, min_size=1, max_size=2), max_size=2),
    st.lists(some_wholes, min_size=1, max_size=2),
    st.sampled_from([None, Side.THEIRS]),
    st.data(),
)
def test_after_it_was_published_the_target_holds_what_the_run_wrote(
    by_people: Writes,
    by_others: list[Writes],
    by_run: list[Writes],
    strategy: Side | None,
    data: st.DataObject,
) -> None:
    repo = Repository(open_embedded(MemoryStores()), "lake", author="ada").create()
    commit(repo, *(change(repo, unit, {"x": b"0"}) for unit in UNITS))
    repo.tag("v1")
    for each in by_people:
        commit(repo, change(repo, *each))
    for writes in by_others:
        other = run(repo, [writes], base=data.draw(st.sampled_from(["v1", "main"])))
        assert published(repo, other, Side.THEIRS)
    this = run(repo, by_run, base="v1")
    wrote = {unit: content for writes in by_run for unit, content in writes}
    tip, touched = repo.head(), {unit for writes in [by_people, *by_others] for unit, _ in writes}
    is_published = published(repo, this, strategy)
    event(f"published: {is_published}, by {strategy}")
    if is_published:
        for unit, content in wrote.items():
            assert {f"{unit}/{name}": text for name, text in content.items()} == files(repo, path=unit)
    else:
        assert (tip, None) == (repo.head(), strategy)
        assert touched & wrote.keys()
