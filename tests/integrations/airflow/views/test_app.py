"""Our pages as Airflow's API server serves them: who sees what, and what is shown."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from airflow.api_fastapi.app import create_app, get_auth_manager, purge_cached_app
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.sdk import DAG, TaskGroup, task
from fastapi.testclient import TestClient
from lineageflow_airflow.connection import forget_connections
from lineageflow_airflow.data_branches import data_branch

from lineageflow_core import Lake
from tests.integrations.airflow.conftest import CONNECTION
from tests.integrations.airflow.runs import run_dag
from tests.integrations.airflow.tasks import in_no_block, on_main, read, seed, succeeded, two_blocks, write


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """Airflow's API server, with the plugin in it, where people have to sign in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "False")
        purge_cached_app()
        yield TestClient(create_app("core"), base_url="http://airflow", follow_redirects=False)
        purge_cached_app()


def token(role: str | None) -> str:
    """Returns what a user of a role is signed in by."""
    user = SimpleAuthManagerUser(username="someone", role=role)
    return get_auth_manager().generate_jwt(user)


def opened(
    client: TestClient, path: str, *, role: str | None = "viewer", method: str = "GET"
) -> tuple[int, str]:
    """Returns the status and the text of a page, as a user of a role has it."""
    answer = client.request(method, f"/lineageflow{path}", headers={"Cookie": f"_token={token(role)}"})
    return answer.status_code, answer.text


def sold(lake: Lake) -> str:
    """Runs a DAG that publishes what it has written. Returns the id of its run."""
    seed(lake, raw="1")
    with DAG("shop", schedule=None) as dag, data_branch("sales"):

        @task
        def clean() -> None:
            write("lf://sales/clean", read("lf://sales/raw"))

        clean()
    return succeeded(run_dag(dag, run_id=f"manual__{uuid4()}+1:2")).run_id


def page(run_id: str, kind: str = "runs") -> str:
    """Returns where a run of the DAG is shown, as Airflow puts it into the address."""
    return f"/dags/shop/{kind}/{quote(run_id, safe='')}"


@pytest.mark.parametrize("path", ["/", page("any"), "/static/style.css", "/openapi.json", "/docs"])
def test_who_is_not_signed_in_is_refused_everywhere(client: TestClient, path: str) -> None:
    answer = client.get(f"/lineageflow{path}")
    assert (404 if path in {"/openapi.json", "/docs"} else 401) == answer.status_code


def test_a_run_is_shown_with_its_branch_its_changes_and_exact_versions(
    client: TestClient, lake: Lake
) -> None:
    status, text = opened(client, page(sold(lake)))
    assert 200 == status
    published = lake.repository("sales").head().id
    versions = [lake.objects.get_dataset("sales", "main", path).snapshot[:12] for path in ("raw", "clean")]
    for shown in ("published", published[:12], *versions, "Changed by the publication", "added"):
        assert shown in text


def test_each_block_of_a_run_is_shown_also_two_of_one_repository(client: TestClient, lake: Lake) -> None:
    seed(lake, raw="1")
    run_id = succeeded(run_dag(two_blocks("twice"), run_id="once")).run_id
    text = opened(client, f"/dags/twice/runs/{run_id}")[1]
    assert 2 == text.count("Changed by the publication")


def test_a_block_in_another_group_is_shown(client: TestClient, lake: Lake) -> None:
    seed(lake, raw="1")
    with DAG("nested", schedule=None) as dag, TaskGroup("etl"), data_branch("sales", group_id="first"):

        @task
        def clean() -> None:
            write("lf://sales/clean", read("lf://sales/raw"))

        clean()
    run_id = succeeded(run_dag(dag, run_id="once")).run_id
    assert "Changed by the publication" in opened(client, f"/dags/nested/runs/{run_id}")[1]


