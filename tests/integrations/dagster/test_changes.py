"""What a materialization says about the version before it."""

from typing import Any

import dagster as dg
import pandas as pd
import pytest
from lineageflow_dagster import LineageFlowResource, changes, versioned

from lineageflow_core.errors import StorageError
from tests.integrations.dagster.lake import Lake, metadata
from tests.integrations.dagster.shop import ALL_DAYS, DAYS


def made_of(lake: Lake, *frames: object, fmt: str = "auto") -> dict[str, Any]:
    """Materializes an asset with each value in turn; returns the metadata of the last materialization."""
    said: dict[str, Any] = {}
    for frame in frames:
        (said,) = metadata(lake.materialize([asset_of(frame)], fmt=fmt), "orders")
    return said


def asset_of(value: object) -> dg.AssetsDefinition:
    @dg.asset
    def orders() -> Any:
        return value

    return orders


def test_the_first_version_has_nothing_before_it(lake: Lake) -> None:
    said = made_of(lake, pd.DataFrame({"amount": [1]}))
    assert not {"lineageflow/previous_snapshot", "lineageflow/changes"} & said.keys()


def test_a_table_says_how_rows_columns_and_values_changed(lake: Lake) -> None:
    said = made_of(
        lake,
        pd.DataFrame({"amount": [1, 2], "note": ["a", None], "gone": [1, 2], "kind": [1, 2]}),
        pd.DataFrame(
            {"amount": [1, 9, 3], "note": ["a", None, None], "new": [0.5, 1.0, 2.0], "kind": list("abc")}
        ),
    )
    assert 1 == said["lineageflow/row_count_change"]
    lines = said["lineageflow/changes"].splitlines()
    assert ["| | before | now |", "|---|---|---|", "| rows | 2 | 3 (+1) |"] == lines[:3]
    assert {
        "| `gone` | int64 | - |",
        "| `new` | - | double |",
        "| `amount` | 1 … 2 | 1 … 9 |",
        "| `note` missing | 1 | 2 (+1) |",
    } <= set(lines)
    assert any(line.startswith("| `kind` | int64 | ") for line in lines)


def test_equal_content_says_so(lake: Lake) -> None:
    frame = pd.DataFrame({"amount": [1, 2]})
    said = made_of(lake, frame, frame)
    assert "Nothing: the content is the same." == said["lineageflow/changes"]
    assert 0 == said["lineageflow/row_count_change"]
    assert said["lineageflow/snapshot"] == said["lineageflow/previous_snapshot"]


def test_other_tables_are_compared_by_what_lineage_has_heard(lake: Lake) -> None:
    said = made_of(lake, pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1], "b": [2]}), fmt="csv")
    assert -1 == said["lineageflow/row_count_change"]
    assert "| rows | 2 | 1 (-1) |" in said["lineageflow/changes"]
    assert "| `b` | - | int64 |" in said["lineageflow/changes"]


def test_what_is_no_table_says_how_large_it_is(lake: Lake) -> None:
    said = made_of(lake, "a", "abc")
    assert "| bytes | 1 | 3 (+2) |" in said["lineageflow/changes"]
    assert "lineageflow/row_count_change" not in said


def test_a_long_list_of_changes_is_cut(lake: Lake) -> None:
    columns = {f"column {place}": [place] for place in range(50)}
    said = made_of(lake, pd.DataFrame({"x": [1]}), pd.DataFrame(columns))
    assert said["lineageflow/changes"].endswith("\n… and 33 more.")


def test_a_body_that_stores_itself_says_what_it_changed(lake: Lake) -> None:
    def run(amounts: list[int]) -> dict[str, Any]:
        @dg.asset
        @versioned
        def orders(lineageflow: LineageFlowResource) -> None:
            lineageflow.write("orders", pd.DataFrame({"amount": [0]}))  # a state on the way
            lineageflow.write("orders", pd.DataFrame({"amount": amounts}))

        (said,) = metadata(lake.materialize([orders]), "orders")
        return said

    first = run([1])
    second = run([1, 2, 3])
    assert first["lineageflow/snapshot"] == second["lineageflow/previous_snapshot"]
    assert 2 == second["lineageflow/row_count_change"]


def test_each_partition_of_a_step_says_what_it_changed(lake: Lake) -> None:
    def run(rows: int) -> list[dict[str, Any]]:
        @dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
        def orders(context: dg.AssetExecutionContext) -> dict[str, pd.DataFrame]:
            frame = pd.DataFrame({"amount": range(rows)})
            return {key: frame if key != "mon" else frame.head(1) for key in context.partition_keys}

        return metadata(lake.materialize([orders], tags=ALL_DAYS), "orders")

    run(2)
    assert [0, 3, 3] == sorted(said["lineageflow/row_count_change"] for said in run(5))


def test_what_cannot_be_compared_does_not_fail_the_step(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise StorageError("the disk is gone")

    made_of(lake, "a")
    monkeypatch.setattr(changes, "read_footers", fails)
    said = made_of(lake, "b")
    assert "lineageflow/changes" not in said
    assert "lineageflow/snapshot" in said
