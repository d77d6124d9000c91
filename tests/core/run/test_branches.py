"""The branch that a run publishes to is there when it is needed."""

import pytest

from lineageflow_core import Repository, connect
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.run import ensure_branch


@pytest.fixture
def repo() -> Repository:
    repo = Repository(connect("memory:"), "lake", author="ada").create()
    repo.put("raw", b"1")
    repo.tag("v1")
    repo.put("raw", b"2")
    return repo


def test_a_branch_is_made_at_its_source_and_left_alone_once_it_is_there(repo: Repository) -> None:
    ensure_branch(repo.catalog, repo.name, "replay", source="v1", author="ada")
    ensure_branch(repo.catalog, repo.name, "replay", source="main", author="ada")
    assert b"1" == repo.read_bytes("raw", ref="replay")


def test_without_a_source_it_is_made_at_the_default_branch(repo: Repository) -> None:
    ensure_branch(repo.catalog, repo.name, "dev", author="ada")
    assert b"2" == repo.read_bytes("raw", ref="dev")


def test_what_can_name_no_branch_is_refused(repo: Repository) -> None:
    with pytest.raises(InvalidInputError):
        ensure_branch(repo.catalog, repo.name, "main~1", author="ada")
