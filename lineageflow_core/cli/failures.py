"""What goes wrong, as an exit code and as words on stderr: the one place that maps errors.

A person gets `error: ...` with what to do next; with `--json` a program gets a JSON problem, as over HTTP.
"""

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import typer

from lineageflow_core.cli.escaping import visible, visible_json
from lineageflow_core.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    CheckRequiredError,
    ConflictError,
    InvalidInputError,
    LineageFlowError,
    NotFoundError,
    ServerUnreachableError,
    StateError,
    StorageError,
)
from lineageflow_core.wire.problem import encode_problem, problem_of

if TYPE_CHECKING:
    from typer import TyperException
else:
    try:
        from typer import TyperException
    except ImportError:  # Typer before 0.29 stands on Click
        from click import ClickException as TyperException

OK = 0
FAILURE = 1
"""Something failed; or there are differences, where a command was asked to tell."""
USAGE = 2
NOT_FOUND = 3
NO_ACCESS = 4
CONFLICT = 5
CHECK_FAILED = 6
"""What was to be checked is not as it has to be."""
UNREACHABLE = 7
CANCELLED = 130

_CODES: dict[type[LineageFlowError], int] = {
    NotFoundError: NOT_FOUND,
    AlreadyExistsError: CONFLICT,
    ConflictError: CONFLICT,
    StateError: CONFLICT,
    CheckRequiredError: CHECK_FAILED,
    InvalidInputError: USAGE,
    AccessDeniedError: NO_ACCESS,
    ServerUnreachableError: UNREACHABLE,
    LineageFlowError: FAILURE,
}
"""By the nearest class that is here."""

_ANY_NUMBER = -1
"""Of the words of an argument that is a list, as Click has it."""
_TALKATIVE = ("adlfs", "azure", "botocore", "fsspec", "gcsfs", "s3fs")
"""Libraries that log what they then also raise."""


def quieten() -> None:
    """Keeps what cloud libraries log of themselves, tracebacks too, from the terminal: errors tell it."""
    for library in _TALKATIVE:
        logging.getLogger(library).addHandler(logging.NullHandler())


def guarded(call: Callable[[], Any], *, json: bool) -> int:
    """Calls, writes out what it printed, and returns the exit code. Tells of errors that people can mend.

    An error that is a bug is left alone: its traceback is what helps.
    """
    try:
        code = call()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has had enough, as `| head` has.
        _abandon_stdout()
        return OK
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("cancelled\n")
        return CANCELLED
    except (LineageFlowError, TyperException, OSError, UnicodeEncodeError) as error:
        failure = _failure(error)
        _tell(failure, json=json)
        return exit_code(failure)
    return code if isinstance(code, int) else OK


def exit_code(error: LineageFlowError) -> int:
    """Returns the exit code for an error."""
    return next(_CODES[cls] for cls in type(error).__mro__ if cls in _CODES)


def _failure(error: Exception) -> LineageFlowError:
    if isinstance(error, LineageFlowError):
        return error
    if isinstance(error, TyperException):
        return InvalidInputError(_usage(error))
    if isinstance(error, UnicodeEncodeError):
        return InvalidInputError("an argument is not valid UTF-8; names and messages are text in UTF-8")
    assert isinstance(error, OSError)  # of the four that `guarded` catches
    where = f"{error.filename}: " if error.filename else ""
    return StorageError(f"{where}{error.strerror or error}")


def _usage(error: TyperException) -> str:
    # Choices stand on lines of their own; "Value error" is a validator's own word.
    message = " ".join(error.format_message().rstrip(".").replace("Value error, ", "").split())
    context = getattr(error, "ctx", None)
    if context is None:
        return message
    # One word alone is taken for the last argument, and the list before it for empty: the last is what lacks.
    param = getattr(error, "param", None)
    words = [each for each in context.command.params if each.param_type_name == "argument"]
    if param is not None and param in words[:-1] and param.nargs == _ANY_NUMBER:
        return (
            f"missing argument {words[-1].metavar!r}: where it goes comes last, as in "
            f"`{context.command_path} orders.csv sales/orders.csv`"
        )
    return f"{message[:1].lower()}{message[1:]}; `{context.command_path} --help` shows how it is used"


def _abandon_stdout() -> None:
    """Makes what is still buffered go nowhere, so that Python does not try, and fail, at exit."""
    with suppress(OSError):  # a test's stdout is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(error: LineageFlowError, *, json: bool) -> None:
    try:
        sys.stdout.flush()
    except OSError:
        _abandon_stdout()
    if json:
        sys.stderr.write(visible_json(encode_problem(problem_of(error)).decode()) + "\n")
        return
    start = "error:"
    if sys.stderr.isatty() and _wants_colour():
        start = "\x1b[1;31merror:\x1b[0m"
    sys.stderr.write(f"{start} {visible(error.message)}\n")


def _wants_colour() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
