from datetime import UTC, datetime, timedelta

from lineageflow_core.cli.commit_graph import draw
from lineageflow_core.model.commit import Commit, make_commit

_START = datetime(2026, 5, 1, tzinfo=UTC)


class _History:
    """Commits named by their messages."""

    def __init__(self) -> None:
        self.commits: dict[str, Commit] = {}

    def add(self, message: str, *parents: str) -> Commit:
        commit = make_commit(
            parents=[self.commits[parent] for parent in parents],
            root="0" * 64,
            author="ada",
            message=message,
            created_at=_START + timedelta(minutes=len(self.commits)),
        )
        self.commits[message] = commit
        return commit

    def drawn(self, start: str) -> str:
        by_id = {commit.id: commit for commit in self.commits.values()}
        shown = {self.commits[start].id}
        newest_first = []
        for commit in sorted(self.commits.values(), key=lambda each: (each.generation, each.created_at))[
            ::-1
        ]:
            if commit.id in shown:
                newest_first.append(by_id[commit.id])
                shown.update(commit.parents)
        lines = draw(iter(newest_first))
        return "\n".join((lanes + (commit.message if commit else "")).rstrip() for lanes, commit in lines)


def test_a_line_of_commits_is_one_lane() -> None:
    history = _History()
    history.add("first")
    history.add("second", "first")
    assert "● second\n● first" == history.drawn("second")


def test_a_merge_opens_a_lane_that_joins_where_the_histories_parted() -> None:
    history = _History()
    history.add("base")
    history.add("theirs", "base")
    history.add("ours", "base")
    history.add("merge", "ours", "theirs")
    assert "\n".join(["● merge", "├─╮", "● │ ours", "│ ● theirs", "├─╯", "● base"]) == history.drawn("merge")


def test_two_merges_stand_beside_each_other() -> None:
    history = _History()
    history.add("base")
    history.add("a", "base")
    history.add("b", "base")
    history.add("merge a", "base", "a")
    history.add("merge b", "merge a", "b")
    expected = [
        "● merge b",
        "├─╮",
        "● │ merge a",
        "├─┼─╮",
        "│ ● │ b",
        "│ │ ● a",
        "├─┼─╯",
        "├─╯",
        "● base",
    ]
    assert "\n".join(expected) == history.drawn("merge b")
