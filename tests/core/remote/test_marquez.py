"""Reading the events of a running Marquez, while more come in."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lineageflow_core.errors import AccessDeniedError, InvalidInputError, ServerUnreachableError
from lineageflow_core.remote.marquez import MarquezServer
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores
from tests.core.openlineage.scenarios import SCENARIOS, event
from tests.server.serving import TOKEN, served

Json = dict[str, Any]
Log = list[Json]


class Marquez:
    """Answers as a Marquez does: by time and position, of what is in its log at that moment."""

    def __init__(self, log: Log, *, most: int = 1000, after_is_included: bool = True) -> None:
        self.log = log
        self.asked: list[dict[str, str]] = []
        self.between: Callable[[], None] = lambda: None
        """What happens after each answer."""
        self.keys: list[str | None] = []
        self._most = most
        self._after_is_included = after_is_included

    def answer(self, path: str) -> Json:
        url = urlsplit(path)
        assert "/api/v1/events/lineage" == url.path
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.asked.append(query)
        assert "asc" == query["sortDirection"]
        after, before = _time(query["after"]), _time(query["before"])
        found = [
            each
            for each in sorted(self.log, key=lambda each: _time(each["eventTime"]))
            if (
                _time(each["eventTime"]) > after
                or (self._after_is_included and _time(each["eventTime"]) == after)
            )
            and _time(each["eventTime"]) < before
        ]
        offset, limit = int(query["offset"]), min(int(query["limit"]), self._most)
        return {"events": found[offset : offset + limit], "totalCount": len(found)}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@contextmanager
def running(marquez: Marquez, *, wrong: bytes | None = None, failing: int = 0) -> Iterator[str]:
    """Serves on a port of this machine; gives the address. The first answers may fail."""
    failures = iter([503] * failing)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            marquez.keys.append(self.headers["Authorization"])
            status = next(failures, 200)
            body = (
                wrong
                if wrong is not None
                else b""
                if status != 200
                else json.dumps(marquez.answer(self.path)).encode()
            )
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            if status == 200 and wrong is None:
                marquez.between()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(timeout=30)


def numbered(number: int, *, minute: int | None = None) -> Json:
    return event("RUNNING", number if minute is None else minute, run_facets={"number": {"is": number}})


def numbers(url: str, *, page: int, since: datetime | None = None) -> list[int]:
    pages = MarquezServer(url, page=page).events(since)
    return [each["run"]["facets"]["number"]["is"] for found in pages for each in found.events]


@pytest.mark.parametrize("length", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("after_is_included", [True, False])
def test_every_event_is_read_once_whatever_a_page_holds(length: int, *, after_is_included: bool) -> None:
    marquez = Marquez([numbered(number) for number in range(20)], after_is_included=after_is_included)
    with running(marquez) as url:
        assert list(range(20)) == numbers(url, page=length)


@pytest.mark.parametrize("length", [1, 2, 4, 50])
def test_more_events_of_one_time_than_a_page_holds_are_all_read(length: int) -> None:
    log = [numbered(number, minute=0 if number < 3 else 5 if number < 12 else 9) for number in range(15)]
    with running(Marquez(log)) as url:
        assert set(range(15)) == set(numbers(url, page=length))


def test_a_server_may_give_less_than_was_asked_for() -> None:
    with running(Marquez([numbered(number) for number in range(20)], most=3)) as url:
        assert list(range(20)) == numbers(url, page=50)


def test_events_that_come_and_go_meanwhile_hide_none_that_is_there() -> None:
    marquez = Marquez([numbered(number) for number in range(10, 30)])

    def change() -> None:
        # Its retention removes what is old: by position alone, others would move to where was read already.
        marquez.log = [numbered(0), *marquez.log[3:]]

    marquez.between = change
    with running(marquez) as url:
        assert {*range(10, 14), *range(24, 30)} <= set(numbers(url, page=8))


def test_what_comes_at_the_end_meanwhile_is_read_too() -> None:
    marquez = Marquez([numbered(1)])
    new = iter([numbered(2), numbered(3)])
    marquez.between = lambda: marquez.log.extend(each for each in [next(new, None)] if each is not None)
    with running(marquez) as url:
        assert [1, 2, 3] == numbers(url, page=5)


def test_reading_goes_on_from_a_time() -> None:
    with running(Marquez([numbered(number) for number in range(10)])) as url:
        since = datetime(2026, 5, 1, 2, 7, tzinfo=UTC)
        assert [7, 8, 9] == numbers(url, page=2, since=since)
        pages = list(MarquezServer(f"{url}/api/v1/", page=4).events(since))
    assert (3, datetime(2026, 5, 1, 2, 9, tzinfo=UTC)) == (pages[0].total, pages[-1].reached)


def test_times_beyond_its_own_default_are_asked_for() -> None:
    log = [event("START", time="2031-01-01T00:00:00Z", run_facets={"number": {"is": 1}})]
    with running(Marquez(log)) as url:
        assert [1] == numbers(url, page=5)


def test_a_server_that_fails_for_a_moment_is_asked_again_with_the_key() -> None:
    marquez = Marquez([numbered(1)])
    with running(marquez, failing=2) as url:
        [page] = MarquezServer(url, token="key", page=5).events()
    assert (1, {"Bearer key"}) == (len(page.events), set(marquez.keys))


@pytest.mark.parametrize("wrong", [b"", b"<html>", b"[]", b"{}", b'{"events": 1}'])
def test_what_does_not_answer_as_marquez_does_is_told(wrong: bytes) -> None:
    with running(Marquez([]), wrong=wrong) as url, pytest.raises(ServerUnreachableError, match="Marquez"):
        list(MarquezServer(url).events())


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        MarquezServer("localhost:5000")


def test_one_lake_read_from_another_has_the_same_facts() -> None:
    stores = [MemoryStores(), MemoryStores()]
    old, new = map(open_embedded, stores)
    every: list[Any] = [each for events in SCENARIOS.values() for each in events]
    every += [
        {"eventTime": "2026-05-01T00:00:00Z", "dataset": {"namespace": "n", "name": "d"}},
        {"eventTime": "2026-05-01T00:00:00Z", "job": {"namespace": "n", "name": "j"}, "inputs": []},
    ]
    old.lineage.ingest(every)
    with served(old) as url:
        for page in MarquezServer(url, token=TOKEN, page=5).events():
            new.lineage.ingest(page.events)
        with pytest.raises(AccessDeniedError):
            list(MarquezServer(url, token="wrong").events())
    with stores[0].lineage.write() as one, stores[1].lineage.write() as other:
        assert one.digests() == other.digests()


def test_an_address_where_nobody_is_is_told_as_that_of_marquez() -> None:
    with socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        server = MarquezServer(url, pause=lambda _: None)
        with pytest.raises(
            ServerUnreachableError, match=f"from Marquez at {url}:.*that Marquez runs"
        ) as caught:
            list(server.events())
    assert "lineageflow" not in caught.value.message
