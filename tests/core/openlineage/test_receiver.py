"""How events travel to a receiver, and what its answers mean."""

import gzip
import json
import socket
from collections.abc import Iterator

import httpx2
import pytest

from lineageflow_core.errors import AccessDeniedError, ServerUnreachableError
from lineageflow_core.openlineage.canonical import canonical_json
from lineageflow_core.openlineage.receiver import Failure, Receiver, bearer_of
from tests.core.openlineage.letters import an_event
from tests.servers.receivers import Answer, FaultyReceiver, faulty_receiver, unavailable


@pytest.fixture
def faulty() -> Iterator[FaultyReceiver]:
    with faulty_receiver() as receiver:
        yield receiver


def bodies(*producers: str) -> list[bytes]:
    return [canonical_json(an_event(number, producer=name)) for number, name in enumerate(producers)]


def receiver_of(*answers: httpx2.Response) -> Receiver:
    """A receiver that gives these answers, one after the other."""
    left = iter(answers)
    return Receiver("http://lake.example", wire=httpx2.MockTransport(lambda _: next(left)))


def test_a_batch_is_a_bare_array_in_gzip_at_the_address_of_the_specification() -> None:
    seen: list[httpx2.Request] = []

    def take(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(204)

    receiver = Receiver(
        "https://lake.example/at/", bearer=bearer_of("secret"), wire=httpx2.MockTransport(take)
    )
    assert {} == receiver.send(bodies("a", "b"))
    (request,) = seen
    assert "https://lake.example/at/api/v1/lineage/batch" == str(request.url)
    assert "Bearer secret" == request.headers["Authorization"]
    assert ("application/json", "gzip") == (
        request.headers["Content-Type"],
        request.headers["Content-Encoding"],
    )
    sent = json.loads(gzip.decompress(request.content))
    assert ["a", "b"] == [event["producer"] for event in sent]


def test_what_failed_is_told_by_its_place(faulty: FaultyReceiver) -> None:
    faulty.refuses, faulty.postpones = ["bad"], ["later"]
    failures = Receiver(faulty.url).send(bodies("ok", "bad", "ok", "later"))
    assert {
        1: Failure(reason="not this", retriable=False),
        3: Failure(reason="not this", retriable=True),
    } == failures
    assert 2 == len(faulty.stored)


def test_what_was_not_understood_but_is_stored_there_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    reply = {
        "status": "partial_success",
        "summary": {"received": 2, "failed": 1},
        "failed_events": [{"index": 1, "reason": "no job", "retriable": False, "event_id": "ab12"}],
    }
    assert {} == receiver_of(httpx2.Response(200, json=reply)).send(bodies("a", "b"))
    assert "does not understand: no job" in caplog.text


def test_a_receiver_without_batches_gets_events_one_by_one(faulty: FaultyReceiver) -> None:
    faulty.takes_batches = False
    faulty.refuses = ["bad"]
    receiver = Receiver(faulty.url)
    failures = receiver.send(bodies("ok", "bad", "ok"))
    assert [1] == list(failures)
    assert not failures[1].retriable
    receiver.send(bodies("ok"))
    assert ["/api/v1/lineage"] * 4 == [path for path, _, _ in faulty.requests]


def test_a_batch_that_is_refused_as_a_whole_is_sent_in_halves(faulty: FaultyReceiver) -> None:
    faulty.script += [
        Answer(status=413, body=b"", stores=False),
        Answer(),
        Answer(status=422, body=b"", stores=False),
        Answer(status=422, body=b"one of them", stores=False),
    ]
    failures = Receiver(faulty.url).send(bodies("a", "b", "c", "d"))
    assert {2: Failure(reason="422 one of them", retriable=False)} == failures
    assert [4, 2, 2, 1, 1] == [number for _, _, number in faulty.requests]
    assert ["a", "b", "d"] == [event["producer"] for event in faulty.stored]


@pytest.mark.parametrize("takes_batches", [True, False])
def test_an_event_that_the_receiver_fails_at_holds_up_no_others(
    takes_batches: bool,  # noqa: FBT001
    faulty: FaultyReceiver,
) -> None:
    faulty.takes_batches, faulty.fails_at = takes_batches, ["poison"]
    failures = Receiver(faulty.url).send(bodies("poison", "poison", *"abc", "poison", "d"))
    assert {0: True, 1: True, 5: True} == {place: each.retriable for place, each in failures.items()}
    assert [*"abcd"] == [event["producer"] for event in faulty.stored]


def test_a_receiver_that_fails_at_everything_is_soon_left_alone(faulty: FaultyReceiver) -> None:
    faulty.fails_at = ["a"]
    with pytest.raises(ServerUnreachableError, match="500"):
        Receiver(faulty.url).send(bodies(*"a" * 500))
    assert 50 > len(faulty.requests)


def test_what_comes_after_a_receiver_gave_up_is_left_for_later(faulty: FaultyReceiver) -> None:
    faulty.takes_batches = False
    faulty.script += [Answer(), Answer(), unavailable()]
    failures = Receiver(faulty.url).send(bodies(*"abcd"))
    assert {2: True, 3: True} == {place: each.retriable for place, each in failures.items()}
    assert [*"ab"] == [event["producer"] for event in faulty.stored]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408, 404, 302])
