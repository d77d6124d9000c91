"""Publications as the log tells them."""

from lineageflow_core.model.operation import Operation, RefMove
from lineageflow_core.store.ports import Publication


def operation_of(number: int, done: Publication) -> Operation:
    """Returns a publication under its number in the log."""
    return Operation(
        id=number,
        operation=done.operation,
        actor=done.actor,
        at=done.at,
        moves=tuple(
            RefMove(ref=update.ref, before=update.expected, after=update.new)
            for update in done.updates
            if update.expected != update.new
        ),
        settings=done.settings,
        repository=done.repository,
        check=done.check,
        quarantines=done.quarantines,
        undoes=done.undoes,
        message=done.message,
    )
