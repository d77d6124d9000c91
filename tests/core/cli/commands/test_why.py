from tests.core.cli.calling import Cli
from tests.core.cli.story import run_id


def test_each_step_of_a_way_is_a_row(seen: Cli) -> None:
    rows = seen.good("why", "raw/flights/2013-02", "report.md").rows
    assert [["1", "0", ""], ["1", "1", "explicit"], ["1", "2", "explicit"]] == [row[:3] for row in rows[:3]]
    assert ["1", "4"] == rows[-1][:2]
    assert f"run:{run_id('bad report')}" == rows[3][3]


def test_ways_go_as_data_went_whichever_is_named_first(seen: Cli) -> None:
    there = seen.good("why", "raw/flights/2013-02", "report.md", "--json").json
    assert there == seen.good("why", "report.md", "raw/flights/2013-02", "--json").json
    assert 5 == len(there["paths"][0])


def test_no_way_is_said(seen: Cli) -> None:
    ran = seen.good("why", "raw/flights/2013-01", "raw/flights/2013-02")
    assert ([], True) == (ran.rows, "no data went" in ran.err)
