import dataclasses

import pytest
from starlette.testclient import TestClient

from lineageflow_core.connect import connect
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.remote.client import open_remote
from tests.server.flights import NAME, make_lake
from tests.server.serving import TOKEN, api_of, served


@pytest.fixture(scope="module")
def api() -> TestClient:
    return api_of(make_lake())


def test_an_answer_is_json_with_the_names_of_the_fields(api: TestClient) -> None:
    answer = api.get(f"/repositories/{NAME}")
    assert (200, "application/json") == (answer.status_code, answer.headers["content-type"])
    expected = {field.name for field in dataclasses.fields(RepositoryInfo)}
    assert expected == set(answer.json())


def test_what_a_commit_id_names_may_be_kept_for_ever(api: TestClient) -> None:
    commits = f"/repositories/{NAME}/commits"
    head = api.get(f"{commits}/main")
    kept = api.get(f"{commits}/{head.json()['id']}/datasets")
    missing = api.get(f"{commits}/{'0' * 64}/datasets")
    assert ["no-store", "private, max-age=31536000, immutable", "no-store"] == [
        answer.headers["cache-control"] for answer in (head, kept, missing)
    ]


def test_an_error_is_a_problem_of_its_kind(api: TestClient) -> None:
    answer = api.get(f"/repositories/{NAME}/commits/nowhere")
    assert (404, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    problem = answer.json()
    assert ("ref_not_found", 404, "nowhere") == (
        problem["kind"],
        problem["status"],
        problem["details"]["ref"],
    )


def test_a_misspelt_parameter_is_not_passed_over(api: TestClient) -> None:
    answer = api.get(f"/repositories/{NAME}/refs", params={"limt": "1"})
    said = "list_refs has no parameter 'limt'; it has: kind, prefix, after, limit"
    assert (422, said) == (answer.status_code, answer.json()["detail"])


def test_a_misspelt_member_of_a_body_is_not_passed_over(api: TestClient) -> None:
    body = {"changes": [], "author": "ada", "message": "m", "expectd": "c0"}
    answer = api.post(f"/repositories/{NAME}/branches/main/commits", json=body)
    assert 422 == answer.status_code
    assert "unknown field `expectd`" in answer.json()["detail"]


@pytest.mark.parametrize(
    "parameters, said",
    [
        ({"limit": "many"}, "Expected `int`, got `str` - at `$.limit`"),
        ({"kind": "twig"}, "Invalid enum value 'twig' - at `$.kind`"),
        ({"limit": "1001"}, "a page holds 1 to 1000 items"),
    ],
    ids=["no number", "no kind", "too many"],
)
def test_a_parameter_that_does_not_fit_is_named(
    parameters: dict[str, str], said: str, api: TestClient
) -> None:
    answer = api.get(f"/repositories/{NAME}/refs", params=parameters)
    assert 422 == answer.status_code
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"null", b"\xff", b'{"author": 3}', b"[" * 100_000], ids=range(7)
)
def test_a_body_that_does_not_fit_is_the_callers_mistake(body: bytes, api: TestClient) -> None:
    answer = api.post(f"/repositories/{NAME}/branches", content=body)
    assert (422, "invalid_input") == (answer.status_code, answer.json()["kind"])


def test_half_a_surrogate_pair_in_json_is_the_callers_mistake(api: TestClient) -> None:
    body = rb'{"branch": "broken", "source": "main", "author": "half \ud800"}'
    answer = api.post(f"/repositories/{NAME}/branches", content=body)
    assert (422, "invalid_input") == (answer.status_code, answer.json()["kind"])


def test_the_same_key_is_the_same_commit(api: TestClient) -> None:
    body = {"source": "main", "author": "ada", "branch": "once"}
    first, second = (
        api.post(f"/repositories/{NAME}/branches", json=body, headers={"Idempotency-Key": "k1"})
        for _ in range(2)
    )
    assert (200, first.json()) == (second.status_code, second.json())


def test_a_key_of_one_operation_does_not_serve_another_call_without_key(api: TestClient) -> None:
    body = {"source": "main", "author": "ada", "branch": "twice"}
    first, second = (api.post(f"/repositories/{NAME}/branches", json=body) for _ in range(2))
    assert (200, 409) == (first.status_code, second.status_code)


@pytest.mark.parametrize("verb, path, status", [("GET", "/nothing", 404), ("PATCH", "/repositories", 405)])
def test_what_is_not_there_is_a_problem_too(verb: str, path: str, status: int, api: TestClient) -> None:
    answer = api.request(verb, path)
    assert (status, "not_found") == (answer.status_code, answer.json()["kind"])


def test_half_a_surrogate_pair_is_refused_before_it_is_sent() -> None:
    with served(connect("memory:")) as address, pytest.raises(InvalidInputError, match="UTF-8"):
        open_remote(address, TOKEN).repositories.create_repository("data", author="half \ud800")


def test_a_body_larger_than_allowed_is_refused() -> None:
    from lineageflow_server.settings import Settings

    small = api_of(make_lake(), Settings(token=TOKEN, max_body=100))
    answer = small.post("/lineage/events", json={"events": [{"x": "y" * 100}]})
    assert (413, "invalid_input") == (answer.status_code, answer.json()["kind"])
