"""`kill -9` at every step of a collection: nothing that is held is lost, and the next one finishes it."""

import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lineageflow_server.embedded import open_stores

from lineageflow_core import Repository
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import RepositoryNotFoundError, StateError
from lineageflow_core.model.collection import ContentKind
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.settings import RepositorySettings, RetentionRule
from lineageflow_core.service import repacking
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.testing.storage_clock import AgingStores, StorageClock
from tests.stateful.crash import kill_at
from tests.stateful.packs import FromPacks

LATER = timedelta(days=30)
HELD = {"a": b"back", "b": b"held", "c/1": b"held", "c/2": b"held"}


@pytest.fixture(autouse=True)
def rewrites_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packs are small here."""
    monkeypatch.setattr(repacking, "WORTH", 0)
    monkeypatch.setattr(repacking, "SPARSE", 0.9)


def open_lake(lake: Path, *, ahead: timedelta) -> Catalog:
    """Opens a lake when so much time has passed."""
    clock = StorageClock()
    clock.move_on(ahead)
    stores = AgingStores(open_stores(lake), clock)
    return open_embedded(stores, clock=lambda: datetime.now(UTC) + ahead)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A lake with things to be trashed, due there, or needed again from there, and packs to be rewritten."""
    lake = tmp_path / "template"
    catalog = open_lake(lake, ahead=timedelta())
    repo = Repository(catalog, "data", author="ada").create()
    limits = RepositorySettings(retention_rules=(RetentionRule(keep_versions=1),))
    catalog.settings.update_settings("data", limits, author="ada")
    for content in (b"old", b"back", b"now"):
        repo.put("a", content)
    assert open_lake(lake, ahead=LATER).collection.collect("data", author="ada").trashed
    open_lake(lake, ahead=LATER).merging.revert("data", ["main"], branch="main", author="ada")
    catalog.refs.create_branch("data", "topic", source="main", author="ada")
    repo.put("c", {"1": b"held", "2": b"held"}, branch="topic")
    repo.put("b", b"to be trashed")
    repo.put("b", b"held")
    catalog.merging.merge("data", "topic", into="main", author="ada")  # brings its tree in another pack
    return lake


def test_the_collection_to_be_killed_rewrites_packs(template: Path) -> None:
    assert open_lake(template, ahead=LATER * 2).collection.plan_collection("data").repacked


def test_a_killed_collection_loses_nothing_and_is_finished_by_the_next(
    template: Path, tmp_path: Path
) -> None:
    step, died = 0, True
    while died:
        step += 1
        lake = tmp_path / str(step)
        shutil.copytree(template, lake)

        def collect(lake: Path = lake) -> None:
            open_lake(lake, ahead=LATER * 2).collection.collect("data", author="ada")

        died = kill_at(step, collect)
        assert HELD == contents(lake)
        for number in range(3, 6):
            open_lake(lake, ahead=LATER * number).collection.collect("data", author="ada")
        assert HELD == contents(lake)
        assert rebuilt(lake) == history(lake)
        assert {b"back", b"held"} == {path.read_bytes() for path in objects(lake)}
        shutil.rmtree(lake)
    assert step > 20


def test_a_killed_purge_of_a_repository_is_finished_by_the_next(template: Path, tmp_path: Path) -> None:
    open_lake(template, ahead=timedelta()).repositories.delete_repository("data", author="ada")
    [folder] = (template / "repositories").iterdir()
    step, died = 0, True
    while died:
        step += 1
        lake = tmp_path / str(step)
        shutil.copytree(template, lake)

        def purge(lake: Path = lake) -> None:
            open_lake(lake, ahead=LATER).repositories.purge_repository("data", author="ada")

        died = kill_at(step, purge)
        repositories = open_lake(lake, ahead=LATER).repositories
        with suppress(StateError, RepositoryNotFoundError):
            repositories.restore_repository("data", author="ada")
            assert HELD == contents(lake)  # who can restore it has all of it
            repositories.delete_repository("data", author="ada")
        with suppress(RepositoryNotFoundError):
            open_lake(lake, ahead=LATER * 2).repositories.purge_repository("data", author="ada")
        assert not (lake / "repositories" / folder.name).exists()
        assert [] == list(repositories.list_deleted_repositories().items)
        shutil.rmtree(lake)
    assert step > 10


def contents(lake: Path) -> dict[str, bytes]:
    """Reads what `main` holds, as a new process does."""
    catalog = open_lake(lake, ahead=LATER)
    found = catalog.objects.list_objects("data", "main").items
    return {entry.path: catalog.content.open("data", entry.object_id).read() for entry in found}


def history(lake: Path) -> dict[CommitId, int]:
    """Returns how many objects each commit has."""
    catalog = open_lake(lake, ahead=LATER)
    commits = catalog.history.log("data", "main").items
    return {each.id: len(catalog.objects.list_objects("data", each.id).items) for each in commits}


def rebuilt(lake: Path) -> dict[CommitId, int]:
    """Returns how many objects each commit of the history has, read from nothing but packs."""
    content = open_stores(lake).content(next((lake / "repositories").iterdir()).name)
    packs = FromPacks(content, {each.id: each.size for each in content.trash.list_stored(ContentKind.PACK)})
    return {commit: len(packs.read(CommitId(commit))) for commit in history(lake)}


def objects(lake: Path) -> list[Path]:
    """Returns the files of all objects, those in the trash too."""
    [root] = (lake / "repositories").iterdir()
    return [
        Path(folder) / name
        for folder, _, names in os.walk(root)
        for name in names
        if f"/{ContentKind.OBJECT}s/" in folder
    ]
