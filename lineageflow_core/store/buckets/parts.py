"""Uploads in parts that go on where they stopped, whoever began them: for files so large that this pays.

What is stored of an upload is asked of the storage, so nothing is kept here, and another process or machine
goes on just as well. A part counts as stored only if it has the bytes that are to be sent: by its MD5 on S3
and Google Cloud Storage, by its BLAKE3 on Azure. So it does not matter whose upload it was, or whether two
processes are at the same one: they send the same bytes, and the last part is followed by one request that
makes the whole visible.

- S3: the parts of an unfinished multipart upload to this name
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html).
- Azure: the uncommitted blocks of this name; a block's id has the digest of its bytes
  (https://learn.microsoft.com/rest/api/storageservices/put-block).
- Google Cloud Storage knows a resumable upload only by an address that works like a password, and that would
  have to be kept somewhere. So parts are objects of their own below `uploads/`, which are composed
  (https://cloud.google.com/storage/docs/composite-objects) and removed.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from hashlib import md5
from typing import Any, Protocol

from blake3 import blake3

from lineageflow_core.errors import IntegrityError, InvalidInputError, StorageError
from lineageflow_core.model.storage import Provider, StorageUrl
from lineageflow_core.store.buckets.failures import bucket_errors

UPLOADS = "uploads"
"""Where parts are that are objects."""
TEMPORARY = ".lineageflow-tmp-"
"""How the names of unfinished files begin."""
_AT_ONCE = 4
"""Parts: bounds the memory of an upload, with their size."""
_COMPOSED = 32
"""Objects that Google composes at once."""


class Upload(Protocol):
    """An upload to one name, begun or gone on with. Threads may put parts at once."""

    def has(self, number: int, content: bytes) -> bool:
        """Tells whether the part of this number, from 1, is stored with these bytes."""
        ...

    def send(self, number: int, content: bytes) -> None:
        """Stores a part, in place of another one of its number."""
        ...

    def finish(self, parts: int) -> None:
        """Makes the parts the content of the name."""
        ...

    def discard(self) -> None:
        """Removes what is stored of the upload, where it would stay."""
        ...


def can_go_on(url: StorageUrl) -> bool:
    """Tells whether uploads to a storage can."""
    return url.provider in _KINDS


def upload_parts(
    files: Any, url: StorageUrl, path: str, chunks: Iterable[bytes], *, part: int, root: str
) -> None:
    """Sends what is not stored yet of a path's bytes, `part` bytes at a time. `files` is fsspec's.

    If `chunks` says that these bytes will never be, what is stored is removed; whatever else happens, it
    stays for the next attempt. Raises FileNotFoundError if there is no bucket.
    """
    with bucket_errors(url, "write"):
        upload = _KINDS[url.provider](files, path, root)

    def put(number: int, content: bytes) -> None:
        with bucket_errors(url, "write"):
            if not upload.has(number, content):
                upload.send(number, content)

    try:
        number = 0
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lineageflow-upload") as pool:
            pending: deque[Future[None]] = deque()
            for number, content in enumerate(_pieces(chunks, part), start=1):
                if len(pending) == _AT_ONCE:
                    pending.popleft().result()
                pending.append(pool.submit(put, number, content))
            for each in pending:
                each.result()
        with bucket_errors(url, "write"):
            upload.finish(number)
    except (InvalidInputError, IntegrityError):
        with suppress(Exception):
            upload.discard()
        raise
    except FileNotFoundError as error:
        raise StorageError(
            f"an upload to {url} was ended or removed by somebody else; try again", storage=str(url)
        ) from error


def _pieces(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yields the chunks' bytes in pieces of one size, but for the last."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) > size:
            yield bytes(held[:size])
            del held[:size]
    yield bytes(held)


class _S3Upload:
    def __init__(self, files: Any, path: str, _root: str) -> None:
        self._files = files
        bucket, _, key = path.partition("/")
        self._name = {"Bucket": bucket, "Key": key}
        self._done: dict[int, dict[str, Any]] = {}
        with suppress(Exception):  # it may not be allowed, or not be known: then it is begun anew
            self._find()
        if "UploadId" not in self._name:
            self._name["UploadId"] = files.call_s3("create_multipart_upload", **self._name)["UploadId"]

    def has(self, number: int, content: bytes) -> bool:
        stored = self._done.get(number, {"ETag": ""})
        return bool(stored["ETag"].strip('"') == md5(content, usedforsecurity=False).hexdigest())

    def send(self, number: int, content: bytes) -> None:
        answer = self._files.call_s3("upload_part", PartNumber=number, Body=content, **self._name)
        self._done[number] = _part(number, answer)

    def finish(self, parts: int) -> None:
        done = [self._done[number] for number in range(1, parts + 1)]
        self._files.call_s3("complete_multipart_upload", MultipartUpload={"Parts": done}, **self._name)

    def discard(self) -> None:
        self._files.call_s3("abort_multipart_upload", **self._name)

    def _find(self) -> None:
        """Takes up the last upload to this name that was begun."""
        bucket, key = self._name["Bucket"], self._name["Key"]
        answer = self._files.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=key)
        begun = [each for each in answer.get("Uploads", ()) if each["Key"] == key]
        if not begun:
            return
        name = self._name | {"UploadId": max(begun, key=lambda each: each["Initiated"])["UploadId"]}
        done: dict[int, dict[str, Any]] = {}
        more: dict[str, Any] = {}
        while True:
            answer = self._files.call_s3("list_parts", **name, **more)
            done |= {each["PartNumber"]: _part(each["PartNumber"], each) for each in answer.get("Parts", ())}
            if not answer.get("IsTruncated"):
                break
            more = {"PartNumberMarker": answer["NextPartNumberMarker"]}
        self._name, self._done = name, done


def _part(number: int, answer: dict[str, Any]) -> dict[str, Any]:
    """Returns what the end of an upload has to tell of a part."""
    sums = {name: value for name, value in answer.items() if name.startswith("Checksum") and value}
    sums.pop("ChecksumType", None)
    return {"PartNumber": number, "ETag": answer["ETag"], **sums}


class _AzureUpload:
    def __init__(self, files: Any, path: str, _root: str) -> None:
        self._files = files
        self._bucket, _, self._key = path.partition("/")
        self._blocks: dict[int, str] = {}
        self._stored = {each.id for each in self._call(self._uncommitted)}

    def has(self, number: int, content: bytes) -> bool:
        self._blocks[number] = f"{number:08}-{blake3(content).hexdigest()[:32]}"
        return self._blocks[number] in self._stored

    def send(self, number: int, content: bytes) -> None:
        async def stage() -> None:
            await self._blob.stage_block(
                self._blocks[number], content, length=len(content), validate_content=True
            )

        self._call(stage)

    def finish(self, parts: int) -> None:
        from azure.storage.blob import BlobBlock

        blocks = [BlobBlock(self._blocks[number]) for number in range(1, parts + 1)]

        async def commit() -> None:
            await self._blob.commit_block_list(blocks)

        self._call(commit)

    def discard(self) -> None:
        """Does nothing: Azure drops blocks that were not committed for a week."""

    async def _uncommitted(self) -> list[Any]:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            _, blocks = await self._blob.get_block_list("uncommitted")
        except ResourceNotFoundError as error:
            if getattr(error, "error_code", None) == "ContainerNotFound":
                raise
            return []
        return list(blocks)

    def _call(self, call: Callable[[], Any]) -> Any:
        from fsspec.asyn import sync

        return sync(self._files.loop, call)

    @property
    def _blob(self) -> Any:
        return self._files.service_client.get_blob_client(self._bucket, self._key)


class _GcsUpload:
    def __init__(self, files: Any, path: str, root: str) -> None:
        self._files = files
        self._path = path
        self._folder = f"{root}/{UPLOADS}/{blake3(path.encode()).hexdigest()[:32]}"
        self._parts: dict[int, str] = {}
        self._stored = {
            each["name"].rpartition("/")[2]: int(each["size"]) for each in self._list() if each.get("name")
        }

    def has(self, number: int, content: bytes) -> bool:
        name = f"{TEMPORARY}{number:05}-{md5(content, usedforsecurity=False).hexdigest()}"
        self._parts[number] = f"{self._folder}/{name}"
        return self._stored.get(name) == len(content)

    def send(self, number: int, content: bytes) -> None:
        self._files.pipe_file(self._parts[number], content)  # gcsfs compares the MD5

    def finish(self, parts: int) -> None:
        paths = [self._parts[number] for number in range(1, parts + 1)]
        level = 0
        while len(paths) > _COMPOSED:
            groups = [paths[start : start + _COMPOSED] for start in range(0, len(paths), _COMPOSED)]
            paths = [f"{self._folder}/{TEMPORARY}{level}-{at:05}" for at in range(len(groups))]
            for path, group in zip(paths, groups, strict=True):
                self._files.merge(path, group)
            level += 1
        self._files.merge(self._path, paths)
        with suppress(Exception):  # what was uploaded is there
            self.discard()

    def discard(self) -> None:
        for each in self._list():
            with suppress(FileNotFoundError):
                self._files.rm_file(each["name"])

    def _list(self) -> list[dict[str, Any]]:
        try:
            return list(self._files.find(self._folder, detail=True).values())
        except FileNotFoundError:
            return []


_KINDS: dict[Provider, Callable[[Any, str, str], Upload]] = {
    Provider.S3: _S3Upload,
    Provider.AZURE: _AzureUpload,
    Provider.GCS: _GcsUpload,
}
