import os
import time
from pathlib import Path

import pytest

from lineageflow_core import connect
from tests.core.cli.calling import Cli, run_in_terminal

DAYS = 86_400


@pytest.fixture
def orphan(empty: Cli) -> str:
    """An object of some days ago that nothing needs, beside one that something does."""
    empty.good("put", "-", "a", input="held")
    [entry] = connect(str(empty.lake)).content.upload("flights", [b"never committed"])
    assert empty.lake is not None
    for path in (empty.lake / "repositories").rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - 2 * DAYS,) * 2)
    return str(entry.object_id)


def test_what_nothing_needs_goes_to_the_trash_and_comes_back(empty: Cli, orphan: str) -> None:
    planned = empty.good("gc", "--dry-run")
    assert [["object", "1", "15", "nothing leads to it"]] == [
        row[-4:] for row in planned.section("to the trash")
    ]
    assert [] == empty.good("trash", "list").rows
    done = empty.good("gc")
    assert planned.section("to the trash") == done.section("to the trash")
    assert "1 object kept" in done.err
    assert "trash restore" in done.err
    assert [orphan] == [entry["id"] for entry in empty.good("trash", "list", "--json").json]
    assert "in the trash" in empty.good("explain", orphan).out
    assert {"count": 1, "size": 15} == empty.good("trash", "restore", "--json").json
    assert [] == empty.good("trash", "list").rows
    assert 2 == empty("trash", "restore", orphan).code


@pytest.mark.usefixtures("orphan")
def test_a_collection_tells_everything_to_programs(empty: Cli) -> None:
    assert empty.good("gc", "--dry-run", "--json").json["collection"] is None
    done = empty.good("gc", "--json").json
    assert (1, 1, 0, 0) == tuple(done[name] for name in ("collection", "kept", "recalled", "repacked"))
    assert [("object", 1, 15)] == [(each["kind"], each["count"], each["size"]) for each in done["trashed"]]
    assert "1" == empty.good("usage").facts["objects"]


def test_rules_of_retention_are_set_shown_and_removed(empty: Cli) -> None:
    empty.good("retention", "set", "--branches", "main", "--datasets", "raw/*", "--days", "30")
    empty.good("retention", "set", "--branches", "main", "--datasets", "raw/*", "--versions", "3")
    assert [["main", "raw/*", "", "3"]] == empty.good("retention", "show").rows
    [rule] = empty.good("retention", "show", "--json").json
    assert 3 == rule["keep_versions"]
    empty.good("retention", "remove", "--branches", "main", "--datasets", "raw/*")
    assert [] == empty.good("retention", "show").rows
    assert 3 == empty("retention", "remove", "--branches", "main", "--datasets", "raw/*").code


@pytest.mark.usefixtures("orphan")
def test_who_waits_for_a_collection_sees_that_it_goes_on(empty: Cli, tmp_path: Path) -> None:
    assert empty.lake == tmp_path / "lake"
    shown = run_in_terminal(["gc"], folder=tmp_path)
    assert "collecting flights" in shown.out
    for silent in ("--json", "--quiet"):
        assert "looking at" not in run_in_terminal(["gc", "--dry-run", silent], folder=tmp_path).out
    assert "looking at what flights needs" in run_in_terminal(["gc", "--dry-run"], folder=tmp_path).out
