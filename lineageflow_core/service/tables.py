"""What data says as tables: files come from the content stores, answers from the worker.

Answers depend on content alone, so they are kept by content (`TableId`) and never become wrong.
"""

from functools import lru_cache

from lineageflow_core.model.table import Coverage, TableProfile, TableSchema
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.table_files import Table, find_table, lend
from lineageflow_core.tables.isolation import Workers
from lineageflow_core.tables.jobs import DescribeTable, ProfileTable


class TablesService:
    """Implements `catalog.Tables` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._workers = Workers()
        self._schemas = lru_cache(maxsize=256)(self._describe)

    def schema(self, repository: str, ref: str, path: str) -> TableSchema:
        opened, table = self._find(repository, ref, path)
        kept = opened.stores.profiles.get(opened.info.id, table.id)
        return kept.table if kept is not None else self._schemas(opened, table)

    def profile(
        self, repository: str, ref: str, path: str, *, coverage: Coverage = Coverage.SAMPLE
    ) -> TableProfile:
        opened, table = self._find(repository, ref, path)
        profiles = opened.stores.profiles
        kept = profiles.get(opened.info.id, table.id)
        if kept is not None and (coverage is Coverage.SAMPLE or kept.sampled_rows is None):
            return kept
        with lend(opened, table.files) as files:
            found = self._workers.ask(ProfileTable(files=files, coverage=coverage), TableProfile)
        profiles.put(opened.info.id, found)
        return found

    def _find(self, repository: str, ref: str, path: str) -> tuple[OpenRepository, Table]:
        opened = self._lake.repository(repository)
        return opened, find_table(opened, ref, path)

    def _describe(self, opened: OpenRepository, table: Table) -> TableSchema:
        with lend(opened, table.files) as files:
            return self._workers.ask(DescribeTable(files=files), TableSchema)
