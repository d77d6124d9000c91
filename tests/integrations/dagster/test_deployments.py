"""Which branch of the data a deployment works on."""

from pathlib import Path

import pytest
from lineageflow_dagster import INTO_TAG, REF_TAG
from lineageflow_dagster.deployments import deployment_branch
from lineageflow_dagster.naming import branch_name

from lineageflow_core.errors import InvalidInputError
from tests.integrations.dagster.mill import Mill

PULL_REQUEST = {
    "DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT": "1",
    "DAGSTER_CLOUD_PULL_REQUEST_ID": "12",
    "DAGSTER_CLOUD_GIT_BRANCH": "feature/x",
}


def test_a_branch_deployment_has_a_branch_of_its_own() -> None:
    assert "pr-12" == deployment_branch(PULL_REQUEST)
    assert "feature-x" == deployment_branch({**PULL_REQUEST, "DAGSTER_CLOUD_PULL_REQUEST_ID": ""})
    assert "mine" == deployment_branch({**PULL_REQUEST, "LINEAGEFLOW_BRANCH": "mine"})


def test_any_other_deployment_works_where_the_lake_says() -> None:
    assert deployment_branch({}) is None
    assert deployment_branch({**PULL_REQUEST, "DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT": "0"}) is None


@pytest.mark.parametrize(
    "text,name", [("feature/x", "feature-x"), ("a..b", "a-b"), ("-x-", "x"), ("v1.2_a", "v1.2_a")]
)
def test_any_text_becomes_the_name_of_a_branch(text: str, name: str) -> None:
    assert name == branch_name(text)


def test_long_texts_that_differ_are_different_branches() -> None:
    names = {branch_name("x" * 200 + end) for end in "ab"}
    assert [128, 128] == [len(name) for name in names]
    with pytest.raises(InvalidInputError):
        branch_name("///")


def test_a_deployments_branch_is_made_from_production_and_production_sees_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mill = Mill(tmp_path)
    with mill.instance:
        mill.run("grain", day="mon")
        for name, value in PULL_REQUEST.items():
            monkeypatch.setenv(name, value)
        assert 1 == mill.lake.read("grain", int, partition="mon")
        assert mill.run("flour", day="mon").success
        assert 1 == mill.value("flour/mon", ref="pr-12")
        assert ["grain"] == [each.path for each in mill.catalog.objects.list_datasets("mill", "main").items]
        assert mill.run("flour", day="mon", tags={INTO_TAG: "main"}).success
        assert 1 == mill.value("flour/mon")


def test_a_branch_that_a_tag_names_is_made_from_what_the_run_reads(tmp_path: Path) -> None:
    mill = Mill(tmp_path)
    with mill.instance:
        mill.run("grain", day="mon")
        mill.repository.tag("v1", source="main")
        mill.grain["mon"] = 2
        mill.run("grain", day="mon")
        assert mill.run("flour", day="mon", tags={REF_TAG: "v1", INTO_TAG: "what-if"}).success
        assert (1, 1) == tuple(mill.value(f"{each}/mon", ref="what-if") for each in ("grain", "flour"))


def test_a_project_works_on_the_branch_that_its_config_reads(tmp_path: Path) -> None:
    mill = Mill(tmp_path, base="dev")
    with mill.instance:
        assert "main" == mill.lake.branch  # there is no such branch
        mill.repository.branch("dev")
        assert "dev" == mill.lake.branch
        assert mill.run("grain", day="mon").success
        assert 1 == mill.value("grain/mon", ref="dev")
