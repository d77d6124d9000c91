"""`import`, `imports` and `export`, as people call them."""

from pathlib import Path

import pytest

from tests.core.cli.calling import Cli


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source" / "b").mkdir(parents=True)
    (tmp_path / "source" / "a.csv").write_bytes(b"1")
    (tmp_path / "source" / "b" / "c.csv").write_bytes(b"22")
    (tmp_path / "source" / "link").symlink_to("a.csv")
    return tmp_path / "source"


def test_an_import_tells_what_it_did_and_what_it_skipped(cli: Cli, source: Path) -> None:
    cli.good("repo", "create", "new")
    ran = cli.good("import", str(source), "-R", "new")
    assert ["done", "2", "3", "source", f"file://{source}"] == ran.rows[0][1:]
    assert [["link", "it is a link, or no file"]] == ran.section("skipped")
    assert "2 added, 0 changed, 0 removed" in ran.err
    assert ["source/a.csv", "source/b/c.csv"] == [row[0] for row in cli.good("ls", "-r", "-R", "new").rows]


def test_a_dry_run_changes_nothing(cli: Cli, source: Path) -> None:
    cli.good("repo", "create", "new")
    ran = cli.good("import", str(source), "raw", "--dry-run", "-R", "new")
    assert [["raw/a.csv"], ["raw/b/c.csv"]] == ran.rows[:2]
    assert [] == cli.good("imports", "list", "-R", "new").rows


def test_a_repository_begins_with_an_import(cli: Cli, source: Path) -> None:
    cli.good("repo", "create", "new", "--import", str(source))
    assert "22" == cli.good("cat", "source/b/c.csv", "-R", "new").out


def test_a_check_fails_where_something_changed(cli: Cli, source: Path) -> None:
    cli.good("repo", "create", "new", "--import", str(source))
    assert 0 == cli("imports", "check", "-R", "new").code
    (source / "a.csv").unlink()
    ran = cli("imports", "check", "-R", "new")
    assert (1, "source/a.csv", "nothing") == (ran.code, ran.rows[0][0], ran.rows[0][2])


def test_an_export_is_kept_up_to_date(cli: Cli, source: Path, tmp_path: Path) -> None:
    cli.good("repo", "create", "new", "--import", str(source))
    ran = cli.good("export", "source", str(tmp_path / "out"), "-R", "new")
    assert [f"file://{tmp_path}/out", "2 files", "3", "0 kept", "0 removed"] == ran.rows[0]
    again = cli.good("export", "source", str(tmp_path / "out"), "-R", "new")
    assert ["0 files", "0", "2 kept", "0 removed"] == again.rows[0][1:]
    assert b"22" == (tmp_path / "out" / "b" / "c.csv").read_bytes()
