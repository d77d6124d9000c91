import pytest

from lineageflow_core.cli.failures import exit_code, guarded
from lineageflow_core.errors import LineageFlowError, error_classes

_CODES = {
    "error": 1,
    "not_found": 3,
    "repository_not_found": 3,
    "ref_not_found": 3,
    "object_not_found": 3,
    "run_not_found": 3,
    "dataset_not_found": 3,
    "job_not_found": 3,
    "event_not_found": 3,
    "plan_not_found": 3,
    "operation_not_found": 3,
    "import_not_found": 3,
    "token_not_found": 3,
    "already_exists": 5,
    "conflict": 5,
    "ref_moved": 5,
    "merge_conflict": 5,
    "stale_read": 5,
    "path_conflict": 5,
    "plan_outdated": 5,
    "collection_begun": 5,
    "state": 5,
    "rule_violated": 5,
    "check_required": 6,
    "transaction_closed": 5,
    "quarantined": 5,
    "invalid_input": 2,
    "not_a_table": 2,
    "unreadable_table": 2,
    "access_denied": 4,
    "scope_missing": 4,
    "storage": 1,
    "storage_full": 1,
    "busy": 1,
    "object_missing": 1,
    "collected": 1,
    "integrity": 1,
    "changed_underneath": 1,
    "incompatible_lake": 1,
    "server_unreachable": 7,
}


def test_every_error_has_its_exit_code() -> None:
    assert _CODES == {kind: exit_code(cls("x")) for kind, cls in error_classes().items()}


def test_a_users_mistake_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise LineageFlowError("it is broken; mend it")

    assert 1 == guarded(fail, json=False)
    assert "error: it is broken; mend it\n" == capsys.readouterr().err


def test_an_error_of_the_system_names_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise PermissionError(13, "Permission denied", "/data")

    assert 1 == guarded(fail, json=False)
    assert "error: /data: Permission denied\n" == capsys.readouterr().err


def test_an_argument_that_is_no_text_is_the_users_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == guarded("\udcff".encode, json=False)
    assert "is not valid UTF-8" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        guarded(lambda: 1 // 0, json=False)


def test_what_an_error_quotes_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise LineageFlowError("no \x1b[2J here\nerror: fake")

    guarded(fail, json=False)
    assert "error: no \\x1b[2J here\\nerror: fake\n" == capsys.readouterr().err
