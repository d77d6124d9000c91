"""What the clouds' libraries are kept from: stalling, telling secrets, insisting on what is not there."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from lineageflow_core.errors import AccessDeniedError, InvalidInputError, StorageError
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.store.bucket import BucketContentStore
from lineageflow_core.store.buckets import Bucket
from lineageflow_core.store.buckets.failures import bucket_errors, without_secrets
from lineageflow_core.store.buckets.over_fsspec import FsspecBucket
from lineageflow_core.store.buckets.over_obstore import ObstoreBucket
from lineageflow_core.store.open import open_content
from tests.servers.objectstores import gcs, in_environment

SECRET = "AKIAhunter2"
AMAZON = {"AWS_ACCESS_KEY_ID": SECRET, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "eu-central-1"}


def test_gcsfs_is_used_without_asking_for_the_kind_of_bucket() -> None:
    with gcs() as server, in_environment(server.environment):
        content = open_content(f"{server.url}/a")
        content.write_objects([b"x"])
        assert isinstance(content, BucketContentStore)
        assert "gcsfs.extended_gcsfs" != type(_file_system(content)).__module__


def _file_system(content: BucketContentStore) -> object:
    bucket = content._bare
    assert isinstance(bucket, FsspecBucket)
    return bucket._files


class OldStorage(BaseHTTPRequestHandler):
    """An S3 of the kind that does not know conditional writes, and denies all but writing."""

    checksums: ClassVar[list[str]] = []
    """Headers of what was sent."""
    protocol_version = "HTTP/1.1"  # it says "go on" to whoever asks first

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        OldStorage.checksums.extend(
            name for name in self.headers if name.lower().startswith("x-amz-checksum-")
        )
        conditional = "If-None-Match" in self.headers
        self._answer(501 if conditional else 200, "NotImplemented" if conditional else "")

    def do_GET(self) -> None:
        self._answer(403, "AccessDenied")

    def do_HEAD(self) -> None:
        self._answer(404, "")

    def _answer(self, status: int, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode() if code else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def old_storage() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), OldStorage) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(params=[FsspecBucket, ObstoreBucket])
def old(request: pytest.FixtureRequest, old_storage: str) -> Iterator[Bucket]:
    with in_environment(AMAZON):
        yield request.param(parse_storage(f"s3://bucket/a?endpoint_url={old_storage}"))


def test_a_storage_without_conditional_writes_can_be_written(old: Bucket) -> None:
    assert old.create("objects/ab/cd", b"x")


def test_bytes_are_sent_with_a_checksum(old: Bucket) -> None:
    OldStorage.checksums.clear()
    old.replace("objects/ab/cd", b"x")
    assert 1 == len(OldStorage.checksums)


def test_a_denied_request_is_told_without_credentials(old: Bucket) -> None:
    with pytest.raises(AccessDeniedError) as caught:
        old.read("objects/ab/cd", 0, 10)
    assert "storage check" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_check_names_the_missing_permission(old: Bucket) -> None:
    checks = {check.name: check for check in BucketContentStore(old).check().checks}
    assert (True, False) == (checks["write"].ok, checks["read"].ok)
    assert "s3:GetObject" == checks["read"].permission


@pytest.mark.parametrize(
    "said",
    [
        f"failed: https://host/c/blob?sv=1&sig={SECRET} (403)",
        f"GET http://user:{SECRET}@host/a",
        f"failed\nAuthorization: Bearer {SECRET}",
    ],
)
def test_what_libraries_say_is_told_without_secrets(said: str) -> None:
    assert SECRET not in without_secrets(said)
    with pytest.raises(StorageError) as caught, bucket_errors(parse_storage("s3://bucket"), "write"):
        raise OSError(said)
    assert SECRET not in str(caught.value)


def test_a_library_that_is_missing_is_named() -> None:
    hide = "import sys; sys.modules['s3fs'] = None; from lineageflow_core.store.open import open_content; "
    program = hide + "open_content('s3://bucket/a')"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "pip install 'lineageflow-core[s3]'" in ran.stderr


def test_what_is_no_storage_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="is no storage that is known"):
        open_content("ftp://host/a")
