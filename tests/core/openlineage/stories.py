"""What a lake may be told of many runs: every scenario about one run, and what concerns several of them.

Datasets have the same names throughout, so that runs read what others wrote, whichever is told first.
"""

from typing import Any

from lineageflow_core.testing.values import run_id
from tests.core.openlineage.scenarios import RUN, SCENARIOS, Json, dataset, event, our_dataset, parent_facet

_STATIC: Json = {
    "eventTime": "2026-05-01T02:30:00Z",
    "producer": "https://example.org/producer",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
}
_DAGSTER = {"producer": "https://github.com/OpenLineage/OpenLineage/tree/0.2.1/integration/dagster"}


def _symlinks(*names: str) -> Json:
    identifiers = [{"namespace": "postgres://db", "name": name, "type": "TABLE"} for name in names]
    return {"symlinks": {"identifiers": identifiers}}


def _job(name: str) -> Json:
    return {"namespace": "nightly", "name": name}


def _stream(mode: str) -> Json:
    pattern = {"eventTrigger": "PERIODIC", "eventContentMode": mode, "windowDuration": 60}
    return {"jobType": {"processingType": "STREAMING", "integration": "FLINK", "emissionPattern": pattern}}


def _columns(**sources: str) -> Json:
    fields = {
        field: {"inputFields": [{"namespace": "s3://lake", "name": name, "field": field}]}
        for field, name in sources.items()
    }
    return {"columnLineage": {"fields": fields}}


