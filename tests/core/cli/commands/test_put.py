import os
from pathlib import Path

import pytest

from tests.core.cli.calling import Cli


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.csv").write_text("a")
    (folder / "deep" / "b.csv").write_text("bb")
    return folder


def _objects(cli: Cli) -> list[str]:
    return [row[0] for row in cli.good("ls", "-r").rows]


def _datasets(cli: Cli) -> set[str]:
    return {row[1] for folder in ("", "raw") for row in cli("ls", folder).rows if row[0] == "dataset"}


def test_a_file_goes_to_the_address(empty: Cli, folder: Path) -> None:
    ran = empty.good("put", str(folder / "a.csv"), "raw/flights.csv")
    assert ["main", "put raw/flights.csv"] == ran.rows[0][1:]
    assert "1 object, 1 B\n" == ran.err
    assert "a" == empty.good("cat", "raw/flights.csv").out


def test_below_a_folder_it_keeps_its_name(empty: Cli, folder: Path) -> None:
    empty.good("put", str(folder / "a.csv"), "raw/")
    assert ["raw/a.csv"] == _objects(empty)


def test_several_files_are_one_commit_and_each_a_dataset(empty: Cli, folder: Path) -> None:
    ran = empty.good("put", str(folder / "a.csv"), str(folder / "deep" / "b.csv"), "raw")
    assert "put 2 paths to raw" == ran.rows[0][2]
    assert 2 == len(empty.good("log").rows)
    assert {"raw/a.csv", "raw/b.csv"} == _datasets(empty)


def test_a_folder_becomes_one_dataset(empty: Cli, folder: Path) -> None:
    empty.good("put", "-r", str(folder), "raw/flights", "-m", "first load")
    assert ["raw/flights/a.csv", "raw/flights/deep/b.csv"] == _objects(empty)
    assert {"raw/flights"} == _datasets(empty)
    assert "first load" == empty.good("log").rows[0][5]


def test_a_folder_goes_below_one_with_its_name(empty: Cli, folder: Path) -> None:
    empty.good("put", "-r", str(folder), "raw/")
    assert {"raw/data"} == _datasets(empty)


