"""The operations of a lake as HTTP routes, made from the table: nobody writes one by hand.

FastAPI describes them (OpenAPI); msgspec decodes what comes and encodes what goes, so that there is one
mapping to JSON. Invariant: this module knows no operation by name.
"""

import inspect
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Body, Header, Path, Query
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.wire.codec import decode, encode, from_text
from lineageflow_core.wire.problem import MEDIA_TYPE, Problem
from lineageflow_core.wire.routes import API_PREFIX, KEY_HEADER, ROUTES, Route, Verb
from lineageflow_server.access.guard import needs
from lineageflow_server.api.bodies import read_body
from lineageflow_server.caching import FOREVER

PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What was wrong, what was expected, what to do next (RFC 9457).",
        "model": Problem,
        "content": {MEDIA_TYPE: {}},
    }
}


class PlainRoute(APIRoute):
    """A route that FastAPI describes from its endpoint's signature, and that runs on the bare request."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        return self.endpoint


def operations_router(catalog: Catalog, *, max_body: int) -> APIRouter:
    """Returns a router with every row of the table. `max_body` is in bytes."""
    router = APIRouter(prefix=API_PREFIX, route_class=PlainRoute)
    for route in ROUTES:
        member = getattr(catalog, route.member)
        router.add_api_route(
            route.path,
            needs(route.scope)(_endpoint(route, member, max_body)),
            methods=[route.verb],
            operation_id=route.name,
            tags=[route.member],
            summary=summary_of(route.documentation),
            description=route.documentation,
            response_model=route.returns,
            responses=PROBLEMS,
        )
    return router


def summary_of(documentation: str) -> str:
    """Returns the first sentence of a docstring."""
    return re.split(r"(?<=\.)\s|\n\n", documentation, maxsplit=1)[0].replace("\n", " ").rstrip(".")


def _endpoint(route: Route, member: Any, max_body: int) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        body = await read_body(request, limit=max_body) if route.verb is Verb.POST else b""

        def call() -> bytes:
            rest = _rest(route, request, body)
            arguments = {name: getattr(rest, name) for name in route.in_rest}
            if route.has_key:
                key = request.headers.get(KEY_HEADER)
                arguments["key"] = unquote(key) if key else None
            named = from_text(request.path_params, route.named)
            arguments |= {name: getattr(named, name) for name in route.in_path}
            return encode(getattr(member, route.name)(**arguments))

        return Response(
            await run_in_threadpool(call), media_type="application/json", headers=_lifetime(route, request)
        )

    endpoint.__signature__ = _described(route)  # type: ignore[attr-defined]
    return endpoint


def _lifetime(route: Route, request: Request) -> dict[str, str]:
    fixed = route.is_fixed({**request.query_params, **request.path_params})
    return {"Cache-Control": FOREVER} if fixed else {}


def _rest(route: Route, request: Request, body: bytes) -> Any:
    if route.verb is Verb.POST:
        return decode(body or b"{}", route.rest)
    query = request.query_params
    unknown = sorted(set(query) - set(route.in_rest))
    if unknown:
        expected = ", ".join(route.in_rest) or "none"
        raise InvalidInputError(f"{route.name} has no parameter {unknown[0][:200]!r}; it has: {expected}")
    return from_text(dict(query), route.rest, in_json=route.in_json)


def _described(route: Route) -> inspect.Signature:
    """Returns the signature that FastAPI reads: where each parameter is, its type and its default."""
    place = Body(embed=True) if route.verb is Verb.POST else Query()

    def parameter(name: str, kind: Any, default: Any) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)

    parameters = [
        *(
            parameter(name, Annotated[route.types[name], Path()], inspect.Parameter.empty)
            for name in route.in_path
        ),
        *(
            parameter(name, Annotated[_type_of(route, name), place], _default_of(route, name))
            for name in route.in_rest
        ),
    ]
    if route.has_key:
        text = "Called again with the same key, the operation changes nothing and gives the same answer."
        header = Annotated[str | None, Header(alias=KEY_HEADER, description=text)]
        parameters.append(parameter("key", header, None))
    return inspect.Signature(parameters)


def _type_of(route: Route, name: str) -> Any:
    return route.types[name] if _is_plain(route, name) else str


def _default_of(route: Route, name: str) -> Any:
    default = route.default(name)
    return (
        default if _is_plain(route, name) or default is inspect.Parameter.empty else encode(default).decode()
    )


def _is_plain(route: Route, name: str) -> bool:
    """Tells whether a parameter is described by its type; in a query, what holds several values is text."""
    return route.verb is Verb.POST or name not in route.in_json
