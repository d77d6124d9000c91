"""A server imports only from where its settings allow."""

from pathlib import Path

import pytest
from lineageflow_server.access.transfers import restricted
from lineageflow_server.settings import Settings, load_settings

from lineageflow_core.connect import connect
from lineageflow_core.errors import AccessDeniedError
from lineageflow_core.remote.client import open_remote
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.transfers import run_import, start, write
from tests.server.serving import TOKEN, served

FILES = {"a": b"1"}


def test_nothing_is_allowed_by_default() -> None:
    assert () == Settings(token=None).import_from
    assert () == load_settings(host="127.0.0.1", no_auth=False, environment={}).import_from


def test_the_environment_allows() -> None:
    settings = load_settings(
        host="127.0.0.1", no_auth=False, environment={"LINEAGEFLOW_IMPORT_FROM": "s3://a/b  gs://cc"}
    )
    assert ("s3://a/b", "gs://cc") == settings.import_from


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


@pytest.mark.parametrize(
    "source", ["s3://aa/bc", "s3://other/b", "gs://aa/b", "s3://aa/b?endpoint_url=http://x"]
)
def test_other_buckets_are_refused(source: str) -> None:
    transfers = restricted(connect("memory:").transfers, ["s3://aa/b"])
    with pytest.raises(AccessDeniedError):
        transfers.preview_import("data", source, "in")