def test_the_current_folder_has_its_own_name(
    empty: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    empty.good("put", "-r", ".", "raw/")
    assert {"raw/data"} == _datasets(empty)


def test_a_folder_needs_to_be_asked_for(empty: Cli, folder: Path) -> None:
    ran = empty("put", str(folder), "raw")
    assert 2 == ran.code
    assert "--recursive" in ran.err


def test_what_comes_from_stdin_is_put(empty: Cli) -> None:
    content = bytes(range(256)) * 1000
    empty.good("put", "-", "model.bin", input=content)
    assert 256_000 == empty.good("ls", "-r", "--json").json[0]["size"]


def test_what_comes_from_stdin_needs_a_name(empty: Cli) -> None:
    ran = empty("put", "-", "raw/", input="x")
    assert 2 == ran.code
    assert "has no name" in ran.err


def test_new_content_replaces_the_old_one(empty: Cli) -> None:
    empty.good("put", "-", "a", input="one")
    empty.good("put", "-", "a", input="two")
    assert "two" == empty.good("cat", "a").out


def test_the_same_content_again_is_no_commit(empty: Cli) -> None:
    empty.good("put", "-", "a", input="one")
    ran = empty.good("put", "-", "a", input="one")
    assert ran.err.startswith("nothing changed: main is at ")
    assert 2 == len(empty.good("log").rows)


def test_a_loose_file_may_join_a_dataset(empty: Cli, folder: Path) -> None:
    empty.good("put", str(folder / "a.csv"), "raw/flights/", "--dataset", "raw/flights")
    assert {"raw/flights"} == _datasets(empty)


@pytest.mark.parametrize(
    "words", [("lf://flights/@try/a",), ("a", "--branch", "try"), ("@try/a", "-b", "try")]
)
def test_the_branch_may_be_in_the_address(empty: Cli, words: tuple[str, ...]) -> None:
    empty.good("branch", "create", "try")
    assert "try" == empty.good("put", "-", *words, input="x").rows[0][1]
    assert 3 == empty("cat", "a").code


def test_two_branches_are_one_too_many(empty: Cli) -> None:
    assert 2 == empty("put", "-", "@main/a", "--branch", "try", input="x").code


def test_a_historical_ref_is_not_written_to(empty: Cli) -> None:
    assert empty("put", "-", "@main~0/a", input="x").code in {2, 3}


def test_the_author_is_who_is_named(empty: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGEFLOW_AUTHOR", "grace")
    empty.good("put", "-", "a", input="x")
    empty.good("put", "-", "b", "--author", "ada", input="x")
    assert ["ada", "grace"] == [row[2] for row in empty.good("log", "-n", "2").rows]


def test_the_commit_is_the_document(empty: Cli) -> None:
    commit = empty.good("put", "-", "a", "--json", input="x").json
    assert ("put a", empty.good("show").facts["commit"]) == (commit["message"], commit["id"])


@pytest.mark.parametrize("address", ["../a", "/a", "a//b", "a\\b", "@main/./a", "a\nb", "x" * 2000])
def test_a_bad_path_is_refused_before_anything_happens(empty: Cli, address: str) -> None:
    ran = empty("put", "-", address, input="x")
    assert (2, 1) == (ran.code, len(empty.good("log").rows))


def test_what_is_not_there_is_not_found(empty: Cli) -> None:
    ran = empty("put", "nothere.csv", "a")
    assert 3 == ran.code
    assert "'nothere.csv' does not exist" in ran.err


def test_an_empty_folder_is_nothing(empty: Cli, tmp_path: Path) -> None:
    (tmp_path / "hollow").mkdir()
    ran = empty("put", "-r", "hollow", "a")
    assert 2 == ran.code
    assert "holds no files" in ran.err


def test_nothing_is_skipped_in_silence(empty: Cli, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    ran = empty("put", "-r", str(folder), "raw")
    assert 2 == ran.code
    assert "neither a file nor a folder" in ran.err


def test_a_link_to_a_folder_is_not_followed(empty: Cli, folder: Path) -> None:
    (folder / "loop").symlink_to(folder)
    ran = empty("put", "-r", str(folder), "raw")
    assert 2 == ran.code
    assert "not followed" in ran.err


def test_a_link_to_a_file_is_that_file(empty: Cli, folder: Path) -> None:
    (folder / "link.csv").symlink_to(folder / "a.csv")
    empty.good("put", "-r", str(folder), "raw")
    assert "a" == empty.good("cat", "raw/link.csv").out


def test_a_link_that_leads_nowhere_is_told(empty: Cli, folder: Path) -> None:
    (folder / "link.csv").symlink_to("gone")
    ran = empty("put", "-r", str(folder), "raw")
    assert 3 == ran.code
    assert "leads nowhere" in ran.err


def test_names_are_the_same_however_they_are_composed(empty: Cli, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "Cafe\u0301.csv").write_text("x")
    empty.good("put", "-r", "d", "raw")
    assert "x" == empty.good("cat", "raw/Caf\u00e9.csv").out


def test_two_names_that_are_one_are_told(empty: Cli, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for name in ("Cafe\u0301.csv", "Caf\u00e9.csv"):
        (tmp_path / "d" / name).write_text(name)
    ran = empty("put", "-r", "d", "raw")
    assert 2 == ran.code
    assert "have one path, 'raw/Caf\u00e9.csv'" in ran.err


def test_a_name_that_is_no_text_is_refused(empty: Cli, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (Path(os.fsdecode(os.fsencode(tmp_path / "d") + b"/\xff"))).write_text("x")
    ran = empty("put", "-r", "d", "raw")
    assert 2 == ran.code
    assert r"\udcff" in ran.err


def test_many_files_are_one_commit(empty: Cli, tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for number in range(600):
        (tmp_path / "many" / f"{number:04}").write_text(str(number))
    assert "600 objects, 1.7 KiB\n" == empty.good("put", "-r", "many", "raw").err
    assert (600, 2) == (len(_objects(empty)), len(empty.good("log").rows))


@pytest.mark.parametrize("command", ["put", "add"])
def test_an_address_that_is_missing_is_told_with_an_example(cli: Cli, command: str) -> None:
    ran = cli(command, "orders.csv")
    assert (2, True) == (ran.code, "missing argument 'ADDRESS'" in ran.err)
    assert f" {command} orders.csv sales/orders.csv`" in ran.err
