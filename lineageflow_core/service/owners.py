"""Whom to tell about datasets: their owners, as OpenLineage's ownership facet says."""

from collections.abc import Collection

from lineageflow_core.model.json_values import as_object, as_objects
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.openlineage.parse import parse_text
from lineageflow_core.openlineage.vocabulary import Facet
from lineageflow_core.service.opened import Lake


def owners_of(lake: Lake, datasets: Collection[DatasetName]) -> dict[DatasetName, tuple[str, ...]]:
    """Returns the owners of those datasets that have any, as was said last."""
    found: dict[DatasetName, tuple[str, ...]] = {}
    for dataset, words in lake.datasets.words(datasets).items():
        said = words[Facet.OWNERSHIP].read() if Facet.OWNERSHIP in words else None
        names = (parse_text(owner.get("name")) for owner in as_objects(as_object(said).get("owners")))
        if owners := tuple(dict.fromkeys(name for name in names if name)):
            found[dataset] = owners
    return found
