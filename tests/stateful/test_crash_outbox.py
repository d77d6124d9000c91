"""An outbox whose writers and couriers are killed, step by step, and in the middle of real work."""

import json
import mmap
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from lineageflow_core import Lake, connect
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.page import every
from lineageflow_core.openlineage.delivery import deliver_all
from lineageflow_core.openlineage.outbox import Outbox
from lineageflow_core.openlineage.receiver import Receiver
from tests.core.cli.calling import PROGRAM, environment
from tests.core.openlineage.letters import an_event
from tests.servers.receivers import faulty_receiver, unavailable
from tests.stateful.crash import kill_at

pytestmark = pytest.mark.crash

EVENTS = 4

EMITTER = """
import sys
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from uuid import UUID

first, number = int(sys.argv[1]), int(sys.argv[2])
client = OpenLineageClient()
for each in range(first, first + number):
    client.emit(
        RunEvent(
            eventType=RunState.COMPLETE,
            eventTime="2026-05-01T00:00:00Z",
            run=Run(runId=str(UUID(int=each))),
            job=Job(namespace="tests", name="nightly"),
            producer="https://example.com/tests",
        )
    )
    print(each, flush=True)
print(client.close(60.0), flush=True)
"""
"""Emits events about runs of these numbers, and says which it was told are kept."""


class Counter:
    """A number that survives the process that counts."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8)

    def count(self) -> None:
        self._shared[:8] = (self.value + 1).to_bytes(8, "little")

    @property
    def value(self) -> int:
        return int.from_bytes(self._shared[:8], "little")


def test_wherever_a_writer_is_killed_what_it_was_told_is_kept_is_there_whole(tmp_path: Path) -> None:
    step, died = 0, True
    while died:
        step += 1
        folder = tmp_path / str(step)
        kept = Counter()

        def write(folder: Path = folder, kept: Counter = kept) -> None:
            outbox = Outbox(folder, "http://lake.example")
            for number in range(EVENTS):
                outbox.put(an_event(number))
                kept.count()

        died = kill_at(step, write)
        outbox = Outbox(folder, "http://lake.example")
        found = [json.loads(outbox.read(each) or b"null") for each in outbox.waiting()]
        assert found in ([an_event(number) for number in range(kept.value + more)] for more in (0, 1))
        outbox.put(an_event(EVENTS))
        assert len(found) + 1 == len(outbox.waiting())
    assert EVENTS == len(found)
    assert step > 5 * EVENTS


def test_wherever_a_courier_is_killed_every_event_arrives(tmp_path: Path) -> None:
    events = [an_event(number, producer="bad" if number == 1 else "good") for number in range(EVENTS)]
    step, died = 0, True
    while died:
        step += 1
        folder = tmp_path / str(step)
        with faulty_receiver() as receiver:
            receiver.refuses = ["bad"]
            outbox = Outbox(folder, receiver.url)
            for event in events:
                outbox.put(event)

            def deliver(outbox: Outbox = outbox) -> None:
                deliver_all(outbox, Receiver(outbox.url))

            died = kill_at(step, deliver)
            deliver_all(outbox, Receiver(outbox.url))
            arrived = {event["run"]["runId"] for event in receiver.stored}
            status = outbox.status()
        assert {event["run"]["runId"] for event in events if event["producer"] == "good"} == arrived
        assert (0, 1) == (status.waiting, status.refused)
    assert step > EVENTS


@contextmanager
def served(lake: Path, port: int) -> Iterator[str]:
    """A real server as a process of its own."""
    words = (*PROGRAM, "up", str(lake), "--port", str(port), "--no-auth", "--no-open", "--json")
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()


def emitter(folder: Path, url: str, *, first: int, number: int) -> "subprocess.Popen[bytes]":
    variables = {
        "OPENLINEAGE__TRANSPORT__TYPE": "lineageflow_core.openlineage.transport.LineageFlowTransport",
        "OPENLINEAGE__TRANSPORT__URL": url,
        "LINEAGEFLOW_OUTBOX": str(folder / "outbox"),
    }
    return subprocess.Popen(
        (sys.executable, "-c", EMITTER, str(first), str(number)),
        stdout=subprocess.PIPE,
        cwd=folder,
        env=environment(**variables),
    )


def runs_of(lake: Lake) -> list[RunId]:
    runs = every(lambda after, limit: lake.lineage.list_runs(after=after, limit=limit))
    return sorted(run.id for run in runs)


@pytest.mark.slow
def test_a_process_is_killed_while_nobody_receives_and_the_next_one_brings_everything(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    connect(str(tmp_path / "lake")).repository("shop").create()
    with emitter(tmp_path, url, first=0, number=1_000_000) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(50)]
        process.kill()
        told += [int(line) for line in process.stdout.read().split()]
    waiting = Outbox(tmp_path / "outbox", url).status().waiting
    assert len(told) <= waiting <= len(told) + 1
    with served(tmp_path / "lake", port) as address:
        assert url == address
        with emitter(tmp_path, url, first=2_000_000, number=1) as process:
            assert process.stdout is not None
            assert [b"2000000", b"True"] == process.stdout.read().split()
        lake = connect(url)
        expected = [RunId(str(UUID(int=number))) for number in (*range(waiting), 2_000_000)]
        assert expected == runs_of(lake)
    assert 0 == Outbox(tmp_path / "outbox", url).status().waiting


@pytest.mark.slow
def test_the_server_is_killed_while_events_arrive_and_has_all_of_them_in_the_end(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    connect(str(tmp_path / "lake")).repository("shop").create()
    with emitter(tmp_path, url, first=0, number=300) as process:
        assert process.stdout is not None
        with served(tmp_path / "lake", port):
            for _ in range(20):
                process.stdout.readline()
        process.stdout.read()  # it goes on alone
    assert 0 == process.returncode
    with served(tmp_path / "lake", port):
        receiver = Receiver(url)
        deliver_all(Outbox(tmp_path / "outbox", url), receiver)
        assert [RunId(str(UUID(int=number))) for number in range(300)] == runs_of(connect(url))


@pytest.mark.slow
def test_many_processes_do_not_storm_a_receiver_that_is_down_and_lose_nothing(tmp_path: Path) -> None:
    processes, each = 6, 20
    with faulty_receiver() as receiver:
        receiver.script += [unavailable() for _ in range(10_000)]
        started = [
            emitter(tmp_path, receiver.url, first=each * number, number=each) for number in range(processes)
        ]
        said = [process.communicate()[0].split() for process in started]
        assert [b"False"] * processes == [lines[-1] for lines in said]
        asked = len(receiver.requests)
        assert asked < processes * each / 2
        receiver.script.clear()
        with emitter(tmp_path, receiver.url, first=1000, number=1) as process:
            process.communicate()
        assert processes * each + 1 == len(set(receiver.digests))
    assert 0 == Outbox(tmp_path / "outbox", receiver.url).status().waiting
