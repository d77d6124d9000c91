import os
import stat
from pathlib import Path

import pytest

from lineageflow_core.cli.commands import get as get_module
from lineageflow_core.errors import IntegrityError, InvalidInputError
from lineageflow_core.model.address import Address
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.objects import ObjectEntry
from tests.core.cli.calling import Cli


def _files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


def test_an_object_takes_its_own_name(seen: Cli, tmp_path: Path) -> None:
    ran = seen.good("get", "notes.txt")
    assert ["notes.txt", "8"] == ran.rows[0][:2]
    assert {"notes.txt": "read me\n"} == _files(tmp_path)


def test_an_object_takes_the_name_it_is_given(seen: Cli, tmp_path: Path) -> None:
    seen.good("get", "notes.txt", "new/place.txt")
    assert {"new/place.txt": "read me\n"} == _files(tmp_path)


@pytest.mark.parametrize("destination", ["there", "there/"])
def test_an_object_goes_into_a_folder(seen: Cli, tmp_path: Path, destination: str) -> None:
    (tmp_path / "there").mkdir()
    seen.good("get", "notes.txt", destination)
    assert {"there/notes.txt": "read me\n"} == _files(tmp_path)


def test_a_dataset_becomes_a_folder(seen: Cli, tmp_path: Path) -> None:
    ran = seen.good("get", "@main~1/raw/flights", "out")
    assert {f"out/2013-0{month}/data.csv": f"delays of 2013-0{month}" for month in (1, 2, 3)} == _files(
        tmp_path
    )
    assert 3 == len(ran.rows)


@pytest.mark.parametrize("destination", ["there", "there/below", "out"])
def test_a_file_where_a_folder_has_to_be_is_told_with_what_to_do(
    seen: Cli, tmp_path: Path, destination: str
) -> None:
    (tmp_path / "out").mkdir()
    for file in ("there", "out/2013-01"):
        (tmp_path / file).write_text("mine")
    ran = seen("get", "@main~1/raw/flights", destination, "--force")
    assert (5, True) == (ran.code, "is no folder, which files could go into; choose another" in ran.err)
    assert {"there": "mine", "out/2013-01": "mine"} == _files(tmp_path)


def test_a_whole_repository_is_saved(seen: Cli, tmp_path: Path) -> None:
    seen.good("get", "lf://flights/@main~1")
    assert 9 == len(_files(tmp_path / "flights"))


def test_the_files_are_the_document(seen: Cli) -> None:
    fetched = seen.good("get", "notes.txt", "--json").json
    assert [("notes.txt", "notes.txt", 8)] == [(each["path"], each["file"], each["size"]) for each in fetched]


def test_what_is_not_there_is_not_found(seen: Cli, tmp_path: Path) -> None:
    assert 3 == seen("get", "nothere").code
    assert {} == _files(tmp_path)


@pytest.mark.parametrize(
    "address, file", [("notes.txt", "notes.txt"), ("raw/flights", "flights/2013-02/data.csv")]
)
def test_nothing_is_overwritten_unless_asked_for(seen: Cli, tmp_path: Path, address: str, file: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("mine")
    ran = seen("get", address)
    assert 5 == ran.code
    assert "--force" in ran.err
    assert {file: "mine"} == _files(tmp_path)
    seen.good("get", address, "--force")
    assert "mine" != (tmp_path / file).read_text()


def test_other_files_stay_when_forced(seen: Cli, tmp_path: Path) -> None:
    (tmp_path / "flights").mkdir()
    (tmp_path / "flights" / "mine").write_text("mine")
    seen.good("get", "raw/flights", "--force")
    assert "mine" == (tmp_path / "flights" / "mine").read_text()


def test_a_link_is_replaced_and_not_followed(seen: Cli, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "notes.txt").symlink_to("precious")
    seen.good("get", "notes.txt", "--force")
    assert "mine" == (tmp_path / "precious").read_text()
    assert not (tmp_path / "notes.txt").is_symlink()


def test_nothing_is_written_behind_a_link_that_leads_out(seen: Cli, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "flights").mkdir()
    (tmp_path / "flights" / "2013-02").symlink_to(tmp_path / "outside")
    ran = seen("get", "raw/flights", "--force")
    assert 2 == ran.code
    assert "leads out of" in ran.err
    assert {} == _files(tmp_path / "outside")


def test_damaged_bytes_leave_no_file(cli: Cli, tmp_path: Path) -> None:
    object_id = cli.good("ls", "-r", "notes.txt").rows[0][2]
    assert cli.lake is not None
    stored = [
        path
        for path in cli.lake.rglob("*")
        if path.is_file() and object_id in path.as_posix().replace("/", "")
    ]
    assert 1 == len(stored)
    stored[0].chmod(0o600)
    stored[0].write_bytes(b"READ ME\n")
    before = set(tmp_path.iterdir())
    ran = cli("get", "notes.txt")
    assert 1 == ran.code
    assert before == set(tmp_path.iterdir())


def test_a_folder_that_cannot_be_finished_is_not_there(cli: Cli, tmp_path: Path) -> None:
    object_id = cli.good("ls", "-r", "raw/flights/2013-03").rows[0][2]
    assert cli.lake is not None
    for path in cli.lake.rglob("*"):
        if path.is_file() and object_id in path.as_posix().replace("/", ""):
            path.chmod(0o600)
            path.write_bytes(b"")
    before = set(tmp_path.iterdir())
    assert 1 == cli("get", "raw/flights").code
    assert before == set(tmp_path.iterdir())


def test_files_have_the_usual_permissions(seen: Cli, tmp_path: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    seen.good("get", "raw/flights", "out")
    assert 0o777 & ~mask == stat.S_IMODE((tmp_path / "out").stat().st_mode)
    assert 0o666 & ~mask == stat.S_IMODE((tmp_path / "out" / "2013-01" / "data.csv").stat().st_mode)


@pytest.mark.parametrize("path", ["raw/../../x", "/etc/passwd", "raw//x"])
def test_a_path_that_a_server_made_up_is_refused(path: str) -> None:
    place = Address(repository="flights", ref="main", path="raw")
    entries = [ObjectEntry(path=path, object_id=ObjectId("0" * 64), size=1)]
    with pytest.raises(InvalidInputError):
        get_module._plan(place, entries, "out")


def test_a_path_that_was_not_asked_for_is_refused() -> None:
    place = Address(repository="flights", ref="main", path="raw")
    entries = [ObjectEntry(path="other/x", object_id=ObjectId("0" * 64), size=1)]
    with pytest.raises(IntegrityError):
        get_module._plan(place, entries, "out")
