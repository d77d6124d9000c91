from lineageflow_core.connect import connect
from lineageflow_core.model.run import Job
from lineageflow_core.run import RunSession
from tests.core.cli.calling import Cli
from tests.core.cli.story import Story


def test_the_lake_is_seen_at_a_glance(seen: Cli, told: Story) -> None:
    ran = seen.good("status")
    assert ["lake", str(told.folder)] == ran.rows[0]
    assert ("flights", "bad run", "5") == (
        ran.facts["repository"],
        ran.facts["message"],
        ran.facts["datasets"],
    )
    unpublished = ran.section("unpublished runs")
    assert [["discarded", told.failed, "flights"]] == [row[:3] for row in unpublished]
    assert ["main", "0", "raw/flights"] == unpublished[0][4:]
    assert [told.bad, told.good] == [row[2] for row in ran.section("last publishes")]


def test_a_run_that_is_still_open_is_shown(cli: Cli) -> None:
    session = RunSession(connect(str(cli.lake)), "flights", Job(namespace="test", name="late"))
    session.write("raw/weather", {"a": b"x"})
    first = cli.good("status").section("unpublished runs")[0]
    assert ["open", session.run.id] == first[:2]
    assert ["main", "0", "raw/weather"] == first[4:]


def test_the_document_has_every_repository(cli: Cli) -> None:
    cli.good("repo", "create", "weather")
    found = cli.good("status", "--json").json
    assert [("flights", 1, 2), ("weather", 0, 0)] == [
        (each["details"]["repository"]["name"], len(each["unpublished"]), len(each["published"]))
        for each in found["repositories"]
    ]
    assert 1 == len(cli.good("status", "-R", "weather", "--json").json["repositories"])


def test_an_unknown_repository_is_not_found(seen: Cli) -> None:
    assert 3 == seen("status", "-R", "nothere").code


def test_what_is_part_of_another_run_is_seen_in_that_alone(cli: Cli) -> None:
    whole = RunSession(connect(str(cli.lake)), "flights", Job(namespace="test", name="late"))
    whole.write("raw/weather", {"a": b"x"})
    branch, job = f"run:{whole.run.id}", Job(namespace="test", name="late.step")
    for is_published in (True, False):
        part = RunSession(whole.catalog, "flights", job, base=branch, into=branch)
        part.write("raw/rain", {"a": b"x" if is_published else b"y"})
        if is_published:
            part.publish()
    before = cli.good("status").section("last publishes")
    assert [whole.run.id] == [
        row[1] for row in cli.good("status").section("unpublished runs") if row[0] == "open"
    ]
    assert part.run.id not in str(before)
