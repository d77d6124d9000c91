"""Events as producers in the field send them: small builders, and the partial-merge scenarios.

Public collections of events seldom split what they say about a run over several events, so these are ours.
"""

from typing import Any

from lineageflow_core.model.ids import RunId
from lineageflow_core.openlineage.canonical import canonical_json, event_digest
from lineageflow_core.openlineage.parse import parse_event
from lineageflow_core.store.ports import StoredEvent

RUN = RunId("0195b2a4-0000-7000-8000-000000000001")
PARENT = RunId("0195b2a4-0000-7000-8000-0000000000aa")
ROOT = RunId("0195b2a4-0000-7000-8000-0000000000bb")

Json = dict[str, Any]


def event(
    event_type: str | None,
    minute: int = 0,
    *,
    run: str = RUN,
    job: str = "etl.load",
    inputs: list[Json] | None = None,
    outputs: list[Json] | None = None,
    run_facets: Json | None = None,
    job_facets: Json | None = None,
    time: str | None = None,
) -> Json:
    """Returns a run event at a minute of one hour."""
    built: Json = {
        "eventType": event_type,
        "eventTime": time or f"2026-05-01T02:{minute:02}:00Z",
        "producer": "https://example.org/producer",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run, "facets": run_facets or {}},
        "job": {"namespace": "nightly", "name": job, "facets": job_facets or {}},
    }
    if inputs is not None:
        built["inputs"] = inputs
    if outputs is not None:
        built["outputs"] = outputs
    return built


def dataset(name: str, version: str | None = None, *, namespace: str = "s3://lake", **facets: Json) -> Json:
    """Returns a dataset of another system, at a version if it has one."""
    if version is not None:
        facets["version"] = {"datasetVersion": version}
    return {"namespace": namespace, "name": name, "facets": facets}


def our_dataset(name: str, contents: dict[str, str]) -> Json:
    """Returns a dataset of ours, with the snapshot of each partition ('' is the whole)."""
    partitions = [{"partition": partition, "snapshot": content} for partition, content in contents.items()]
    commit = {"repository": "lake", "commit": "c" * 64, "partitions": partitions}
    return {"namespace": "lf://lake", "name": name, "facets": {"lineageflow_commit": commit}}


def parent_facet(run: str = PARENT, job: str = "etl", *, root: str | None = None) -> Json:
    """Returns run facets that name the parent, and the root where that is another run."""
    parent: Json = {"run": {"runId": run}, "job": {"namespace": "nightly", "name": job}}
    if root is not None:
        parent["root"] = {"run": {"runId": root}, "job": {"namespace": "nightly", "name": "everything"}}
    return {"parent": parent}


def stored(raw: Json) -> StoredEvent:
    """Returns an event as intake stores it."""
    body, parsed = canonical_json(raw), parse_event(raw)
    return StoredEvent(digest=event_digest(body), run_id=parsed.run_id, body=body)


SCENARIOS: dict[str, list[Json]] = {
    "inputs on START, outputs on COMPLETE": [
        event("START", 0, inputs=[dataset("orders", "1")]),
        event("COMPLETE", 5, outputs=[dataset("daily", "1")]),
    ],
    "two STARTs with different inputs": [
        event("START", 0, inputs=[dataset("orders", "1")]),
        event("START", 1, inputs=[dataset("customers", "7")]),
        event("COMPLETE", 5, outputs=[dataset("daily", "1")]),
    ],
    "OTHER and START after COMPLETE": [
        event("START", 0),
        event("COMPLETE", 5, outputs=[dataset("daily", "1")]),
        event("OTHER", 6, inputs=[dataset("orders", "1")]),
        event("START", 7),
    ],
    "COMPLETE without START": [event("COMPLETE", 5, outputs=[dataset("daily", "1")])],
    "FAIL without datasets": [
        event("START", 0, inputs=[dataset("orders", "1")], outputs=[dataset("daily")]),
        event("FAIL", 3, run_facets={"errorMessage": {"message": "boom", "programmingLanguage": "PYTHON"}}),
    ],
    "an output that never completes": [event("START", 0, outputs=[dataset("daily", "1")])],
    "FAIL, then a retry under the same id completes": [
        event("START", 0),
        event("FAIL", 3, run_facets={"errorMessage": {"message": "boom"}}),
        event("START", 4),
        event("COMPLETE", 9, outputs=[dataset("daily", "2")]),
    ],
    "a table read and written (MERGE)": [
        event("START", 0, inputs=[dataset("ledger", "41")]),
        event("COMPLETE", 5, outputs=[dataset("ledger", "42")]),
    ],
    "the version comes later than the dataset": [
        event("START", 0, inputs=[dataset("orders")], outputs=[dataset("daily")]),
        event("RUNNING", 1, inputs=[dataset("orders", "1")]),
        event("COMPLETE", 5, outputs=[dataset("daily", "1")]),
    ],
    "a facet replaced and a facet deleted": [
        event("START", 0, inputs=[dataset("orders", "1", datasetType={"datasetType": "FILE"})]),
        event("RUNNING", 1, inputs=[dataset("orders", "2", datasetType={"datasetType": "TABLE"})]),
        event("COMPLETE", 5, inputs=[dataset("orders", datasetType={"_deleted": True})]),
    ],
    "two workers of one run": [
        event("START", 0, inputs=[our_dataset("raw", {"m=01": "a" * 64})]),
        event("START", 0, inputs=[our_dataset("raw", {"m=02": "b" * 64})]),
        event("RUNNING", 2, outputs=[our_dataset("clean", {"m=01": "d" * 64})]),
        event("RUNNING", 2, outputs=[our_dataset("clean", {"m=02": "e" * 64})]),
        event("COMPLETE", 5),
    ],
    "COMPLETE and FAIL at one instant": [
        event("START", 0),
        event("COMPLETE", 5, outputs=[dataset("daily", "1")]),
        event("FAIL", 5, run_facets={"errorMessage": {"message": "boom"}}),
    ],
    "events of one instant and kind that disagree": [
        event("START", 0, job="etl.load", inputs=[dataset("orders", "1")], run_facets=parent_facet(PARENT)),
        event("START", 0, job="etl.fetch", inputs=[dataset("orders", "2")], run_facets=parent_facet(ROOT)),
        event("START", 0, job="etl.store", inputs=[dataset("orders", "3")]),
    ],
    "odd times and types": [
        event(None, 0, time="2026-05-01T02:00:00"),
        event("START", time="2026-05-01T02:00:01.123456789Z"),
        event("running", time="2026-05-01T04:00:02.5+02:00"),
        event("COMPLETE", time="not a time", outputs=[dataset("daily", "1")]),
    ],
    "parameters, code and surroundings over several events": [
        event(
            "START",
            0,
            run_facets={
                **parent_facet(),
                "executionParameters": {"parameters": [{"key": "month", "name": "month", "value": "7"}]},
            },
            job_facets={
                "sourceCodeLocation": {"type": "git", "url": "u", "version": "abc", "branch": "main"}
            },
        ),
        event("RUNNING", 1, run_facets={"processing_engine": {"name": "Spark", "version": "3.5"}}),
        event("COMPLETE", 5, run_facets={"lineageflow_environment": {"environment": {"python": "3.11.7"}}}),
    ],
}
"""Events about one run, in the order in which they happened."""
