"""Logging a browser in: by the address that `lineageflow up` opens, once, or by a token in a form.

The session may do what the token may that it was logged in with, for as long as that holds.
"""

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from lineageflow_core.model.token import Scope
from lineageflow_server.access.credentials import (
    LOGIN_PATH,
    OWNER,
    Caller,
    Credentials,
    UnknownCallerError,
)
from lineageflow_server.access.guard import needs
from lineageflow_server.api.bodies import read_body

_MAX_FORM = 4096

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>LineageFlow</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 26rem;
margin: 20vh auto 0; padding: 0 1rem }}
input, button {{ font: inherit; width: 100%; box-sizing: border-box; padding: .5rem;
margin-top: .5rem }}</style>
<h1>LineageFlow</h1><p>{message}</p>
<form method="post" action="{action}"><label>Access token
<input name="token" type="password" autocomplete="current-password" required autofocus></label>
<button>Log in</button></form></html>
"""
_PASTE = (
    "Paste the token that <code>lineageflow up</code> printed, or one that <code>lineageflow token "
    "create</code> made."
)


def login_routes(credentials: Credentials | None) -> list[Route]:
    """Returns the routes that start a session."""

    @needs(None)
    async def by_code(request: Request) -> Response:
        code = request.query_params.get("token")
        if credentials is None:
            return RedirectResponse("/", status_code=303)
        if code is None:
            return _form(_PASTE)  # also for who is logged in, and wants to be so with another token
        if credentials.take_login_code(code):
            return _started(credentials, request, OWNER)
        if await _is_logged_in(credentials, request):
            return RedirectResponse("/", status_code=303)
        return _form(f"This link was used already. {_PASTE}", 401)

    @needs(None)
    async def by_token(request: Request) -> Response:
        form = parse_qs((await read_body(request, limit=_MAX_FORM)).decode(errors="replace"))
        if credentials is None:
            return RedirectResponse("/", status_code=303)
        try:
            caller = await credentials.of_token(form.get("token", [""])[0].strip())
        except UnknownCallerError as error:
            return _form(f"That did not work: {escape(error.details['reason'])}. {_PASTE}", 401)
        if not caller.allows(Scope.READ):
            return _form(f"There is nothing to see with {escape(caller.name)}: it may not read.", 403)
        return _started(credentials, request, caller)

    return [
        Route(LOGIN_PATH, by_code, methods=["GET"]),
        Route(LOGIN_PATH, by_token, methods=["POST"]),
    ]


async def _is_logged_in(credentials: Credentials, request: Request) -> bool:
    try:
        await credentials.of_session(request.cookies.get(credentials.cookie, ""))
    except UnknownCallerError:
        return False
    return True


def _form(message: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(message=message, action=escape(LOGIN_PATH)), status_code=status)


def _started(credentials: Credentials, request: Request, caller: Caller) -> Response:
    session = credentials.new_session(caller)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        credentials.cookie,
        session.value,
        max_age=session.seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response
