"""One call of the command: its common options, the lake that it works on, and where its results go.

`with_common_options` gives a command the options that all of them have. They may also stand before the
command's name, where they count if the command itself does not say otherwise.
"""

import getpass
import inspect
import os
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from lineageflow_core.catalog import Catalog
from lineageflow_core.cli import PROGRAM
from lineageflow_core.cli.output import Output
from lineageflow_core.cli.places import Places
from lineageflow_core.connect import connect
from lineageflow_core.location import TOKEN_VARIABLE, VARIABLE, check_lake, lake_address
from lineageflow_core.model.address import Address
from lineageflow_core.model.quarantine import QuarantineNotice
from lineageflow_core.model.secrets import without_password

_PANEL = "Common options"

LakeOption = Annotated[
    str | None,
    typer.Option(
        "--lake",
        metavar="PATH|URL",
        help=f"The lake: a folder or a server. Else {VARIABLE}, else the nearest folder upwards that is a "
        "lake or holds one as 'lake'.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
RepositoryOption = Annotated[
    str | None,
    typer.Option(
        "--repository",
        "-R",
        metavar="NAME",
        help="The repository, where no lf:// address says. Else the lake's only one.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print the result as one JSON document.", rich_help_panel=_PANEL),
]
QuietOption = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress, no notes: only the result.", rich_help_panel=_PANEL),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonOptions:
    """What every command can be told."""

    lake: str | None = None
    repository: str | None = None
    json: bool = False
    quiet: bool = False

    def over(self, outer: "CommonOptions") -> "CommonOptions":
        """Returns these options, and those given further out where these say nothing."""
        return CommonOptions(
            lake=self.lake or outer.lake,
            repository=self.repository or outer.repository,
            json=self.json or outer.json,
            quiet=self.quiet or outer.quiet,
        )


class Invocation:
    """What a command works with."""

    def __init__(self, options: CommonOptions, context: typer.Context) -> None:
        self.options = options
        self.context = context
        self.output = Output(json=options.json, quiet=options.quiet)

    @cached_property
    def lake(self) -> str:
        """The lake's address."""
        return lake_address(self.options.lake, os.environ, Path.cwd())

    @property
    def shown_lake(self) -> str:
        """The lake's address as it may be shown."""
        return without_password(self.lake)

    @cached_property
    def catalog(self) -> Catalog:
        """The lake, which must exist. Raises NotFoundError."""
        check_lake(self.lake)
        return self.catalog_or_new

    @cached_property
    def catalog_or_new(self) -> Catalog:
        """The lake, made if it is a folder that is none yet."""
        return connect(self.lake, token=os.environ.get(TOKEN_VARIABLE) or None)

    @cached_property
    def places(self) -> Places:
        """Names, resolved in the lake."""
        return Places(self.catalog, self.options.repository)

    def admit(self, place: Address, *, allow_quarantined: bool) -> None:
        """Tells what is quarantined of what is about to be read at a located place.

        Raises QuarantinedVersionError where the repository keeps readers from it.
        """
        assert place.ref is not None  # it is located
        notices = self.catalog.quarantine.check_reading(
            place.repository, place.ref, place.path, allow_quarantined=allow_quarantined
        )
        self.warn(notices)

    def warn(self, notices: Iterable[QuarantineNotice]) -> None:
        """Tells what is quarantined of what was read."""
        for notice in notices:
            self.output.note(f"warning: {notice.text}")

    def author(self, given: str | None) -> str:
        """Returns who changes are by: as given, else the user of this machine."""
        if given:
            return given
        try:
            return getpass.getuser()
        except (OSError, KeyError, ImportError):  # a container's user may have no name
            return "unknown"

    @property
    def names_author(self) -> bool:
        """Whether the command line itself says who changes are by, so that the next one has to, too."""
        source = self.context.get_parameter_source("author")
        return source is not None and source.name == "COMMANDLINE"

    def command(self, *words: str) -> str:
        """Returns a command to type next, for the same lake and repository."""
        lake = ("--lake", without_password(self.options.lake)) if self.options.lake else ()
        repository = ("-R", self.options.repository) if self.options.repository else ()
        return shlex.join((PROGRAM, *lake, *repository, *words))


def with_common_options(function: Callable[..., None]) -> Callable[..., None]:
    """Returns a command for Typer that calls `function` with an Invocation as its first argument."""
    first, *own = inspect.signature(function).parameters.values()
    assert first.annotation is Invocation

    @wraps(function)
    def command(
        context: typer.Context,
        lake: str | None,
        repository: str | None,
        json: bool,
        quiet: bool,
        **arguments: Any,
    ) -> None:
        options = CommonOptions(lake=lake, repository=repository, json=json, quiet=quiet)
        outer = context.obj
        if isinstance(outer, CommonOptions):
            options = options.over(outer)
        context.obj = options
        function(Invocation(options, context), **arguments)

    common = inspect.signature(_common_options).parameters.values()
    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in (
            inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
            *own,
            *common,
        )
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del command.__wrapped__
    return command


def _common_options(
    lake: LakeOption = None,
    repository: RepositoryOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """The parameters that every command gets."""
