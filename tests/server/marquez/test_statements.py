"""However much a page holds, what it costs is a few statements: nothing is asked for one thing at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from lineageflow_server.embedded import open_stores
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from lineageflow_core.service.embedded import open_embedded
from tests.core.openlineage.scenarios import dataset
from tests.core.openlineage.scenarios import event as run_event
from tests.server.marquez.scene import LAKE, ask, columns, comes_from, segment
from tests.server.serving import api_of

CHAINS = 40


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A lake with one long chain, and many short ones."""
    stores = open_stores(tmp_path_factory.mktemp("marquez") / "lake")
    catalog = open_embedded(stores)
    for number in range(CHAINS):
        out = dataset(
            f"d{number + 1:02}",
            schema=columns("y"),
            columnLineage=comes_from("y", f"d{number:02}", "y"),
        )
        run = f"00000000-0000-0000-0000-{number:012}"
        catalog.lineage.ingest(
            [
                run_event(
                    "COMPLETE",
                    number,
                    run=run,
                    job=f"j{number:02}",
                    inputs=[dataset(f"d{number:02}"), dataset("all")],
                    outputs=[out],
                )
            ]
        )
    yield api_of(catalog)
    stores.close()


@contextmanager
def counted() -> Iterator[list[str]]:
    """Gives the statements that are sent to any database meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement != "BEGIN":
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    "path",
    [
        f"/namespaces/{segment(LAKE)}/datasets",
        "/jobs",
        "/namespaces/nightly/jobs",
        f"/namespaces/{segment(LAKE)}/datasets/d01/versions",
        "/search?q=d",
        "/events/lineage",
    ],
)
def test_a_longer_page_costs_no_more_statements(api: TestClient, path: str) -> None:
    sign = "&" if "?" in path else "?"
    with counted() as few:
        ask(api, f"{path}{sign}limit=5")
    with counted() as many:
        ask(api, f"{path}{sign}limit=30")
    assert len(few) == len(many)
    assert len(many) < 40


def test_a_picture_costs_a_few_statements_for_each_step(api: TestClient) -> None:
    with counted() as wide:
        assert 2 * CHAINS + 1 == len(ask(api, f"/lineage?nodeId=dataset:{LAKE}:all&depth=1")["graph"])
    assert len(wide) < 100
    with counted() as columns_of_one:
        ask(api, f"/column-lineage?nodeId=dataset:{LAKE}:d05&depth=3")
    assert len(columns_of_one) < 200
