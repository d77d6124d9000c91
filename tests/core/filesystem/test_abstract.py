"""fsspec's own suite for file systems."""

import uuid

import pytest
from fsspec.tests.abstract import (
    AbstractCopyTests,
    AbstractFixtures,
    AbstractGetTests,
    AbstractOpenTests,
    AbstractPipeTests,
    AbstractPutTests,
)

from lineageflow_core import Repository, connect
from lineageflow_core.catalog import Catalog
from lineageflow_core.filesystem import LineageFlowFileSystem


class _Fixtures(AbstractFixtures):
    @pytest.fixture(scope="class")
    @classmethod
    def catalog(cls) -> Catalog:
        return connect("memory:")

    @pytest.fixture
    def fs(self, catalog: Catalog) -> LineageFlowFileSystem:
        return LineageFlowFileSystem.of(catalog)

    @pytest.fixture
    def fs_path(self, catalog: Catalog) -> str:
        return f"{Repository(catalog, f'repo-{uuid.uuid4()}').create().name}/here"


class TestCopy(AbstractCopyTests, _Fixtures): ...


class TestGet(AbstractGetTests, _Fixtures): ...


class TestOpen(AbstractOpenTests, _Fixtures): ...


class TestPipe(AbstractPipeTests, _Fixtures): ...


class TestPut(AbstractPutTests, _Fixtures): ...
