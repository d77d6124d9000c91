"""A lake in a folder, and assets materialized into it, in runs that nobody publishes as a whole."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from lineageflow_dagster import LineageFlowIOManager, LineageFlowResource

from lineageflow_core import Repository, connect

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Lake:
    """A lake in a folder, and assets materialized into it."""

    def __init__(self, folder: Path) -> None:
        self.resource = LineageFlowResource(
            lake=str(folder), repository="shop", page="http://page/", copies=str(folder / "copies")
        )
        self.repository = Repository(connect(str(folder)), "shop").create()

    def materialize(
        self,
        assets: Sequence[dg.AssetsDefinition | dg.SourceAsset | dg.AssetSpec | dg.AssetChecksDefinition],
        *,
        tags: Mapping[str, str] = {},
        fmt: str = "auto",
        resources: Mapping[str, Any] = {},
        instance: dg.DagsterInstance | None = None,
    ) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            assets,
            resources={
                "io_manager": LineageFlowIOManager(lineageflow=self.resource, format=fmt),
                "lineageflow": self.resource,
                **resources,
            },
            tags=dict(tags),
            instance=instance,
            run_config=QUIET,
        )

    def paths(self) -> list[str]:
        listed = self.repository.catalog.objects.list_objects("shop", "main")
        return [entry.path for entry in listed.items]


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> list[dict[str, Any]]:
    """Returns the metadata of an asset's materializations, and their data version."""
    return [
        {name: value.value for name, value in event.materialization.metadata.items()}
        | {"data version": (event.materialization.tags or {}).get("dagster/data_version")}
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset)
    ]
