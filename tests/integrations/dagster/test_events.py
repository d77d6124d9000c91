"""What the integration tells of a Dagster run, as events."""

from lineageflow_core.openlineage.vocabulary import EventType
from tests.core.openlineage.emitted import assert_all_are_valid
from tests.integrations.dagster.conftest import Shop
from tests.integrations.dagster.shop import ALL_DAYS, shop_job


def test_every_event_of_runs_that_succeed_and_fail_is_valid(shop: Shop) -> None:
    assert shop.run(shop_job, tags=ALL_DAYS).success
    assert not shop.run(shop_job, tags=ALL_DAYS, ops={"summary": {"fails": "always"}}).success
    assert {EventType.START, EventType.COMPLETE, EventType.FAIL} <= assert_all_are_valid(shop.catalog)
