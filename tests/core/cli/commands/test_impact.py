import csv

from lineageflow_core.connect import connect
from lineageflow_core.testing.catalog.producers import job_event
from tests.core.cli.calling import Cli
from tests.core.cli.story import Story, tell_of


def test_the_impact_is_what_was_derived_nearest_first(seen: Cli, told: Story) -> None:
    ran = seen.good("impact", told.bad)
    assert [["0", "tainted", "lf://flights/clean/flights", "2013-02"]] == [row[:4] for row in ran.rows[:1]]
    assert ["main"] * 4 == [row[9] for row in ran.rows]
    assert "4 versions derived, 4 tainted, 4 current on a branch\n" == ran.err
    assert ["1", "2", "2"] == [row[0] for row in seen.good("impact", "raw/flights/2013-02").rows]


def test_what_is_no_longer_there_is_not_current(seen: Cli, told: Story) -> None:
    ran = seen.good("impact", told.good)
    current = {(row[2], row[3]): row[9] for row in ran.rows}
    assert ("", "main") == (
        current["lf://flights/raw/flights", "2013-02"],
        current["lf://flights/raw/flights", "2013-01"],
    )


def test_the_impact_is_csv_for_a_spreadsheet(seen: Cli, told: Story) -> None:
    first, *rows = seen.good("impact", told.bad, "--csv").out.splitlines()
    assert ["degree", "state", "namespace", "name"] == next(csv.reader([first]))[:4]
    listed = seen.good("impact", told.bad).rows
    assert [row[0] for row in listed] == [row[0] for row in csv.reader(rows)]
    assert ["lf://flights", "clean/flights", "2013-02"] == next(csv.reader(rows))[2:5]
    assert 2 == len(seen.good("impact", told.bad, "--csv", "--limit", "1").out.splitlines())


def test_no_cell_of_an_impact_is_a_formula(empty: Cli) -> None:
    tell_of(empty, "orders")
    [row] = csv.DictReader(empty.good("impact", "dataset:s3://lake/orders", "--csv").out.splitlines())
    assert "'=load()" == row["job"]


def test_an_impact_is_cut_as_people_say(seen: Cli) -> None:
    def degrees(*words: str) -> list[str]:
        return [row[0] for row in seen.good("impact", "raw/flights/2013-02", *words).rows]

    assert ["1"] == degrees("--depth", "1")
    assert ["2"] == degrees("--type", "model")
    assert [] == degrees("--until", "2001-01-01T00:00:00Z")
    assert [] == degrees("--evidence", "declared")


def test_an_impact_ends_with_what_jobs_declare_they_would_make(empty: Cli) -> None:
    tell_of(empty, "orders")
    connect(str(empty.lake)).lineage.ingest([job_event("lake", "board", ["=cmd()"], ["numbers"])])
    ran = empty.good("impact", "dataset:s3://lake/orders")
    assert [["2", "declared", "s3://lake/numbers", "", "?", "", "", "board", "", ""]] == ran.rows[1:]
    assert "1 version derived, 1 tainted, 0 current on a branch; 1 more declared\n" == ran.err
    [_, row] = csv.DictReader(empty.good("impact", "dataset:s3://lake/orders", "--csv").out.splitlines())
    assert ("declared", "board", "") == (row["state"], row["job"], row["run_id"])
