import pytest

from lineageflow_core.connect import connect
from tests.core.cli.calling import Cli
from tests.core.openlineage.scenarios import dataset, event


@pytest.fixture
def old(cli: Cli) -> Cli:
    """The story, and a run of others long before it."""
    long_ago = event("COMPLETE", outputs=[dataset("daily", "1")])
    connect(str(cli.lake)).lineage.ingest([long_ago])
    return cli


def test_a_plan_says_what_goes_and_why_the_rest_stays(old: Cli) -> None:
    rows = old.good("lineage", "prune", "--older-than", "0d", "--dry-run").rows
    assert ["1 pipelines go", "3 pipelines stay", "0 events go"] == [" ".join(row[:3]) for row in rows]
    assert "holds" in rows[1][3]
    plan = old.good("lineage", "prune", "--older-than", "0", "--dry-run", "--json").json
    assert ("held", 3, 1) == (plan["kept"][0]["because"], plan["kept"][0]["count"], plan["pipelines"])
    last = old.good("lineage", "prune", "--older-than", "0", "--keep-last", "1", "--dry-run", "--json").json
    assert 0 == last["pipelines"]


def test_what_goes_is_gone_and_the_past_of_the_branch_is_not(old: Cli) -> None:
    before = old.good("blame", "report.md").out
    refused = old("lineage", "prune", "--older-than", "30d")
    assert (True, True) == (refused.code != 0, "--yes" in refused.err)
    assert 4 == len(old.good("runs").rows)
    done = old.good("lineage", "prune", "--older-than", "30d", "--yes", "--json").json
    assert (1, 1, False) == (done["pipelines"], done["runs"], done["more"])
    assert 3 == len(old.good("runs").rows)
    assert before == old.good("blame", "report.md").out


@pytest.mark.parametrize("age", ["", "x", "-1d", "1.5d", "90 d"])
def test_what_is_no_age_is_refused(cli: Cli, age: str) -> None:
    ran = cli("lineage", "prune", f"--older-than={age}")
    assert (2, True) == (ran.code, "90d" in ran.err)
