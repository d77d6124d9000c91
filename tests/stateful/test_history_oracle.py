"""A history of thousands of commits that criss-cross, here and in git: both tell the same of it."""

import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from blake3 import blake3

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import Publication, RefUpdate
from tests.stateful.git import GitOracle

COMMITS, LANES, PAIRS = 5_000, 12, 25
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def parents_by_number() -> list[tuple[int, ...]]:
    """Returns the parents of each commit: lanes that are left, merged into one another, and begun anew."""
    chance = random.Random(7)
    parents: list[tuple[int, ...]] = [()]
    lanes = [0] * LANES
    for number in range(1, COMMITS):
        lane, other = chance.randrange(LANES), chance.randrange(LANES)
        if chance.random() < 0.02:
            lanes[lane] = chance.randrange(number)
        merges = chance.random() < 0.3 and lanes[lane] != lanes[other]
        parents.append((lanes[lane], lanes[other]) if merges else (lanes[lane],))
        lanes[lane] = number
    return parents


class Told:
    """The history here, and what git says about the same."""

    def __init__(self, folder: Path) -> None:
        self.stores = MemoryStores()
        self.repository = open_embedded(self.stores).repositories.create_repository("data", author="ada").id
        self.commits: list[Commit] = []
        parents = parents_by_number()
        for number, of in enumerate(parents):
            self.commits.append(
                make_commit(
                    parents=[self.commits[parent] for parent in of],
                    root=blake3(str(number).encode()).hexdigest(),
                    author="ada",
                    message=str(number),
                    created_at=WHEN + timedelta(seconds=number),
                )
            )
        self.numbers = {commit.id: number for number, commit in enumerate(self.commits)}
        self.tips = sorted(set(range(COMMITS)) - {parent for of in parents for parent in of})
        self.publish()
        self.folder = folder
        GitOracle(folder)
        self.git("fast-import", "--quiet", stdin="".join(self.stream(parents)))

    def publish(self) -> None:
        names = [RefName(kind=RefKind.BRANCH, name=f"b{tip}") for tip in self.tips]
        self.stores.refs.publish(
            self.repository,
            Publication(
                key="history",
                operation="fill",
                actor="ada",
                at=WHEN,
                commits=tuple(self.commits),
                updates=tuple(
                    RefUpdate(ref=name, expected=None, new=self.commits[tip].id)
                    for name, tip in zip(names, self.tips, strict=True)
                ),
            ),
        )

    def stream(self, parents: list[tuple[int, ...]]) -> Iterator[str]:
        for number, of in enumerate(parents):
            yield f"commit refs/heads/all\nmark :{number + 1}\ncommitter ada <ada@localhost> {number} +0000\n"
            yield f"data {len(str(number))}\n{number}\n"
            yield from (
                f"{word} :{parent + 1}\n" for word, parent in zip(("from", "merge"), of, strict=False)
            )
            yield f"\nreset refs/tags/t{number}\nfrom :{number + 1}\n\n"

    def git(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, input=stdin, capture_output=True, text=True, check=False
        )
        assert done.returncode in {0, 1}, done.stderr
        return done.stdout

    def listed(self, *arguments: str) -> list[int]:
        """Returns the numbers of the commits that git lists."""
        return [int(line) for line in self.git("log", "--format=%s", *arguments).split()]

    def bases(self, left: int, right: int) -> set[int]:
        found = self.git("merge-base", "--all", f"t{left}", f"t{right}").split()
        return {int(self.git("log", "-1", "--format=%s", each)) for each in found}

    def numbered(self, commits: Iterator[CommitId]) -> list[int]:
        return [self.numbers[commit] for commit in commits]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(tmp_path_factory.mktemp("oracle"))


@pytest.fixture(params=["knowing all", "knowing nothing"])
def ask(told: Told, request: pytest.FixtureRequest) -> Catalog:
    """Returns a catalog that was asked about everything before, or about nothing."""
    catalog = open_embedded(told.stores)
    if request.param == "knowing all":
        for status in catalog.refs.list_branches(
            "data", prefix="b", against=told.commits[0].id, limit=MAX_LIMIT
        ).items:
            assert status.behind == 0
    return catalog


def pairs() -> list[tuple[int, int]]:
    chance = random.Random(8)
    near = [
        (at, at - chance.randrange(1, 60)) for at in (chance.randrange(100, COMMITS) for _ in range(PAIRS))
    ]
    return near + [(chance.randrange(COMMITS), chance.randrange(COMMITS)) for _ in range(PAIRS)]


def test_refs_compare_as_in_git(told: Told, ask: Catalog) -> None:
    for left, right in pairs():
        counts = told.git("rev-list", "--left-right", "--count", f"t{left}...t{right}").split()
        compared = ask.history.compare("data", told.commits[left].id, told.commits[right].id)
        assert counts == [str(compared.behind), str(compared.ahead)]
        assert told.bases(left, right) == set(told.numbered(iter(compared.bases)))


def test_first_parents_are_those_of_git(told: Told, ask: Catalog) -> None:
    for start, back in pairs()[:PAIRS]:
        line = told.listed("--first-parent", f"t{start}")
        page = ask.history.log("data", told.commits[start].id, limit=MAX_LIMIT)
        assert line[:MAX_LIMIT] == told.numbered(commit.id for commit in page.items)
        steps = back % len(line)
        assert line[steps] == told.numbers[ask.refs.resolve("data", f"{told.commits[start].id}~{steps}").id]


def test_the_graph_has_the_ancestors_that_git_has(told: Told, ask: Catalog) -> None:
    for one, other in pairs()[:5]:
        refs = [told.commits[one].id, told.commits[other].id]
        found: list[int] = []
        after: str | None = None
        while after is not None or not found:
            page = ask.history.graph("data", refs, after=after, limit=MAX_LIMIT)
            found += told.numbered(commit.id for commit in page.items)
            after = page.next
            if after is None:
                break
        assert sorted(told.listed(f"t{one}", f"t{other}")) == sorted(found)
        place = {number: at for at, number in enumerate(found)}
        for number in found:
            assert all(place[number] < place[told.numbers[each]] for each in told.commits[number].parents)


def test_branches_are_as_far_from_another_as_in_git(told: Told, ask: Catalog) -> None:
    against = told.commits[COMMITS // 2].id
    page = ask.refs.list_branches("data", prefix="b", against=against, limit=MAX_LIMIT)
    assert {f"b{tip}" for tip in told.tips} == {status.ref.name for status in page.items}
    for status in page.items:
        pair = f"t{COMMITS // 2}...t{status.ref.name[1:]}"
        counts = told.git("rev-list", "--left-right", "--count", pair).split()
        assert counts == [str(status.behind), str(status.ahead)]
