"""`open_remote`: a lake on a server as a Catalog, its members made from the table of routes."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote
from uuid import uuid4

from lineageflow_core.catalog import (
    Catalog,
    Checks,
    Collecting,
    Content,
    Events,
    History,
    Jobs,
    KnownDatasets,
    Lineage,
    Live,
    Merging,
    Objects,
    Operations,
    Overview,
    Plans,
    Quarantines,
    Refs,
    Repositories,
    Settings,
    Staging,
    Tables,
    Tokens,
    Transactions,
    Transfers,
    Upkeep,
)
from lineageflow_core.errors import InvalidInputError, ServerUnreachableError
from lineageflow_core.model.text import not_utf8
from lineageflow_core.remote.content import RemoteContent
from lineageflow_core.remote.direct import DirectContents
from lineageflow_core.remote.transport import Exchange, Transport
from lineageflow_core.wire.codec import decode, encode, to_text
from lineageflow_core.wire.routes import KEY_HEADER, ROUTES, Route, Verb

if TYPE_CHECKING:
    import httpx2


def open_remote(
    url: str, token: str | None = None, *, direct: bool = True, wire: "httpx2.BaseTransport | None" = None
) -> Catalog:
    """Returns the lake that the server at `url` serves. Nothing is sent yet.

    Bytes go straight to and from a repository's bucket where this process can reach it with the credentials
    in its own environment, and through the server otherwise; without `direct` they always go through the
    server.
    `wire` replaces the network in tests.
    """
    return remote_catalog(Transport(url, token=token, wire=wire), direct=direct)


def remote_catalog(transport: Transport, *, direct: bool = True) -> Catalog:
    """Returns the lake at the other end of `transport`; see `open_remote` about `direct`."""
    repositories = cast(Repositories, _member("repositories")(transport))
    buckets = DirectContents(repositories.get_repository) if direct else None
    return Catalog(
        repositories=repositories,
        settings=cast(Settings, _member("settings")(transport)),
        refs=cast(Refs, _member("refs")(transport)),
        checks=cast(Checks, _member("checks")(transport)),
        operations=cast(Operations, _member("operations")(transport)),
        history=cast(History, _member("history")(transport)),
        merging=cast(Merging, _member("merging")(transport)),
        staging=cast(Staging, _member("staging")(transport)),
        objects=cast(Objects, _member("objects")(transport)),
        content=cast(Content, _member("content", RemoteContent)(transport, buckets)),
        transactions=cast(Transactions, _member("transactions")(transport)),
        lineage=cast(Lineage, _member("lineage")(transport)),
        events=cast(Events, _member("events")(transport)),
        datasets=cast(KnownDatasets, _member("datasets")(transport)),
        upkeep=cast(Upkeep, _member("upkeep")(transport)),
        jobs=cast(Jobs, _member("jobs")(transport)),
        live=cast(Live, _member("live")(transport)),
        overview=cast(Overview, _member("overview")(transport)),
        plans=cast(Plans, _member("plans")(transport)),
        quarantine=cast(Quarantines, _member("quarantine")(transport)),
        tables=cast(Tables, _member("tables")(transport)),
        collection=cast(Collecting, _member("collection")(transport)),
        transfers=cast(Transfers, _member("transfers")(transport)),
        tokens=cast(Tokens, _member("tokens")(transport)),
    )


class _Remote:
    """What every member is made on."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport


@cache
def _member(member: str, base: type = _Remote) -> Callable[..., Any]:
    methods = {route.name: _method(route) for route in ROUTES if route.member == member}
    return type(f"Remote{member.capitalize()}", (base,), methods)


def _method(route: Route) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = route.signature.bind(self, *args, **kwargs).arguments
        try:
            return _call(self._transport, route, given)
        except UnicodeEncodeError as error:
            raise not_utf8(error.object) from None

    method.__name__ = route.name
    method.__qualname__ = f"Remote{route.member.capitalize()}.{route.name}"
    method.__doc__ = route.documentation
    method.__signature__ = route.signature  # type: ignore[attr-defined]
    return method


def _call(transport: Transport, route: Route, given: Mapping[str, Any]) -> Any:
    # What was not given is not sent: the server's own default holds, also where it has parameters more.
    rest = {name: given[name] for name in route.in_rest if name in given}
    headers = {}
    if route.has_key:
        # A key even where the caller has none, so that a retry after a lost answer is not a second commit.
        headers[KEY_HEADER] = quote(given.get("key") or str(uuid4()), safe="")
    body = b""
    if route.verb is Verb.POST:
        body = encode(rest)
        rest = {}
        headers["Content-Type"] = "application/json"
    exchange = Exchange(
        verb=route.verb,
        path=route.url(given),
        query={name: to_text(value) for name, value in rest.items() if value is not None},
        headers=headers,
        body=lambda: body,
    )
    content = transport.send(exchange, lambda response: response.read())
    try:
        return decode(content, route.returns)
    except InvalidInputError as error:
        raise ServerUnreachableError(
            f"{transport.url} answered {route.name} with something else than a LineageFlow server does "
            f"({error.message}); check the address, and that server and client are of versions that fit",
            url=transport.url,
        ) from error
