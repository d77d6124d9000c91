"""Questions of history over HTTP: 100,000 commits, 10,000 branches, 100,000 branches of runs; beside git.

One in eight commits on `main` is the merge of a run. Each commit changes one of 50 datasets, in turn;
another one, `rare`, changed twice, long ago. git has the same graph and files, with its commit-graph.
"""

import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from lineageflow_server.embedded import open_stores

from benchmarks.measure import Row
from benchmarks.serving import serving
from lineageflow_core import Repository, connect
from lineageflow_core.catalog import Catalog
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.ids import SnapshotId
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.ports import CommitChanges, DatasetChange, Publication, RefUpdate, Stores

COMMITS = 100_000
BRANCHES = 10_000
RUNS = 100_000
DATASETS = 50
TARGET = 0.020
"""Seconds, at the median."""

_START = datetime(2026, 1, 1, tzinfo=UTC)
_BATCH = 10_000
_REFS_AT_ONCE = 100
_REPEAT = 50


@dataclass(slots=True)
class History:
    """A made-up history: commits by number, each with its parents' numbers and the state that it has."""

    parents: list[tuple[int, ...]] = field(default_factory=list)
    states: list[int] = field(default_factory=list)
    """Which of the states of the tree a commit has."""
    main: list[int] = field(default_factory=list)
    """The commits on main, oldest first."""
    branches: dict[str, int] = field(default_factory=dict)

    def add(self, *parents: int, state: int) -> int:
        self.parents.append(parents)
        self.states.append(state)
        return len(self.parents) - 1


