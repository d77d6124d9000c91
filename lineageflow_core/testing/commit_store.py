"""What every `CommitStore` promises."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.commit_filter import CommitFilter
from lineageflow_core.model.ids import CommitId, SnapshotId
from lineageflow_core.store.ports import (
    CommitChanges,
    CommitLink,
    CommitPlace,
    CommitStore,
    DatasetChange,
    NodeLocation,
    Stores,
)
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.strategies import contract_settings, first_commits
from lineageflow_core.testing.values import (
    MAIN,
    NOON,
    branch,
    move,
    new_commit,
    new_repository,
    publication,
    publish_commit,
    run_id,
)

PACK = "ab" * 32


def publish_nodes(stores: Stores, repository: str, count: int) -> list[NodeLocation]:
    """Publishes a commit with this many nodes of one byte, in one pack."""
    nodes = [
        NodeLocation(node_id=blake3(number.to_bytes(4)).digest(), pack_id=PACK, offset=number, length=1)
        for number in range(count)
    ]
    stores.content(repository).write_pack(PACK, bytes(count))
    commit = new_commit("with nodes")
    stores.refs.publish(
        repository,
        replace(publication("k", move(MAIN, None, commit), commits=[commit]), nodes=tuple(nodes)),
    )
    return nodes


def _said() -> st.SearchStrategy[dict[str, Any]]:
    """Commits that differ in what they say, in little: so that filters show some of them."""
    return st.fixed_dictionaries(
        {
            "author": st.sampled_from(_TEXTS),
            "message": st.sampled_from([*_TEXTS, "long " * 1000 + "Ab", "straße"]),
            "created_at": st.sampled_from([NOON, NOON + timedelta(microseconds=1)]),
            "metadata": st.dictionaries(st.sampled_from(_TEXTS), st.sampled_from(_TEXTS), max_size=2),
            "run_id": st.sampled_from([None, run_id(1)]),
        }
    )


def _wanted() -> st.SearchStrategy[CommitFilter]:
    return st.builds(
        CommitFilter,
        author=st.none() | st.sampled_from(_TEXTS),
        message=st.none() | st.sampled_from([*_TEXTS, "STRASSE", "long " * 900]),
        since=st.none() | st.just(NOON + timedelta(microseconds=1)),
        until=st.none() | st.just(NOON + timedelta(microseconds=1)),
        metadata=st.dictionaries(st.sampled_from(_TEXTS), st.sampled_from(_TEXTS), max_size=1),
        run_id=st.sampled_from([None, None, run_id(1)]),
    )


_TEXTS = ("", "a", "Ab", "ab", "b\0Ab", "\x01", "100%", "a_b", "a=b", "\n", "/", "\\", "ÄB", "äb\n\nc", "İ")


class CommitStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(CommitStore, stores.commits)

    @contract_settings
    @given(commit=first_commits())
    def test_a_commit_is_kept_exactly(self, stores: Stores, commit: Commit) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, commit)
        assert commit == stores.commits.get(repository, commit.id)

    def test_a_commit_belongs_to_one_repository(self, stores: Stores) -> None:
        commit = new_commit("ours")
        publish_commit(stores.refs, new_repository(), commit)
        assert stores.commits.get(new_repository(), commit.id) is None

    def test_of_many_commits_those_that_are_stored_are_found(self, stores: Stores) -> None:
        repository = new_repository()
        stored = [new_commit(f"commit {number}") for number in range(1201)]
        stores.refs.publish(repository, publication("k", commits=stored))
        wanted = [commit.id for commit in stored] + [new_commit("elsewhere").id]
        assert {commit.id: commit for commit in stored} == stores.commits.get_many(repository, wanted)

    def test_no_commits_are_asked_for_and_none_are_found(self, stores: Stores) -> None:
        assert {} == stores.commits.get_many(new_repository(), [])

    @contract_settings
    @given(digits=st.integers(0, 64))
    def test_commits_are_found_by_how_their_id_starts(self, stores: Stores, digits: int) -> None:
        repository = new_repository()
        stored = [new_commit(f"commit {number}") for number in range(40)]
        stores.refs.publish(repository, publication("k", commits=stored))
        prefix = stored[0].id[:digits]
        matching = sorted(commit.id for commit in stored if commit.id.startswith(prefix))
        assert matching == stores.commits.find(repository, prefix, limit=40)
        assert matching[:2] == stores.commits.find(repository, prefix, limit=2)

    def test_what_is_not_hexadecimal_starts_no_id(self, stores: Stores) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, new_commit("one"))
        assert [] == stores.commits.find(repository, "main", limit=2)

    def test_ancestors_are_read_down_to_a_generation(self, stores: Stores) -> None:
        repository = new_repository()
        history = [new_commit("root")]
        for number in range(30):
            parents = [history[-1], history[-3]] if number % 3 == 2 else history[-1:]
            history.append(new_commit(f"commit {number}", *parents))
        stray = new_commit("stray", history[5])
        stores.refs.publish(repository, publication("k", commits=[*history, stray]))
        tips = [history[-1].id, history[4].id, new_commit("nowhere").id]
        for down_to in (0, 1, 8, history[-1].generation, history[-1].generation + 1):
            expected = {
                CommitLink(each.id, each.parents, each.generation, bool(each.replaced))
                for each in history
                if each.generation >= down_to
            }
            found = _ancestors(stores, repository, tips, down_to)
            assert expected <= found
            assert {link.id for link in found} <= {each.id for each in history}
        assert set() == _ancestors(stores, repository, [], 0)
        assert set() == _ancestors(stores, new_repository(), tips, 0)

    @contract_settings
    @given(commit=first_commits())
    def test_an_ancestor_says_whether_it_replaced_units(self, stores: Stores, commit: Commit) -> None:
        repository = new_repository()
        publish_commit(stores.refs, repository, commit)
        [link] = stores.commits.ancestors(repository, [commit.id], down_to=0)
        assert bool(commit.replaced) == link.replaces

    def test_what_touched_a_path_is_found_the_last_first(self, stores: Stores) -> None:
        repository = new_repository()
        history = _history_of_changes(
            [("a", None, "1")],
            [("a", "1", "2"), ("b/c/d", None, "1")],
            [("b-c", None, "1")],
            None,
            [("b/c/d", "1", None), ("b/e", None, "1")],
            [],
        )
        commits = [commit for commit, _ in history]
        changes = tuple(changes for _, changes in history if changes is not None)
        stores.refs.publish(repository, replace(publication("k", commits=commits), changes=changes))

        def touching(path: str, *, limit: int = 100, after: int | None = None) -> list[int]:
            place = None if after is None else _place_of(commits[after])
            found = _touching(stores, repository, path, after=place, limit=limit)
            assert sorted(found, reverse=True) == found
            return [commits.index(next(each for each in commits if each.id == place.id)) for place in found]

        assert [3, 1, 0] == touching("a")
        assert [3, 1, 0] == touching("a/x")
        assert [4, 3, 1] == touching("b") == touching("b/c/d")
        assert [4, 3, 1] == touching("b/c/d/x/y")
        assert [3, 2] == touching("b-c")
        assert [4, 3] == touching("b/e")
        assert [3] == touching("c") == touching("b/c/x") == touching("b/c/d-e")
        assert [4, 3] == touching("b", limit=2)
        assert [1] == touching("b", after=3) == touching("b", after=2)
        assert [] == _touching(stores, new_repository(), "a")

    def test_the_commits_of_a_run_are_found_the_last_first(self, stores: Stores) -> None:
        repository = new_repository()
        first = new_commit("first")
        made = [first]
        for number in (1, 2, 1):
            made.append(
                make_commit(
                    parents=made[-1:],
                    root=first.root,
                    author="ada",
                    message="",
                    created_at=NOON,
                    run_id=run_id(number),
                )
            )
        stores.refs.publish(repository, publication("k", commits=made))

        def made_by(number: int, *, owner: str = repository) -> list[CommitPlace]:
            wanted = CommitFilter(run_id=run_id(number))
            return stores.commits.candidates(owner, wanted, after=None, limit=10)

        assert [_place_of(made[3]), _place_of(made[1])] == made_by(1)
        assert [] == made_by(3)
        assert [] == made_by(1, owner=new_repository())

    @contract_settings
    @given(said=st.lists(_said(), min_size=1, max_size=12), wanted=_wanted(), path=st.sampled_from(["", "a"]))
    def test_all_that_a_filter_shows_is_found_the_last_first(
        self, stores: Stores, said: list[dict[str, Any]], wanted: CommitFilter, path: str
    ) -> None:
        repository = new_repository()
        made: list[Commit] = []
        for each in said:
            made.append(make_commit(parents=made[-1:], root=PACK, **each))
        changed = DatasetChange("a", None, _digest("1"))
        changes = tuple(
            CommitChanges(commit=commit.id, datasets=(changed,) if commit.generation % 2 else ())
            for commit in made
        )
        stores.refs.publish(repository, replace(publication("k", commits=made), changes=changes))
        asked = replace(wanted, path=path)
        shown = [
            _place_of(commit)
            for commit in reversed(made)
            if wanted.admits(commit) and (not path or commit.generation % 2)
        ]
        found = stores.commits.candidates(repository, asked, after=None, limit=100)
        assert shown == [place for place in found if place in shown]
        assert sorted(found, reverse=True) == found
        first = stores.commits.candidates(repository, asked, after=None, limit=1)
        assert found[:1] == first
        if first:
            behind = stores.commits.candidates(repository, asked, after=first[0], limit=100)
            assert found[1:] == behind

    def test_what_long_texts_say_is_found(self, stores: Stores) -> None:
        repository, long = new_repository(), "word " * 5000
        commit = make_commit(
            parents=[],
            root=PACK,
            author="ada",
            message=f"{long}End",
            created_at=NOON,
            metadata={"key": long},
        )
        stores.refs.publish(repository, publication("k", commits=[commit]))
        for wanted in (
            CommitFilter(message="word end"),
            CommitFilter(message=f"{long[5:]}end"),
            CommitFilter(metadata={"key": long}),
        ):
            assert wanted.admits(commit)
            found = stores.commits.candidates(repository, wanted, after=None, limit=1)
            assert [_place_of(commit)] == found

    def test_a_filter_that_shows_few_commits_finds_few(self, stores: Stores) -> None:
        repository = new_repository()
        made: list[Commit] = []
        for number in range(20):
            made.append(
                make_commit(
                    parents=made[-1:],
                    root=PACK,
                    author=f"author {number}",
                    message=f"Message_{number}%",
                    created_at=NOON + timedelta(seconds=number),
                    metadata={"number": str(number)},
                )
            )
        stores.refs.publish(repository, publication("k", commits=made))
        for wanted in (
            CommitFilter(author="author 7"),
            CommitFilter(message="mESSAGE_7%"),
            CommitFilter(metadata={"number": "7"}),
            CommitFilter(since=made[7].created_at, until=made[8].created_at),
        ):
            found = stores.commits.candidates(repository, wanted, after=None, limit=100)
            assert [_place_of(made[7])] == found
        assert [] == stores.commits.candidates(
            repository, CommitFilter(message="message 7"), after=None, limit=1
        )

    def test_what_a_dataset_was_after_commits_is_recorded(self, stores: Stores) -> None:
        repository = new_repository()
        history = _history_of_changes([("a", None, "1"), ("b", None, "2")], [("a", "1", None)], None)
        commits = [commit for commit, _ in history]
        changes = tuple(changes for _, changes in history if changes is not None)
        stores.refs.publish(repository, replace(publication("k", commits=commits), changes=changes))
        wanted = [commit.id for commit in commits]
        first, second, _ = wanted
        assert {first: _digest("1"), second: None} == stores.commits.snapshots_after(repository, "a", wanted)
        assert {first: _digest("2")} == stores.commits.snapshots_after(repository, "b", wanted)
        assert {} == stores.commits.snapshots_after(repository, "c", wanted)
        assert {} == stores.commits.snapshots_after(repository, "a", [])
        assert {} == stores.commits.snapshots_after(new_repository(), "a", wanted)

    def test_many_changes_of_one_commit_are_found(self, stores: Stores) -> None:
        repository = new_repository()
        many = [(f"m/{number}", None, "1") for number in range(1500)]
        [(commit, changes)] = _history_of_changes(many)
        assert changes is not None
        stores.refs.publish(repository, replace(publication("k", commits=[commit]), changes=(changes,)))
        for path in ("m/7", "m/1499", "m"):
            found = _touching(stores, repository, path)
            assert [_place_of(commit)] == found

    def test_nodes_are_located(self, stores: Stores) -> None:
        repository = new_repository()
        nodes = publish_nodes(stores, repository, 1201)
        wanted = [node.node_id for node in nodes] + [bytes(32)]
        assert {node.node_id: node for node in nodes} == stores.commits.locate(repository, wanted)

    def test_a_node_is_located_in_its_own_repository_only(self, stores: Stores) -> None:
        [node] = publish_nodes(stores, new_repository(), 1)
        assert {} == stores.commits.locate(new_repository(), [node.node_id])

    def test_a_commit_and_node_published_twice_stay_as_they_were(self, stores: Stores) -> None:
        repository = new_repository()
        [node] = publish_nodes(stores, repository, 1)
        commit = new_commit("with nodes")
        stores.content(repository).write_pack("cd" * 32, b"12345")
        again = replace(node, pack_id="cd" * 32, offset=3)
        stores.refs.publish(
            repository,
            replace(publication("k2", move(branch("b"), None, commit), commits=[commit]), nodes=(again,)),
        )
        assert commit == stores.commits.get(repository, CommitId(commit.id))
        [located] = stores.commits.locate(repository, [node.node_id]).values()
        assert 1 == len(stores.content(repository).read_pack(located.pack_id, located.offset, 1))


def _ancestors(stores: Stores, repository: str, commits: Sequence[CommitId], down_to: int) -> set[CommitLink]:
    """Returns ancestors, asking for what is left out as long as there is any."""
    found: dict[CommitId, CommitLink] = {}
    pending = list(commits)
    while pending:
        read = stores.commits.ancestors(repository, pending, down_to=down_to)
        found |= {link.id: link for link in read}
        asked = set(pending)
        parents = {parent for link in read for parent in link.parents}
        pending = sorted(parents - found.keys() - asked)
    return set(found.values())


def _history_of_changes(
    *changes: Sequence[tuple[str, str | None, str | None]] | None,
) -> list[tuple[Commit, CommitChanges | None]]:
    """Returns a line of commits with what is recorded of each; None: nothing is."""
    history: list[tuple[Commit, CommitChanges | None]] = []
    for number, datasets in enumerate(changes):
        commit = new_commit(f"commit {number}", *(commit for commit, _ in history[-1:]))
        recorded = None
        if datasets is not None:
            made = (DatasetChange(path, _digest(before), _digest(after)) for path, before, after in datasets)
            recorded = CommitChanges(commit=commit.id, datasets=tuple(made))
        history.append((commit, recorded))
    return history


def _digest(content: str | None) -> SnapshotId | None:
    return SnapshotId(blake3(content.encode()).hexdigest()) if content is not None else None


def _place_of(commit: Commit) -> CommitPlace:
    return CommitPlace(commit.generation, commit.id)


def _touching(
    stores: Stores, repository: str, path: str, *, after: CommitPlace | None = None, limit: int = 10
) -> list[CommitPlace]:
    return stores.commits.candidates(repository, CommitFilter(path=path), after=after, limit=limit)
