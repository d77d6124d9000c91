"""100,000 staged objects, looked at and committed, beside git with as many files in its index.

git is timed as a process, which is the only way to ask it; its start is in the row's note. Ours is a lake in
a folder, asked in this process. The files are small and their content repeats: names are what is listed.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from benchmarks.measure import Row, seconds
from lineageflow_core import Repository, connect
from lineageflow_core.model.change import Change, put
from lineageflow_core.model.objects import ObjectEntry

OBJECTS = 100_000
_AUTHOR = "bench"


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as place:
        root = Path(place).resolve()
        lake = _staged_lake(root / "lake")
        _staged_git(root / "git")
        staging = lake.catalog.staging
        start = seconds(lambda: _git(root / "git", "--version"))
        git = root / "git"
        listed = ("git diff --cached", _git_seconds(git, "diff", "--cached", "--name-status"))
        status = ("git status", _git_seconds(git, "status", "--short", "--untracked-files=no"))
        note = f"of git, {start * 1000:.0f} ms are its start"
        name = f"{OBJECTS:,} staged objects"
        yield Row(
            name=f"{name}: the first page of 1,000",
            ours=seconds(lambda: staging.diff_staged(lake.name, "main", author=_AUTHOR, limit=1000)),
            peers=(listed,),
            note=note,
        )
        yield Row(name=f"{name}: all pages", ours=seconds(lambda: _all(lake)), peers=(listed,), note=note)
        yield Row(
            name=f"{name}: how much is staged, after one more",
            ours=seconds(
                lambda: staging.get_draft(lake.name, "main", author=_AUTHOR),
                before=lambda: _stage_one(lake),
            ),
            peers=(status,),
            note=note,
        )
        yield Row(name=f"{name}: one more", ours=seconds(lambda: _stage_one(lake)))
        yield Row(
            name=f"{name}: committed",
            ours=seconds(
                lambda: staging.commit_staged(lake.name, "main", author=_AUTHOR, message="all"), repeat=1
            ),
            peers=(("git commit", seconds(lambda: _git(root / "git", "commit", "-qm", "all"), repeat=1)),),
        )


def _staged_lake(folder: Path) -> Repository:
    repo = Repository(connect(str(folder)), "data", author=_AUTHOR).create()
    uploaded = repo.catalog.content.upload("data", [_content(number) for number in range(100)])
    objects = [
        ObjectEntry(path=_path(number), object_id=uploaded[number % 100].object_id, size=uploaded[0].size)
        for number in range(OBJECTS)
    ]
    _stage(repo, put("files", objects))
    return repo


def _staged_git(folder: Path) -> None:
    for number in range(OBJECTS):
        file = folder / "files" / _path(number)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_content(number))
    _git(folder, "init", "-q")
    _git(folder, "-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "-qm", "0", "--allow-empty")
    _git(folder, "config", "user.name", "bench")
    _git(folder, "config", "user.email", "bench@localhost")
    _git(folder, "add", ".")


def _path(number: int) -> str:
    return f"part-{number % 100}/{number}.bin"


def _content(number: int) -> bytes:
    return b"%08d" % (number % 100)


def _stage(repo: Repository, change: Change) -> None:
    repo.catalog.staging.stage("data", "main", [change], author=_AUTHOR)


def _stage_one(repo: Repository) -> None:
    [entry] = repo.catalog.content.upload("data", [b"one"])
    _stage(repo, put(f"more/{uuid4()}", [entry]))


def _all(repo: Repository) -> int:
    found, after = 0, None
    while True:
        page = repo.catalog.staging.diff_staged("data", "main", author=_AUTHOR, after=after, limit=1000)
        found += len(page.items)
        after = page.next
        if after is None:
            return found


def _git(folder: Path, *words: str) -> None:
    subprocess.run(("git", *words), cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _git_seconds(folder: Path, *words: str) -> float:
    return seconds(lambda: _git(folder, *words))
