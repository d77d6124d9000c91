"""Common ancestors, against a brute-force walk over random histories."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.service.ancestry import part

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


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
        commits.append(
            make_commit(
                parents=[commits[at] for at in picked],
                root="",
                author="",
                message=str(number),
                created_at=WHEN,
                replaced=[f"d{number}"],
            )
        )
    return commits


def ancestors(commit: Commit, known: dict[CommitId, Commit]) -> set[CommitId]:
    found, pending = set[CommitId](), [commit]
    while pending:
        current = pending.pop()
        if current.id not in found:
            found.add(current.id)
            pending.extend(known[parent] for parent in current.parents)
    return found


@given(histories(), st.data())
def test_histories_part_as_a_brute_force_walk_says(commits: list[Commit], data: st.DataObject) -> None:
    known = {commit.id: commit for commit in commits}
    left, right = data.draw(st.sampled_from(commits)), data.draw(st.sampled_from(commits))
    mine, other = ancestors(left, known), ancestors(right, known)
    common = mine & other
    covered = {parent for each in common for parent in ancestors(known[each], known) - {each}}
    parting = part(left, right, known.__getitem__)
    assert common - covered == {base.id for base in parting.bases}
    assert mine - other == {commit.id for commit in parting.left}
    assert other - mine == {commit.id for commit in parting.right}
