"""What a project says of an asset that a step writes, told to the lineage of what it wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from lineageflow_core import RunSession
from lineageflow_core.openlineage.about import About
from lineageflow_dagster.about import about_asset
from lineageflow_dagster.column_lineage import COLUMN_LINEAGE_KEY, column_edges, stated_columns
from lineageflow_dagster.internals import spec_of, stated_metadata
from lineageflow_dagster.metadata import Metadata
from lineageflow_dagster.naming import dataset_path
from lineageflow_dagster.sessions import StepSessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of one asset."""

    asset: dg.AssetKey
    about: About | None
    columns: dg.TableColumnLineage | None
    metadata: Metadata
    """What Dagster does not know yet."""

    def describe(self, session: RunSession) -> None:
        """Lets a session tell it of all that it writes of the asset."""
        session.describe(
            dataset_path(self.asset.path),
            about=self.about,
            columns=column_edges(self.columns, session.repository),
        )


def said_of(
    context: dg.OutputContext | dg.OpExecutionContext,
    asset: dg.AssetKey,
    sessions: StepSessions,
    *metadata: Mapping[str, Any],
) -> Said:
    """Returns what is said of an asset that the step makes.

    By its definition, by what the body has told Dagster and us, and by `metadata` of its results; of several
    column lineages the last one counts.
    """
    spec = spec_of(context, asset)
    own = sessions.columns.get(dataset_path(asset.path))
    known = stated_columns(stated_metadata(context, asset), *metadata)
    columns = known or own or stated_columns(spec.metadata if spec else {})
    return Said(
        asset=asset,
        about=about_asset(spec) if spec else None,
        columns=columns,
        metadata={COLUMN_LINEAGE_KEY: dg.MetadataValue.column_lineage(columns)}
        if columns is not None and known is None
        else {},
    )
