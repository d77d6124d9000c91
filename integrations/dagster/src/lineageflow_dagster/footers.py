"""What the footers of Parquet files tell, without any row being read.

Source: https://parquet.apache.org/docs/file-format/metadata; statistics are optional there.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lineageflow_core.catalog import Catalog, Content
from lineageflow_core.exports import HasFiles
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.objects import ObjectEntry

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_MOST_FILES = 16
_LARGEST_FETCHED = 4 << 20
"""Bytes of a file that is on another machine, and is fetched for its footer all the same."""
_MOST_STATISTICS = 4_000
"""Columns times row groups. Of more, only rows and columns are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """What is known of a column; None is not."""

    type: str
    """As Arrow calls it."""
    nulls: int | None = None
    range: tuple[Any, Any] | None = None
    """The least and the greatest value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """What the footers of a table's files tell."""

    rows: int
    columns: Mapping[str, ColumnFacts]


def read_footers(catalog: Catalog, repository: str, commit: CommitId, path: str) -> Footer | None:
    """Returns what the footers of a dataset's files tell, or of a partition's.

    None where they are not all Parquet, or where it would take long to look at them.
    """
    objects = catalog.objects.list_objects(repository, commit, path=path, limit=_MOST_FILES + 1).items
    if not 0 < len(objects) <= _MOST_FILES or not all(each.path.endswith(".parquet") for each in objects):
        return None
    footers = [_read(catalog.content, repository, entry) for entry in objects]
    known = [footer for footer in footers if footer is not None]
    return _summed(known) if len(known) == len(footers) else None


def _read(content: Content, repository: str, entry: ObjectEntry) -> "pq.FileMetaData | None":
    import pyarrow.parquet as pq

    file = content.file_of(repository, entry.object_id) if isinstance(content, HasFiles) else None
    if file is not None:
        return pq.read_metadata(file)
    if entry.size > _LARGEST_FETCHED:
        return None
    with content.open(repository, entry.object_id) as opened:
        return pq.read_metadata(opened)


def _summed(footers: Sequence["pq.FileMetaData"]) -> Footer:
    types = {field.name: str(field.type) for footer in footers for field in footer.schema.to_arrow_schema()}
    cells = sum(footer.num_columns * footer.num_row_groups for footer in footers)
    chunks = _chunks(footers) if cells <= _MOST_STATISTICS else {}
    return Footer(
        rows=sum(footer.num_rows for footer in footers),
        columns={name: _facts(kind, chunks.get(name, [])) for name, kind in types.items()},
    )


def _chunks(footers: Sequence["pq.FileMetaData"]) -> dict[str, list["pq.ColumnChunkMetaData"]]:
    """Returns the pieces of each column. Parts of a nested one have a name of their own, and are left out."""
    found: defaultdict[str, list[pq.ColumnChunkMetaData]] = defaultdict(list)
    for footer in footers:
        for group in range(footer.num_row_groups):
            for place in range(footer.num_columns):
                chunk = footer.row_group(group).column(place)
                found[chunk.path_in_schema].append(chunk)
    return found


def _facts(kind: str, chunks: Sequence["pq.ColumnChunkMetaData"]) -> ColumnFacts:
    said = [chunk.statistics for chunk in chunks]
    if not said or any(each is None or not each.has_null_count for each in said):
        return ColumnFacts(type=kind)
    with_values = [each for each in said if each.num_values]
    has_range = bool(with_values) and all(each.has_min_max for each in with_values)
    return ColumnFacts(
        type=kind,
        nulls=sum(each.null_count for each in said),
        range=(min(each.min for each in with_values), max(each.max for each in with_values))
        if has_range
        else None,
    )
