"""Events larger and odder than any producer needs: each is taken in time and whole, and the lake works on."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lineageflow_core.connect import connect
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Direction
from lineageflow_core.service.folding import verify
from lineageflow_core.testing.values import run_id
from tests.core.openlineage.scenarios import Json, dataset, event
from tests.server.serving import TOKEN, served
from tests.stateful.test_intake import LAKES, post, stores_of

MANY = 10_000
LONG = 5_000
"""Characters: more than an index of PostgreSQL holds."""


@pytest.fixture(params=list(LAKES))
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with LAKES[request.param](tmp_path) as address:
        yield address


@pytest.fixture
def taken(lake: str) -> Iterator[Any]:
    """Takes events over HTTP, and gives what was told of them; whatever they were, facts follow from them."""
    with served(connect(lake)) as url:

        def take(*events: Json) -> list[str | None]:
            return [told(each) for each in events]

        def told(sent: Json) -> str | None:
            while (answer := post(url, sent)).status_code == 503:
                pass  # a slow machine: the client sends it again
            assert 201 == answer.status_code
            problem: str | None = answer.json()["receipts"][0]["problem"]
            return problem

        take.lake = connect(url, token=TOKEN)  # type: ignore[attr-defined]
        yield take
    with closing(stores_of(lake)) as stores:
        assert () == verify(stores).differences


def letters(number: int, seed: int = 0) -> str:
    """Returns a word that compresses badly."""
    return "".join(Random(seed).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=number))


def test_ten_thousand_inputs_in_one_event(taken: Any) -> None:
    inputs = [dataset(f"in/{number}") for number in range(MANY)]
    assert [None, None] == taken(
        event("START", 0, inputs=inputs),
        event("COMPLETE", 1, outputs=[dataset("out", "1")]),
    )
    found = taken.lake.lineage.get_run(RunId(event("START")["run"]["runId"]))
    assert (MANY, 1) == (len(found.reads), len(found.writes))


def test_five_hundred_columns_from_twenty_datasets(taken: Any) -> None:
    sources = [{"namespace": "s3://lake", "name": f"in/{number}", "field": "id"} for number in range(20)]
    columns = {"fields": {f"c{number}": {"inputFields": sources} for number in range(500)}}
    assert [None] == taken(event("COMPLETE", outputs=[dataset("wide", "1", columnLineage=columns)]))
    graph = taken.lake.lineage.trace_columns(
        "version:s3://lake/wide@1", direction=Direction.UPSTREAM, column="c7"
    )
    assert 20 == len({link.source for link in graph.links})


def test_words_that_no_index_holds(taken: Any) -> None:
    long = letters(LONG)
    source = {"namespace": "s3://lake", "name": "in", "field": letters(LONG, 1)}
    partition = {"type": "partition", "partitions": [{"identifier": long, "dimensions": {}}]}
    facet: Json = {long: {"a": long}}
    outputs = [
        dataset(long, "1"),
        dataset("namespace", "1", namespace=long),
        dataset("version", long),
        dataset("facet", "1", **facet),
        dataset("part", "1") | {"outputFacets": {"subset": {"outputCondition": partition}}},
        dataset("columns", "1", columnLineage={"fields": {long: {"inputFields": [source]}}}),
        dataset("schema", "1", schema={"fields": [{"name": long, "type": long}]}),
        dataset("tags", "1", tags={"tags": [{"key": long, "value": long}]}),
        dataset("link", "1", symlinks={"identifiers": [{"namespace": long, "name": long}]}),
    ]
    told = [
        event("COMPLETE", 1, run=run_id(number), inputs=[dataset("in", "1")], outputs=[output])
        for number, output in enumerate(outputs)
    ]
    told.append(
        event("COMPLETE", 2, run=run_id(99), job=long, job_facets=facet, outputs=[dataset("job", "1")])
    )
    reads = dataset("part") | {"inputFacets": {"subset": {"inputCondition": partition}}}
    told.append(event("COMPLETE", 9, run=long, inputs=[reads], outputs=[dataset("run", "1")]))
    assert [None] * len(told) == taken(*told)
    runs = taken.lake.lineage.list_runs().items
    assert [1] * len(told) == [len(taken.lake.lineage.get_run(run.id).writes) for run in runs]
    assert len(told) < len(taken.lake.datasets.list_known_datasets().items)
    names = {each.name.name for each in taken.lake.datasets.list_known_datasets().items}
    assert {len(name) for name in names if name[:10] == long[:10]} == {900 + 3 + 32}
    taken.lake.overview.list_dataset_cards()
