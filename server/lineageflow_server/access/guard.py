"""The guard at every route: a caller whose scopes do not suffice goes no further.

What a route needs is declared beside what answers it (`needs`), by the table of routes for what is in that.
Invariant: no route of the application is without a guard, and none is without a declaration.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Request

from lineageflow_core.errors import ScopeMissingError
from lineageflow_core.model.token import Scope
from lineageflow_server.access.credentials import Caller
from lineageflow_server.access.gate import CALLER
from lineageflow_server.api.problems import problem_response

SECURITY_SCHEME = "token"
"""What the OpenAPI document calls it."""

T = TypeVar("T")

_DECLARED = "needed_scope"


def needs(scope: Scope | None) -> Callable[[T], T]:
    """Declares what an endpoint, or an application that is mounted, needs.

    None: no scope; whether it needs a token, the gate says.
    """

    def declare(endpoint: T) -> T:
        setattr(endpoint, _DECLARED, scope)
        return endpoint

    return declare


def needed_by(route: BaseRoute) -> Scope | None:
    """Returns what a route needs. Raises TypeError if it does not say so."""
    answering = route.endpoint if isinstance(route, Route) else getattr(route, "_base_app", None)
    try:
        needed: Scope | None = getattr(answering, _DECLARED)
    except AttributeError:
        raise TypeError(f"{route} does not say which scope it needs: declare that with @needs") from None
    return needed


def guarded(routes: Iterable[BaseRoute]) -> list[BaseRoute]:
    """Returns routes that let through those callers whose scopes suffice.

    Raises TypeError for one that does not say what it needs.
    """
    found = []
    for route in routes:
        needed = needed_by(route)
        if needed is not None:
            assert isinstance(route, Route | Mount)
            route.app = _Guard(route.app, needed)
            if isinstance(route, APIRoute):
                security: dict[str, Any] = {"security": [{SECURITY_SCHEME: [needed.value]}]}
                route.openapi_extra = {**(route.openapi_extra or {}), **security}
        found.append(route)
    return found


class _Guard:
    """An ASGI application in front of a route's."""

    def __init__(self, app: ASGIApp, needed: Scope) -> None:
        self._app = app
        self._needed = needed

    async def __call__(self, scope: Request, receive: Receive, send: Send) -> None:
        caller: Caller = scope[CALLER]  # which the gate has put there
        if caller.allows(self._needed):
            await self._app(scope, receive, send)
            return
        needed = self._needed.value
        error = ScopeMissingError(
            f"this needs the scope {needed!r}, and {caller.name} has {' and '.join(caller.scopes)} only: use "
            f"a token that has it; with an admin token, `lineageflow token create NAME --scope {needed}` "
            "makes one",
            needed=needed,
            scopes=list(caller.scopes),
        )
        challenge = f'Bearer error="insufficient_scope", scope="{needed}"'
        await problem_response(error, headers={"WWW-Authenticate": challenge})(scope, receive, send)
