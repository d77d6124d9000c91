"""Events as producers of other systems send them, for the suites about lineage."""

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

Dataset = tuple[str, str, dict[str, Any]]
"""Its name, its version, and facets."""
_PRODUCER = {
    "producer": "https://producer.example/1",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
}


def run_id_of(namespace: str, number: int) -> str:
    """Returns the id of a run of `run_events`."""
    return str(uuid5(NAMESPACE_OID, f"{namespace}.{number}"))


def run_events(
    namespace: str, number: int, reads: Sequence[Dataset], writes: Sequence[Dataset]
) -> list[dict[str, Any]]:
    """Returns the events of a run of the job `etl`, in so many minutes past midnight."""

    def datasets(found: Sequence[Dataset]) -> list[dict[str, Any]]:
        return [
            {
                "namespace": f"s3://{namespace}",
                "name": name,
                "facets": {"version": {"datasetVersion": version}, **facets},
            }
            for name, version, facets in found
        ]

    return [
        {
            "eventType": kind,
            "eventTime": f"2026-05-01T00:{minute:02d}:00Z",
            "run": {"runId": run_id_of(namespace, number)},
            "job": {"namespace": namespace, "name": "etl"},
            "inputs": datasets(reads),
            "outputs": datasets(writes),
            **_PRODUCER,
        }
        for kind, minute in (("START", number), ("COMPLETE", number))
    ]


def job_event(namespace: str, name: str, reads: Sequence[str], writes: Sequence[str]) -> dict[str, Any]:
    """Returns what a job declares, without any run."""
    return {
        "eventTime": "2026-05-01T00:00:00Z",
        "job": {"namespace": namespace, "name": name},
        "inputs": [{"namespace": f"s3://{namespace}", "name": each} for each in reads],
        "outputs": [{"namespace": f"s3://{namespace}", "name": each} for each in writes],
        **_PRODUCER,
    }
