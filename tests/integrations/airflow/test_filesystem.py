"""`lf://` in Airflow: each library reads and writes through the task's session, and without a task, too."""

import json
import pickle
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pyarrow.dataset as arrow
import pytest
from airflow.sdk import ObjectStoragePath, get_current_context
from lineageflow_airflow.connection import forget_connections
from lineageflow_airflow.filesystem import AirflowFileSystem

from lineageflow_core import Lake
from lineageflow_core.errors import StateError
from lineageflow_core.model.run import Job
from lineageflow_core.run import RunSession, current_run, outside_runs, running
from tests.integrations.airflow.lakes import Connection, open_lake
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tasks import (
    here,
    in_block,
    in_no_block,
    on_main,
    read,
    seed,
    succeeded,
    told,
    write,
)

FRAME = pd.DataFrame({"a": [1, 2]})


def by_path() -> None:
    source, target = ObjectStoragePath("lf://sales/raw"), ObjectStoragePath("lf://sales/clean")
    with source.open("rb") as file:  # type: ignore[no-untyped-call]
        target.write_bytes(file.read())


def by_path_of_a_connection() -> None:
    source = ObjectStoragePath("lf://lineageflow_default@sales/raw")
    target = ObjectStoragePath("lf://sales/clean", conn_id="lineageflow_default")
    with target.open("wb") as file:  # type: ignore[no-untyped-call]
        file.write(source.read_bytes())


def test_finding_1_what_stands_before_an_at_sign_is_a_connection_and_a_ref_is_in_the_path(lake: Lake) -> None:
    address = "lf://lineageflow_default@sales/@main/orders"
    path = ObjectStoragePath(address)
    assert (address, "sales/@main/orders") == (str(path), path.path)
    with outside_runs():
        lake.repository("sales").put("orders", b"1")
    assert "1" == path.read_text()


def by_pandas() -> None:
    pd.read_csv("lf://sales/raw").to_csv("lf://sales/clean", index=False)


def by_arrow() -> None:
    fs, _ = fsspec.core.url_to_fs("lf://sales/raw")
    table = arrow.dataset("sales/raw", filesystem=fs, format="csv").to_table()
    arrow.write_dataset(table, "sales/clean", filesystem=fs, format="parquet")


def by_duckdb() -> None:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        connection.register_filesystem(fsspec.filesystem("lf"))
        connection.sql("copy (from read_csv('lf://sales/raw')) to 'lf://sales/clean' (format csv)")


@pytest.mark.parametrize("way", [by_path, by_path_of_a_connection, by_pandas, by_arrow, by_duckdb])
def test_a_library_reads_and_writes_through_the_session_of_the_task(way: Any, lake: Lake) -> None:
    seed(lake, raw="x")

    def body() -> str:
        way()
        return here().key.lineage_id

    run_id = succeeded(run_dag(in_block(body))).returned("body")
    assert [["raw"], ["clean"]] == [list(each) for each in told(lake, run_id)]
    assert on_main(lake, "clean") is None


def test_a_path_knows_no_run_so_what_it_leads_to_is_decided_with_each_access(lake: Lake) -> None:
    seed(lake, raw="main")
    path = ObjectStoragePath("lf://sales/raw")
    kept = path.fs

    def body() -> None:
        write("lf://sales/raw", "run")
        assert kept is path.fs
        assert b"a\nrun\n" == path.read_bytes() == kept.cat_file("sales/raw")

    succeeded(run_dag(in_block(body)))
    assert b"a\nmain\n" == path.read_bytes() == kept.cat_file("sales/raw")


def test_outside_of_tasks_a_path_leads_to_the_default_connections_lake(lake: Lake) -> None:
    ObjectStoragePath("lf://sales/a").write_text("1")
    write("lf://sales/b", "2")
    assert ("1", "2") == (lake.repository("sales").read_bytes("a").decode(), on_main(lake, "b"))
    assert ["a", "b"] == sorted(each.name for each in ObjectStoragePath("lf://sales/").iterdir())


def test_a_path_of_another_connection_leads_to_its_lake_and_lineage_of_that_is_told_there(
    lake: Lake, elsewhere: Lake
) -> None:
    seed(lake, raw="x")

    def body() -> str:
        text = ObjectStoragePath("lf://sales/raw").read_text()
        with pytest.raises(StateError, match="of elsewhere, name a branch"):
            ObjectStoragePath("lf://elsewhere@sales/copy").write_text(text)
        ObjectStoragePath("lf://elsewhere@sales/@main/copy").write_text(text)
        return here().key.lineage_id

    run_id = succeeded(run_dag(in_block(body))).returned("body")
    assert b"a\nx\n" == elsewhere.repository("sales").read_bytes("copy")
    assert [["raw"], []] == [list(each) for each in told(lake, run_id)]
    assert [[], ["copy"]] == [list(each) for each in told(elsewhere, run_id)]


