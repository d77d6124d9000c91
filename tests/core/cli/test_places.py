"""What people may write for repositories, refs, runs and nodes."""

from pathlib import Path

import pytest

from lineageflow_core.connect import connect
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import Job
from lineageflow_core.run import RunSession
from tests.core.cli.calling import Cli
from tests.core.cli.story import Story, run_id


@pytest.mark.parametrize(
    "address", ["notes.txt", "@main/notes.txt", "lf://flights/notes.txt", "lf://flights/@main~2/notes.txt"]
)
def test_an_address_may_leave_out_what_is_clear(seen: Cli, address: str) -> None:
    assert "read me\n" == seen.good("cat", address).out


def test_the_only_repository_is_meant(seen: Cli) -> None:
    assert seen.good("log").out == seen.good("log", "-R", "flights").out


def test_of_several_repositories_one_must_be_named(cli: Cli) -> None:
    cli.good("repo", "create", "weather")
    ran = cli("log")
    assert 2 == ran.code
    assert "flights, weather" in ran.err
    assert "--repository" in ran.err
    assert 4 == len(cli.good("log", "-R", "flights").rows)
    assert 1 == len(cli.good("log", "lf://weather/@main").rows)


def test_in_a_lake_without_repositories_it_says_how_to_make_one(tmp_path: Path) -> None:
    connect(str(tmp_path / "lake"))
    ran = Cli(tmp_path / "lake")("log")
    assert 3 == ran.code
    assert "`lineageflow repo create NAME`" in ran.err


@pytest.mark.parametrize("ref", ["main", "main~0", "lf://flights/@main", "lf://flights", "lf://flights/"])
def test_a_ref_may_be_an_address(seen: Cli, ref: str) -> None:
    assert seen.good("show").out == seen.good("show", ref).out


def test_a_ref_with_a_path_is_refused(seen: Cli) -> None:
    ran = seen("show", "lf://flights/@main/report.md")
    assert 2 == ran.code
    assert "leave it out" in ran.err


def test_refs_of_two_repositories_are_not_compared(cli: Cli) -> None:
    cli.good("repo", "create", "weather")
    assert 2 == cli("diff", "lf://flights/@main", "lf://weather/@main").code


def test_a_run_may_be_cut_short(seen: Cli, told: Story) -> None:
    whole = seen.good("runs", "show", told.bad).out
    assert whole == seen.good("runs", "show", told.bad[:6]).out
    assert whole == seen.good("runs", "show", f"run:{told.bad[:4]}").out
    assert whole == seen.good("runs", "show", told.bad[:9].upper()).out


def test_a_step_may_be_cut_short(seen: Cli) -> None:
    step = run_id("bad clean")
    assert step == seen.good("runs", "show", step[:8]).facts["run"]


def test_a_run_of_three_characters_is_too_short(seen: Cli, told: Story) -> None:
    ran = seen("runs", "show", told.bad[:3])
    assert 2 == ran.code
    assert "the first 4 characters" in ran.err


def test_a_run_nobody_knows_is_not_found(seen: Cli) -> None:
    ran = seen("runs", "show", "0000")
    assert 3 == ran.code
    assert "`lineageflow runs list`" in ran.err


def test_a_start_that_several_runs_have_is_not_guessed_at(cli: Cli, told: Story) -> None:
    twin = told.bad[:8] + "-0000-4000-8000-000000000000"
    RunSession(
        connect(str(cli.lake)), "flights", Job(namespace="test", name="twin"), run_id=RunId(twin)
    ).start()
    ran = cli("runs", "show", told.bad[:8])
    assert 2 == ran.code
    assert twin in ran.err
    assert told.bad in ran.err


@pytest.mark.parametrize("back", ["", "~1"])
def test_a_runs_branch_is_a_ref(seen: Cli, told: Story, back: str) -> None:
    short = seen.good("show", f"run:{told.failed[:5]}{back}")
    assert short.out == seen.good("show", f"run:{told.failed}{back}").out


def test_a_runs_branch_is_part_of_an_address(seen: Cli, told: Story) -> None:
    ran = seen.good("cat", f"@run:{told.failed[:5]}/raw/flights/2013-03/data.csv")
    assert "half of it" == ran.out


@pytest.mark.parametrize("node", ["{}", "run:{}", "{:.8}", "run:{:.8}"])
def test_a_run_is_a_node_with_and_without_its_prefix(seen: Cli, told: Story, node: str) -> None:
    assert 4 == len(seen.good("impact", node.format(told.bad)).rows)


@pytest.mark.parametrize(
    "node", ["raw/flights/2013-02", "lf://flights/raw/flights/2013-02", "@main/raw/flights/2013-02"]
)
def test_an_address_is_a_node(seen: Cli, node: str) -> None:
    assert 3 == len(seen.good("impact", node).rows)


def test_a_version_is_a_node(seen: Cli) -> None:
    version = seen.good("impact", "raw/flights/2013-02", "--json").json[0]["version"]
    node = f"version:{version['namespace']}/{version['name']}[{version['partition']}]@{version['version']}"
    assert 0 == seen("lineage", node).code


def test_a_word_that_is_a_run_and_a_path_is_not_guessed_at(cli: Cli, told: Story) -> None:
    word = told.bad[:4]
    cli.good("put", "-", word, input="x")
    ran = cli("impact", word)
    assert 2 == ran.code
    assert f"run:{word}" in ran.err


def test_a_path_may_look_like_a_run(cli: Cli) -> None:
    cli.good("put", "-", "feed", input="x")
    assert 0 == cli("impact", "feed").code


def test_a_whole_repository_is_no_node(seen: Cli) -> None:
    assert 2 == seen("impact", "lf://flights").code