STORIES: dict[str, list[Json]] = {
    "a version that comes after its reader": [
        event("START", 20, run=run_id(100), inputs=[dataset("daily")]),
        event("COMPLETE", 25, run=run_id(100), outputs=[dataset("report")]),
        event("COMPLETE", 15, run=run_id(101), outputs=[dataset("daily", "late")]),
    ],
    "a version that comes after its reader, and is newer than the one that it was bound to": [
        event("COMPLETE", 1, run=run_id(110), outputs=[dataset("hourly", "1")]),
        event("START", 20, run=run_id(111), inputs=[dataset("hourly")], outputs=[dataset("report")]),
        event("COMPLETE", 21, run=run_id(111)),
        event("COMPLETE", 10, run=run_id(112), outputs=[dataset("hourly", "2")]),
    ],
    "a table read and written again and again, without versions": [
        event("START", 0, run=run_id(120), inputs=[dataset("ledger")], outputs=[dataset("ledger")]),
        event("COMPLETE", 1, run=run_id(120)),
        event("START", 2, run=run_id(121), inputs=[dataset("ledger")], outputs=[dataset("ledger")]),
        event("COMPLETE", 3, run=run_id(121)),
        event("START", 4, run=run_id(122), inputs=[dataset("ledger")]),
        event("FAIL", 5, run=run_id(122), outputs=[dataset("ledger")]),
    ],
    "a symlink that comes later": [
        event("COMPLETE", 5, run=run_id(130), outputs=[dataset("files")]),
        event("START", 9, run=run_id(131), inputs=[dataset("table", namespace="postgres://db")]),
        event("COMPLETE", 10, run=run_id(131), outputs=[dataset("report")]),
        {**_STATIC, "dataset": dataset("files", **_symlinks("table", "view"))},
    ],
    "symlinks that join two groups of names, one of them ours": [
        event("COMPLETE", 5, run=run_id(140), outputs=[our_dataset("ours", {"": "a" * 64})]),
        event("START", 6, run=run_id(141), inputs=[dataset("copy", namespace="postgres://db")]),
        {**_STATIC, "dataset": dataset("one", **_symlinks("copy"))},
        {**_STATIC, "dataset": {**our_dataset("ours", {}), "facets": _symlinks("two")}},
        event("COMPLETE", 7, run=run_id(141), inputs=[dataset("one", **_symlinks("two"))]),
    ],
    "a stream that tells all of it each time": [
        event("START", 0, run=run_id(150), job_facets=_stream("COMPLETE_SNAPSHOT"), inputs=[dataset("old")]),
        event("RUNNING", 5, run=run_id(150), inputs=[dataset("topic")], outputs=[dataset("sink")]),
        event("RUNNING", 9, run=run_id(150), outputs=[dataset("sink")]),
        event("START", 12, run=run_id(151), inputs=[dataset("sink")]),
    ],
    "a stream that tells what is new": [
        event("START", 0, run=run_id(160), job_facets=_stream("DELTA"), inputs=[dataset("topic")]),
        event("RUNNING", 5, run=run_id(160), outputs=[dataset("sink")]),
    ],
    "a run that is known by a name": [
        event("START", 0, run="scheduled__2026-05-01", inputs=[dataset("orders")]),
        event("COMPLETE", 3, run="scheduled__2026-05-01", outputs=[dataset("daily")]),
    ],
    "steps that are told before the run around them, and one that is told of by nobody else": [
        event("START", 2, run=run_id(171), run_facets=parent_facet(run_id(170), root=run_id(179))),
        event("COMPLETE", 4, run=run_id(171), run_facets=parent_facet(run_id(170), root=run_id(179))),
        event("START", 1, run=run_id(170), job="etl", run_facets=parent_facet(run_id(179), "everything")),
        event("COMPLETE", 5, run=run_id(170), job="etl.renamed"),
    ],
    "what a job and a dataset say without a run": [
        {**_STATIC, "job": _job("declared"), "inputs": [dataset("orders")], "outputs": [dataset("daily")]},
        {**_STATIC, "eventTime": "2026-05-01T02:31:00Z", "job": _job("declared"), "inputs": []},
        {**_STATIC, "dataset": dataset("daily", documentation={"description": "per day"})},
        {
            **_STATIC,
            "eventTime": "2026-05-01T02:32:00Z",
            "dataset": dataset("daily", documentation={"_deleted": True}),
        },
    ],
    "columns, and what only joins": [
        event(
            "START",
            30,
            run=run_id(180),
            inputs=[dataset("orders"), dataset("customers"), dataset("calendar")],
            outputs=[dataset("daily", **_columns(id="orders", name="customers"))],
        ),
        event("COMPLETE", 31, run=run_id(180), outputs=[dataset("daily", **_columns(id="orders"))]),
    ],
    "assets of one Dagster run": [
        event("START", 40, run=run_id(190), job="a", outputs=[dataset("a")]) | _DAGSTER,
        event("START", 40, run=run_id(190), job="b", outputs=[dataset("b")]) | _DAGSTER,
        event("COMPLETE", 41, run=run_id(190), job="a", outputs=[dataset("a")]) | _DAGSTER,
        event("FAIL", 42, run=run_id(190), job="b", inputs=[dataset("a")], outputs=[dataset("b")]) | _DAGSTER,
        event("FAIL", 42, run=run_id(190), job="everything") | _DAGSTER,
    ],
    "what is no event": [
        {"eventTime": "2026-05-01T02:00:00Z"},
        event("COMPLETE", 3, run=run_id(200), outputs=[{"name": "nowhere"}, dataset("daily")]),
    ],
    "numbers and letters of all kinds": [
        event("START", 0, run=run_id(210), inputs=[dataset("größe/日本 \N{PILE OF POO}", "1.0")]),
        event(
            "COMPLETE",
            1,
            run=run_id(210),
            outputs=[dataset("sizes", numbers={"big": 2**63, "small": 1e-9, "exact": 0.1, "none": None})],
        ),
    ],
}
"""Events in the order in which they happened."""


def all_events() -> list[Any]:
    """Returns the events of all scenarios and stories, each scenario about a run of its own."""
    told: list[Any] = []
    for number, scenario in enumerate(SCENARIOS.values()):
        own = run_id(number)
        told += [
            {**each, "run": {**each["run"], "runId": own}} for each in scenario if each["run"]["runId"] == RUN
        ]
    for story in STORIES.values():
        told += story
    return told
