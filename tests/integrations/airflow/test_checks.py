"""What tasks expect of datasets: exact, told to lineage and to the lake's checks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lineageflow_airflow.checks import ExpectationFailedError, expect

from lineageflow_core import Lake, RunSession
from lineageflow_core.errors import InvalidInputError, ObjectNotFoundError
from lineageflow_core.model.check import CheckState
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.quality import Outcome
from lineageflow_core.model.run import Job
from lineageflow_core.run import running
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tasks import here, in_no_block, succeeded

pytest.importorskip("duckdb")

ORDERS = pd.DataFrame(
    {
        "id": [1, 2, 2, 4],
        "amount": [5.0, -3.0, None, 120.0],
        "state": ["paid", "open", "PAID", "paid"],
        "day": [date(2026, 5, day) for day in (1, 2, 3, 4)],
    }
)


@pytest.fixture
def orders(lake: Lake) -> Lake:
    lake.repository("sales").write("orders", ORDERS)
    return lake


def failing(**rest: Any) -> Any:
    return pytest.raises(ExpectationFailedError, **rest)


@pytest.mark.usefixtures("orders")
def test_what_is_as_expected_goes_through() -> None:
    expect("lf://sales/orders").rows(min=1, max=4).not_null("id", "state").unique("day").between(
        "amount", -3, 120
    ).between("day", date(2026, 5, 1), None).in_set("state", ["paid", "open", "PAID"]).matches(
        "state", "[A-Za-z]+"
    ).holds("id > 0").columns("id", "day").schema(
        {"id": "bigint", "amount": "double", "state": "varchar", "day": "date"}
    ).fresh(within=timedelta(hours=1))


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(
    "said, arguments, found",
    [
        ("rows", {"min": 5}, "rows are at least 5: there are 4"),
        ("rows", {"max": 3}, "rows are at most 3: there are 4"),
        ("not_null", "amount", "amount is not null: 1 of 4 rows are not"),
        ("unique", "id", "id is unique: 1 of 4 rows repeat another one"),
        ("between", ("amount", 0, 100), "between 0 and 100: 2 of 4 rows are not; they go from -3.0 to 120.0"),
        ("between", ("day", None, date(2026, 5, 3)), "day is at most 2026-05-03: 1 of 4 rows are not"),
        ("in_set", ("state", ["paid", "open"]), "state is one of paid, open: 1 of 4 rows are not: PAID"),
        ("matches", ("state", "[a-z]+"), "state matches [a-z]+: 1 of 4 rows are not: PAID"),
        ("holds", "amount >= 0", "amount >= 0: 1 of 4 rows are not"),
        ("columns", ("id", "price"), "columns include id, price: there is no price"),
        ("schema", {"types": {"id": "varchar"}}, "there is also amount"),
        ("not_null", "price", "price is not null: there is no column price"),
        ("fresh", {"within": timedelta(0)}, "it is not older than 0:00:00: it is 0:00:0"),
    ],
)  # fmt: skip
def test_what_is_not_is_told_in_numbers(said: str, arguments: Any, found: str) -> None:
    expected = getattr(expect("lf://sales/orders"), said)
    with failing() as failed:
        if isinstance(arguments, dict):
            expected(**arguments)
        else:
            expected(*(arguments if isinstance(arguments, tuple) else (arguments,)))
    assert found in str(failed.value)


def test_a_block_tells_all_that_fails_at_its_end(orders: Lake) -> None:
    with failing() as failed, expect("lf://sales/orders") as expected:
        expected.rows(min=1).not_null("amount").unique("id")
        expected.columns("price")
    text = str(failed.value)
    head = orders.repository("sales").head()
    assert text.startswith(f"lf://sales/orders is not as expected, at commit {head.id[:8]}:\n- amount is")
    assert 3 == text.count("\n- ")
    with pytest.raises(ZeroDivisionError), expect("lf://sales/orders") as expected:
        expected.rows(min=5 // 0)


def test_the_lake_has_the_result_as_a_check_of_the_content(orders: Lake) -> None:
    expect("lf://sales/orders", check="orders-quality").rows(min=1).not_null("id")
    (check,) = orders.checks.list_checks("sales", "main")
    assert ("orders-quality", CheckState.PASSED, "airflow") == (check.name, check.state, check.author)
    assert {"rows are at least 1": "there are 4", "id is not null": "all 4 rows are"} == check.details
    with failing():
        expect("lf://sales/orders", check="orders-quality").not_null("id").unique("id")
    (check,) = orders.checks.list_checks("sales", "main")
    assert (CheckState.FAILED, "id is unique: 1 of 4 rows repeat another one") == (check.state, check.summary)


def test_a_warning_fails_nothing_and_is_told_as_one(orders: Lake) -> None:
    expect("lf://sales/orders", severity="warn").unique("id").rows(min=1)
    (check,) = orders.checks.list_checks("sales", "main")
    assert (CheckState.PASSED, "id is unique: 1 of 4 rows repeat another one") == (check.state, check.summary)


def test_a_ref_in_the_address_is_what_is_checked(orders: Lake) -> None:
    sales = orders.repository("sales")
    sales.tag("v1")
    sales.write("orders", ORDERS.head(1))
    expect("lf://sales/@v1/orders").rows(min=4)
    expect("lf://lineageflow_default@sales/orders").rows(max=1)
    with pytest.raises(InvalidInputError, match="names no dataset"):
        expect("lf://sales")
    with pytest.raises(ObjectNotFoundError):
        expect("lf://sales/returns").rows(min=1)


def quality(lake: Lake, session: RunSession) -> dict[str, tuple[str, Outcome, bool]]:
    """Returns what lineage has of the tests of a dataset: by their text, who made them, and the outcome."""
    version = lake.objects.get_dataset("sales", session.ref, "orders").snapshot
    found = lake.datasets.list_quality(namespace="lf://sales", name="orders")
    assert {version} == {of.version for each in found.items for of in each.versions}
    return {
        str(test.name): (each.run.job.name, test.outcome, each.written)
        for each in found.items
        for test in each.assertions
    }


def test_lineage_has_the_results_as_quality_of_the_version_that_was_read(orders: Lake) -> None:
    session = RunSession(orders, "sales", Job(namespace="default", name="shop.audit"))
    with running(session), failing():
        expect("lf://sales/orders").rows(min=1).unique("id")
    assert {
        "rows are at least 1": ("shop.audit", Outcome.PASSED, False),
        "id is unique": ("shop.audit", Outcome.FAILED, False),
    } == quality(orders, session)
    assert {"orders"} == {each.dataset for each in session.reads}


def test_results_about_what_the_task_itself_has_written_are_told_by_a_run_of_their_own(orders: Lake) -> None:
    session = RunSession(orders, "sales", Job(namespace="default", name="shop.load"))
    with running(session):
        orders.repository("sales").write("orders", ORDERS.head(2))
        expect("lf://sales/orders", severity="warn").unique("id").rows(max=1)
    assert {
        "id is unique": ("shop.load.expect orders", Outcome.PASSED, False),
        "rows are at most 1": ("shop.load.expect orders", Outcome.WARNED, False),
    } == quality(orders, session)
    assert [] == list(session.reads)


@pytest.fixture
def fewer(orders: Lake, elsewhere: Lake) -> Lake:
    """The lake elsewhere, whose orders are fewer than at its tag `v1`."""
    orders.repository("sales").tag("v1")
    sales = elsewhere.repository("sales")
    sales.write("orders", ORDERS)
    sales.tag("v1")
    sales.write("orders", ORDERS.head(1))
    return elsewhere


def test_a_dataset_of_another_lake_is_what_the_task_sees_there_and_is_told_there(
    orders: Lake, fewer: Lake
) -> None:
    def body() -> str:
        orders.repository("sales").dataset("orders").arrow()
        expect("lf://elsewhere@sales/orders").rows(min=4)
        return here().key.lineage_id

    ran = succeeded(run_dag(in_no_block(body), conf={"lineageflow_ref": "v1"}))
    run_id = RunId(ran.returned("body"))
    versions = [
        [(io.version.name, io.version.version) for io in lake.lineage.get_run(run_id).reads]
        for lake in (orders, fewer)
    ]
    assert [
        [("orders", lake.objects.get_dataset("sales", "v1", "orders").snapshot)] for lake in (orders, fewer)
    ] == versions
    (check,) = fewer.checks.list_checks("sales", "v1")
    assert (run_id, ()) == (check.run_id, orders.checks.list_checks("sales", "v1"))


def test_a_run_that_code_opens_has_not_read_what_is_in_another_lake(orders: Lake, fewer: Lake) -> None:
    session = RunSession(orders, "sales", Job(namespace="default", name="shop.audit"))
    with running(session):
        expect("lf://sales/orders", lineageflow_conn_id="elsewhere").rows(max=1)
    assert [] == list(session.reads)
    assert [None] == [each.run_id for each in fewer.checks.list_checks("sales", "main")]


@pytest.mark.usefixtures("orders")
def test_values_of_numpy_are_bounds_as_pythons_are() -> None:
    days = ORDERS["day"].to_numpy("datetime64[ns]")
    expect("lf://sales/orders").between("id", ORDERS["id"].min(), np.int64(4)).between(
        "amount", np.float32(-3), None
    ).in_set("id", list(ORDERS["id"].unique())).between("day", days.min(), days.max())
    with failing(match="id is at most 1: 3 of 4 rows are not"):
        expect("lf://sales/orders").between("id", None, np.int64(1))
    with failing(match="day is at most 2026-05-03"):
        expect("lf://sales/orders").between("day", None, days[2])


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(
    "said, arguments, wrong",
    [
        ("in_set", ("state", ["paid", None]), "None is no value .* leave it out"),
        ("in_set", ("day", [pd.NaT]), "NaT is no value"),
        ("between", ("day", timedelta(1), None), "is a timedelta"),
        ("between", ("id", [1], None), r"\[1\] is a list"),
        ("unique", (), r"unique\(\) expects nothing; say which columns"),
        ("not_null", (), r"not_null\(\) expects nothing; say which columns"),
        ("unique", (["id", "day"],), "is no name of a column"),
    ],
)
def test_what_cannot_be_expected_is_refused_before_anything_is_read(
    said: str, arguments: Any, wrong: str
) -> None:
    with pytest.raises(InvalidInputError, match=wrong):
        getattr(expect("lf://sales/orders"), said)(*arguments)


def test_a_time_with_a_zone_is_a_bound_too(lake: Lake) -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    lake.repository("sales").write(
        "orders", pd.DataFrame({"at": [at, at + timedelta(hours=1)], "o'clock": ["a'b", "c"]})
    )
    with failing(match="1 of 2 rows are not"):
        expect("lf://sales/orders").between("at", at, at + timedelta(minutes=30))
    expect("lf://sales/orders").in_set("o'clock", ["a'b", "c"])
