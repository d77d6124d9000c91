"""Taking a snapshot of a folder: 10,000 files of 10 KiB and one of 1 GiB, beside a plain copy and the peers.

git has to be there, DVC and Oxen come with `make bench`; borg and restic are measured where there are.
Whole processes are timed, as a user would start them, except for the copy. Nothing is removed between
measurements: ext4 avoids inodes that were freed lately, which makes every file that comes next dear.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import Row, seconds

FILES = 10_000
FILE_BYTES = 10 * 1024
LARGE_BYTES = 1024**3
STATES = ("first", "nothing changed", "1 % of the small files changed")

_ENVIRONMENT = {
    # what is written in Python keeps its compiled modules, as it does where it is installed
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "GIT_AUTHOR_NAME": "bench",
    "GIT_AUTHOR_EMAIL": "bench@localhost",
    "GIT_COMMITTER_NAME": "bench",
    "GIT_COMMITTER_EMAIL": "bench@localhost",
    "DVC_NO_ANALYTICS": "1",
    "RESTIC_PASSWORD": "bench",
    "HOME": tempfile.gettempdir(),  # where Oxen and borg keep settings and caches
    "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
}


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as place:
        root = Path(place).resolve()
        source = root / "source"
        _make_files(source)
        limits = dict(zip(STATES, _copy(source, root / "copy"), strict=True))
        ours = dict(zip(STATES, _times(source, _lineageflow(root)), strict=True))
        peers = {}
        for name, (program, prepare) in PEERS.items():
            if shutil.which(program):
                own = Path(shutil.copytree(source, root / name / "data"))
                peers[name] = dict(zip(STATES, _times(own, prepare(own.parent)), strict=True))
        for state in STATES:
            yield Row(
                name=f"snapshot of {FILES:,} x 10 KiB and 1 GiB: {state}",
                ours=ours[state],
                limit=limits[state],
                limit_is="copying what changed, then one sync",
                target=1.3 if state == "first" else None,
                peers=tuple((name, times[state]) for name, times in peers.items()),
            )
        yield _restore(root, source)


def _make_files(source: Path) -> None:
    noise = random.Random(1)
    for at in range(FILES):
        file = source / f"{at // 100:03d}" / f"{at:05d}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(noise.randbytes(FILE_BYTES))
    with (source / "large.bin").open("wb") as stream:
        for _ in range(LARGE_BYTES // 2**20):
            stream.write(noise.randbytes(2**20))
    os.sync()
    time.sleep(0.1)  # past the tick in which files are not trusted to be unchanged


def _change_files(source: Path) -> list[Path]:
    chosen = sorted(source.glob("*/*.bin"))[:: FILES // (FILES // 100)]
    for file in chosen:
        file.write_bytes(os.urandom(FILE_BYTES))
    time.sleep(0.1)
    return chosen


def _times(source: Path, snapshot: Callable[[], None]) -> list[float]:
    first = seconds(snapshot, repeat=1)
    unchanged = seconds(snapshot)
    _change_files(source)
    return [first, unchanged, seconds(snapshot, repeat=1)]


def _copy(source: Path, target: Path) -> list[float]:
    def whole() -> None:
        shutil.copytree(source, target)
        os.sync()

    def look() -> None:
        for folder, _, names in os.walk(source):
            for name in names:
                os.stat(os.path.join(folder, name))

    first = seconds(whole, repeat=1)
    changed = _change_files(source)

    def some() -> None:
        look()
        for file in changed:
            shutil.copy(file, target / file.relative_to(source))
        os.sync()

    return [first, seconds(look), seconds(some)]


def _run(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, env=_ENVIRONMENT, check=True, capture_output=True)


def _lineageflow(root: Path) -> Callable[[], None]:
    lake, cli = str(root / "lake"), str(Path(sys.executable).with_name("lineageflow"))
    _run(cli, "--lake", lake, "repo", "create", "bench", folder=root)
    return lambda: _run(
        cli, "--lake", lake, "put", "-r", "source", "lf://bench/data", "-m", "snapshot", folder=root
    )


def _git(place: Path) -> Callable[[], None]:
    for setting in (
        ("init", "-q"),
        ("config", "core.compression", "0"),
        ("config", "core.bigFileThreshold", "1m"),
    ):
        _run("git", *setting, folder=place)

    def snapshot() -> None:
        _run("git", "add", "data", folder=place)
        _run("git", "commit", "-q", "--allow-empty", "-m", "snapshot", folder=place)

    return snapshot


def _dvc(place: Path) -> Callable[[], None]:
    _run("dvc", "init", "-q", "--no-scm", folder=place)
    return lambda: _run("dvc", "add", "-q", "data", folder=place)


def _borg(place: Path) -> Callable[[], None]:
    _run("borg", "init", "--encryption", "none", "store", folder=place)
    return lambda: _run("borg", "create", "store::{utcnow:%H%M%S%f}", "data", folder=place)


def _restic(place: Path) -> Callable[[], None]:
    _run("restic", "-q", "-r", "store", "init", folder=place)
    return lambda: _run("restic", "-q", "-r", "store", "backup", "data", folder=place)


def _oxen(place: Path) -> Callable[[], None]:
    def run(statements: str) -> None:
        _run(_PEERS_PYTHON, "-c", f"import oxen; repo = oxen.Repo('.'); {statements}", folder=place)

    run("oxen.user.config_user('bench', 'bench@localhost'); repo.init()")
    return lambda: run(
        "repo.add('data'); changed = repo.status().added_files(); changed and repo.commit('s')"
    )


_PEERS_PYTHON = str(Path(".tools/bench/bin/python").absolute())
"""The environment that `make bench` makes."""

PEERS: dict[str, tuple[str, Callable[[Path], Callable[[], None]]]] = {
    "git": ("git", _git),
    "DVC": ("dvc", _dvc),
    "borg": ("borg", _borg),
    "restic": ("restic", _restic),
    "Oxen": (_PEERS_PYTHON, _oxen),
}
"""By name: the program that has to be there, and what prepares a store beside the folder `data`."""


def _restore(root: Path, source: Path) -> Row:
    cli = str(Path(sys.executable).with_name("lineageflow"))

    def fetch() -> None:
        _run(cli, "--lake", str(root / "lake"), "get", "lf://bench/data", "restored", folder=root)

    def copy() -> None:
        shutil.copytree(source, root / "copied")

    return Row(
        name="restoring that snapshot into an empty folder",
        ours=seconds(fetch, repeat=1),
        limit=seconds(copy, repeat=1),
        limit_is="copying the files",
        target=1.3,
    )
