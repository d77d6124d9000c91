"""What a project says of its assets, in the lake; and what the lake says of them in Dagster's catalog."""

from typing import Any

import dagster as dg
from lineageflow_dagster import LineageFlowResource, with_lineageflow
from lineageflow_dagster.naming import step_run_id

from lineageflow_core.model.ids import RunId
from tests.integrations.dagster.conftest import Shop
from tests.integrations.dagster.inspected import defs, inspected_job


def facets(shop: Shop, dataset: str) -> dict[str, Any]:
    return dict(shop.catalog.datasets.get_known_dataset("lf://shop", dataset).facets)


def test_owners_description_and_tags_of_an_asset_are_those_of_its_dataset(shop: Shop) -> None:
    assert shop.run(inspected_job).success
    said = facets(shop, "orders")
    assert "What was ordered." == said["documentation"]["description"]
    assert ["ada@example.org", "team:sales"] == [owner["name"] for owner in said["ownership"]["owners"]]
    assert {
        ("dagster/group", "raw"),
        ("dagster/kind", "lineageflow"),
        ("dagster/kind", "pandas"),
        ("dagster/code_version", "7"),
        ("domain", "sales"),
    } == {(tag["key"], tag["value"]) for tag in said["tags"]["tags"]}
    assert [("dagster/kind", "lineageflow")] == [
        (tag["key"], tag["value"]) for tag in facets(shop, "totals")["tags"]["tags"]
    ]
    found = shop.catalog.datasets.search("owner:ada@example.org tag:domain").items
    assert "orders" in str(found)


def test_a_step_is_a_job_with_the_owners_of_its_assets(shop: Shop) -> None:
    result = shop.run(inspected_job)
    job = shop.catalog.jobs.get_run_facets(step_run_id(result.run_id, "orders", 0)).job_facets
    assert ("DAGSTER", "STEP") == (job["jobType"]["integration"], job["jobType"]["jobType"])
    assert "What was ordered." == job["documentation"]["description"]
    assert ["ada@example.org", "team:sales"] == [owner["name"] for owner in job["ownership"]["owners"]]
    whole = shop.catalog.jobs.get_run_facets(RunId(result.run_id)).job_facets
    assert "JOB" == whole["jobType"]["jobType"]


def test_assets_that_the_lake_keeps_are_of_its_kind() -> None:
    kinds = {spec.key.to_user_string(): spec.kinds for spec in defs.resolve_all_asset_specs()}
    assert {"lineageflow", "pandas"} == kinds["orders"]
    assert {"lineageflow"} == kinds["totals"]
    assert set() == kinds["extremes"] == kinds["weather"]


def test_an_asset_of_another_io_manager_and_one_with_all_kinds_that_can_be_are_as_they_were() -> None:
    @dg.asset(io_manager_key="theirs")
    def other() -> int:
        return 1

    most = {f"kind{number}" for number in range(10)}
    while True:
        try:
            dg.AssetSpec("full", kinds=most)
            break
        except dg.DagsterInvalidDefinitionError:
            most.pop()

    @dg.asset(kinds=most)
    def full() -> int:
        return 1

    resources = {"theirs": dg.FilesystemIOManager()}
    mapped = with_lineageflow(
        dg.Definitions(assets=[other, full], resources=resources),
        LineageFlowResource(lake="lake", repository="shop"),
    )
    assert {"other": set(), "full": most} == {
        spec.key.to_user_string(): spec.kinds for spec in mapped.resolve_all_asset_specs()
    }
