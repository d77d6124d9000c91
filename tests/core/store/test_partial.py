import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast
from uuid import uuid4

import pytest
from blake3 import blake3

from lineageflow_core.errors import IntegrityError, ObjectMissingError, StorageError
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.store.bucket import BucketContentStore
from lineageflow_core.store.buckets.over_fsspec import FsspecBucket
from lineageflow_core.store.layout import object_name
from lineageflow_core.store.local import LocalContentStore
from lineageflow_core.store.partial import part_of, save
from lineageflow_core.store.ports import ContentStore, StoredObject
from tests.core.store.buckets.recording import RecordingBucket

SIZE = (20 << 20) + 4321
HALF = 11 << 20


@pytest.fixture(scope="module")
def whole() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture(params=["folder", "bucket"])
def content(request: pytest.FixtureRequest, tmp_path: Path) -> ContentStore:
    if request.param == "folder":
        return LocalContentStore(tmp_path / "content")
    return BucketContentStore(FsspecBucket(parse_storage(f"memory://{uuid4().hex}")))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "saved"


@pytest.fixture
def part(place: Path, whole: bytes) -> Path:
    """Where the object is while it is saved."""
    return part_of(place, ObjectId(blake3(whole).hexdigest()))


@pytest.mark.parametrize("there", [0, 1, HALF, SIZE - 1, SIZE, SIZE + 7])
def test_what_is_there_is_gone_on_with(
    content: ContentStore, place: Path, part: Path, whole: bytes, there: int
) -> None:
    [stored] = content.write_objects([whole])
    part.write_bytes((whole + b"more...")[:there])
    told: list[int] = []
    saved(content, place, stored, told.append)
    assert whole == place.read_bytes()
    assert SIZE == sum(told)


def test_a_part_that_was_damaged_is_begun_anew(
    content: ContentStore, place: Path, part: Path, whole: bytes
) -> None:
    [stored] = content.write_objects([whole])
    part.write_bytes(b"x" * HALF)
    saved(content, place, stored)
    assert whole == place.read_bytes()


def test_only_the_rest_is_fetched(place: Path, part: Path, whole: bytes) -> None:
    bucket = RecordingBucket(FsspecBucket(parse_storage(f"memory://{uuid4().hex}")))
    content = BucketContentStore(bucket)
    [stored] = content.write_objects([whole])
    saved(content, place, stored)
    all_of_it = bucket.calls.count("read")
    part.write_bytes(whole[: SIZE - 5])
    bucket.calls.clear()
    saved(content, place, stored)
    assert (3, 2) == (all_of_it, bucket.calls.count("read"))  # the first piece tells whether it is there


@pytest.mark.parametrize("there", [0, HALF])
def test_a_damaged_object_is_refused_and_leaves_nothing(
    tmp_path: Path, place: Path, part: Path, whole: bytes, there: int
) -> None:
    content = LocalContentStore(tmp_path / "content")
    [stored] = content.write_objects([whole])
    damage(tmp_path / "content" / object_name(stored.object_id))
    part.write_bytes(whole[:there])
    with pytest.raises(IntegrityError):
        saved(content, place, stored)
    assert not part.exists()


def test_an_interrupted_save_leaves_its_part(
    content: ContentStore, place: Path, part: Path, whole: bytes
) -> None:
    [stored] = content.write_objects([whole])
    with pytest.raises(KeyboardInterrupt):
        save(stopping(content, stored), place, object_id=stored.object_id, size=SIZE)
    assert whole[:HALF] == part.read_bytes()[:HALF]
    saved(content, place, stored)
    assert whole == place.read_bytes()


def test_a_killed_save_goes_on(tmp_path: Path, place: Path, part: Path, whole: bytes) -> None:
    content = LocalContentStore(tmp_path / "content")
    [stored] = content.write_objects([whole])
    process = os.fork()
    if not process:
        save(
            stopping(content, stored, kill=True),
            place,
            object_id=stored.object_id,
            size=SIZE,
        )
        os._exit(0)
    assert signal.SIGKILL == os.WTERMSIG(os.waitpid(process, 0)[1])
    assert HALF <= part.stat().st_size < SIZE
    saved(content, place, stored)
    assert whole == place.read_bytes()


def test_two_do_not_save_one_part_at_once(content: ContentStore, place: Path, whole: bytes) -> None:
    [stored] = content.write_objects([whole])

    def opened() -> BinaryIO:
        with pytest.raises(StorageError, match="another process"):
            saved(content, place, stored)
        return content.open_object(stored.object_id)

    save(opened, place, object_id=stored.object_id, size=SIZE)
    assert whole == place.read_bytes()


def test_what_cannot_be_opened_leaves_nothing(content: ContentStore, place: Path) -> None:
    nowhere = ObjectId("0" * 64)
    with pytest.raises(ObjectMissingError):
        save(lambda: content.open_object(nowhere), place, object_id=nowhere, size=SIZE)
    assert not part_of(place, nowhere).exists()


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_in_the_place_of_a_part_is_not_followed(
    content: ContentStore,
    place: Path,
    part: Path,
    whole: bytes,
    tmp_path: Path,
    link: Callable[[Path, Path], None],
) -> None:
    [stored] = content.write_objects([whole])
    (tmp_path / "other").write_bytes(b"mine")
    link(tmp_path / "other", part)
    saved(content, place, stored)
    assert (whole, b"mine") == (place.read_bytes(), (tmp_path / "other").read_bytes())


def saved(
    content: ContentStore,
    place: Path,
    stored: StoredObject,
    progress: Callable[[int], None] = lambda _size: None,
) -> None:
    save(
        lambda: content.open_object(stored.object_id),
        place,
        object_id=stored.object_id,
        size=SIZE,
        progress=progress,
    )


def stopping(content: ContentStore, stored: StoredObject, *, kill: bool = False) -> Callable[[], BinaryIO]:
    return lambda: cast(BinaryIO, Stopping(content, stored.object_id, kill=kill))


class Stopping:
    """A reader that does not get beyond the middle."""

    def __init__(self, content: ContentStore, object_id: ObjectId, *, kill: bool = False) -> None:
        self._file = content.open_object(object_id)
        self._kill = kill
        self._read = 0

    def __enter__(self) -> "Stopping":
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        if self._read >= HALF:
            if self._kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise KeyboardInterrupt
        chunk = self._file.read(size)
        self._read += len(chunk)
        return chunk


def damage(file: Path) -> None:
    file.chmod(0o600)
    with file.open("r+b") as opened:
        opened.seek(-1, os.SEEK_END)
        last = opened.read(1)
        opened.seek(-1, os.SEEK_END)
        opened.write(bytes([last[0] ^ 1]))
