"""A run that reads exactly what a run of the past read, and assets that are read at refs of their own."""

from pathlib import Path

import dagster as dg
import fsspec
import pytest
from lineageflow_dagster import (
    INTO_TAG,
    PINS_TAG,
    REPLAY_TAG,
    LineageFlowResource,
    versioned,
)
from lineageflow_dagster.bounds import tagged_pins

from lineageflow_core import Repository
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId
from tests.integrations.dagster.conftest import PROCESSES, Shop
from tests.integrations.dagster.lake import Lake
from tests.integrations.dagster.shop import ALL_DAYS, shop_job


def _put(repository: Repository, rate: int, price: int, *, branch: str | None = None) -> None:
    repository.replace("fx/rates", {"data.json": str(rate).encode()}, branch=branch)
    repository.replace("prices", {"data.json": str(price).encode()}, branch=branch)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    _put(lake.repository, 2, 10)
    lake.repository.tag("v2025", source="main")
    _put(lake.repository, 3, 100)
    return lake


rates = dg.AssetSpec(["fx", "rates"])
prices = dg.AssetSpec("prices")


@dg.asset(ins={"rate": dg.AssetIn(["fx", "rates"]), "price": dg.AssetIn("prices")})
def total(rate: int, price: int) -> int:
    return rate * price


def read_by(lake: Lake, result: dg.ExecuteInProcessResult) -> dict[str, str | None]:
    """Returns the exact versions that a run has read, as lineage has them."""
    reads = lake.repository.catalog.lineage.get_run(RunId(result.run_id)).reads
    return {read.version.name: read.version.version for read in reads}


def versions(lake: Lake, ref: str) -> dict[str, str]:
    return {
        each.path: each.snapshot
        for each in lake.repository.catalog.objects.list_datasets("shop", ref).items
        if each.path != "total"
    }


def made(lake: Lake, ref: str = "main") -> int:
    return int(lake.repository.read_bytes("total/data.json", ref=ref))


def test_a_run_tag_pins_one_asset_and_lineage_says_so(lake: Lake) -> None:
    result = lake.materialize([rates, prices, total], tags={PINS_TAG: "fx/rates=v2025"})
    assert 200 == made(lake)
    old, new = versions(lake, "v2025"), versions(lake, "main")
    assert {"fx/rates": old["fx/rates"], "prices": new["prices"]} == read_by(lake, result)


@pytest.mark.parametrize("pins", ["fx/rates", "=v2025", "fx/rates="])
def test_a_pin_without_asset_or_ref_is_refused(pins: str) -> None:
    with pytest.raises(InvalidInputError, match="write it as in"):
        tagged_pins({PINS_TAG: pins})


def test_many_assets_can_be_pinned() -> None:
    tag = " fx/rates=v2025, prices = main~2,"
    assert {"fx/rates": "v2025", "prices": "main~2"} == tagged_pins({PINS_TAG: tag})
    assert dg.RunRequest(tags={PINS_TAG: tag}).tags[PINS_TAG] == tag  # Dagster warns of none of it


def test_config_pins_for_all_runs_and_a_tag_goes_first(tmp_path: Path, lake: Lake) -> None:
    lake.resource = LineageFlowResource(
        lake=str(tmp_path / "lake"), repository="shop", pins={"fx/rates": "v2025"}
    )
    lake.materialize([rates, prices, total])
    assert 200 == made(lake)
    assert 2 == lake.resource.read("fx/rates", int)
    lake.materialize([rates, prices, total], tags={PINS_TAG: "fx/rates = main"})
    assert 300 == made(lake)


def test_metadata_of_an_input_pins_it_and_a_tag_goes_first(lake: Lake) -> None:
    @dg.asset(
        name="total",
        ins={
            "rate": dg.AssetIn(["fx", "rates"], metadata={"lineageflow/ref": "v2025"}),
            "price": dg.AssetIn("prices"),
        },
    )
    def pinned(rate: int, price: int) -> int:
        return rate * price

    lake.materialize([rates, prices, pinned])
    assert 200 == made(lake)
    lake.materialize([rates, prices, pinned], tags={PINS_TAG: "fx/rates = main"})
    assert 300 == made(lake)


