"""`up`: the lake, served with its page."""

from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.location import TOKEN_VARIABLE
from lineageflow_core.model.secrets import without_password

_SERVER = "lineageflow_server.serve"


def up(
    invocation: Invocation,
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="LAKE",
            help="The lake's folder, made if it is none yet; or 'postgresql://user@host/database'.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            "-p",
            min=0,
            max=65535,
            metavar="N",
            help="The port to listen on; else 8765, or a free one if that is taken.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="The address to listen on; 0.0.0.0 is all of this machine's. Only names that "
            "LINEAGEFLOW_ALLOWED_HOSTS has are answered to.",
        ),
    ] = "127.0.0.1",
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the page in a browser.")] = False,
    no_auth: Annotated[
        bool,
        typer.Option("--no-auth", help="Ask nobody for a token. Only where no other machine can connect."),
    ] = False,
) -> None:
    """Serve a lake with its web page, until Ctrl-C."""
    serve = _server()
    lake = address or invocation.lake
    if lake.startswith(("http://", "https://")):
        raise InvalidInputError(f"{lake!r} is a server already; name a folder or a database to be served")
    output, shown = invocation.output, without_password(lake)

    def announce(serving: Any) -> None:
        output.document({"lake": shown, "url": serving.url, "page": serving.page, "token": serving.token})
        output.card(
            [
                ("lake", cells.text(shown)),
                ("page", cells.text(serving.page, "name")),
                ("api", cells.text(f"{serving.url}/docs")),
                ("token", cells.text(serving.token)),
            ]
        )
        output.flush()
        if serving.token:
            output.note(f"other programs connect with --lake {serving.url} and {TOKEN_VARIABLE}=<token>")
        output.note("Ctrl-C stops it")

    serve(
        lake,
        announce=announce,
        host=host,
        port=port,
        open_browser=not no_open and output.is_terminal,
        no_auth=no_auth,
    )


def _server() -> Callable[..., None]:
    """Returns the function that serves. The core does not depend on the server: it is there or not."""
    try:
        serve: Callable[..., None] = import_module(_SERVER).serve
    except ModuleNotFoundError as error:
        if not _SERVER.startswith(error.name or "?"):
            raise  # something that the server needs is broken
        raise InvalidInputError(
            "the server is not installed here; `pip install 'lineageflow-core[sql]'` brings it"
        ) from None
    return serve
