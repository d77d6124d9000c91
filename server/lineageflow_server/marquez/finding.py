"""What a client of Marquez names, found in the catalog: nodes and versions."""

from datetime import datetime
from uuid import UUID

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import DatasetNotFoundError, JobNotFoundError, NotFoundError
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.overview import DatasetCard, JobCard
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_core.model.run import Job
from lineageflow_server.marquez.ids import NodeType, Reading, readings_of, version_id


def find_dataset(catalog: Catalog, dataset: DatasetName, *, at: datetime | None = None) -> DatasetCard:
    """Returns a dataset. Raises DatasetNotFoundError."""
    found = catalog.overview.get_dataset_cards([dataset], at=at)
    if not found:
        then = f" by {at.isoformat()}" if at else ""
        raise DatasetNotFoundError(
            f"no event names the dataset {dataset.name!r} in {dataset.namespace!r}{then}",
            namespace=dataset.namespace,
            name=dataset.name,
        )
    return found[0]


def find_job(catalog: Catalog, job: Job, *, at: datetime | None = None) -> JobCard:
    """Returns a job. Raises JobNotFoundError."""
    found = catalog.overview.get_job_cards([job], at=at)
    if not found:
        then = f" by {at.isoformat()}" if at else ""
        raise JobNotFoundError(
            f"no event names the job {job.name!r} in {job.namespace!r}{then}",
            namespace=job.namespace,
            name=job.name,
        )
    return found[0]


def find_version(catalog: Catalog, dataset: DatasetName, version: str) -> DatasetCard:
    """Returns a version of a dataset, by its UUID or by what we call it. Raises DatasetNotFoundError."""
    card = find_dataset(catalog, dataset)
    if _is(card.version, version):
        # The card of the dataset has the last word on each facet, that of the version what its run said.
        [card, *_] = catalog.overview.list_version_cards(dataset.namespace, dataset.name, limit=1).items
        if _is(card.version, version):
            return card
    offset = 0
    while True:
        found = catalog.overview.list_version_cards(
            dataset.namespace, dataset.name, offset=offset, limit=MAX_LIMIT
        )
        for each in found.items:
            if _is(each.version, version):
                return each
        offset += MAX_LIMIT
        if offset >= found.total:
            raise NotFoundError(f"{dataset.name!r} in {dataset.namespace!r} has no version {version[:200]!r}")


def find_node(catalog: Catalog, node: str, *, at: datetime | None = None) -> Reading:
    """Returns the way to read a node's id that names something known.

    Raises InvalidInputError, DatasetNotFoundError, JobNotFoundError.
    """
    readings = readings_of(node)
    if readings[0].type is NodeType.JOB:
        jobs = {card.job for card in catalog.overview.get_job_cards([each.job for each in readings], at=at)}
        known = [each for each in readings if each.job in jobs]
        if not known:
            raise JobNotFoundError(f"no event names a job {node[:200]!r}")
        return known[0]
    tried: set[DatasetName] = set()
    for each in readings:
        if each.dataset not in tried and catalog.overview.get_dataset_cards([each.dataset], at=at):
            return each
        tried.add(each.dataset)
    raise DatasetNotFoundError(f"no event names a dataset {node[:200]!r}")


def _is(version: Version | None, asked: str) -> bool:
    if version is None:
        return False
    return asked == version.version or (_is_uuid(asked) and str(UUID(asked)) == version_id(version))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
