"""A sensor for versions of datasets."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk.definitions.context import Context

from lineageflow_airflow.sensors.base import LineageFlowSensor
from lineageflow_airflow.triggers.dataset_version import DatasetVersionTrigger
from lineageflow_airflow.watching import find_version
from lineageflow_core.catalog import Catalog


class LineageFlowDatasetVersionSensor(LineageFlowSensor):
    """Waits until a ref has a dataset, a partition of it, or an exact version.

    XCom: `repository`, `ref`, `commit`, `dataset`, `partition`, `snapshot`, `objects`, `size`, `url`.

    :param dataset: the dataset's path. (templated)
    :param ref: the ref that is to have it; by default the default branch. (templated)
    :param partition: the partition that is to be there: `"day={{ ds }}"`. (templated)
    :param snapshot: the exact version that is to be there. (templated)
    """

    template_fields: Sequence[str] = (
        *LineageFlowSensor.template_fields,
        "dataset",
        "ref",
        "partition",
        "snapshot",
    )

    def __init__(
        self,
        *,
        dataset: str,
        ref: str | None = None,
        partition: str | None = None,
        snapshot: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.ref = ref
        self.partition = partition
        self.snapshot = snapshot

    def find(self, lake: Catalog, context: Context, page: str | None) -> dict[str, Any] | None:
        if self.ref is None:
            self.ref = lake.repositories.get_repository(self.repository).default_branch
        found = find_version(
            lake,
            self.repository,
            self.ref,
            self.dataset,
            partition=self.partition,
            snapshot=self.snapshot,
            page=page,
        )
        return dict(found) if found is not None else None

    def trigger(self, context: Context) -> DatasetVersionTrigger:
        assert self.ref is not None
        return DatasetVersionTrigger(
            repository=self.repository,
            dataset=self.dataset,
            ref=self.ref,
            partition=self.partition,
            snapshot=self.snapshot,
            lineageflow_conn_id=self.lineageflow_conn_id,
            poll_interval=self.poke_interval,
        )