def history(commits: int = COMMITS, branches: int = BRANCHES) -> History:
    """Returns a history of so many commits, and of branches that left main since its second half."""
    made, chance = History(), random.Random(1)
    made.main.append(made.add(state=0))
    while len(made.parents) < commits:
        tip, late = made.main[-1], len(made.parents) > commits // 2
        state = (made.states[tip] + 1) % (2 * DATASETS) + 2 * DATASETS * late
        if len(made.main) % 8:
            made.main.append(made.add(tip, state=state))
        else:
            step = made.add(made.add(tip, state=made.states[tip]), state=state)
            made.main.append(made.add(tip, step, state=state))
    for number in range(branches):
        at = chance.randrange(len(made.main) // 2, len(made.main))
        tip = made.main[at]
        for _ in range(chance.randrange(3)):
            tip = made.add(tip, state=made.states[tip])
        made.branches[f"topic-{number:05d}"] = tip
    return made


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as place:
        root = Path(place).resolve()
        made = history()
        lake = str(root / "lake")
        _fill(lake, made)
        git = _Git(root / "git", made)
        with serving(lake) as (url, token):
            yield from _questions(connect(url, token=token), git, made)


def _questions(catalog: Catalog, git: "_Git", made: History) -> Iterator[Row]:
    refs, past = catalog.refs, catalog.history
    topics, chance = list(made.branches), random.Random(2)
    line = len(made.main)

    def a_page_of_branches() -> object:
        return refs.list_branches("bench", after=chance.choice(topics), limit=100)

    def git_page_of_branches() -> object:
        at = chance.randrange(len(topics) - 100)
        return [
            git("rev-list", "--left-right", "--count", f"main...{each}") for each in topics[at : at + 100]
        ]

    far = f"main~{line - 100}"
    yield _row("log of main, 100 commits", lambda: past.log("bench", "main", limit=100), git.log("-n100"))
    yield _row(
        "log of a dataset that changes often, 100 commits",
        lambda: past.log("bench", "main", path="d7", limit=100),
        git.log("-n100", "--first-parent", "main", "--", "d7"),
    )
    yield _row(
        "log of a dataset that changed twice, long ago",
        lambda: past.log("bench", "main", path="rare", limit=100),
        git.log("-n100", "--first-parent", "main", "--", "rare"),
    )
    yield _row(
        "versions of a dataset, 100 of them",
        lambda: past.list_versions("bench", "main", "d7", limit=100),
    )
    yield _row("graph of all branches, 100 commits", lambda: past.graph("bench", limit=100))
    yield _row("branches with ahead and behind, 100 of them", a_page_of_branches, git_page_of_branches)
    yield _row(
        "merge base of main and a branch",
        lambda: past.merge_base("bench", "main", chance.choice(topics)),
        lambda: git("merge-base", "main", chance.choice(topics)),
    )
    yield _row(
        f"compare main and its {line - 100:,}th first parent",
        lambda: past.compare("bench", "main", far),
        lambda: git("rev-list", "--left-right", "--count", f"main...{far}"),
    )
    yield _row(
        f"resolve main~{line // 2}",
        lambda: refs.resolve("bench", f"main~{line // 2}"),
        lambda: git("rev-parse", f"main~{line // 2}"),
    )
    yield _row(
        "log by a text that no message has, through all of main",
        lambda: past.log("bench", "main", message="no such text", limit=100),
        git.log("--first-parent", "--grep=no such text", "main"),
    )


def _row(name: str, ours: Callable[[], object], git: Callable[[], object] | None = None) -> Row:
    started = time.perf_counter()
    ours()
    first = time.perf_counter() - started
    repeat = max(5, min(_REPEAT, int(5 / max(first, 0.01))))
    times = sorted(_timed(ours) for _ in range(repeat))
    peers = (("git", statistics.median(_timed(git) for _ in range(3))),) if git else ()
    return Row(
        name=name,
        ours=statistics.median(times),
        limit=TARGET,
        limit_is="20 ms over HTTP at the median",
        target=1.0,
        peers=peers,
        note=f"99 % within {times[int(len(times) * 0.99)] * 1000:.1f} ms; the first {first * 1000:.0f} ms",
    )


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _fill(lake: str, made: History) -> None:
    """Makes the lake: the trees by committing each state once, the commits straight into the stores."""
    stores = open_stores(Path(lake))
    repo = Repository(open_embedded(stores), "bench", author="bench").create()
    first = repo.head()
    states = _make_states(repo)
    key = stores.repositories.get("bench")
    assert key is not None
    commits: list[Commit] = []
    changes: list[CommitChanges] = []
    for number, parents in enumerate(made.parents):
        root, held = states[made.states[number]]
        before = states[made.states[parents[0]]][1] if parents else {}
        commit = make_commit(
            parents=[commits[parent] for parent in parents] or [first],
            root=root,
            author="bench",
            message=f"commit {number}",
            created_at=_START + timedelta(seconds=number),
            run_id=None,
        )
        commits.append(commit)
        changes.append(
            CommitChanges(
                commit=commit.id,
                datasets=tuple(
                    DatasetChange(path, before.get(path), held.get(path))
                    for path in sorted(held)
                    if before.get(path) != held.get(path)
                ),
            )
        )
    for start in range(0, len(commits), _BATCH):
        stop = start + _BATCH
        _publish(stores, key.id, f"commits-{start}", commits[start:stop], changes[start:stop], [])
    main = RefName(kind=RefKind.BRANCH, name="main")
    tips = [RefUpdate(ref=main, expected=repo.head().id, new=commits[made.main[-1]].id)]
    for name, tip in made.branches.items():
        tips.append(
            RefUpdate(ref=RefName(kind=RefKind.BRANCH, name=name), expected=None, new=commits[tip].id)
        )
    for number in range(RUNS):
        run = RefName(kind=RefKind.RUN, name=str(UUID(int=number)))
        tips.append(RefUpdate(ref=run, expected=None, new=commits[number % len(commits)].id))
    for start in range(0, len(tips), _REFS_AT_ONCE):
        _publish(stores, key.id, f"refs-{start}", [], [], tips[start : start + _REFS_AT_ONCE])
    stores.close()


def _make_states(repo: Repository) -> list[tuple[str, dict[str, SnapshotId]]]:
    """Commits states of which each differs from the one before in one dataset; returns roots and snapshots.

    The second half of them differs from the first in `rare`.
    """
    states = []
    for rare in (b"1", b"2"):
        repo.put("rare", rare)
        for turn in range(2 * DATASETS):
            repo.put(f"d{turn % DATASETS}", b"even" if turn < DATASETS else b"odd")
            listed = repo.catalog.objects.list_datasets(repo.name, "main", limit=1000).items
            states.append((repo.head().root, {dataset.path: dataset.snapshot for dataset in listed}))
    return states


def _publish(
    stores: Stores,
    repository: str,
    key: str,
    commits: list[Commit],
    changes: list[CommitChanges],
    updates: list[RefUpdate],
) -> None:
    stores.refs.publish(
        repository,
        Publication(
            key=key,
            operation="fill",
            actor="bench",
            at=_START,
            updates=tuple(updates),
            commits=tuple(commits),
            changes=tuple(changes),
        ),
    )


class _Git:
    """The same history in git."""

    def __init__(self, folder: Path, made: History) -> None:
        self._folder = folder
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main", folder], check=True)
        self._run("fast-import", "--quiet", stdin="".join(_stream(made)).encode())
        self._run("pack-refs", "--all")
        self._run("commit-graph", "write", "--reachable", "--changed-paths")

    def __call__(self, *arguments: str) -> bytes:
        return self._run(*arguments)

    def log(self, *arguments: str) -> Callable[[], object]:
        return lambda: self._run("log", *arguments)

    def _run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = subprocess.run(
            ["git", *arguments], cwd=self._folder, input=stdin, capture_output=True, check=True
        )
        return done.stdout


def _stream(made: History) -> Iterator[str]:
    """Yields what `git fast-import` makes the same history of."""
    files = [_files(state) for state in range(4 * DATASETS)]
    for number, parents in enumerate(made.parents):
        message = f"commit {number}"
        yield f"commit refs/import/all\nmark :{number + 1}\ncommitter bench <bench@localhost> "
        yield f"{int(_START.timestamp()) + number} +0000\ndata {len(message)}\n{message}\n"
        before: dict[str, str] = {}
        for parent, word in zip(parents, ("from", "merge"), strict=False):
            yield f"{word} :{parent + 1}\n"
            before = before or files[made.states[parent]]
        for path, content in files[made.states[number]].items():
            if before.get(path) != content:
                yield f"M 100644 inline {path}\ndata {len(content)}\n{content}\n"
    for name, tip in {**made.branches, "main": made.main[-1]}.items():
        yield f"reset refs/heads/{name}\nfrom :{tip + 1}\n\n"
    for number in range(RUNS):
        yield f"reset refs/runs/{UUID(int=number)}\nfrom :{number % len(made.parents) + 1}\n\n"
    yield "reset refs/import/all\nfrom 0000000000000000000000000000000000000000\n\n"


def _files(state: int) -> dict[str, str]:
    late, turn = divmod(state, 2 * DATASETS)
    files = {"rare": str(late)}
    for at in range(DATASETS):
        if turn >= at:
            files[f"d{at}"] = "odd" if turn >= DATASETS + at else "even"
    return files
