import pytest

from lineageflow_core.errors import (
    AccessDeniedError,
    ConflictError,
    LineageFlowError,
    NotFoundError,
    error_classes,
)
from lineageflow_core.wire.codec import encode
from lineageflow_core.wire.problem import (
    Problem,
    decode_problem,
    encode_problem,
    problem_of,
    status_of,
)

CLASSES = sorted(error_classes().values(), key=lambda cls: cls.kind)
EXPECTED_STATUS = {
    "access_denied": 403,
    "already_exists": 409,
    "conflict": 409,
    "error": 500,
    "incompatible_lake": 500,
    "integrity": 500,
    "invalid_input": 422,
    "merge_conflict": 409,
    "not_found": 404,
    "object_missing": 404,
    "object_not_found": 404,
    "path_conflict": 409,
    "plan_not_found": 404,
    "operation_not_found": 404,
    "plan_outdated": 409,
    "ref_moved": 409,
    "ref_not_found": 404,
    "repository_not_found": 404,
    "run_not_found": 404,
    "dataset_not_found": 404,
    "job_not_found": 404,
    "server_unreachable": 502,
    "state": 409,
    "rule_violated": 409,
    "check_required": 409,
    "storage": 503,
    "storage_full": 507,
    "transaction_closed": 409,
}


def _problem(kind: str, status: int) -> bytes:
    problem = Problem(type="", title="", status=status, detail="as the server says", kind=kind)
    return encode(problem)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.kind)
def test_an_error_arrives_with_its_class_message_and_details(cls: type[LineageFlowError]) -> None:
    sent = cls("'ünlü' is wrong", ref="main", items=[{"path": "a/b", "size": 3}], nothing=None)
    received = decode_problem(encode_problem(problem_of(sent)))
    assert received is not None
    assert (cls, sent.message, sent.details) == (type(received), received.message, received.details)


def test_every_kind_has_the_status_that_clients_know() -> None:
    found = {cls.kind: status_of(cls("")) for cls in CLASSES}
    assert EXPECTED_STATUS == {kind: status for kind, status in found.items() if kind in EXPECTED_STATUS}


def test_a_kind_of_a_newer_server_becomes_the_nearest_error_here() -> None:
    found = [type(decode_problem(_problem("from_the_future", status))) for status in (404, 409, 401, 418)]
    assert [NotFoundError, ConflictError, AccessDeniedError, LineageFlowError] == found


@pytest.mark.parametrize(
    "content", [b"", b"<html>502 Bad Gateway</html>", b"[]", b'{"detail": "x"}', b"\xff"]
)
def test_what_is_no_problem_of_ours_is_not_taken_for_one(content: bytes) -> None:
    assert None is decode_problem(content)


def test_a_problem_has_the_members_of_rfc_9457() -> None:
    problem = problem_of(NotFoundError("there is no such thing"))
    assert ("urn:lineageflow:error:not_found", "Not found", 404, "there is no such thing") == (
        problem.type,
        problem.title,
        problem.status,
        problem.detail,
    )
