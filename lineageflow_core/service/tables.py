"""What data says as tables: files come from the content stores, answers from the worker.

Answers depend on content alone, so they are kept by content (`TableId`) and never become wrong.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache

from lineageflow_core.catalog import History, Lineage
from lineageflow_core.errors import InvalidInputError, UnreadableTableError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.names import check_path
from lineageflow_core.model.page import DEFAULT_LIMIT, MAX_LIMIT
from lineageflow_core.model.quarantine import QuarantineNotice
from lineageflow_core.model.table import Coverage, TableHead, TableProfile, TableSchema
from lineageflow_core.model.table_blame import TableBlame
from lineageflow_core.model.table_diff import RowDiff, SchemaDiff, StatisticsDiff, TextDiff
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.quarantine import admitted
from lineageflow_core.service.table_blame import Origin, TableOrigins
from lineageflow_core.service.table_files import Table, find_table, left_over, lend, nothing_at, table_at
from lineageflow_core.service.text_diff import compare_texts, read_text
from lineageflow_core.tables.drift import compare_profiles
from lineageflow_core.tables.isolation import Workers
from lineageflow_core.tables.jobs import CompareRows, DescribeTable, ProfileTable, ReadHead
from lineageflow_core.tables.schemas import compare_schemas
from lineageflow_core.tree.root import RootTree

_MOST_PROFILED = 20
_LARGEST_PROFILED = 64 << 20
"""How many tables, and how large ones, are profiled because a commit changed them: seconds at most."""


class TablesService:
    """Implements `catalog.Tables` over the ports."""

    def __init__(self, lake: Lake, *, history: History, lineage: Lineage) -> None:
        self._lake = lake
        self._history = history
        self._lineage = lineage
        self._workers = Workers()
        self._schemas = lru_cache(maxsize=256)(self._describe)
        self._row_diffs = lru_cache(maxsize=32)(self._compare_rows)

    def schema(self, repository: str, ref: str, path: str) -> TableSchema:
        opened = self._lake.repository(repository)
        return self._schema(opened, find_table(opened, ref, path))

    def head(
        self, repository: str, ref: str, path: str, *, limit: int = 20, allow_quarantined: bool = False
    ) -> TableHead:
        _page(None, limit)
        opened = self._lake.repository(repository)
        commit = opened.resolve(ref)
        table = find_table(opened, ref, path, commit=commit)
        notices = admitted(opened, commit, path, allow_quarantined=allow_quarantined)
        with lend(opened, table.files) as files:
            return replace(self._workers.ask(ReadHead(files=files, limit=limit), TableHead), notices=notices)

    def profile(
        self, repository: str, ref: str, path: str, *, coverage: Coverage = Coverage.SAMPLE
    ) -> TableProfile:
        opened = self._lake.repository(repository)
        return self._profile(opened, find_table(opened, ref, path), coverage)

    def profile_changes(self, repository: str, ref: str) -> int:
        opened = self._lake.repository(repository)
        commit = opened.resolve(ref)
        if not commit.parents:
            return 0
        changed = self._history.diff_datasets(repository, commit.parents[0], commit.id, limit=_MOST_PROFILED)
        count = 0
        for dataset in changed.items:
            table = table_at(opened, commit, dataset.path)
            if (
                table is not None
                and table.files
                and sum(file.size for file in table.files) <= _LARGEST_PROFILED
            ):
                with suppress(UnreadableTableError):
                    self._profile(opened, table, Coverage.SAMPLE)
                    count += 1
        return count

    def diff_schema(self, repository: str, left: str, right: str, path: str) -> SchemaDiff:
        opened = self._lake.repository(repository)
        one, other = _both(opened, left, right, path)
        return compare_schemas(
            *(self._schema(opened, table) if table.files else None for table in (one, other))
        )

    def diff_rows(
        self,
        repository: str,
        left: str,
        right: str,
        path: str,
        *,
        key_columns: Sequence[str] | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
        allow_quarantined: bool = False,
    ) -> RowDiff:
        opened = self._lake.repository(repository)
        commits = opened.resolve(left), opened.resolve(right)
        one, other = _both(opened, left, right, path, commits=commits)
        notices = _admitted_to_both(opened, commits, path, allow_quarantined=allow_quarantined)
        key = tuple(key_columns) if key_columns is not None else _key_of(opened, path)
        return replace(self._row_diffs(opened, one, other, key, *_page(after, limit)), notices=notices)

    def diff_statistics(
        self, repository: str, left: str, right: str, path: str, *, coverage: Coverage = Coverage.SAMPLE
    ) -> StatisticsDiff:
        opened = self._lake.repository(repository)
        one, other = (find_table(opened, ref, path) for ref in (left, right))
        return compare_profiles(self._profile(opened, one, coverage), self._profile(opened, other, coverage))

    def diff_text(
        self, repository: str, left: str, right: str, path: str, *, allow_quarantined: bool = False
    ) -> TextDiff:
        opened = self._lake.repository(repository)
        path = check_path(path)
        commits = opened.resolve(left), opened.resolve(right)
        entries = [RootTree(opened.nodes, commit.root).object_at(path) for commit in commits]
        if entries == [None, None]:
            raise nothing_at(opened, f"{left} or {right}", path)
        notices = _admitted_to_both(opened, commits, path, allow_quarantined=allow_quarantined)
        texts = []
        for entry in entries:
            with opened.open_object(entry.object_id) if entry else nullcontext() as file:
                texts.append(read_text(path, file))
        return replace(compare_texts(path, *texts), notices=notices)

    def blame_column(self, repository: str, ref: str, path: str, column: str) -> TableBlame:
        opened = self._lake.repository(repository)
        table = find_table(opened, ref, path)
        columns = [each.name for each in self._schema(opened, table).columns]
        origin = self._origins(opened, path).of_column(
            ref, column, key=_key_of(opened, path), columns=columns
        )
        return self._blame(repository, path, origin)

    def blame_row(
        self,
        repository: str,
        ref: str,
        path: str,
        row: Mapping[str, str],
        *,
        column: str | None = None,
        allow_quarantined: bool = False,
    ) -> TableBlame:
        if not row:
            raise InvalidInputError("no column is named; name a row by the values of its key columns")
        opened = self._lake.repository(repository)
        commit = opened.resolve(ref)
        find_table(opened, ref, path, commit=commit)
        notices = admitted(opened, commit, path, allow_quarantined=allow_quarantined)
        origin = self._origins(opened, path).of_row(commit.id, row, column)
        return replace(self._blame(repository, path, origin), notices=notices)

    def _origins(self, opened: OpenRepository, path: str) -> TableOrigins:
        return TableOrigins(opened, self._history, self._workers, path)

    def _blame(self, repository: str, path: str, origin: Origin) -> TableBlame:
        return TableBlame(
            blame=self._lineage.blame(repository, origin.commit.id, path),
            columns=origin.columns,
            values=origin.values,
            before=origin.before,
            versions=origin.versions,
            is_whole=origin.is_whole,
        )

    def _schema(self, opened: OpenRepository, table: Table) -> TableSchema:
        kept = opened.stores.profiles.get(opened.info.id, table.id)
        return kept.table if kept is not None else self._schemas(opened, table)

    def _profile(self, opened: OpenRepository, table: Table, coverage: Coverage) -> TableProfile:
        profiles = opened.stores.profiles
        kept = profiles.get(opened.info.id, table.id)
        if kept is not None and (coverage is Coverage.SAMPLE or kept.sampled_rows is None):
            return kept
        with lend(opened, table.files) as files:
            found = self._workers.ask(ProfileTable(files=files, coverage=coverage), TableProfile)
        profiles.put(opened.info.id, found)
        return found

    def _describe(self, opened: OpenRepository, table: Table) -> TableSchema:
        with lend(opened, table.files) as files:
            return self._workers.ask(DescribeTable(files=files), TableSchema)

    def _compare_rows(
        self, opened: OpenRepository, left: Table, right: Table, key: tuple[str, ...], skip: int, limit: int
    ) -> RowDiff:
        """Reads only the files that one version has and the other has not: what both have cancels out."""
        rows = self._schema(opened, left).rows if left.files else 0
        one, other = left_over(left.files, right.files), left_over(right.files, left.files)
        if not one and not other:
            _check_key(key, self._schema(opened, left) if key else None)
            return RowDiff(
                key=key, columns=(), added=0, removed=0, changed=0, unchanged=rows, cells=(), rows=()
            )
        with lend(opened, one) as lefts, lend(opened, other) as rights:
            job = CompareRows(left=lefts, right=rights, key=list(key), skip=skip, limit=limit)
            found = self._workers.ask(job, RowDiff)
        return replace(found, unchanged=rows - found.removed - found.changed)


def _admitted_to_both(
    opened: OpenRepository, commits: tuple[Commit, Commit], path: str, *, allow_quarantined: bool
) -> tuple[QuarantineNotice, ...]:
    told = [
        notice
        for commit in commits
        for notice in admitted(opened, commit, path, allow_quarantined=allow_quarantined)
    ]
    return tuple({notice.quarantine: notice for notice in told}.values())


def _both(
    opened: OpenRepository, left: str, right: str, path: str, *, commits: tuple[Commit, Commit] | None = None
) -> tuple[Table, Table]:
    """Returns two versions of a table, of which one may lack it. Raises as `find_table` does."""
    at = commits or (opened.resolve(left), opened.resolve(right))
    one, other = (table_at(opened, commit, path) for commit in at)
    if one is None and other is None:
        raise nothing_at(opened, f"{left} or {right}", path)
    if not (one and one.files) and not (other and other.files):
        find_table(opened, right if other else left, path)  # says what is wrong
    missing = Table.of(())
    return one or missing, other or missing


def _check_key(key: Sequence[str], schema: TableSchema | None) -> None:
    """Raises InvalidInputError for a key of a table that has not all of its columns."""
    there = [column.name for column in schema.columns] if schema is not None else []
    for name in key:
        if name not in there:
            raise InvalidInputError(
                f"the key column {name!r} is not in both versions; in both are: {', '.join(there)}"
            )


def _key_of(opened: OpenRepository, path: str) -> tuple[str, ...]:
    """Returns the columns that identify a row, by the first of the settings' patterns that fits."""
    patterns = opened.settings().key_columns
    return next((columns for pattern, columns in patterns.items() if fnmatchcase(path, pattern)), ())


def _page(after: str | None, limit: int) -> tuple[int, int]:
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError(f"a page holds 1 to {MAX_LIMIT} items, not {limit}")
    if after is not None and not (after.isascii() and after.isdigit() and len(after) < 18):
        raise InvalidInputError(f"{after[:100]!r} continues no list; pass the `next` of the page before")
    return int(after or 0), limit
