"""Imports from buckets of all three clouds: names that others chose, and versions that others change."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lineageflow_core.connect import connect
from lineageflow_core.errors import ChangedUnderneathError
from lineageflow_core.imports import import_objects
from lineageflow_core.model.names import MAX_SEGMENT_BYTES
from lineageflow_core.model.storage import Provider, StorageUrl, parse_storage
from lineageflow_core.repository import Repository
from lineageflow_core.store.buckets.over_fsspec import file_system
from lineageflow_core.store.open import open_bucket
from lineageflow_core.testing.catalog.scene import files
from tests.servers.objectstores import SERVERS, in_environment

pytestmark = pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")

FINE = (
    "ok",
    "with space",
    "100%25",
    "a+b&c=d;e,f",
    "q#x",
    "day=1/part-0",
    "\u2603/caf\u00e9",
    "-dash",
    "@main/x",
)
HOSTILE = (
    "../up",
    "in/../../up",
    "./here",
    "/absolute",
    "double//slash",
    "trailing/.",
    "back\\slash",
    "new\nline",
    "bell\x07",
    f"{'l' * (MAX_SEGMENT_BYTES + 1)}",
)
_numbers = count()


@pytest.fixture(scope="module", params=["gcs", "s3", "azure"])
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    with SERVERS[request.param]() as server, in_environment(server.environment):
        yield server.url


@pytest.fixture
def url(place: str) -> StorageUrl:
    return parse_storage(f"{place}/from{next(_numbers)}")


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return Repository(connect(str(tmp_path / "lake")), "data", author="ada").create()


def test_names_of_others_become_paths_or_are_told(repo: Repository, url: StorageUrl) -> None:
    write = writer(url)
    # Azure makes '/' of a backslash, and Azurite cannot list control characters: they are no XML.
    left_out = {"back\\slash", "new\nline", "bell\x07"} if url.provider is Provider.AZURE else set()
    names = [name for name in (*FINE, *HOSTILE) if name not in left_out]
    stored = {name: name.encode() for name in names if fits(write, name)}
    assert set(FINE) <= set(stored)
    for name in ("file", "file/and/folder"):
        write(name, b"x")
    done = import_objects(repo.catalog, "data", str(url), "in", branch="main", author="ada")
    taken = {f"in/{name}": stored[name] for name in FINE} | {"in/file/and/folder": b"x"}
    assert taken == files(repo)
    assert {*(set(stored) - set(FINE)), "file"} == {each.name for each in done.examples}
    assert done.skipped == len(done.examples)


def test_two_names_that_are_one_in_unicode_become_one_object(repo: Repository, url: StorageUrl) -> None:
    write = writer(url)
    write("cafe\u0301", b"decomposed")
    write("caf\u00e9", b"composed")
    done = import_objects(repo.catalog, "data", str(url), "in", branch="main", author="ada")
    assert (1, 1) == (done.objects, done.skipped)
    assert b"decomposed" == repo.read_bytes("in/caf\u00e9")


def test_what_was_changed_is_told_until_it_is_imported_again(repo: Repository, url: StorageUrl) -> None:
    bucket = open_bucket(url)
    for name in ("a", "b", "c"):
        bucket.replace(name, b"1")
    import_objects(repo.catalog, "data", str(url), "in", branch="main", author="ada")
    bucket.replace("a", b"2")
    bucket.remove("b")
    for name in ("a", "b"):
        with pytest.raises(ChangedUnderneathError):
            repo.read_bytes(f"in/{name}")
    assert b"1" == repo.read_bytes("in/c")
    report = repo.catalog.transfers.verify_references("data", "main", "in")
    assert ["in/a", "in/b"] == [each.path for each in report.changed]
    done = import_objects(repo.catalog, "data", str(url), "in", branch="main", author="ada")
    assert (0, 1, 1) == (done.added, done.changed, done.removed)
    assert b"2" == repo.read_bytes("in/a")
    assert () == repo.catalog.transfers.verify_references("data", "main", "in").changed


def writer(url: StorageUrl) -> Callable[[str, bytes], None]:
    """Returns what stores bytes under any name that the storage takes, and does not make a path of it."""
    client = file_system(url)()

    def s3(key: str, content: bytes) -> None:
        import botocore.session

        boto = botocore.session.get_session().create_client("s3")
        boto.put_object(Bucket=url.bucket, Key=key, Body=content)

    def gcs(key: str, content: bytes) -> None:
        client.call(
            "POST", f"{client._location}/upload/storage/v1/b/{url.bucket}/o", uploadType="media", name=key,
            data=content, json_out=True,
        )  # fmt: skip

    def azure(key: str, content: bytes) -> None:
        from fsspec.asyn import sync

        async def upload() -> Any:
            await client.service_client.get_blob_client(url.bucket, key).upload_blob(content)

        sync(client.loop, upload)

    put = {Provider.S3: s3, Provider.GCS: gcs, Provider.AZURE: azure}[url.provider]
    return lambda name, content: put(f"{url.path}/{name}", content)


def fits(write: Callable[[str, bytes], None], name: str) -> bool:
    """Stores a name under itself; tells whether the storage takes such names at all."""
    try:
        write(name, name.encode())
    except Exception:  # noqa: BLE001 - each library has its own
        return False
    return True