def test_a_run_that_has_failed_shows_what_it_has_written_and_published_nowhere(
    client: TestClient, lake: Lake
) -> None:
    seed(lake, raw="1")
    with DAG("broken", schedule=None) as dag, data_branch("sales"):

        @task
        def good() -> None:
            write("lf://sales/clean", read("lf://sales/raw"))

        @task
        def bad() -> None:
            raise ValueError("no")

        good() >> bad()
    run_id = run_dag(dag, run_id="once").run_id
    text = opened(client, f"/dags/broken/runs/{run_id}")[1]
    assert "Changed so far, and published nowhere" in text
    assert "Kept until" in text
    assert on_main(lake, "clean") is None


def test_who_may_not_read_the_dag_sees_nothing_of_its_runs(client: TestClient, lake: Lake) -> None:
    run_id = sold(lake)
    assert 403 == opened(client, page(run_id), role=None)[0]
    status, text = opened(client, "/", role=None)
    assert (200, False) == (status, "shop" in text)
    assert run_id in opened(client, "/")[1]


def test_who_may_read_the_dag_and_not_its_runs_sees_nothing_of_them(
    client: TestClient, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = sold(lake)

    def is_authorized(*_: Any, access_entity: DagAccessEntity | None = None, **_more: Any) -> bool:
        return access_entity is None

    assert run_id in opened(client, "/")[1]
    monkeypatch.setattr(get_auth_manager(), "is_authorized_dag", is_authorized)
    assert 403 == opened(client, page(run_id))[0]
    status, text = opened(client, "/")
    assert (200, False) == (status, run_id in text)


def test_a_rollback_is_planned_by_who_may_change_the_run_and_applied_nowhere_here(
    client: TestClient, lake: Lake
) -> None:
    run_id = sold(lake)
    target = opened(client, page(run_id))[1].partition("?target=")[2].partition('"')[0]
    path = f"{page(run_id, 'plans')}?target={target}"
    assert 403 == opened(client, path, method="POST")[0]
    assert [] == list(lake.plans.list_plans("sales").items)
    status, text = opened(client, path, method="POST", role="admin")
    (plan,) = lake.plans.list_plans("sales").items
    assert (200, ["clean"]) == (status, [item.path for item in plan.items if item.changes])
    assert f"lineageflow rollback plan:{plan.id}" in text
    assert "1" == on_main(lake, "clean")
    assert 404 == opened(client, f"{path}x", method="POST", role="admin")[0]


def test_a_run_that_published_nothing_and_one_that_airflow_does_not_know(
    client: TestClient, lake: Lake
) -> None:
    seed(lake, raw="1")

    def body() -> None:
        write("lf://sales/<i>", read("lf://sales/raw"))

    run_dag(in_no_block(body), run_id="plain")
    status, text = opened(client, "/dags/one/runs/plain")
    assert (200, True) == (status, "committed their writes one by one" in text)
    assert "&lt;i&gt;" in text
    assert "<i>" not in text
    assert 404 == opened(client, "/dags/one/runs/other")[0]


def test_a_lake_that_does_not_answer_is_told_so(
    client: TestClient, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = sold(lake)
    connection = {"conn_type": "lineageflow", "host": "http://127.0.0.1:9"}
    monkeypatch.setenv(CONNECTION, json.dumps(connection))
    forget_connections()
    status, text = opened(client, page(run_id))
    assert (503, True) == (status, "The lake has not answered" in text)


@pytest.mark.parametrize(
    "address", ["postgresql://lf:s3cret@127.0.0.1:9/lake", "https://bot:s3cret@lake.example"]
)
def test_a_password_in_the_lake_s_address_is_shown_to_nobody(
    client: TestClient, lake: Lake, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr("lineageflow_airflow.views.app.lake_of", lambda: lake)
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "lineageflow", "host": address}))
    forget_connections()
    status, text = opened(client, "/")
    assert (200, True, False) == (status, address.rpartition("@")[2] in text, "s3cret" in text)
