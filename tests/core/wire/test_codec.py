from datetime import UTC, datetime
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.gaps import FoundGap
from lineageflow_core.model.known import AccessFacets, DatasetDetails, JobDetails, SaidOfRun
from lineageflow_core.model.overview import DatasetCard, JobCard, RunCard, SaidOfDataset
from lineageflow_core.model.page import Page, Stretch
from lineageflow_core.model.quality import Assertion, Measurements
from lineageflow_core.model.refs import Ref, RefKind
from lineageflow_core.model.table import ColumnStatistics, TableHead, ValueCount
from lineageflow_core.model.table_blame import TableBlame
from lineageflow_core.model.table_diff import ColumnDrift, RowChange
from lineageflow_core.wire.codec import decode, encode, from_text, to_text
from lineageflow_core.wire.routes import ROUTES

CELLS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
ROWS = st.none() | st.lists(CELLS, max_size=3).map(tuple)
FACETS = st.dictionaries(st.text(), st.dictionaries(st.text(), CELLS, max_size=2), max_size=2)
SECONDS = st.none() | st.floats(0, 1e9)
HOLD_CELLS: dict[type, dict[str, st.SearchStrategy[Any]]] = {
    ValueCount: {"value": CELLS},
    ColumnStatistics: {"minimum": CELLS, "maximum": CELLS},
    ColumnDrift: {"effect": st.floats(0, 100)},
    TableHead: {"rows": st.lists(st.lists(CELLS, max_size=3).map(tuple), max_size=3).map(tuple)},
    RowChange: {"left": ROWS, "right": ROWS},
    TableBlame: {"values": ROWS, "before": ROWS},
    Assertion: {"params": st.dictionaries(st.text(), CELLS, max_size=2)},
    Measurements: {"columns": FACETS},
    AccessFacets: {"facets": FACETS},
    SaidOfRun: {"facets": FACETS, "job_facets": FACETS},
    DatasetDetails: {"facets": FACETS},
    JobDetails: {"facets": FACETS},
    DatasetCard: {"facets": FACETS},
    JobCard: {"facets": FACETS},
    RunCard: {"facets": FACETS, "job_facets": FACETS},
    SaidOfDataset: {"facet": st.dictionaries(st.text(), CELLS, max_size=2)},
    FoundGap: {"seconds": SECONDS, "usual_seconds": SECONDS},
}
for holder, fields in HOLD_CELLS.items():
    st.register_type_strategy(holder, st.builds(holder, **fields))

RETURNS = [route.returns for route in ROUTES]


def _values(kind: Any) -> st.SearchStrategy[Any]:
    if get_origin(kind) is Page:
        items = st.lists(st.from_type(get_args(kind)[0]), max_size=2)
        return st.builds(Page, items=items.map(tuple), next=st.none() | st.text())
    if get_origin(kind) is Stretch:
        items = st.lists(st.from_type(get_args(kind)[0]), max_size=2)
        return st.builds(Stretch, items=items.map(tuple), total=st.integers(0, 1 << 40))
    return st.from_type(kind)


@pytest.mark.parametrize("kind", RETURNS, ids=[route.name for route in ROUTES])
@settings(max_examples=20)
@given(data=st.data())
def test_what_an_operation_returns_arrives_as_it_was(kind: Any, data: st.DataObject) -> None:
    value = data.draw(_values(kind))
    assert value == decode(encode(value), kind)


def test_a_value_is_an_object_with_the_names_of_its_fields() -> None:
    at = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
    ref = Ref(kind=RefKind.BRANCH, name="main", commit="c1", created_at=at, updated_at=at)  # type: ignore[arg-type]
    expected = (
        b'{"kind":"branch","name":"main","commit":"c1","created_at":"2026-05-01T09:30:00Z",'
        b'"updated_at":"2026-05-01T09:30:00Z"}'
    )
    assert expected == encode(ref)


def test_the_error_names_the_place_that_is_wrong() -> None:
    with pytest.raises(InvalidInputError, match=r"\$\.items\[0\]\.id"):
        decode(b'{"items": [{"id": 3}]}', Page[Commit])


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_is_invalid_input(content: bytes) -> None:
    with pytest.raises(InvalidInputError):
        decode(content, dict[str, Any])


def test_text_becomes_what_a_parameter_is() -> None:
    route = next(route for route in ROUTES if route.name == "list_refs")
    assert route.rest(kind=RefKind.TAG, limit=5) == from_text({"kind": "tag", "limit": "5"}, route.rest)


def test_instants_and_what_holds_several_values_travel_as_text() -> None:
    route = next(route for route in ROUTES if route.name == "log")
    at = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
    metadata = {"ticket": "Ü-1", "": "a=b&c"}
    text = {"since": to_text(at), "metadata": to_text(metadata)}
    assert route.rest(since=at, metadata=metadata) == from_text(text, route.rest, in_json=route.in_json)
    with pytest.raises(InvalidInputError):
        from_text({"metadata": "{"}, route.rest, in_json=route.in_json)
    with pytest.raises(InvalidInputError):
        from_text({"metadata": "[1]"}, route.rest, in_json=route.in_json)


def test_text_that_reads_null_stays_text() -> None:
    route = next(route for route in ROUTES if route.name == "list_runs")
    assert "null" == from_text({"job": "null"}, route.rest).job  # type: ignore[attr-defined]
