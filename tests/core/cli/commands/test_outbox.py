"""`outbox`: what waits for a server, and its delivery."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lineageflow_core.openlineage.outbox import Outbox
from tests.core.cli.calling import Cli
from tests.core.openlineage.letters import an_event
from tests.servers.receivers import FaultyReceiver, faulty_receiver, unavailable


@pytest.fixture
def faulty() -> Iterator[FaultyReceiver]:
    with faulty_receiver() as receiver:
        yield receiver


@pytest.fixture
def outbox(tmp_path: Path, faulty: FaultyReceiver, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    monkeypatch.setenv("LINEAGEFLOW_OUTBOX", str(tmp_path / "outbox"))
    return Outbox(tmp_path / "outbox", faulty.url)


def test_what_waits_is_shown_for_each_server(outbox: Outbox, tmp_path: Path) -> None:
    outbox.put(an_event(1))
    outbox.set_aside(outbox.put(an_event(2)), "too odd")
    other = Outbox(tmp_path / "outbox", "https://other.example")
    other.put(an_event(3))
    ran = Cli(None).good("outbox", "status")
    status = outbox.status()
    assert status.oldest is not None
    rows = {row[0]: row[1:] for row in ran.rows}
    assert {"https://other.example", outbox.url} == set(rows)
    assert ["1", str(status.waiting_bytes)] == rows[outbox.url][:2]
    assert "1" == rows[outbox.url][3]
    assert f"{outbox.url} refused: too odd" in ran.err
    shown = {each["receiver"]: each for each in Cli(None).good("outbox", "--json").json}
    assert (1, 1, ["too odd"]) == tuple(shown[outbox.url][name] for name in ("waiting", "refused", "reasons"))
    assert 0 == shown["https://other.example"]["refused"]


def test_nothing_waits_where_there_is_no_outbox(tmp_path: Path) -> None:
    assert "" == Cli(None).good("outbox", "status", "--outbox", str(tmp_path / "none")).out


def test_the_folder_may_be_named(outbox: Outbox, tmp_path: Path) -> None:
    Outbox(tmp_path / "elsewhere", outbox.url).put(an_event(1))
    ran = Cli(None).good("outbox", "status", "--outbox", str(tmp_path / "elsewhere"))
    assert [outbox.url] == [row[0] for row in ran.rows]


def test_what_waits_is_delivered(
    outbox: Outbox, faulty: FaultyReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGEFLOW_TOKEN", "secret")
    for number in range(3):
        outbox.put(an_event(number))
    ran = Cli(None).good("outbox", "flush", "--lake", faulty.url)
    assert ("3", "0", "0") == tuple(ran.facts[name] for name in ("delivered", "refused", "left"))
    assert [an_event(number) for number in range(3)] == faulty.stored
    assert "Bearer secret" == faulty.requests[0][1]["authorization"]
    again = Cli(None).good("outbox", "flush", "--lake", faulty.url, "--json").json
    assert {"receiver": faulty.url, "delivered": 0, "refused": 0, "left": 0} == again


def test_a_server_that_does_not_answer_takes_nothing(outbox: Outbox, faulty: FaultyReceiver) -> None:
    faulty.script += [unavailable() for _ in range(5)]
    put = outbox.put(an_event(1))
    ran = Cli(None)("outbox", "flush", "--lake", faulty.url)
    assert (7, "") == (ran.code, ran.out)
    assert [put] == outbox.waiting()


def test_what_was_refused_is_kept_and_can_be_delivered_after_a_fix(
    outbox: Outbox, faulty: FaultyReceiver
) -> None:
    faulty.refuses = ["https://example.com/tests"]
    outbox.put(an_event(1))
    ran = Cli(None)("outbox", "flush", "--lake", faulty.url)
    assert (1, "1") == (ran.code, ran.facts["refused"])
    assert "outbox status tells why" in ran.err
    faulty.refuses = []
    Cli(None).good("outbox", "flush", "--lake", faulty.url)
    assert [] == faulty.stored
    Cli(None).good("outbox", "flush", "--refused", "--lake", faulty.url)
    assert [an_event(1)] == faulty.stored


def test_a_folder_has_no_outbox(outbox: Outbox, tmp_path: Path) -> None:
    outbox.put(an_event(1))
    ran = Cli(tmp_path / "lake")("outbox", "flush")
    assert 2 == ran.code
    assert f"--lake URL (events wait for {outbox.url})" in ran.err


def test_without_a_home_the_folder_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    ran = Cli(None)("outbox", "status")
    assert 2 == ran.code
    assert "name the outbox with --outbox or LINEAGEFLOW_OUTBOX" in ran.err
