"""Datasets and jobs in a namespace of their own, as producers tell of them."""

from collections.abc import Sequence
from typing import Any

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import new_run_id

Event = dict[str, Any]
FACET = {"_producer": "https://producer.example/1", "_schemaURL": "https://schema.example/1"}


class World:
    """Datasets and jobs in a namespace that no other test uses."""

    def __init__(self, repo: Repository) -> None:
        self.namespace = f"s3://{repo.name}"
        self.lineage = repo.catalog.lineage
        self.datasets = repo.catalog.datasets
        self.jobs = repo.catalog.jobs
        self._minute = 0

    def name(self, dataset: str) -> DatasetName:
        """Returns the name of a dataset."""
        return DatasetName(namespace=self.namespace, name=dataset)

    def version(self, dataset: str, run: RunId) -> Version:
        """Returns what a run wrote of a dataset."""
        return Version(namespace=self.namespace, name=dataset, version=f"run:{run}")

    def dataset(self, name: str, facets: Event | None = None, **more: Event) -> Event:
        """Returns a dataset as an event has it."""
        return {"namespace": self.namespace, "name": name, "facets": _facets(facets), **_all(more)}

    def run(
        self,
        job: str = "etl",
        *,
        reads: Sequence[Event | str] = (),
        writes: Sequence[Event | str] = (),
        end: str = "COMPLETE",
        run_facets: Event | None = None,
        job_facets: Event | None = None,
    ) -> RunId:
        """Tells of one run, a minute after the one before. Returns its id."""
        self._minute += 1
        run_id = new_run_id()
        at = f"2026-05-01T{self._minute // 60:02d}:{self._minute % 60:02d}"
        sides = {
            side: [self.dataset(each) if isinstance(each, str) else each for each in some]
            for side, some in (("inputs", reads), ("outputs", writes))
        }
        about = {
            "producer": "https://producer.example/1",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": run_id, "facets": _facets(run_facets)},
            "job": {"namespace": self.namespace, "name": job, "facets": _facets(job_facets)},
        }
        started: Event = {"eventType": "START", "eventTime": f"{at}:00Z", **about, "inputs": sides["inputs"]}
        events: list[Event] = [started]
        if end:
            ended: Event = {"eventType": end, "eventTime": f"{at}:30Z", **about, "outputs": sides["outputs"]}
            events.append(ended)
        else:
            started["outputs"] = sides["outputs"]
        report = self.lineage.ingest(events)
        assert () == report.problems
        return run_id


def schema(**columns: str) -> Event:
    """Returns the facet that tells of these columns."""
    return {"schema": {"fields": [{"name": name, "type": type_} for name, type_ in columns.items()]}}


def tests(*results: Event) -> Event:
    """Returns the facet that tells of these tests."""
    return {"dataQualityAssertions": {"assertions": list(results)}}


def _facets(facets: Event | None) -> Event:
    return {key: FACET | facet for key, facet in (facets or {}).items()}


def _all(more: dict[str, Event]) -> Event:
    return {key: _facets(facets) for key, facets in more.items()}
