import json
import os
import signal
from pathlib import Path

from lineageflow_core.connect import connect
from tests.core.cli.calling import Cli, start
from tests.core.cli.story import Story


def test_what_is_there_is_told_once(seen: Cli, told: Story) -> None:
    rows = seen.good("watch", "--after", "0.0", "--once").rows
    assert {"run", "version", "commit", "ref"} == {row[2] for row in rows}
    assert ["commit", "publish", told.catalog.refs.resolve("flights", "main").id, "main"] in [
        [row[2], row[3], row[4], row[5]] for row in rows
    ]


def test_a_place_is_where_it_goes_on(seen: Cli) -> None:
    rows = seen.good("watch", "--after", "0.0", "--once", "--kind", "commit").rows
    later = seen.good("watch", "--after", rows[0][0], "--once", "--kind", "commit").rows
    assert rows[1:] == later
    assert rows[:1] == seen.good("watch", "--after", "0.0", "--kind", "commit", "-n", "1").rows


def test_from_now_on_there_is_nothing_yet(seen: Cli) -> None:
    assert "" == seen.good("watch", "--once").out


def test_documents_come_one_a_line(seen: Cli) -> None:
    lines = seen.good("watch", "--after", "0.0", "--once", "--json").out.splitlines()
    assert {"place", "kind", "id", "what"} <= set(json.loads(lines[0]))


def test_it_goes_on_until_it_is_stopped(cli: Cli, tmp_path: Path) -> None:
    assert cli.lake is not None
    place = connect(str(cli.lake)).live.changes().next
    with start(
        ["watch", "--lake", str(cli.lake), "--after", place, "--kind", "commit"], folder=tmp_path
    ) as process:
        assert process.stdout is not None
        commit = cli.good("put", "-", "new", input="1").rows[0][0]
        assert commit == process.stdout.readline().decode().split("\t")[4]
        os.kill(process.pid, signal.SIGINT)
        process.communicate()
    assert 130 == process.returncode
