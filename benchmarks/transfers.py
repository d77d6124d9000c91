"""Content to and from buckets, beside the store's own clients doing the same requests on the same server.

The servers are those of the tests and run on this machine, so the figures tell what our work costs beside
that of the clients, not how fast a cloud is. What we do more: hash, ask whether it is there, verify.
"""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, seconds
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.store.bucket_trash import AT_ONCE
from lineageflow_core.store.buckets.over_fsspec import FsspecBucket
from lineageflow_core.store.open import open_content
from lineageflow_core.store.ports import ContentStore
from tests.servers.objectstores import BUCKET, SERVERS, in_environment

OBJECTS = 500
OBJECT_BYTES = 64 << 10
LARGE_BYTES = 128 << 20
_CHUNK = 1 << 20

_numbers = count()


class Client:
    """A store's own client, used as well as it can be."""

    def __init__(self, put: Callable[[str, bytes], Any], get: Callable[[str], Any]) -> None:
        self.put = put
        self.get = get

    def put_all(self, contents: Iterable[bytes]) -> None:
        folder = next(_numbers)
        _at_once(lambda item: self.put(f"their/{folder}/{item[0]}", item[1]), list(enumerate(contents)))

    def get_all(self, names: Iterable[str]) -> None:
        _at_once(self.get, list(names))


def rows() -> Iterator[Row]:
    warnings.filterwarnings("ignore", "Sending a large body directly", ResourceWarning)
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        large = Path(folder) / "large"
        with large.open("wb") as file:
            for _ in range(LARGE_BYTES // _CHUNK):
                file.write(os.urandom(_CHUNK))
        for name, clients in (("s3", _s3), ("gcs", _fsspec), ("azure", _fsspec)):
            with SERVERS[name]() as server, in_environment(server.environment):
                yield from _rows(name, server.url, clients(server.url), large)


def _rows(name: str, url: str, clients: dict[str, Client], large: Path) -> Iterator[Row]:
    def ours() -> ContentStore:
        return open_content(f"{url}/ours/{next(_numbers)}")

    small = [os.urandom(OBJECT_BYTES) for _ in range(OBJECTS)]
    whole = large.read_bytes()
    ours().write_objects([b"connects"])
    what = f"{OBJECTS} x {OBJECT_BYTES >> 10} KiB"
    yield _row(
        f"{name}: {what} up",
        seconds(lambda: ours().write_objects(small)),
        {peer: seconds(lambda client=client: client.put_all(small)) for peer, client in clients.items()},  # type: ignore[misc]
    )
    filled = ours()
    stored = filled.write_objects(small)
    names = [f"their/down/{number}" for number in range(OBJECTS)]
    first = next(iter(clients.values()))
    for path, content in zip(names, small, strict=True):
        first.put(path, content)
    yield _row(
        f"{name}: {what} down",
        seconds(lambda: _at_once(lambda each: filled.open_object(each.object_id).read(), stored)),
        {peer: seconds(lambda client=client: client.get_all(names)) for peer, client in clients.items()},  # type: ignore[misc]
    )
    yield Row(name=f"{name}: {what} up again, all there", ours=seconds(lambda: filled.write_objects(small)))
    yield _row(
        f"{name}: {LARGE_BYTES >> 20} MiB up",
        seconds(lambda: ours().write_objects([large])),
        {peer: seconds(lambda client=client: client.put_all([whole])) for peer, client in clients.items()},  # type: ignore[misc]
    )
    [one] = filled.write_objects([large])
    first.put("their/large", whole)

    def read() -> None:
        with filled.open_object(one.object_id) as file:
            while file.read(_CHUNK):
                pass

    yield _row(
        f"{name}: {LARGE_BYTES >> 20} MiB down",
        seconds(read),
        {peer: seconds(lambda client=client: client.get("their/large")) for peer, client in clients.items()},  # type: ignore[misc]
    )


def _row(name: str, ours: float, clients: dict[str, float]) -> Row:
    best = min(clients, key=lambda peer: clients[peer])
    others = tuple((peer, time) for peer, time in clients.items() if peer != best)
    return Row(
        name=name,
        ours=ours,
        limit=clients[best],
        limit_is=f"{best}, {AT_ONCE} at once",
        target=1.1,
        peers=others,
    )


def _s3(url: str) -> dict[str, Client]:
    import boto3
    import obstore
    from botocore.config import Config
    from obstore.store import S3Store

    boto = boto3.client("s3", config=Config(max_pool_connections=AT_ONCE))
    store = S3Store(BUCKET, endpoint=os.environ["AWS_ENDPOINT_URL"], client_options={"allow_http": True})
    return {
        "boto3": Client(
            lambda name, content: boto.put_object(Bucket=BUCKET, Key=name, Body=content),
            lambda name: boto.get_object(Bucket=BUCKET, Key=name)["Body"].read(),
        ),
        "obstore": Client(
            lambda name, content: obstore.put(store, name, content),
            lambda name: bytes(obstore.get(store, name).bytes()),
        ),
        **_fsspec(url),
    }


def _fsspec(url: str) -> dict[str, Client]:
    files = FsspecBucket(parse_storage(url))._files
    return {
        type(files).__module__.partition(".")[0]: Client(
            lambda name, content: files.pipe_file(f"{BUCKET}/{name}", content),
            lambda name: files.cat_file(f"{BUCKET}/{name}"),
        )
    }


def _at_once(call: Callable[[Any], Any], values: list[Any]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(call, values):
            pass  # raises the first error
