import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lineageflow_server.app import describe_api

from lineageflow_core.wire.routes import API_PREFIX, ROUTES, Route


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return describe_api()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_an_operation_is_described_by_its_docstring(route: Route, document: dict[str, Any]) -> None:
    described = document["paths"][API_PREFIX + route.path][route.verb.lower()]
    assert (route.name, route.documentation) == (described["operationId"], described["description"])
    assert route.documentation.startswith(described["summary"].split("\n")[0][:20])


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_parameter_is_described(route: Route, document: dict[str, Any]) -> None:
    described = document["paths"][API_PREFIX + route.path][route.verb.lower()]
    named = {(each["in"], each["name"]) for each in described.get("parameters", [])}
    body = described.get("requestBody")
    if body:
        schema = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        named |= {("body", name) for name in document["components"]["schemas"][schema]["properties"]}
    rest = "body" if route.verb == "POST" else "query"
    expected = {("path", name) for name in route.in_path} | {(rest, name) for name in route.in_rest}
    assert expected | ({("header", "Idempotency-Key")} if route.has_key else set()) == named


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


def test_an_answer_promises_every_field_of_its_value(document: dict[str, Any]) -> None:
    commit = document["components"]["schemas"]["Commit"]
    assert set(commit["properties"]) == set(commit["required"])


def test_what_may_be_left_out_of_a_request_is_optional(document: dict[str, Any]) -> None:
    body = document["components"]["schemas"]["Body_commit"]
    assert {"changes", "author", "message"} == set(body["required"])


def test_every_failure_is_a_problem(document: dict[str, Any]) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert [problem] * len(operations) == [each["responses"]["default"]["content"] for each in operations]


def test_the_command_prints_the_document(document: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "lineageflow_server", "openapi"]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert document == json.loads(printed)


def test_the_page_is_typed_after_this_very_interface() -> None:
    """`python -m lineageflow_server openapi > server/web/openapi.json`, then `npm run generate` there."""
    page = Path(__file__).parents[2] / "server/web/openapi.json"
    assert describe_api() == json.loads(page.read_text(encoding="utf-8"))
