import os
from pathlib import Path

from tests.core.cli.calling import Cli


def test_a_repository_keeps_its_content_where_it_was_told(empty: Cli, tmp_path: Path) -> None:
    store = tmp_path / "store"
    empty.good("repo", "create", "weather", "--storage", f"file://{store}")
    empty.good("put", "-", "lf://weather/note", input="rain")
    assert b"rain" in {path.read_bytes() for path in store.glob("*/objects/*/*")}
    assert "rain" == empty.good("cat", "lf://weather/note").out
    assert f"file://{store}" == empty.good("repo", "show", "weather").facts["storage"]


def test_a_url_with_a_secret_is_refused(empty: Cli) -> None:
    ran = empty("repo", "create", "weather", "--storage", "s3://key:hunter2@bucket")
    assert 2 == ran.code
    assert "hunter2" not in ran.err
    assert 3 == empty("repo", "show", "weather").code


def test_a_storage_that_works_is_told_check_by_check(empty: Cli, tmp_path: Path) -> None:
    ran = empty.good("storage", "check", f"file://{tmp_path / 'store'}")
    assert ["✓"] * 8 == [row[0] for row in ran.rows[1:]]


def test_without_a_url_the_repository_s_storage_is_checked(empty: Cli, tmp_path: Path) -> None:
    document = empty.good("storage", "check", "--json").json
    assert document["storage"].startswith(f"file://{tmp_path}")
    assert {True} == {check["ok"] for check in document["checks"]}


def test_a_storage_that_does_not_work_fails(empty: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    ran = empty("storage", "check", f"file://{tmp_path / 'file'}")
    assert 1 == ran.code
    assert ["✗", "write"] == ran.rows[1][:2]


def test_a_check_leaves_no_file(empty: Cli, tmp_path: Path) -> None:
    empty.good("storage", "check", f"file://{tmp_path / 'store'}")
    assert [] == [name for _, _, names in os.walk(tmp_path / "store") for name in names]
