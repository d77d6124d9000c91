"""The contract of sources, kept by folders and by every kind of bucket."""

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from lineageflow_core.model.storage import StorageUrl, parse_storage
from lineageflow_core.store.open import open_bucket
from lineageflow_core.store.sources import Source
from lineageflow_core.store.sources.buckets import open_source
from lineageflow_core.testing.sources import Remove, SourceContract, Write
from tests.servers.objectstores import SERVERS, in_environment

_numbers = count()


@pytest.fixture(scope="module", params=["file", "memory", "gcs", "s3", "azure"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def place(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a place that is there."""
    if kind == "memory":
        yield "memory://sources"
    elif kind == "file":
        yield f"file://{tmp_path_factory.mktemp('source')}"
    else:
        with SERVERS[kind]() as server, in_environment(server.environment):
            yield server.url


@pytest.fixture
def url(kind: str, place: str) -> StorageUrl:
    url = parse_storage(f"{place}/{next(_numbers)}")
    if kind == "file":
        Path(url.path).mkdir()
    return url


@pytest.fixture
def source(url: StorageUrl) -> Source:
    return open_source(url)


@pytest.fixture
def write(url: StorageUrl) -> Write:
    return open_bucket(url).replace


@pytest.fixture
def remove(url: StorageUrl) -> Remove:
    return open_bucket(url).remove


@pytest.fixture
def pause(kind: str) -> Callable[[], None]:
    """A folder's clock ticks; rewritten within a tick, a file of the same size looks the same."""
    return (lambda: time.sleep(0.05)) if kind == "file" else (lambda: None)


class TestSources(SourceContract): ...
