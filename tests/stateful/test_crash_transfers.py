"""`kill -9` at every step of imports and exports: the same call goes on, and ends with the same."""

import json
import shutil
from pathlib import Path

import pytest

from lineageflow_core.exports import MANIFEST, Export
from lineageflow_core.imports import import_objects
from lineageflow_core.model.change import delete
from lineageflow_core.repository import Repository
from lineageflow_core.service import imports
from tests.stateful.crash import kill_at
from tests.stateful.test_crash import contents, open_lake, survive

FILES = {f"{number}/part": str(number).encode() for number in range(3)}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A lake, and beside it a folder to be imported."""
    source = tmp_path / "source"
    for name, content in FILES.items():
        (source / name).parent.mkdir(parents=True)
        (source / name).write_bytes(content)
    lake = tmp_path / "template"
    open_lake(lake).create().put("own", {"a": b"1", "b/c": b"2"})
    return lake


def test_a_killed_import_goes_on_and_is_committed_once(
    template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineageflow_core.store.sources.folder._PAGE", 2)
    monkeypatch.setattr(imports, "BATCH", 2)
    before = contents(open_lake(template))
    done = before | {f"in/{name}": content for name, content in FILES.items()}

    def work(lake: Path) -> None:
        repo = open_lake(lake)
        import_objects(repo.catalog, "data", template.parent / "source", "in", branch="main", author="ada")

    def check(lake: Path, *, killed: bool) -> None:
        repo = open_lake(lake)
        assert contents(repo) in ([before, done] if killed else [done])
        assert brought(repo) <= 1
        assert killed or brought(repo) == 1

    assert survive(template, work, check) > 15


def test_a_killed_export_goes_on_and_leaves_nothing_else_behind(template: Path, tmp_path: Path) -> None:
    repo = open_lake(template)
    target = tmp_path / "target"
    Export(repo.catalog, "data", "main", "own", target).run()
    repo.put("own", {"a": b"3", "d": b"4"})
    repo.catalog.history.commit("data", "main", [delete("own/b/c")], author="ada", message="less")
    step, killed = 0, True
    while killed:
        step += 1
        victim = tmp_path / "victim"
        shutil.copytree(target, victim)
        adopt(victim)

        def work(victim: Path = victim) -> None:
            Export(open_lake(template).catalog, "data", "main", "own", victim).run()

        killed = kill_at(step, work)
        work()
        assert {"a": b"3", "d": b"4"} == on_disk(victim)
        shutil.rmtree(victim)
    assert step > 10


def brought(repo: Repository) -> int:
    """Returns how many commits an import made."""
    return sum("import" in commit.metadata for commit in repo.log())


def on_disk(folder: Path) -> dict[str, bytes]:
    """Returns all files of an export but its manifest."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def adopt(folder: Path) -> None:
    """Makes a copied export one that was written here: files are known by their inodes."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for name, written in manifest["files"].items():
        status = (folder / name).stat()
        written[-1] = f"mtime:{status.st_mtime_ns}:{status.st_ino}"
    (folder / MANIFEST).write_text(json.dumps(manifest))
