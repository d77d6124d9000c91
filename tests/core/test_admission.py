"""Everything in Python, on the command line and in files that hands out content asks about quarantine."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from lineageflow_core.cli.failures import FAILURE
from lineageflow_core.connect import connect
from lineageflow_core.errors import QuarantinedVersionError
from lineageflow_core.exports import Export
from lineageflow_core.filesystem import LineageFlowFileSystem
from lineageflow_core.model.run import Job
from lineageflow_core.model.settings import QuarantinePolicy, RepositorySettings
from lineageflow_core.repository import Repository
from lineageflow_core.run import QuarantineWarning, RunSession
from tests.core.cli.calling import Cli

FILE = "raw/part.csv"


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository in a folder, with a quarantined version on its branch and a good one before it."""
    repo = Repository(connect(str(tmp_path / "lake")), "shop", author="ada").create()
    repo.replace("raw", {"part.csv": b"id,n\n1,2\n"})
    repo.replace("raw", {"part.csv": b"id,n\n1,3\n"})
    repo.catalog.quarantine.quarantine("shop", "lf://shop/raw", reason="it is empty", author="ada")
    return repo


def _files(repo: Repository, **allow: bool) -> LineageFlowFileSystem:
    return LineageFlowFileSystem.of(repo.catalog, **allow)


def _in_a_run(repo: Repository) -> RunSession:
    return RunSession(repo.catalog, "shop", Job(namespace="test", name="report"))


def _export(repo: Repository, **allow: bool) -> None:
    target = Path(str(repo.catalog.address)).parent / "out"
    Export(repo.catalog, "shop", "main", "raw", target, **allow).run()


READERS: dict[str, Callable[..., object]] = {
    "repository": lambda repo, **allow: repo.read_bytes(FILE, **allow),
    "dataset": lambda repo, **allow: repo.dataset("raw", **allow).read(),
    "file of a dataset": lambda repo, **allow: repo.dataset("raw", **allow).bytes("part.csv"),
    "arrow": lambda repo, **allow: repo.dataset("raw", **allow).arrow(),
    "rows that differ": lambda repo, **allow: repo.dataset("raw", **allow).diff_rows("main~1"),
    "run": lambda repo, **allow: _in_a_run(repo).read("raw", **allow),
    "lf://": lambda repo, **allow: _files(repo, **allow).cat(f"lf://shop/{FILE}"),
    "lf:// at a ref": lambda repo, **allow: _files(repo, **allow).open(f"lf://shop/@main/{FILE}").close(),
    "copy": lambda repo, **allow: _files(repo, **allow).copy(f"lf://shop/{FILE}", "lf://shop/copy.csv"),
    "export": _export,
}


@pytest.mark.parametrize("name", list(READERS))
def test_every_reader_is_warned_or_stopped(name: str, repo: Repository) -> None:
    read = READERS[name]
    with pytest.warns(QuarantineWarning, match="it is empty"):
        read(repo)
    stop_readers(repo)
    with pytest.raises(QuarantinedVersionError, match="it is empty"):
        read(repo)
    with pytest.warns(QuarantineWarning, match="it is empty"):
        read(repo, allow_quarantined=True)


def test_a_warning_names_the_line_that_read(repo: Repository) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        repo.dataset("raw").diff_rows("main~1")
        repo.read_bytes(FILE)
        _files(repo).cat(f"lf://shop/{FILE}")
    assert [__file__] * 3 == [each.filename for each in told]


def test_a_notebook_shows_facts_and_no_rows(repo: Repository) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page = repo.dataset("raw")._repr_html_()
        assert "it is empty" in page
        assert ">3<" in page
        stop_readers(repo)
        page = repo.dataset("raw")._repr_html_()
    assert ("it is empty" in page, "part.csv" in page, ">3<" in page) == (True, True, False)
    assert ">3<" in repo.dataset("raw", allow_quarantined=True)._repr_html_()


@pytest.mark.parametrize(
    "command",
    [("cat", FILE), ("get", "raw", "out", "--force"), ("preview", "raw"), ("blame", "raw", "--key", "id=1")],
    ids=lambda command: command[0],
)
def test_a_command_warns_or_is_stopped(
    command: tuple[str, ...], repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cli = Cli(tmp_path / "lake")
    assert "it is empty" in cli.good(*command).err
    stop_readers(repo)
    stopped = cli(*command)
    assert (True, True) == (stopped.code != 0, "--allow-quarantined" in stopped.err)
    assert "it is empty" in cli.good(*command, "--allow-quarantined").err


@pytest.mark.parametrize("name", ["raw", "notes"])
def test_a_diff_tells_why_it_shows_no_rows_or_lines(name: str, repo: Repository, tmp_path: Path) -> None:
    if name == "notes":
        repo.replace("notes", {"a.md": b"one\n"})
        repo.replace("notes", {"a.md": b"two\n"})
        repo.catalog.quarantine.quarantine("shop", "lf://shop/notes", reason="it is empty", author="ada")
    cli = Cli(tmp_path / "lake")
    command = ("diff", "--data", repo.dataset(name).history()[1].id, "main", name)
    assert "it is empty" in cli.good(*command).err
    stop_readers(repo)
    stopped = cli(*command)
    assert FAILURE == stopped.code  # what cannot be compared is not said to be equal
    assert "--allow-quarantined" in stopped.out
    assert "it is empty" in cli.good(*command, "--allow-quarantined").err


def stop_readers(repo: Repository) -> None:
    repo.catalog.settings.update_settings(
        "shop", RepositorySettings(quarantine=QuarantinePolicy.STOP), author="ada"
    )