def test_what_may_pass_is_no_refusal(status: int) -> None:
    answers = [httpx2.Response(status, headers={"Retry-After": "7"}) for _ in range(2)]
    with pytest.raises(ServerUnreachableError) as error:
        receiver_of(*answers).send(bodies("a"))
    assert 7.0 == error.value.details["retry_after"]


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_do_not_suffice_are_told(status: int) -> None:
    with pytest.raises(AccessDeniedError, match="mend the token"):
        receiver_of(httpx2.Response(status)).send(bodies("a"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>welcome to the airport</html>",
        b"{}",
        b'{"status": "success", "summary": {"received": 7}}',
        b'{"status": "success", "summary": {"received": 2, "failed": 1}}',
        b'{"status": "partial_success", "failed_events": [{"index": 2}]}',
        b'{"status": "partial_success", "failed_events": [{"index": -1}]}',
    ],
)
def test_an_answer_that_is_not_about_this_batch_takes_nothing(content: bytes) -> None:
    with pytest.raises(ServerUnreachableError):
        receiver_of(httpx2.Response(200, content=content)).send(bodies("a", "b"))


def test_a_page_is_no_answer_to_one_event_either() -> None:
    page = httpx2.Response(200, headers={"Content-Type": "text/html; charset=utf-8"}, content=b"<html>")
    with pytest.raises(ServerUnreachableError, match="proxy"):
        receiver_of(httpx2.Response(404), page).send(bodies("a"))


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ServerUnreachableError, match="check the address"):
        Receiver(url).send(bodies("a"))


def test_a_reply_that_is_lost_is_unreachable(faulty: FaultyReceiver) -> None:
    faulty.script.append(Answer(drops=True))
    receiver = Receiver(faulty.url)
    with pytest.raises(ServerUnreachableError):
        receiver.send(bodies("a"))
    assert {} == receiver.send(bodies("a"))
    assert 1 == len(set(faulty.digests)) < len(faulty.digests)


def test_a_provider_that_gets_no_token_is_asked_again_later(faulty: FaultyReceiver) -> None:
    def no_token() -> str | None:
        raise RuntimeError("the token endpoint is down")

    with pytest.raises(ServerUnreachableError, match="the token endpoint is down"):
        Receiver(faulty.url, bearer=no_token).send(bodies("a"))


@pytest.mark.parametrize("token", ["secret\n", "sécret"])
def test_a_token_that_no_header_holds_is_told_and_not_shown(faulty: FaultyReceiver, token: str) -> None:
    with pytest.raises(ServerUnreachableError, match="the token holds") as error:
        Receiver(faulty.url, bearer=bearer_of(token)).send(bodies("a"))
    assert token not in str(error.value)


def test_after_a_receiver_that_was_nowhere_batches_are_tried_again(faulty: FaultyReceiver) -> None:
    faulty.script += [unavailable(404), unavailable(404)]
    receiver = Receiver(faulty.url)
    with pytest.raises(ServerUnreachableError):
        receiver.send(bodies("a"))
    receiver.send(bodies("a", "b"))
    assert ("/api/v1/lineage/batch", 2) == (faulty.requests[-1][0], faulty.requests[-1][2])
