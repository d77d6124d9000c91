import dataclasses
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from lineageflow_core.catalog import Repositories
from lineageflow_core.errors import LineageFlowError, StorageError, StorageFullError
from tests.server.flights import make_lake
from tests.server.serving import api_of


class Failing:
    """Repositories on a storage that fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, operation: str) -> Any:
        def fail(*_: object, **__: object) -> None:
            raise self._error

        return fail


def _api(error: Exception) -> TestClient:
    return api_of(dataclasses.replace(make_lake(), repositories=cast(Repositories, Failing(error))))


@pytest.mark.parametrize(
    "error, status, retry",
    [
        (StorageError("busy"), 503, "1"),
        (StorageFullError("full"), 507, None),
        (LineageFlowError("x"), 500, None),
    ],
    ids=["busy", "full", "unnamed"],
)
def test_a_failing_storage_is_told_apart(error: LineageFlowError, status: int, retry: str | None) -> None:
    answer = _api(error).get("/repositories")
    assert (status, retry, error.kind) == (
        answer.status_code,
        answer.headers.get("retry-after"),
        answer.json()["kind"],
    )


def test_an_unexpected_failure_tells_nothing_of_the_inside() -> None:
    answer = _api(RuntimeError("password=hunter2")).get("/repositories")
    assert (500, "error", "the server failed; its log says why") == (
        answer.status_code,
        answer.json()["kind"],
        answer.json()["detail"],
    )
