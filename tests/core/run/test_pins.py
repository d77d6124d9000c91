"""Datasets that a run reads elsewhere than where it reads everything else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineageflow_core import Job, Repository, RunSession, connect
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.run import run_transaction, running
from lineageflow_core.tracking.joining import run_variables


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    repo = Repository(connect(str(tmp_path / "lake")), "lake", author="ada").create()
    repo.put("rates", {"x": b"old"})
    repo.put("raw", {"x": b"1"})
    repo.tag("v1", source="main")
    repo.put("rates", {"x": b"new"})
    return repo


def session_of(repo: Repository, **pins: str) -> RunSession:
    return RunSession(repo.catalog, repo.name, Job(namespace="tests", name="nightly"), pins=pins)


def content(session: RunSession, dataset: str, *, ref: str | None = None) -> bytes:
    reading = session.read(dataset, ref=ref)
    return reading.open(reading.objects[0]).read()


def test_a_pinned_dataset_is_read_at_its_ref_and_all_else_where_the_run_reads(repo: Repository) -> None:
    session = session_of(repo, rates="v1")
    assert (b"old", b"1") == (content(session, "rates"), content(session, "raw"))
    v1 = repo.catalog.refs.resolve("lake", "v1").id
    assert [(v1, "v1"), (session.transaction.base, None)] == [
        (access.commit, access.ref) for access in session.reads
    ]


def test_code_that_names_a_ref_reads_that_unless_that_is_pinned(repo: Repository) -> None:
    assert b"new" == content(session_of(repo, rates="v1"), "rates", ref="main")
    pinned = session_of(repo, **{"@main/rates": "v1"})
    assert (b"old", b"new") == (content(pinned, "rates", ref="main"), content(pinned, "rates"))
    assert ["main", None] == [access.ref for access in pinned.reads]


def test_what_the_run_writes_it_reads_as_it_wrote_it(repo: Repository) -> None:
    session = session_of(repo, rates="v1")
    session.write("other", {"x": b"2"})
    assert b"old" == content(session, "rates")
    session.write("rates", {"x": b"mine"})
    assert b"mine" == content(session, "rates")


def test_what_the_run_writes_just_as_it_was_it_reads_as_it_wrote_it(repo: Repository) -> None:
    session = session_of(repo, rates="v1")
    session.write("rates", {"x": b"new"})
    session.write("other", {"x": b"2"})
    assert b"new" == content(session, "rates")


def test_a_part_of_a_pinned_dataset_that_the_run_writes_just_as_it_was_is_read_as_it_wrote_it(
    repo: Repository,
) -> None:
    repo.replace("days/mon", {"x": b"1"}, dataset="days")
    repo.tag("v2", source="main")
    repo.replace("days/tue", {"x": b"2"}, dataset="days")
    session = session_of(repo, days="v2")
    assert 1 == len(session.read("days").objects)
    session.write("days", {"x": b"1"}, partition="mon")
    assert 2 == len(session.read("days").objects)


def test_what_a_part_of_the_run_writes_just_as_it_was_the_run_reads_as_it_was_written(
    repo: Repository,
) -> None:
    session = session_of(repo, rates="v1")
    session.write("other", {"x": b"2"})
    job = Job(namespace="tests", name="nightly.make")
    with run_transaction(RunSession(repo.catalog, repo.name, job, into=session.ref)) as part:
        part.write("rates", {"x": b"new"})
    assert b"new" == content(session, "rates")


def test_what_the_run_wrote_and_put_back_is_read_from_the_pin(repo: Repository) -> None:
    session = session_of(repo, rates="v1")
    session.write("rates", {"x": b"mine"})
    repo.revert(session.ref, branch=session.ref)
    assert b"old" == content(session, "rates")


def test_a_branch_is_read_as_it_was_when_the_run_began(repo: Repository) -> None:
    repo.branch("exp")
    session = session_of(repo, rates="exp")
    assert b"new" == content(session, "rates")
    repo.on("exp").put("rates", {"x": b"newer"})
    assert b"new" == content(session, "rates")


def test_files_and_handles_go_by_pins_too(repo: Repository) -> None:
    import fsspec

    session = session_of(repo, rates="v1")
    lake = repo.catalog.address
    with running(session):
        assert b"old" == fsspec.filesystem("lf", lake=lake).cat("lake/rates/x")
        assert b"old" == repo.read_bytes("rates/x")
    assert {("rates", "v1")} == {(access.dataset, access.ref) for access in session.reads}


def test_another_process_of_the_run_goes_by_them_too(repo: Repository) -> None:
    session = session_of(repo, rates="v1")
    _ = session.transaction
    program = (
        "import lineageflow_core\n"
        "with lineageflow_core.join_run() as run:\n"
        "    reading = run.read('rates')\n"
        "    print(reading.open(reading.objects[0]).read().decode())\n"
    )
    variables = run_variables(session)
    assert {"rates": "v1"} == json.loads(variables["LINEAGEFLOW_RUN"])["pins"]
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **variables}, capture_output=True, check=True
    )
    assert b"old" == done.stdout.strip()


def test_what_is_no_path_cannot_be_pinned(repo: Repository) -> None:
    with pytest.raises(InvalidInputError):
        session_of(repo, **{"a//b": "v1"})
