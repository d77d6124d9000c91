"""Requests that fit the OpenAPI document, and requests that do not, to a real server.

Whatever is sent, the answer is one that the document promises, and never that the server failed. Half of the
requests name things that are there: otherwise nearly all answers would say that nothing was found. Each run
of these tests sends the same; to look for more, send more, from another seed:

    LF_EXAMPLES=200 LF_SEED=7 python -m pytest tests/server/api/test_any_request.py
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from lineageflow_server.app import describe_api
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lineageflow_core.connect import connect
from lineageflow_core.wire.routes import API_PREFIX
from tests.core.openlineage.scenarios import RUN
from tests.core.openlineage.stories import all_events
from tests.server.flights import NAME, REPORT, make_repository, run_id
from tests.server.serving import KNOWN, served

EXAMPLES = int(os.environ.get("LF_EXAMPLES", "2"))
SEED = int(os.environ.get("LF_SEED", "0"))
ENDLESS = frozenset({"stream"})
"""Answers that do not end: tests/server/api/test_stream.py reads them."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DOCUMENT = describe_api()
OPERATIONS = [
    (path, verb)
    for path, operations in DOCUMENT["paths"].items()
    for verb, operation in operations.items()
    if operation["operationId"] not in ENDLESS
]
TIMES = ["2026-05-01T02:00:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"]
THERE: dict[str, list[Any]] = {
    "repository": [NAME],
    "ref": ["main", "v1", "main~1", f"run:{run_id('night')}"],
    "branch": ["main", "fix"],
    "into": ["fix"],
    "left": ["main~1"],
    "right": ["main"],
    "path": [REPORT, "raw/flights.csv", "raw", ""],
    "dataset": ["daily", REPORT],
    "name": ["daily", "ledger", "etl.load"],
    "namespace": ["s3://lake", "nightly", f"lf://{NAME}"],
    "job": ["etl.load", "nightly"],
    "run_id": [run_id("night"), RUN],
    "node": [f"run:{run_id('night')}", f"lf://{NAME}/{REPORT}", "version:s3://lake/daily@1"],
    "nodeId": ["dataset:s3://lake:daily", "job:nightly:etl.load"],
    "source": ["s3://lake", f"run:{run_id('night')}"],
    "target": [f"lf://{NAME}/{REPORT}"],
    "query": ["daily", "column:id", "owner:ada", "name:a* -tag:b"],
    "q": ["dai"],
    "column": ["id"],
    "operation_id": [1, 2**63],
    "at": TIMES,
    "since": TIMES,
    "until": TIMES,
    "expires_at": TIMES,
    "offset": [0, 2**63],
    "keep_last": [0, 2**63],
    "limit": [1, 2**63],
    "depth": [1, 2**63],
}
"""What the lake has, and what lies beyond all that a database holds, by the names of parameters."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    lake = connect(str(tmp_path_factory.mktemp("lake")))
    make_repository(lake, NAME)
    lake.lineage.ingest(all_events())
    with served(lake, import_from=(), storage_in=()) as url:
        yield url


@pytest.fixture(scope="module")
def api() -> Any:
    return schemathesis.openapi.from_dict(DOCUMENT)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("path, verb", OPERATIONS, ids=lambda text: text.removeprefix(API_PREFIX))
def test_no_request_makes_the_server_fail_or_answer_what_nobody_was_told(
    url: str, api: Any, path: str, verb: str, mode: GenerationMode
) -> None:
    operation = api[path][verb]

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode), data=st.data())
    def send(case: Any, data: st.DataObject) -> None:
        if data.draw(st.booleans()):
            _name_what_is_there(case, data)
        response = case.call(base_url=url, headers=KNOWN, timeout=30)
        case.validate_response(response, checks=CHECKS)

    send()


def _name_what_is_there(case: Any, data: st.DataObject) -> None:
    for place in (case.path_parameters, case.query, case.body):
        if isinstance(place, dict):
            for name in sorted(THERE.keys() & place.keys()):
                place[name] = data.draw(st.sampled_from(THERE[name]))
