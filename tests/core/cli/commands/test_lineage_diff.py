from tests.core.cli.calling import Cli


def test_what_datasets_are_made_of_differs_between_refs(seen: Cli) -> None:
    assert [] == seen.good("lineage", "diff", "main", "main").rows
    rows = seen.good("lineage", "diff", "main~1", "main").rows
    assert rows
    assert {row[0] for row in rows} <= {"added", "removed", "rebound"}
    assert len(rows) == len(seen.good("lineage", "diff", "main~1", "main", "--json").json)
