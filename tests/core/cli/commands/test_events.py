import json
from pathlib import Path
from typing import Any

from tests.core.cli.calling import Cli
from tests.core.cli.story import Story
from tests.core.openlineage.scenarios import RUN, event

BROKEN = {**event("START"), "run": {"id": RUN}}


def post(cli: Cli, *events: Any) -> None:
    cli.good("events", "post", "-", input="\n".join(map(json.dumps, events)))


def problems(cli: Cli) -> list[str]:
    return [row[0] for row in cli.good("events", "list", "--problems").rows]


def test_events_are_listed_the_last_first(seen: Cli, told: Story) -> None:
    rows = seen.good("events", "list", "--limit", "0").rows
    assert rows == seen.good("events", "-q", "list", "--limit", "0").rows
    of_run = seen.good("events", "list", "--run", told.bad, "--kind", "run").rows
    assert of_run == [row for row in rows if row[4] == told.bad]
    assert len(of_run) >= 2
    assert [] == seen.good("events", "list", "--since", "2999-01-01").rows
    assert rows == seen.good("events", "list", "--until", "2999-01-01", "-n", "0").rows
    assert 2 == seen("events", "list", "--since", "yesterday").code


def test_an_event_is_shown_with_what_is_wrong_with_it(empty: Cli) -> None:
    post(empty, {**BROKEN, "schemaURL": None})
    [odd] = problems(empty)
    facts = empty.good("events", "show", odd[:8]).facts
    assert (odd, "run") == (facts["event"], facts["kind"])
    assert "run.runId is missing" in facts["problem"]
    assert "schemaURL is missing" in facts["warning"]
    assert {**BROKEN, "schemaURL": None} == json.loads(empty.good("events", "show", odd, "--body").out)
    assert odd == empty.good("events", "show", odd, "--json").json["id"]
    assert [3, 2] == [empty("events", "show", each).code for each in ("00" * 32, "odd")]


def test_events_are_posted_from_lines_a_list_and_a_document(empty: Cli, tmp_path: Path) -> None:
    events = [event("START"), event("RUNNING", 1), event("COMPLETE", 2)]
    texts = {
        "lines": "\n" + "\n".join(map(json.dumps, events)) + "\n\n",
        "list": json.dumps(events),
        "indented": json.dumps(events, indent=2),
        "wrapped": json.dumps({"events": events}),
    }
    for number, (name, text) in enumerate(texts.items()):
        file = tmp_path / name
        file.write_text(text)
        posted = empty.good("events", "post", str(file), "--json").json
        assert {"received": 3, "duplicates": 3 if number else 0, "problems": []} == posted
    (tmp_path / "one").write_text(json.dumps(event("OTHER"), indent=2))
    assert "1" == empty.good("events", "post", str(tmp_path / "one")).facts["received"]
    assert "completed" == empty.good("runs", "show", RUN).facts["state"]


def test_many_events_are_posted_in_parts_and_their_problems_told_by_their_place(empty: Cli) -> None:
    events = [event("RUNNING", time=f"2026-05-01T02:00:00.{number:06}Z") for number in range(1100)]
    ran = empty.good("events", "post", "-", input="\n".join(map(json.dumps, [*events, BROKEN])))
    assert {"received": "1101", "duplicates": "0", "with problems": "1"} == ran.facts
    assert ran.err.startswith("event 1100: run.runId is missing")


def test_a_line_that_is_no_json_is_named(empty: Cli) -> None:
    ran = empty("events", "post", "-", input=json.dumps(event("START")) + "\n{\n")
    assert 2 == ran.code
    assert "line 2 of -: this is not JSON" in ran.err
    assert 3 == empty("events", "post", "nothere").code
    assert 2 == empty("events", "post", "-", input="").code


def test_a_mended_event_takes_the_place_of_a_broken_one(empty: Cli, tmp_path: Path) -> None:
    post(empty, BROKEN)
    [odd] = problems(empty)
    file = tmp_path / "mended.json"
    file.write_text(json.dumps([event("START"), event("COMPLETE", 1)]))
    assert 2 == empty("events", "post", str(file), "--replaces", odd).code
    file.write_text(json.dumps(event("START"), indent=2))
    [[mended]] = empty.good("events", "post", str(file), "--replaces", odd[:10]).rows
    assert mended == empty.good("events", "show", odd).facts["replaced by"]
    assert [] == problems(empty)
    assert "running" == empty.good("runs", "show", RUN).facts["state"]
    assert 5 == empty("events", "post", str(file), "--replaces", mended).code


def test_events_are_read_again(empty: Cli) -> None:
    post(empty, BROKEN, {"odd": 1})
    ran = empty.good("events", "replay")
    assert ([], "2 events read again, 0 without a problem now\n") == (ran.rows, ran.err)
    assert {"read": 2, "mended": []} == empty.good("events", "replay", "--json").json


def test_facets_that_are_not_as_the_specification_has_them_are_told_and_counted(empty: Cli) -> None:
    meta = {"_producer": "https://p", "_schemaURL": "https://s"}
    wrong = {**meta, "version": 3}
    post(
        empty,
        event("START", 0, run_facets={"processing_engine": wrong}),
        event(
            "RUNNING",
            1,
            run_facets={"processing_engine": wrong, "processingEngine": {**meta, "version": "3"}},
        ),
    )
    rows = empty.good("events", "check").rows
    assert ["2", "run.facets.processing_engine.version"] == rows[0][:2]
    assert ["1", "run.facets.processingEngine"] == rows[1][:2]
    assert "'processing_engine'" in rows[1][2]
    assert rows == empty.good("events", "check", "--run", RUN).rows
    [one] = empty.good("events", "check", "--event", list_ids(empty)[1], "--json").json
    assert (1, "it is a whole number, and should be text") == (one["events"], one["what"])


def list_ids(cli: Cli) -> list[str]:
    return [row[0] for row in cli.good("events", "list").rows]
