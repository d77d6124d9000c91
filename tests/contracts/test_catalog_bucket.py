"""The contracts of the catalog about bytes and commits, kept with rows in SQLite and content in S3."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from lineageflow_core.catalog import Catalog
from lineageflow_core.testing.catalog.commits import CommitContract
from lineageflow_core.testing.catalog.content import ContentContract
from lineageflow_core.testing.catalog.merging import MergeContract
from lineageflow_core.testing.catalog.repositories import RepositoriesContract
from tests.contracts.lakes import in_bucket


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with in_bucket(tmp_path_factory.mktemp("bucket"), lambda: datetime.now(UTC)) as catalog:
        yield catalog


class TestRepositories(RepositoriesContract): ...


class TestContent(ContentContract): ...


class TestCommits(CommitContract): ...


class TestMerging(MergeContract): ...
