"""Logging a browser in: by the address that `lineageflow up` opens, once, or by the token in a form."""

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from lineageflow_server.access.credentials import SESSION_SECONDS, Credentials
from lineageflow_server.access.gate import LOGIN_PATH
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


def login_routes(credentials: Credentials | None) -> list[Route]:
    """Returns the routes that start a session."""

    def by_code(request: Request) -> Response:
        code = request.query_params.get("token")
        if credentials is None or credentials.is_session(request.cookies.get(credentials.cookie, "")):
            return RedirectResponse("/", status_code=303)
        if code is None:
            return _form("Paste the token that <code>lineageflow up</code> printed.")
        if credentials.take_login_code(code):
            return _started(credentials, request)
        return _form(
            "This link was used already. Paste the token that <code>lineageflow up</code> printed.", 401
        )

    async def by_token(request: Request) -> Response:
        form = parse_qs((await read_body(request, limit=_MAX_FORM)).decode(errors="replace"))
        if credentials is None:
            return RedirectResponse("/", status_code=303)
        if credentials.is_token(form.get("token", [""])[0].strip()):
            return _started(credentials, request)
        return _form("That is not this server's token.", 401)

    return [
        Route(LOGIN_PATH, by_code, methods=["GET"]),
        Route(LOGIN_PATH, by_token, methods=["POST"]),
    ]


def _form(message: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(message=message, action=escape(LOGIN_PATH)), status_code=status)


def _started(credentials: Credentials, request: Request) -> Response:
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        credentials.cookie,
        credentials.new_session(),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response
