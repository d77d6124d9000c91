"""`outbox`: events that wait on this machine until a server takes them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.failures import FAILURE
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.output import Column
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.location import TOKEN_VARIABLE, is_folder
from lineageflow_core.model.outbox import OutboxStatus
from lineageflow_core.openlineage.delivery import deliver_all
from lineageflow_core.openlineage.outbox import VARIABLE, Outbox, outbox_folder, receivers_in
from lineageflow_core.openlineage.receiver import Receiver, bearer_of

_COLUMNS = (
    Column(name="receiver"),
    Column(name="waiting", right=True),
    Column(name="size", right=True),
    Column(name="oldest"),
    Column(name="refused", right=True),
)

FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--outbox",
        metavar="FOLDER",
        help=f"Where events wait. Else {VARIABLE}, else lineageflow/outbox in the user's state folder.",
        show_default=False,
    ),
]


def show_status(invocation: Invocation, outbox: FolderOption = None) -> None:
    """Show which events wait on this machine, and for which server."""
    folder = _folder(outbox)
    found = [Outbox(folder, url).status() for url in receivers_in(folder)]
    invocation.output.listing(found, _COLUMNS, _row)
    for status in found:
        for reason in status.reasons:
            invocation.output.note(f"{status.receiver} refused: {reason}")


def flush(
    invocation: Invocation,
    outbox: FolderOption = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="Also what the server has refused before.")
    ] = False,
) -> None:
    """Deliver the events that wait for the server, whichever process left them."""
    folder = _folder(outbox)
    if is_folder(invocation.lake):
        waiting = ", ".join(receivers_in(folder)) or "no server"
        raise InvalidInputError(
            f"{invocation.shown_lake!r} is no server, and takes events at once: name one with --lake URL "
            f"(events wait for {waiting})"
        )
    box = Outbox(folder, invocation.lake)
    if refused:
        box.readmit()
    token = os.environ.get(TOKEN_VARIABLE) or None
    with invocation.output.waiting("delivering"):
        delivery = deliver_all(box, Receiver(box.url, bearer=bearer_of(token)))
    output = invocation.output
    output.document(delivery)
    output.card(
        [
            ("receiver", cells.text(delivery.receiver, "name")),
            ("delivered", cells.count(delivery.delivered)),
            ("refused", cells.count(delivery.refused)),
            ("left", cells.count(delivery.left)),
        ]
    )
    if delivery.refused:
        output.note(f"{invocation.command('outbox', 'status')} tells why events were refused")
    if delivery.refused or delivery.left:
        raise typer.Exit(FAILURE)


def _folder(given: Path | None) -> Path:
    folder = given.absolute() if given else outbox_folder(os.environ)
    if folder is None:
        raise InvalidInputError(f"there is no home folder: name the outbox with --outbox or {VARIABLE}")
    return folder


def _row(status: OutboxStatus) -> Sequence[cells.Cell]:
    return (
        cells.text(status.receiver, "name"),
        cells.count(status.waiting),
        cells.size(status.waiting_bytes),
        cells.when(status.oldest),
        cells.count(status.refused),
    )
