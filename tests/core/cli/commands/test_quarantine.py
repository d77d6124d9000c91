from tests.core.cli.calling import Cli


def test_a_quarantined_version_is_listed_and_readers_are_told(cli: Cli) -> None:
    cli.good("quarantine", "add", "report.md", "--reason", "it is empty")
    assert [["report.md", "", "it is empty"]] == [
        [row[0], row[1], row[5]] for row in cli.good("quarantine").rows
    ]
    ran = cli.good("cat", "report.md")
    assert "warning: version" in ran.err
    assert "it is empty" in ran.err
    cli.good("quarantine", "lift", "report.md")
    assert [] == cli.good("quarantine", "list").rows
    assert "" == cli.good("cat", "report.md").err


def test_what_was_derived_is_shown(cli: Cli) -> None:
    cli.good("quarantine", "add", "raw/flights/2013-02", "--reason", "it is empty")
    ran = cli.good("quarantine", "show", "raw/flights/2013-02")
    assert "it is empty" == ran.facts["why"]
    assert {"clean/flights", "models/delay", "report.md"} == {row[0] for row in ran.section("derived")}
