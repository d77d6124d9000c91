"""Column lineage: what Dagster's metadata states becomes lineage of exact versions.

A column's sources are columns of assets. Which versions of those they are, the run knows, because it read
them. So nothing about versions has to be stated.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.lineage import ColumnEdge, DatasetName
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_dagster.naming import dataset_path

COLUMN_LINEAGE_KEY = "dagster/column_lineage"
"""Metadata of an asset, or of its materialization: a TableColumnLineage."""

Columns = dg.TableColumnLineage | Mapping[str, str | Sequence[str]]
"""By column what it comes from: `{"total": ["orders.amount", "rates.rate"]}`, or as Dagster has it."""


def stated_columns(*metadata: Mapping[str, Any]) -> dg.TableColumnLineage | None:
    """Returns the column lineage that metadata states; of several that do, the last one's."""
    found = None
    for entries in metadata:
        value = entries.get(COLUMN_LINEAGE_KEY)
        value = value.value if isinstance(value, dg.MetadataValue) else value
        found = value if isinstance(value, dg.TableColumnLineage) else found
    return found


def as_column_lineage(columns: Columns) -> dg.TableColumnLineage:
    """Returns column lineage as Dagster has it. Raises InvalidInputError where a source names no column."""
    if isinstance(columns, dg.TableColumnLineage):
        return columns
    return dg.TableColumnLineage(
        {
            column: [_source(each) for each in ([sources] if isinstance(sources, str) else sources)]
            for column, sources in columns.items()
        }
    )


def column_edges(lineage: dg.TableColumnLineage | None, repository: str) -> Iterable[ColumnEdge]:
    """Yields the same as lineage of the repository's datasets has it; nothing where none is stated."""
    for column, sources in (lineage.deps_by_column if lineage else {}).items():
        for source in sources:
            yield ColumnEdge(
                field=column,
                source=DatasetName(
                    namespace=dataset_namespace(repository), name=dataset_path(source.asset_key.path)
                ),
                source_field=source.column_name,
            )


def _source(text: str) -> dg.TableColumnDep:
    asset, dot, column = text.rpartition(".")
    if not (asset and dot and column):
        raise InvalidInputError(
            f"{text!r} names no column of an asset; say '<asset>.<column>', as in 'shop/orders.amount'"
        )
    return dg.TableColumnDep(asset_key=dg.AssetKey(asset.split("/")), column_name=column)
