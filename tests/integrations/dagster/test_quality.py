"""Results of asset checks, as quality of the exact versions that were checked."""

import json

import pytest

from lineageflow_core.model.page import every
from lineageflow_core.model.quality import Assertion, Outcome, Quality
from tests.integrations.dagster.conftest import IN_PROCESS, PROCESSES, Shop
from tests.integrations.dagster.inspected import inspected_job, named_job


def quality(shop: Shop, dataset: str) -> list[Quality]:
    """Returns what any run has tested of a dataset, the last first."""
    listed = every(
        lambda after, limit: shop.catalog.datasets.list_quality(
            namespace="lf://shop", name=dataset, after=after, limit=limit
        )
    )
    return [each for each in listed if each.assertions]


def results(shop: Shop, dataset: str) -> dict[str, Assertion]:
    return {each.name or "": each for found in quality(shop, dataset) for each in found.assertions}


@pytest.mark.parametrize(
    "execution", [IN_PROCESS, pytest.param(PROCESSES, marks=pytest.mark.slow)], ids=["one", "many"]
)
def test_results_of_checks_are_quality_of_the_version_that_was_checked(shop: Shop, execution: object) -> None:
    assert shop.run(inspected_job, execution=execution).success  # type: ignore[arg-type]
    checked = shop.datasets("main")["orders"]
    assert {("orders", checked)} == {
        (version.name, version.version) for each in quality(shop, "orders") for version in each.versions
    }
    found = results(shop, "orders")
    assert {"orders_are_few": Outcome.WARNED, "positive": Outcome.PASSED, "even": Outcome.FAILED} == {
        name: each.outcome for name, each in found.items()
    }
    few = found["orders_are_few"]
    assert ("warn", "more than two", {"blocking": False}) == (few.severity, few.description, few.params)
    assert {"rows": 3, "most": 2.5, "where": "here"} == json.loads(few.actual or "")
    assert {"blocking": True} == found["positive"].params


def test_a_check_is_told_by_the_run_of_its_step(shop: Shop) -> None:
    result = shop.run(inspected_job)
    assert result.success
    assert {"inspected.orders_orders_are_few", "inspected.amounts"} == {
        each.run.job.name for each in quality(shop, "orders")
    }
    assert {result.run_id} == {each.run.parent for each in quality(shop, "orders")}


def test_a_blocking_check_that_fails_is_told_too(shop: Shop) -> None:
    assert not shop.run(inspected_job, ops={"orders": {"amounts": [-1]}}).success
    assert Outcome.FAILED is results(shop, "orders")["positive"].outcome
    assert "orders" not in shop.datasets("main")


def test_a_step_that_checks_what_it_makes_is_told_by_a_run_of_its_own(shop: Shop) -> None:
    for day in ("mon", "tue", "mon"):
        assert shop.run(named_job, tags={"dagster/partition": day}).success
    assert {("mon", Outcome.PASSED), ("tue", Outcome.FAILED)} == {
        (version.partition, each.outcome)
        for found in quality(shop, "names")
        for version in found.versions
        for each in found.assertions
    }
    last = quality(shop, "names")[0]
    assert (False, "named.names.checks") == (last.written, last.run.job.name)


def test_a_failed_check_taints_the_version_and_a_warning_does_not(shop: Shop) -> None:
    assert shop.run(inspected_job).success
    (taint,) = shop.catalog.datasets.get_taint("lf://shop/orders")
    assert taint.tainted
    assert {"even"} == {each.name for cause in taint.causes for each in cause.assertions}
    assert shop.run(inspected_job, ops={"orders": {"amounts": [2, 4, 6]}}).success
    (taint,) = shop.catalog.datasets.get_taint("lf://shop/orders")
    assert not taint.tainted


def test_the_result_of_a_check_says_which_version_it_looked_at(shop: Shop) -> None:
    result = shop.run(inspected_job)
    said = {each.check_name: each.metadata for each in result.get_asset_check_evaluations()}
    assert {"orders_are_few", "positive", "even"} == said.keys()
    for metadata in said.values():
        commit = str(metadata["lineageflow/commit"].value)
        looked_at = shop.catalog.objects.get_dataset("shop", commit, "orders").snapshot
        assert shop.datasets("main")["orders"] == looked_at
        assert looked_at[:12] == metadata["lineageflow/snapshot"].value
    assert 3 == said["orders_are_few"]["rows"].value
