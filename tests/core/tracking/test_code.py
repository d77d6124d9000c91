"""Which code a run executes."""

import subprocess
from pathlib import Path

import pytest

from lineageflow_core.model.run import CodeVersion
from lineageflow_core.tracking.code import code_version, without_credentials

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "etl").mkdir()
    (tmp_path / "etl" / "flights.py").write_text("RATE = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=first")
    return tmp_path


def known(path: Path) -> CodeVersion:
    found = code_version(path)
    assert found is not None
    return found


def test_a_committed_file_has_its_commit_branch_and_place(repository: Path) -> None:
    expected = CodeVersion(
        revision=git(repository, "rev-parse", "HEAD"), branch="main", path="etl/flights.py"
    )
    assert expected == code_version(repository / "etl" / "flights.py")


def test_a_folder_has_its_place_and_the_top_has_none(repository: Path) -> None:
    assert ["etl", None] == [known(repository / "etl").path, known(repository).path]


def test_changed_files_show_in_the_revision(repository: Path) -> None:
    (repository / "etl" / "flights.py").write_text("RATE = 60\n")
    assert git(repository, "rev-parse", "HEAD") + "+changes" == known(repository).revision


def test_files_that_git_does_not_track_are_no_change(repository: Path) -> None:
    (repository / "output.csv").write_text("1\n")
    assert git(repository, "rev-parse", "HEAD") == known(repository).revision


@pytest.mark.parametrize("ignored", ["", "new.py\n"], ids=["untracked", "ignored"])
def test_code_that_git_does_not_track_is_a_change(repository: Path, ignored: str) -> None:
    (repository / ".git" / "info" / "exclude").write_text(ignored)
    (repository / "new.py").write_text("RATE = 1\n")
    assert known(repository / "new.py").revision.endswith("+changes")


def test_a_detached_head_is_on_no_branch(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--detach")
    assert known(repository).branch is None


def test_the_remote_is_named_without_credentials(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://ada:secret@example.org/etl.git")
    assert "https://example.org/etl.git" == known(repository).repository_url


def test_a_remote_of_another_name_is_as_good_where_there_is_no_origin(repository: Path) -> None:
    git(repository, "remote", "add", "upstream", "https://example.org/upstream.git")
    assert "https://example.org/upstream.git" == known(repository).repository_url
    git(repository, "remote", "add", "origin", "https://example.org/etl.git")
    assert "https://example.org/etl.git" == known(repository).repository_url


def test_a_folder_outside_git_has_no_code_version(tmp_path: Path) -> None:
    assert code_version(tmp_path) is None


def test_a_repository_without_commits_has_no_code_version(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert code_version(tmp_path) is None


def test_without_git_there_is_no_code_version(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert code_version(repository) is None


def test_a_git_hooks_variables_do_not_mislead(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository / "elsewhere"))
    assert "etl" == known(repository / "etl").path


@pytest.mark.parametrize(
    "url, expected",
    [
        ("https://user:token@example.org:8443/a/b.git?token=x#y", "https://example.org:8443/a/b.git"),
        ("https://token@example.org/a.git", "https://example.org/a.git"),
        ("ssh://git:secret@example.org/a.git", "ssh://git@example.org/a.git"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("example.org:a/b.git", "example.org:a/b.git"),
        ("/srv/git/a.git", None),
        ("../a.git", None),
        ("C:\\git\\a", None),
        ("file:///srv/git/a.git", None),
        ("https://[broken", None),
    ],
)
def test_a_remote_keeps_only_what_is_its_address(url: str, expected: str | None) -> None:
    assert expected == without_credentials(url)
