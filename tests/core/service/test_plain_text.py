"""No text that UTF-8 cannot tell reaches a lake, whatever operation and parameter it is given to."""

from collections.abc import Callable

import pytest

from lineageflow_core.connect import connect
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.change import put
from lineageflow_core.model.check import CheckState
from lineageflow_core.model.settings import BranchRule, RepositorySettings
from lineageflow_core.repository import Repository

BROKEN = "half \ud800"
"""The first half of a surrogate pair."""

Call = Callable[[Repository], object]


def settings(repo: Repository) -> object:
    rules = (BranchRule(pattern="main", writers=(BROKEN,)),)
    return repo.catalog.settings.update_settings(
        repo.name, RepositorySettings(branch_rules=rules), author="ada"
    )


CALLS: dict[str, Call] = {
    "author of a repository": lambda repo: repo.catalog.repositories.create_repository("b", author=BROKEN),
    "author of a branch": lambda repo: repo.catalog.refs.create_branch(
        repo.name, "b", source="main", author=BROKEN
    ),
    "message of a tag": lambda repo: repo.catalog.refs.create_tag(
        repo.name, "b", source="main", author="ada", message=BROKEN
    ),
    "prefix of a list": lambda repo: repo.catalog.refs.list_branches(repo.name, prefix=BROKEN),
    "message of a commit": lambda repo: repo.catalog.history.commit(
        repo.name, "main", [], author="ada", message=BROKEN
    ),
    "key of metadata": lambda repo: repo.catalog.history.commit(
        repo.name, "main", [], author="ada", message="m", metadata={BROKEN: "v"}
    ),
    "value of metadata": lambda repo: repo.catalog.history.commit(
        repo.name, "main", [], author="ada", message="m", metadata={"k": BROKEN}
    ),
    "key of a call": lambda repo: repo.catalog.history.commit(
        repo.name, "main", [], author="ada", message="m", key=BROKEN
    ),
    "path": lambda repo: repo.catalog.history.commit(
        repo.name, "main", [put(BROKEN, [])], author="ada", message="m"
    ),
    "writer in a rule": settings,
    "filter by actor": lambda repo: repo.catalog.operations.list_operations(repo.name, actor=BROKEN),
    "filter by author": lambda repo: repo.catalog.history.log(repo.name, "main", author=BROKEN),
    "summary of a check": lambda repo: repo.catalog.checks.record_check(
        repo.name, "main", "c", state=CheckState.PASSED, author="ada", summary=BROKEN
    ),
    "details of a check": lambda repo: repo.catalog.checks.record_check(
        repo.name, "main", "c", state=CheckState.PASSED, author="ada", details={"k": BROKEN}
    ),
    "filter by job": lambda repo: repo.catalog.lineage.list_runs(job=BROKEN),
    "id of a plan": lambda repo: repo.catalog.plans.get_plan(BROKEN),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_text_that_utf_8_cannot_tell_is_refused(call: Call) -> None:
    repo = Repository(connect("memory:"), "data", author="ada").create()
    with pytest.raises(InvalidInputError):
        call(repo)


def test_events_of_others_are_stored_whatever_is_in_them() -> None:
    event = {
        "eventType": "START",
        "eventTime": "2026-01-01T00:00:00Z",
        "producer": "https://p.example",
        "job": {"namespace": "n", "name": BROKEN},
        "run": {"runId": "3b452093-782c-4ef2-9c0c-aafe2aa6f34d"},
    }
    assert 1 == connect("memory:").lineage.ingest([event]).received
