"""The graph of commits, against brute-force walks over random histories, however much of it is in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.errors import IntegrityError
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.service.commit_graph import CommitGraph, Parting
from lineageflow_core.store.ports import CommitLink, CommitPlace

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


class Stored:
    """Commits that a graph reads, with how many were read to answer."""

    def __init__(self, commits: Sequence[Commit], *, one_by_one: bool = False) -> None:
        self.known = {commit.id: commit for commit in commits}
        self.one_by_one = one_by_one
        """As where the rows of an earlier version name no parents."""
        self.read = 0

    def graph(self) -> CommitGraph:
        return CommitGraph(self.ancestors, lambda commits: [self.known[commit] for commit in commits])

    def ancestors(self, commits: Sequence[CommitId], down_to: int) -> list[CommitLink]:
        found: dict[CommitId, CommitLink] = {}
        pending = list(commits)
        while pending:
            commit = self.known.get(pending.pop())
            if commit is None or commit.id in found or commit.generation < down_to:
                continue
            found[commit.id] = CommitLink(commit.id, commit.parents, commit.generation, bool(commit.replaced))
            pending += () if self.one_by_one else commit.parents
        self.read += len(found)
        return list(found.values())


def commit_on(*parents: Commit, name: object) -> Commit:
    return make_commit(
        parents=parents, root="", author="", message=str(name), created_at=WHEN, replaced=[f"d{name}"]
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Commit]:
    commits: list[Commit] = []
    for number in range(draw(st.integers(1, 20))):
        count = draw(st.integers(0, min(2, number)))
        picked = (
            draw(st.lists(st.integers(0, number - 1), min_size=count, max_size=count, unique=True))
            if number
            else []
        )
        commits.append(commit_on(*(commits[at] for at in picked), name=number))
    return commits


def braided(length: int) -> list[Commit]:
    """Returns a long history in which short branches leave and come back, some of them crossing over."""
    commits = [commit_on(name="root")]
    tips = [commits[0]] * 3
    for number in range(length):
        lane = number % 7 % 3
        crosses = number % 5 == 0 and tips[lane] != tips[lane - 1]
        parents = (tips[lane], tips[lane - 1]) if crosses else (tips[lane],)
        tips[lane] = commit_on(*parents, name=number)
        commits.append(tips[lane])
    return commits


def ancestors(commit: Commit, known: dict[CommitId, Commit]) -> set[CommitId]:
    found, pending = set[CommitId](), [commit]
    while pending:
        current = pending.pop()
        if current.id not in found:
            found.add(current.id)
            pending.extend(known[parent] for parent in current.parents)
    return found


def told(parting: Parting) -> tuple[object, ...]:
    return parting.bases, parting.left, parting.right, parting.left_replaced, parting.right_replaced


def assert_parts(graph: CommitGraph, left: Commit, right: Commit, known: dict[CommitId, Commit]) -> None:
    mine, other = ancestors(left, known), ancestors(right, known)
    common = mine & other
    covered = {parent for each in common for parent in ancestors(known[each], known) - {each}}
    parting = graph.part(left, right)
    assert common - covered == {base.id for base in parting.bases}
    assert [base.id for base in parting.bases] == graph.merge_bases(left, right)
    assert mine - other == set(parting.left)
    assert other - mine == set(parting.right)
    assert [(len(parting.left), len(parting.right))] == graph.ahead_behind([left], right)
    assert {unit for each in parting.left for unit in known[each].replaced} == parting.left_replaced
    assert {unit for each in parting.right for unit in known[each].replaced} == parting.right_replaced
    for side in (parting.left, parting.right):
        generations = [known[each].generation for each in side]
        assert sorted(generations, reverse=True) == generations


@given(histories(), st.data())
def test_histories_part_as_a_brute_force_walk_says(commits: list[Commit], data: st.DataObject) -> None:
    stored = Stored(commits, one_by_one=data.draw(st.booleans()))
    graph = stored.graph()
    for _ in range(data.draw(st.integers(1, 5))):
        left, right = data.draw(st.sampled_from(commits)), data.draw(st.sampled_from(commits))
        assert_parts(graph, left, right, stored.known)


@given(st.data())
def test_long_histories_part_as_a_brute_force_walk_says_however_much_was_asked_before(
    data: st.DataObject,
) -> None:
    stored = Stored(BRAIDED)
    graph = stored.graph()
    for _ in range(data.draw(st.integers(1, 4))):
        left, right = data.draw(st.sampled_from(BRAIDED)), data.draw(st.sampled_from(BRAIDED))
        mine, other = REACH[left.id], REACH[right.id]
        assert [(len(mine - other), len(other - mine))] == graph.ahead_behind([left], right)
        assert told(stored.graph().part(left, right)) == told(graph.part(left, right))
        assert all(base in mine & other for base in graph.merge_bases(left, right))


@given(histories(), st.data())
def test_first_parents_are_followed(commits: list[Commit], data: st.DataObject) -> None:
    stored = Stored(commits)
    line = [start := data.draw(st.sampled_from(commits))]
    while line[-1].parents:
        line.append(stored.known[line[-1].parents[0]])
    count = data.draw(st.integers(0, 25))
    assert [commit.id for commit in line[1 : count + 1]] == stored.graph().first_parents(start, count)
    back = data.draw(st.integers(1, 25))
    assert (line[back].id if back < len(line) else None) == stored.graph().back(start, back)


@given(st.data())
def test_all_ancestors_come_children_first_and_go_on_behind_any_of_them(data: st.DataObject) -> None:
    stored = Stored(BRAIDED)
    graph = stored.graph()
    tips = data.draw(st.lists(st.sampled_from(BRAIDED), min_size=1, max_size=3))
    reached = set[CommitId]().union(*(REACH[tip.id] for tip in tips))
    places = sorted((CommitPlace(stored.known[each].generation, each) for each in reached), reverse=True)
    expected = [place.id for place in places]
    behind = data.draw(st.none() | st.integers(0, len(expected) - 1))
    after = None if behind is None else places[behind]
    count = data.draw(st.integers(1, 50))
    first = 0 if behind is None else behind + 1
    assert expected[first : first + count] == graph.last_first(
        [tip.id for tip in tips], after=after, count=count
    )


@given(histories(), st.data())
def test_of_some_commits_those_on_a_line_are_found(commits: list[Commit], data: st.DataObject) -> None:
    stored = Stored(commits)
    start, without, places = drawn_places(commits, data)
    kept = line_of(start, without, stored.known)
    expected = [commit.id for commit in kept if place_of(commit) in places]
    batches = [places[at : at + 3] for at in range(0, len(places), 3)]
    assert expected == list(stored.graph().on_line(start, batches, without=without))


@given(histories(), st.data())
def test_of_some_commits_those_in_a_history_are_found(commits: list[Commit], data: st.DataObject) -> None:
    stored = Stored(commits)
    tip, without, places = drawn_places(commits, data)
    left_out = set[CommitId]().union(*(ancestors(each, stored.known) for each in without))
    kept = ancestors(tip, stored.known) - left_out
    batches = [places[at : at + 3] for at in range(0, len(places), 3)]
    ids = [each.id for each in without]
    graph = stored.graph()
    assert [place.id for place in places if place.id in kept] == list(
        graph.among([tip.id], batches, without=ids)
    )
    everything = sorted(map(place_of, (stored.known[each] for each in kept)), reverse=True)
    assert [place.id for place in everything] == graph.last_first(
        [tip.id], without=ids, after=None, count=100
    )


@given(histories(), st.data())
def test_a_line_ends_before_the_history_of_others(commits: list[Commit], data: st.DataObject) -> None:
    stored = Stored(commits)
    start, without, places = drawn_places(commits, data)
    line = line_of(start, without, stored.known)
    graph = stored.graph()
    assert bool(line) != graph.leads_to(start, without)
    if line:
        assert [each.id for each in line[1:]] == graph.first_parents(start, 100, without=without)
    whole = line_of(start, [], stored.known)
    for place in places:
        behind = [each.id for each in whole if place_of(each) < place]
        assert next(iter(behind), None) == stored.graph().behind(start, place)


def test_a_place_far_behind_is_found_on_a_long_line() -> None:
    stored = Stored(BRAIDED)
    line = line_of(BRAIDED[-1], [], stored.known)
    places = [place_of(line[200]), place_of(line[-1])]
    assert [line[200].id, line[-1].id] == list(stored.graph().on_line(line[0], [[place] for place in places]))
    assert line[201].id == stored.graph().behind(line[0], places[0])
    without = [line[100]]
    assert [each.id for each in line[1:100]] == stored.graph().first_parents(line[0], 1000, without=without)
    assert [] == list(stored.graph().on_line(line[0], [places], without=without))


def drawn_places(
    commits: list[Commit], data: st.DataObject
) -> tuple[Commit, list[Commit], list[CommitPlace]]:
    """Returns a commit, some whose histories are left out, and places in their order."""
    start = data.draw(st.sampled_from(commits))
    without = data.draw(st.lists(st.sampled_from(commits), max_size=2))
    some = data.draw(st.lists(st.sampled_from(commits), unique_by=lambda commit: commit.id))
    return start, without, sorted(map(place_of, some), reverse=True)


def line_of(start: Commit, without: Sequence[Commit], known: dict[CommitId, Commit]) -> list[Commit]:
    line = [start]
    while line[-1].parents:
        line.append(known[line[-1].parents[0]])
    left_out = set[CommitId]().union(*(ancestors(each, known) for each in without))
    return [commit for commit in line if commit.id not in left_out]


def place_of(commit: Commit) -> CommitPlace:
    return CommitPlace(commit.generation, commit.id)


def test_a_question_about_the_present_reads_little_of_the_past() -> None:
    line = [commit_on(name="root")]
    for number in range(3000):
        line.append(commit_on(line[-1], name=number))
    topic = commit_on(line[-10], name="topic")
    stored = Stored([*line, topic])
    graph = stored.graph()
    assert [(9, 1)] == graph.ahead_behind([line[-1]], topic)
    assert stored.read < 200
    assert [line[-10].id] == graph.merge_bases(line[-1], topic)
    assert [line[100].id] == graph.first_parents(line[-1], 2900)[-1:]
    assert stored.read < 4 * len(line)


def test_what_is_new_is_read_and_nothing_else() -> None:
    stored = Stored(BRAIDED)
    graph = stored.graph()
    tip = BRAIDED[-1]
    graph.first_parents(tip, len(BRAIDED))
    later = commit_on(tip, name="later")
    stored.known[later.id] = later
    stored.read = 0
    assert [(1, 0)] == graph.ahead_behind([later], tip)
    assert 0 == stored.read


def test_a_commit_that_is_not_stored_can_be_asked_about() -> None:
    stored = Stored(BRAIDED)
    left, right = BRAIDED[-1], BRAIDED[-2]
    virtual = commit_on(left, right, name="virtual")
    parting = stored.graph().part(virtual, BRAIDED[-3])
    assert [] == parting.right
    assert "dvirtual" in parting.left_replaced


def test_a_history_with_a_hole_is_told_of() -> None:
    line = [commit_on(name="root")]
    for number in range(200):
        line.append(commit_on(line[-1], name=number))
    stored = Stored(line)
    del stored.known[line[20].id]
    with pytest.raises(IntegrityError, match=line[20].id):
        stored.graph().first_parents(line[-1], 200)


BRAIDED = braided(1500)
_KNOWN = {commit.id: commit for commit in BRAIDED}
REACH: dict[CommitId, set[CommitId]] = {}
for _commit in BRAIDED:
    REACH[_commit.id] = {_commit.id}.union(*(REACH[parent] for parent in _commit.parents))