def test_a_task_reaches_the_lake_of_a_connection_in_its_run_where_there_is_no_default_one(
    lake: Lake, connected: tuple[Lake, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_LINEAGEFLOW_DEFAULT")
    monkeypatch.setenv("AIRFLOW_CONN_LAKE_EU", json.dumps(connected[1]))
    forget_connections()
    seed(lake, raw="x")

    def body() -> str:
        text = ObjectStoragePath("lf://lake_eu@sales/raw").read_text()
        ObjectStoragePath("lf://lake_eu@sales/clean").write_text(text)
        with outside_runs():
            ObjectStoragePath("lf://lake_eu@sales/raw").read_text()
            ObjectStoragePath("lf://lake_eu@sales/apart").write_text(text)
        return here().key.lineage_id

    ran = succeeded(run_dag(in_no_block(body), conf={"lineageflow_into": "replay"}))
    assert [["raw"], ["clean"]] == [list(each) for each in told(lake, ran.returned("body"))]
    assert (None, "x") == (on_main(lake, "clean"), on_main(lake, "apart"))
    assert b"a\nx\n" == lake.repository("sales").read_bytes("clean", ref="replay")


def test_a_run_that_code_opens_in_one_lake_has_nothing_to_do_with_another_connections(
    lake: Lake, elsewhere: Lake
) -> None:
    elsewhere.repository("sales").put("raw", b"theirs")
    mine = RunSession(lake, "sales", Job(namespace="default", name="mine"))
    with running(mine):
        assert "theirs" == ObjectStoragePath("lf://elsewhere@sales/raw").read_text()
    assert [] == list(mine.reads)


@pytest.mark.usefixtures("lake")
def test_the_lake_that_storage_options_name_is_that_one_as_everywhere(tmp_path: Path) -> None:
    with open_lake(tmp_path / "other") as (other, connection):
        other.repository("sales").create()
        named = {"lake": connection["host"], "token": connection.get("password")}
        FRAME.to_csv("lf://sales/a", index=False, storage_options=named)
        assert ["a"] == [each.path for each in other.repository("sales").datasets()]


def test_a_file_system_carries_no_token_when_it_goes_to_another_process() -> None:
    fs = AirflowFileSystem(conn_id="somewhere")
    assert {"conn_id": "somewhere"} == pickle.loads(pickle.dumps(fs)).storage_options


def test_a_run_that_code_opens_itself_goes_before_the_tasks(lake: Lake) -> None:
    seed(lake, raw="x")

    def body() -> str:
        mine = RunSession(lake, "sales", here().key.job)
        with running(mine):
            read("lf://sales/raw")
        with outside_runs():
            read("lf://sales/raw")
        assert 1 == len(mine.reads)
        assert [] == list(here().reads)
        return type(current_run()).__name__

    assert "TransactionSession" == succeeded(run_dag(in_block(body))).returned("body")


def test_xcom_goes_to_a_branch_of_its_own_and_stays_out_of_lineage(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.common.io.xcom.backend import XComObjectStorageBackend

    section = "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_"
    monkeypatch.setenv(f"{section}PATH", "lf://lineageflow_default@sales/@xcom/passed")
    monkeypatch.setenv(f"{section}THRESHOLD", "0")
    seed(lake, raw="x")

    def body() -> str:
        ti = get_current_context()["ti"]
        where = {"dag_id": ti.dag_id, "run_id": "r", "task_id": ti.task_id, "map_index": -1}
        stored = XComObjectStorageBackend.serialize_value({"rows": [1, 2]}, key="k", **where)
        passed = SimpleXCom(value=stored)
        assert {"rows": [1, 2]} == XComObjectStorageBackend.deserialize_value(passed)
        read("lf://sales/raw")
        return here().key.lineage_id

    result = succeeded(run_dag(in_no_block(body)))
    assert [["raw"], []] == [list(each) for each in told(lake, result.returned("body"))]
    assert ["lf://sales/raw"] == [each.asset.uri for each in ours(result.lineage["body"].inputs)]
    assert [] == ours(result.lineage["body"].outputs)
    assert ["raw"] == [each.path for each in lake.repository("sales").datasets()]
    stored = XComObjectStorageBackend.serialize_value([3], key="k")  # as the API server does
    assert [3] == XComObjectStorageBackend.deserialize_value(SimpleXCom(value=stored))


class SimpleXCom:
    """What a backend is given to read: a row of Airflow's database."""

    def __init__(self, *, value: Any) -> None:
        self.value = value


def ours(collected: Any) -> list[Any]:
    """What Airflow's own path has not reported; our converter drops that."""
    return [each for each in collected if not isinstance(each.context, ObjectStoragePath)]
