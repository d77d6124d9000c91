import pytest

from lineageflow_core.connect import connect
from tests.core.cli.calling import Cli
from tests.core.remote.test_marquez import Marquez, numbered, running
from tests.server.serving import TOKEN, served


def test_events_are_imported_once(empty: Cli) -> None:
    with running(Marquez([numbered(number) for number in range(10)])) as url:
        facts = empty.good("events", "import-marquez", url).facts
        again = empty.good("events", "import-marquez", url, "--json").json
        some = empty.good("events", "import-marquez", url, "--since", "2026-05-01T02:08:00Z").facts
    assert ("10", "0", "0") == (facts["received"], facts["duplicates"], facts["with problems"])
    assert {
        "received": 10,
        "duplicates": 10,
        "problems": 0,
        "reached": "2026-05-01T02:09:00Z",
    } == again
    assert "2" == some["received"]
    assert 10 == len(empty.good("events", "list").rows)


def test_the_key_comes_from_the_environment(empty: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = connect("memory:")
    lake.lineage.ingest([numbered(1)])
    with served(lake) as url:
        refused = empty("events", "import-marquez", url)
        monkeypatch.setenv("MARQUEZ_API_KEY", TOKEN)
        assert "1" == empty.good("events", "import-marquez", url).facts["received"]
    assert 0 != refused.code


def test_an_import_that_is_broken_off_says_where_to_go_on(empty: Cli) -> None:
    marquez = Marquez([numbered(number) for number in range(300)])
    marquez.log = [numbered(number, minute=number // 10) for number in range(300)]

    def fail() -> None:
        marquez.log = [{"eventTime": "no time"}]  # which its own code cannot sort

    marquez.between = fail
    with running(marquez) as url:
        ran = empty("events", "import-marquez", url)
    assert 7 == ran.code
    assert "250 events imported; go on with --since 2026-05-01T02:24:00Z" in ran.err


def test_what_is_no_marquez_is_an_error(empty: Cli) -> None:
    assert 2 == empty("events", "import-marquez", "nowhere").code
    with running(Marquez([]), wrong=b"<html>") as url:
        ran = empty("events", "import-marquez", url)
    assert (7, True) == (ran.code, "does not answer as Marquez does" in ran.err)
