"""`lf://` as the URI of an Airflow asset: which dataset is meant, on whatever branch, by whatever connection.

`Asset("lf://conn@sales/@dev/orders")` has the URI `lf://sales/orders`: an asset is a dataset, and its events
are told apart by the commit in their `extra`. In OpenLineage it is the dataset that the lake itself names,
with the exact version if the event or the collected lineage tells one. Airflow parses URIs while it parses
DAGs, so this module imports neither LineageFlow's core nor OpenLineage.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from airflow.sdk import Asset

if TYPE_CHECKING:
    from openlineage.client.event_v2 import Dataset

SCHEME = "lf"
EXTRA = "lineageflow"
"""The key in the `extra` of an asset, or of an asset event, for what is known of the exact version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetName:
    """Which dataset an asset is."""

    repository: str
    path: str
    """'' is the whole repository."""

    @property
    def uri(self) -> str:
        """The URI of the asset."""
        return f"{SCHEME}://{self.repository}" + (f"/{self.path}" if self.path else "/")


def parse_uri(uri: str) -> DatasetName | None:
    """Returns the dataset that a URI means; None where it is not one of ours."""
    parts = urlsplit(uri)
    name = _name(parts)
    return name if parts.scheme == SCHEME and name.repository else None


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Returns the URI of the dataset, without connection and ref. Raises ValueError if it names none."""
    name = _name(uri)
    if not name.repository:
        raise ValueError(f"{uri.geturl()!r} names no repository; write 'lf://repository/path'")
    return uri._replace(netloc=name.repository, path=f"/{name.path}", query="", fragment="")


def create_asset(
    *, repository: str, path: str = "", extra: dict[str, Any] | None = None, **kwargs: Any
) -> Asset:
    """Returns the asset of a dataset; the rest as `Asset` takes it."""
    return Asset(
        uri=DatasetName(repository=repository, path=path.strip("/")).uri, extra=extra or {}, **kwargs
    )


def to_openlineage(asset: Asset, lineage_context: Any) -> "Dataset | None":
    """Returns the dataset as the lake names it, with the version that the asset's `extra` tells.

    None where Airflow's own ObjectStoragePath has reported it: that knows no version, and what the path has
    read or written is reported by us.
    """
    name = parse_uri(asset.uri)
    if name is None or not name.path or _is_path(lineage_context):
        return None
    from openlineage.client.event_v2 import Dataset

    from lineageflow_core.openlineage.naming import dataset_namespace

    facets = _facets(asset.extra.get(EXTRA))
    return Dataset(namespace=dataset_namespace(name.repository), name=name.path, facets=facets)


def _name(uri: SplitResult) -> DatasetName:
    repository, path = uri.netloc.rpartition("@")[2], uri.path.strip("/")
    if not repository:  # ObjectStoragePath of Airflow 3.1 writes lf:/repository/path
        repository, _, path = path.partition("/")
    if path.startswith("@"):
        path = path.partition("/")[2].strip("/")
    return DatasetName(repository=repository, path=path)


def _is_path(context: Any) -> bool:
    from airflow.sdk import ObjectStoragePath

    return isinstance(context, ObjectStoragePath)


def _facets(told: Any) -> dict[str, Any]:
    if not isinstance(told, Mapping) or not told.get("commit"):
        return {}
    from openlineage.client.facet_v2 import dataset_version_dataset

    from lineageflow_core.openlineage.facets import LineageFlowCommitDatasetFacet, PartitionContent, signed
    from lineageflow_core.openlineage.vocabulary import Facet

    whole = told.get("snapshot")
    partitions = told.get("partitions") or {}
    return dict(
        signed(
            {
                Facet.OUR_COMMIT: LineageFlowCommitDatasetFacet(
                    repository=told["repository"],
                    commit=told["commit"],
                    ref=told.get("ref"),
                    snapshot=whole,
                    partitions=[PartitionContent(partition=of, snapshot=at) for of, at in partitions.items()],
                ),
                Facet.VERSION: dataset_version_dataset.DatasetVersionDatasetFacet(
                    datasetVersion=whole or told["commit"]
                ),
            }
        )
    )
