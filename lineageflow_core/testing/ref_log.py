"""What every `RefStore` promises about its log: what was done, under which key, and when."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import RefMovedError
from lineageflow_core.model.ids import CommitId
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import Publication, RefUpdate, Stores
from lineageflow_core.testing.strategies import contract_settings
from lineageflow_core.testing.values import (
    MAIN,
    NOON,
    branch,
    later,
    move,
    new_commit,
    new_repository,
    publication,
    publish_commit,
)

FIRST = new_commit("first")
SECOND = new_commit("second", FIRST)

MINUTES = range(-6, 7)
"""When a random history happens, and a little before and after."""


class RefLogContract:
    """Needs the fixture `stores`, which are empty."""

    def test_a_key_publishes_once(self, stores: Stores) -> None:
        repository = new_repository()
        done = publish_commit(stores.refs, repository, FIRST)
        other = publication(FIRST.id, move(MAIN, FIRST, SECOND), commits=[SECOND], at=later(1))
        assert done == stores.refs.publish(repository, other)
        ref = stores.refs.get(repository, MAIN)
        assert ref is not None
        assert (FIRST.id, None) == (ref.commit, stores.commits.get(repository, SECOND.id))

    def test_a_key_belongs_to_one_repository(self, stores: Stores) -> None:
        one, two = new_repository(), new_repository()
        publish_commit(stores.refs, one, FIRST)
        publish_commit(stores.refs, two, FIRST)
        assert stores.refs.get(one, MAIN) == stores.refs.get(two, MAIN)

    def test_what_was_published_is_told_by_its_key(self, stores: Stores) -> None:
        repository = new_repository()
        told = publication("k", move(MAIN, None, FIRST), move(branch("a"), None, None), commits=[FIRST])
        stores.refs.publish(repository, told)
        assert replace(told, commits=()) == stores.refs.published(repository, "k")

    def test_a_removed_ref_is_told_by_the_key_of_its_removal(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        there = stores.refs.get(repository, MAIN)
        gone = replace(move(MAIN, FIRST, None), removed=there)
        stores.refs.publish(repository, publication("k", gone, at=later(1)))
        told = stores.refs.published(repository, "k")
        assert told is not None
        assert (gone,) == told.updates

    def test_a_key_that_was_never_used_tells_nothing(self, stores: Stores) -> None:
        assert stores.refs.published(new_repository(), "k") is None

    def test_a_ref_is_where_it_was_at_any_instant(self, stores: Stores) -> None:
        repository = new_repository()
        moves = [move(MAIN, None, FIRST), move(MAIN, FIRST, None), move(MAIN, None, SECOND)]
        stores.refs.publish(repository, publication("k", commits=[FIRST, SECOND]))
        for minute, each in enumerate(moves):
            stores.refs.publish(repository, publication(f"k{minute}", each, at=later(minute)))
        just_before = timedelta(microseconds=1)
        instants = [NOON - just_before, NOON, later(1) - just_before, later(1), later(2), later(99)]
        expected = [None, FIRST.id, FIRST.id, None, SECOND.id, SECOND.id]
        assert expected == [stores.refs.as_of(repository, MAIN, instant) for instant in instants]

    def test_the_past_ends_at_the_present_even_if_the_clock_went_back(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, FIRST)
        early = publication("k", move(MAIN, FIRST, SECOND), commits=[SECOND], at=later(-5))
        stores.refs.publish(repository, early)
        assert SECOND.id == stores.refs.as_of(repository, MAIN, later(1))
        assert stores.refs.as_of(repository, MAIN, later(-1)) is None

    @contract_settings
    @given(data=st.data())
    def test_any_history_gives_what_the_reference_gives(self, stores: Stores, data: st.DataObject) -> None:
        reference, repository = MemoryStores(), new_repository()
        commits = [FIRST, SECOND]
        reference.refs.publish(repository, publication("commits", commits=commits))
        stores.refs.publish(repository, publication("commits", commits=commits))
        targets = st.none() | st.sampled_from([commit.id for commit in commits])
        updates = st.builds(RefUpdate, ref=st.sampled_from("ab").map(branch), expected=targets, new=targets)
        publications = st.builds(
            lambda key, moves, minute: publication(key, *moves, at=later(minute)),
            st.text("kl", min_size=1, max_size=4),
            st.lists(updates, max_size=3, unique_by=lambda update: update.ref),
            st.sampled_from(MINUTES[1:-1]),
        )
        for each in data.draw(st.lists(publications, max_size=12)):
            assert outcome(reference, repository, each) == outcome(stores, repository, each)
        for name in "ab":
            assert reference.refs.get(repository, branch(name)) == stores.refs.get(repository, branch(name))
            assert past_of(reference, repository, name) == past_of(stores, repository, name)


def outcome(stores: Stores, repository: str, wanted: Publication) -> object:
    """Returns what publishing gives: the publication, or what its refusal says."""
    try:
        return stores.refs.publish(repository, wanted)
    except RefMovedError as error:
        return error.details


def past_of(stores: Stores, repository: str, name: str) -> list[CommitId | None]:
    """Returns where a branch was at each minute."""
    return [stores.refs.as_of(repository, branch(name), later(minute)) for minute in MINUTES]