def test_a_body_that_opens_files_goes_by_pins(lake: Lake) -> None:
    @dg.asset(name="total", deps=[rates])
    @versioned
    def by_url() -> int:
        with fsspec.open("lf://shop/fx/rates/data.json", lake=lake.resource.lake) as file:
            return int(file.read())

    @dg.asset(name="total", deps=[rates])
    def by_resource(lineageflow: LineageFlowResource) -> int:
        return lineageflow.read("fx/rates", int)

    for body in (by_url, by_resource):
        lake.repository.replace("total", {"data.json": b"0"})
        result = lake.materialize([rates, body], tags={PINS_TAG: "fx/rates=v2025"})
        assert 2 == made(lake)
        assert {"fx/rates": versions(lake, "v2025")["fx/rates"]} == read_by(lake, result)


def test_a_replay_reads_what_the_run_read_and_publishes_to_a_branch_of_its_own(lake: Lake) -> None:
    past = lake.materialize([rates, prices, total])
    _put(lake.repository, 5, 1000)
    again = lake.materialize([rates, prices, total], tags={REPLAY_TAG: past.run_id})
    assert (300, 300) == (made(lake), made(lake, f"replay-{past.run_id}"))
    assert read_by(lake, past) == read_by(lake, again)
    assert read_by(lake, past)["prices"] != versions(lake, "main")["prices"]


def test_a_replay_reads_what_refs_and_pins_led_to_then(lake: Lake) -> None:
    lake.repository.branch("exp", base="v2025")

    @dg.asset(name="total", deps=[rates, prices])
    def mixed(lineageflow: LineageFlowResource) -> int:
        return lineageflow.read("fx/rates", int) * lineageflow.read("prices", int, ref="exp")

    past = lake.materialize([rates, prices, mixed], tags={PINS_TAG: "fx/rates=exp"})
    assert 20 == made(lake)
    _put(lake.repository, 7, 7, branch="exp")
    again = lake.materialize([rates, prices, mixed], tags={REPLAY_TAG: past.run_id, INTO_TAG: "again"})
    assert 20 == made(lake, "again")
    assert read_by(lake, past) == read_by(lake, again)
    twice = lake.materialize([rates, prices, mixed], tags={REPLAY_TAG: again.run_id})
    assert read_by(lake, past) == read_by(lake, twice)


def test_a_replay_makes_again_what_the_run_made_for_itself(lake: Lake) -> None:
    @dg.asset(ins={"rate": dg.AssetIn(["fx", "rates"])})
    def doubled(rate: int) -> int:
        return 2 * rate

    @dg.asset(name="total")
    def of_doubled(doubled: int) -> int:
        return doubled + 1

    past = lake.materialize([rates, doubled, of_doubled])
    _put(lake.repository, 50, 1)
    lake.materialize([rates, doubled, of_doubled])
    again = lake.materialize([rates, doubled, of_doubled], tags={REPLAY_TAG: past.run_id})
    assert (101, 7) == (made(lake), made(lake, f"replay-{past.run_id}"))
    assert read_by(lake, past) == read_by(lake, again)


def test_a_run_that_nobody_knows_cannot_be_replayed(lake: Lake) -> None:
    with pytest.raises(Exception, match="cannot be replayed"):
        lake.materialize([rates, prices, total], tags={REPLAY_TAG: "00000000-0000-4000-8000-000000000000"})


def test_every_process_of_a_replay_reads_what_the_run_read(shop: Shop) -> None:
    past = shop.run(shop_job, tags=ALL_DAYS)
    assert past.success
    assert shop.run(shop_job, ops={"orders": {"amount": 5}}, tags=ALL_DAYS).success
    tags = {**ALL_DAYS, REPLAY_TAG: past.run_id}
    again = shop.run(shop_job, tags=tags, execution=PROCESSES)
    assert again.success
    into = f"replay-{past.run_id}"
    first = shop.transaction(past.run_id)
    assert (first.base, into) == (shop.transaction(again.run_id).base, shop.transaction(again.run_id).into)
    assert shop.datasets(first.published or "") == shop.datasets(into)
    assert shop.datasets("main") != shop.datasets(into)
