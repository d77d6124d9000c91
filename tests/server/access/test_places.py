"""A server imports only from, and keeps content only in, what its settings allow."""

from pathlib import Path

import pytest
from lineageflow_server.access.places import Fence
from lineageflow_server.settings import Settings, load_settings

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.errors import AccessDeniedError, RepositoryNotFoundError
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.remote.client import open_remote
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.transfers import run_import, start, write
from tests.server.serving import TOKEN, served

FILES = {"a": b"1"}


def create(catalog: Catalog, name: str, storage: Path | str) -> Repository:
    url = f"file://{storage}" if isinstance(storage, Path) else storage
    catalog.repositories.create_repository(name, author="ada", storage=url)
    return Repository(catalog, name, author="ada")


def test_nothing_is_allowed_by_default() -> None:
    for settings in (
        Settings(token=None),
        load_settings(host="127.0.0.1", no_auth=False, environment={}),
    ):
        assert ((), ()) == (settings.import_from, settings.storage_in)


@pytest.mark.parametrize(
    "variable, name", [("LINEAGEFLOW_IMPORT_FROM", "import_from"), ("LINEAGEFLOW_STORAGE_IN", "storage_in")]
)
def test_the_environment_allows(variable: str, name: str) -> None:
    settings = load_settings(host="127.0.0.1", no_auth=False, environment={variable: "s3://aa/b  gs://cc"})
    assert ("s3://aa/b", "gs://cc") == getattr(settings, name)


def test_a_server_keeps_its_files_to_itself(tmp_path: Path) -> None:
    inside = write(tmp_path / "inside", FILES)
    outside = write(tmp_path / "inside-not", FILES)
    (inside / "link").symlink_to(outside)
    with served(connect("memory:"), import_from=(f"file://{inside}",)) as address:
        repo = Repository(open_remote(address, TOKEN), "data", author="ada").create()
        assert 1 == run_import(repo, inside, "in").objects
        for place in (outside, inside / "link", Path(f"{inside}/../inside-not"), tmp_path, Path("/etc")):
            with pytest.raises(AccessDeniedError, match="LINEAGEFLOW_IMPORT_FROM"):
                start(repo, place, "other")
            with pytest.raises(AccessDeniedError, match="LINEAGEFLOW_IMPORT_FROM"):
                repo.catalog.transfers.preview_import(repo.name, f"file://{place}", "other")


def test_a_server_writes_only_where_it_may(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "inside-not"
    for folder in (inside, outside):
        folder.mkdir()
    (inside / "link").symlink_to(outside)
    elsewhere: list[Path | str] = [outside, inside / "link" / "a", Path(f"{inside}/../inside-not"), tmp_path]
    with served(connect("memory:"), storage_in=(f"file://{inside}",)) as address:
        catalog = open_remote(address, TOKEN)
        repo = create(catalog, "data", inside / "team")
        repo.put("a", b"1")
        assert b"1" == repo.read_bytes("a")
        elsewhere += ["s3://bucket/a?endpoint_url=http://evil.example", "memory://bucket"]
        for place in elsewhere:
            with pytest.raises(AccessDeniedError, match="LINEAGEFLOW_STORAGE_IN"):
                create(catalog, "other", place)
        assert [] == list(outside.iterdir())
        with pytest.raises(RepositoryNotFoundError):
            catalog.repositories.get_repository("other")


def test_content_that_names_no_storage_needs_no_permission() -> None:
    with served(connect("memory:"), storage_in=()) as address:
        repo = Repository(open_remote(address, TOKEN), "data", author="ada").create()
        repo.put("a", b"1")
        assert b"1" == repo.read_bytes("a")


def test_a_repository_whose_storage_is_not_allowed_any_more_works_on(tmp_path: Path) -> None:
    lake = connect("memory:")
    create(lake, "data", tmp_path).put("a", b"1")  # who opens a lake itself may use what they can
    with served(lake, storage_in=()) as address:
        repo = Repository(open_remote(address, TOKEN), "data", author="ada")
        repo.put("b", b"2")
        assert (b"1", b"2") == (repo.read_bytes("a"), repo.read_bytes("b"))
        assert repo.catalog.repositories.check_storage("data").usable


@pytest.mark.parametrize(
    "place, url, held",
    [
        ("s3://aa/b", "s3://aa/b", True),
        ("s3://aa/b", "s3://aa/b/c", True),
        ("s3://aa/b", "s3a://aa/b/?region=eu-1", True),
        ("s3://aa", "s3://aa/b", True),
        ("file:///", "file:///srv", True),
        ("s3://aa/b", "s3://aa", False),
        ("s3://aa/b", "s3://aa/bc", False),
        ("s3://aa/b", "s3://other/b", False),
        ("s3://aa/b", "gs://aa/b", False),
        ("s3://aa/b", "s3://aa/b?endpoint_url=http://x", False),
        ("s3://aa/b?endpoint_url=http://x", "s3://aa/b", False),
        ("s3://aa/b?endpoint_url=http://x/", "s3://aa/b/c?endpoint_url=http://x", True),
        ("s3://aa/b?endpoint_url=http://x", "s3://aa/b?endpoint_url=http://x:81", False),
        ("abfs://aa@one.dfs.core.windows.net", "abfs://aa@other.dfs.core.windows.net", False),
        ("az://aa", "abfs://aa@other.dfs.core.windows.net", False),
    ],
)
def test_a_place_holds_what_is_at_or_below_it_in_the_same_storage(place: str, url: str, held: object) -> None:
    assert held is Fence([place]).holds(parse_storage(url))


def test_where_nothing_is_allowed_nothing_is() -> None:
    assert not Fence([]).holds(parse_storage("file:///"))
