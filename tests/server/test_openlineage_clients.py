"""Events of OpenLineage's own client: each is in the log once, however it is sent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    DatasetEvent,
    InputDataset,
    Job,
    JobEvent,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    StaticDataset,
)
from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.model import run as model
from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import RunId
from tests.server.serving import TOKEN, served

PRODUCER = "https://example.org/producer"
RUN = "0195b2a4-0000-7000-8000-000000000001"


@pytest.fixture
def lake() -> Catalog:
    return connect("memory:")


@pytest.fixture
def url(lake: Catalog) -> Iterator[str]:
    with served(lake) as url:
        yield url


def events() -> list[Any]:
    fields = [SchemaDatasetFacetFields(name="a", type="int")]
    schema: dict[str, Any] = {"schema": SchemaDatasetFacet(fields=fields)}
    start = RunEvent(
        eventType=RunState.START,
        eventTime="2026-05-01T02:00:00Z",
        run=Run(RUN),
        job=Job("nightly", "load"),
        producer=PRODUCER,
        inputs=[InputDataset("s3://lake", "raw", facets=schema)],
    )
    complete = RunEvent(
        eventType=RunState.COMPLETE,
        eventTime="2026-05-01T02:01:00Z",
        run=Run(RUN),
        job=Job("nightly", "load"),
        producer=PRODUCER,
        outputs=[OutputDataset("s3://lake", "clean", facets=schema)],
    )
    time = "2026-05-01T02:02:00Z"
    return [
        start,
        complete,
        DatasetEvent(eventTime=time, producer=PRODUCER, dataset=StaticDataset("s3://lake", "raw")),
        JobEvent(eventTime=time, producer=PRODUCER, job=Job("nightly", "load")),
    ]


@pytest.mark.parametrize(
    "transport",
    [
        {"type": "http"},
        {"type": "http", "compression": "gzip"},
        {"type": "async_http"},
        {"type": "async_http", "compression": "gzip"},
    ],
    ids=lambda each: "-".join(each.values()),
)
def test_all_that_the_client_sends_is_in_the_log_without_a_problem(
    lake: Catalog, url: str, transport: dict[str, str]
) -> None:
    auth = {"type": "api_key", "apiKey": TOKEN}
    client = OpenLineageClient(config={"transport": {**transport, "url": url, "auth": auth}})
    for event in events():
        client.emit(event)
    assert client.close(timeout=30)
    found = lake.events.list_events().items
    kinds = sorted(event.kind for event in found)
    assert sorted([EventKind.RUN, EventKind.RUN, EventKind.DATASET, EventKind.JOB]) == kinds
    assert [(None, None)] * 4 == [(event.problem, event.warning) for event in found]
    assert {"s3://lake"} == {
        each["namespace"] for event in found for each in json.loads(event.body).get("inputs", ())
    }
    details = lake.lineage.get_run(RunId(RUN))
    assert model.RunState.COMPLETED is details.run.state
    assert (["raw"], ["clean"]) == (
        [io.version.name for io in details.reads],
        [io.version.name for io in details.writes],
    )
