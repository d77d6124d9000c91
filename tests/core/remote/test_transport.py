"""What the client does when the network or the server does not. The server is told here as plain answers."""

from collections.abc import Callable

import httpx2
import pytest

from lineageflow_core.errors import (
    AccessDeniedError,
    InvalidInputError,
    RefMovedError,
    ServerUnreachableError,
    StorageError,
)
from lineageflow_core.remote.transport import Exchange, Transport
from lineageflow_core.wire.problem import encode_problem, problem_of

URL = "http://lake.example:8765"
ASK = Exchange(verb="POST", path="/api/v1/x", query={"a": "b c"}, headers={}, body=lambda: b"{}")

Answer = Callable[[httpx2.Request], httpx2.Response]


class Network:
    """Gives one answer after another, the last one for ever, and remembers what was asked and waited."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.requests: list[httpx2.Request] = []
        self.pauses: list[float] = []

    def transport(self, token: str | None = None) -> Transport:
        return Transport(URL, token=token, wire=httpx2.MockTransport(self._answer), pause=self.pauses.append)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answer(request)


def _fine(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, content=b"fine")


def _refused(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("connection refused")


def _silent(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.ReadTimeout("")


def _overloaded(_: httpx2.Request) -> httpx2.Response:
    problem = encode_problem(problem_of(StorageError("the disk is busy")))
    return httpx2.Response(503, content=problem, headers={"Retry-After": "3"})


def _moved(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(409, content=encode_problem(problem_of(RefMovedError("moved", actual="c2"))))


def _stranger(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(404, html="<h1>Welcome to nginx</h1>")


def _read(response: httpx2.Response) -> bytes:
    return response.read()


def test_what_the_server_answers_is_read() -> None:
    assert b"fine" == Network(_fine).transport().send(ASK, _read)


def test_a_request_goes_where_it_should_with_the_token() -> None:
    network = Network(_fine)
    network.transport(token="secret").send(ASK, _read)
    [request] = network.requests
    assert (f"{URL}/api/v1/x?a=b+c", "Bearer secret") == (str(request.url), request.headers["Authorization"])


@pytest.mark.parametrize("failure", [_refused, _silent, _overloaded])
def test_what_may_pass_is_tried_again(failure: Answer) -> None:
    network = Network(failure, failure, _fine)
    assert b"fine" == network.transport().send(ASK, _read)
    assert 3 == len(network.requests)


def test_pauses_between_tries_grow() -> None:
    network = Network(_refused, _refused, _refused, _refused, _fine)
    network.transport().send(ASK, _read)
    assert sorted(network.pauses) == network.pauses


def test_the_server_says_how_long_to_wait() -> None:
    network = Network(_overloaded, _fine)
    network.transport().send(ASK, _read)
    assert [3.0] == network.pauses


@pytest.mark.parametrize(
    "failure, said", [(_refused, "connection refused"), (_silent, "did not answer in time")]
)
def test_a_server_that_stays_away_is_named_with_what_to_do(failure: Answer, said: str) -> None:
    with pytest.raises(ServerUnreachableError, match=rf"{URL}.*{said}.*lineageflow up") as raised:
        Network(failure).transport().send(ASK, _read)
    assert URL == raised.value.details["url"]


def test_a_failure_that_does_not_pass_is_what_the_server_says() -> None:
    with pytest.raises(StorageError, match="the disk is busy"):
        Network(_overloaded).transport().send(ASK, _read)


def test_an_error_is_raised_as_what_it_is_and_not_tried_again() -> None:
    network = Network(_moved)
    with pytest.raises(RefMovedError) as raised:
        network.transport().send(ASK, _read)
    assert ({"actual": "c2"}, 1) == (raised.value.details, len(network.requests))


def test_an_answer_that_is_no_lakes_says_so() -> None:
    with pytest.raises(ServerUnreachableError, match="404, but not as a LineageFlow server"):
        Network(_stranger).transport().send(ASK, _read)


@pytest.mark.parametrize(
    "url",
    [
        "lake.example",
        "ftp://lake.example",
        "http://",
        "http://x/?token=secret",
        "http://x:99999",
        "http://[::1",
        "http://two words",
    ],
)
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a server's address"):
        Transport(url)


@pytest.mark.parametrize("token", ["secret\n", "sécret"])
def test_a_token_that_no_header_holds_is_told_and_not_shown(token: str) -> None:
    with pytest.raises(InvalidInputError, match="the token holds") as raised:
        Transport("http://lake.example", token=token)
    assert token not in str(raised.value)


def test_a_wrong_token_is_not_tried_again() -> None:
    def denied(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(
            401, content=encode_problem(problem_of(AccessDeniedError("wrong"), status=401))
        )

    network = Network(denied)
    with pytest.raises(AccessDeniedError):
        network.transport(token="wrong").send(ASK, _read)
    assert 1 == len(network.requests)
