from tests.core.cli.calling import Cli
from tests.core.cli.story import Story, run_id


def test_blame_names_commit_run_and_code(seen: Cli, told: Story) -> None:
    ran = seen.good("blame", "report.md")
    facts = ran.facts
    assert (run_id("bad report"), told.bad, "flights.report", "3f2a91c0" * 5, "bad run", "dagster") == (
        facts["run"],
        facts["pipeline"],
        facts["job"],
        facts["code"],
        facts["message"],
        facts["author"],
    )
    assert 3 == len(ran.section("made from"))
    assert facts["version"] == seen.good("blame", "report.md", "--json").json["version"]["version"]


def test_blame_looks_into_the_past(seen: Cli, told: Story) -> None:
    assert told.good == seen.good("blame", "@main~1/report.md").facts["pipeline"]


def test_partitions_are_blamed_one_by_one(seen: Cli) -> None:
    ran = seen.good("blame", "raw/flights", "--partitions")
    good, bad = run_id("good ingest"), run_id("bad ingest")
    assert [["2013-01", good], ["2013-02", bad], ["2013-03", good]] == [[row[0], row[5]] for row in ran.rows]
    assert ["flights.ingest"] * 3 == [row[4] for row in ran.rows]
    assert 1 == len(seen.good("blame", "raw/flights", "--partitions", "-n", "1").rows)
    both = seen("blame", "raw/flights", "--partitions", "--column", "carrier")
    assert (2, True) == (both.code, "leave --key and --column out" in both.err)


def test_a_person_is_blamed_without_a_run(seen: Cli) -> None:
    facts = seen.good("blame", "notes.txt").facts
    assert ("ada", False) == (facts["author"], "run" in facts)


def test_blame_tells_who_restored_content_from_who_made_it(empty: Cli) -> None:
    made = empty.good("put", "-", "a", "--author", "grace", input="1").rows[0][0]
    empty.good("put", "-", "a", "--author", "ada", input="2")
    restored = empty.good("restore", "a", "--from", "main~1", "--author", "bob").rows[0][0]
    facts = empty.good("blame", "a").facts
    told = (facts["commit"], facts["author"], facts["made in"], facts["made by"])
    assert (restored, "bob", made, "grace") == told
    assert "made in" not in empty.good("blame", "@main~1/a").facts
