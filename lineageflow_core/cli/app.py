"""The table of commands, and the program that runs them.

A command is imported when it is asked for: a call needs one of a hundred, and help alone needs them all.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

from lineageflow_core.cli import PROGRAM, print_version
from lineageflow_core.cli.failures import guarded, quieten
from lineageflow_core.cli.invocation import Invocation, with_common_options

_COMMANDS: dict[str, dict[str, str]] = {
    "Start": {"up": "up.up", "status": "status.status", "doctor": "doctor.doctor"},
    "Stage and commit": {
        "add": "put.add",
        "replace": "put.replace",
        "rm": "staging.rm",
        "mv": "staging.mv",
        "discard": "staging.discard",
        "update": "staging.update",
        "commit": "staging.commit",
    },
    "Objects": {"put": "put.put", "get": "get.get", "ls": "browse.ls", "cat": "browse.cat"},
    "Import and export": {"import": "imports.import_source", "export": "export.export"},
    "Data": {"preview": "tables.preview", "schema": "tables.schema", "stats": "tables.stats"},
    "History": {
        "log": "history.log",
        "show": "history.show",
        "diff": "diff.diff",
        "merge": "merge.merge",
        "cherry-pick": "merge.cherry_pick",
    },
    "Lineage": {
        "lineage": "lineage.lineage",
        "lineage report": "upkeep.report",
        "lineage rebuild": "upkeep.rebuild",
        "lineage diff": "lineage_diff.diff",
        "lineage export": "lineage_export.export",
        "why": "why.why",
        "lineage prune": "pruning.prune_lineage",
        "impact": "impact.impact",
        "blame": "blame.blame",
        "search": "dataset.search",
        "watch": "watch.watch",
    },
    "Undo": {
        "rollback": "rollback.rollback",
        "revert": "undo.revert",
        "reset": "undo.reset",
        "restore": "undo.restore",
        "undo": "operations.undo_operation",
    },
    "Storage": {"gc": "collection.gc", "explain": "collection.explain", "usage": "collection.usage"},
}
"""By panel of the help: a command's name, and its module in `commands` with its function there.

A name of two words goes before one of one: what `lineage` takes is never called `report`.
"""
_GROUPS: dict[str, dict[str, dict[str, str]]] = {
    "Start": {
        "repo": {
            "list": "repo.list_repositories",
            "create": "repo.create_repository",
            "show": "repo.show_repository",
            "rename": "repo.rename_repository",
            "set-default": "repo.set_default_branch",
            "delete": "repo.delete_repository",
            "restore": "repo.restore_repository",
            "purge": "repo.purge_repository",
        },
        "settings": {"show": "settings.show_settings", "set": "settings.set_settings"},
        "storage": {"check": "storage.check_storage"},
        "token": {
            "list": "token.list_tokens",
            "create": "token.create_token",
            "revoke": "token.revoke_token",
        },
        "db": {
            "current": "db.current",
            "check": "db.check",
            "upgrade": "db.upgrade",
            "downgrade": "db.downgrade",
        },
    },
    "History": {
        "branch": {
            "list": "refs.list_branches",
            "create": "refs.create_branch",
            "rename": "refs.rename_branch",
            "delete": "refs.delete_branch",
            "restore": "refs.restore_branch",
            "protect": "settings.protect_branch",
            "unprotect": "settings.unprotect_branch",
        },
        "tag": {"list": "refs.list_tags", "create": "refs.create_tag", "delete": "refs.delete_tag"},
        "checks": {"list": "checks.list_checks", "record": "checks.record_check"},
    },
    "Undo": {
        "plan": {"list": "plan.list_plans", "show": "plan.show_a_plan", "apply": "plan.apply_plan"},
        "quarantine": {
            "list": "quarantine.list_quarantines",
            "add": "quarantine.add_quarantine",
            "lift": "quarantine.lift_quarantine",
            "show": "quarantine.show_quarantine",
        },
        "operations": {"list": "operations.list_operations", "undo": "operations.undo_operation"},
    },
    "Import and export": {
        "imports": {
            "list": "imports.list_imports",
            "show": "imports.show_import",
            "cancel": "imports.cancel_import",
            "check": "imports.check_imports",
        }
    },
    "Storage": {
        "retention": {
            "show": "collection.show_retention",
            "set": "collection.set_retention",
            "remove": "collection.remove_retention",
        },
        "trash": {"list": "collection.list_trash", "restore": "collection.restore_trash"},
    },
    "Lineage": {
        "dataset": {
            "list": "dataset.list_datasets",
            "show": "dataset.show_dataset",
            "versions": "dataset.list_versions",
            "quality": "dataset.list_quality",
            "taint": "dataset.show_taint",
        },
        "job": {"list": "job.list_jobs", "show": "job.show_job", "runs": "job.list_job_runs"},
        "runs": {
            "list": "runs.list_runs",
            "show": "runs.show_run",
            "tree": "runs.show_run_tree",
            "facets": "runs.show_run_facets",
        },
        "events": {
            "list": "events.list_events",
            "show": "events.show_event",
            "replay": "events.replay_events",
            "post": "events.post_events",
            "check": "events_check.check_events",
            "import-marquez": "events_import.import_marquez",
        },
        "outbox": {"status": "outbox.show_status", "flush": "outbox.flush"},
    },
}
"""A group's first command is what the group does by itself."""
_GROUP_HELP = {
    "repo": "Repositories: list, create, show, rename, set-default, delete, restore.",
    "settings": "What a repository's people agreed on: show, set.",
    "storage": "Where content lies: check.",
    "db": "The tables of a lake's database: current, check, upgrade, downgrade.",
    "branch": "Branches: list, create, rename, delete, restore, protect, unprotect.",
    "checks": "Checks of content: list, record.",
    "imports": "Imports: list, show, cancel, check.",
    "operations": "What was done, and taking it back: list, undo.",
    "plan": "Plans of rollbacks: list, show, apply.",
    "quarantine": "Versions that readers are warned of, or kept from: list, add, lift, show.",
    "tag": "Tags: list, create, delete.",
    "retention": "How long versions are kept: show, set, remove.",
    "token": "Tokens that the lake's servers take: list, create, revoke.",
    "trash": "What was collected: list, restore.",
    "runs": "Runs of pipelines: list, show, tree, facets.",
    "dataset": "Datasets that events name: list, show, versions, quality, taint.",
    "job": "Jobs that events name: list, show, runs.",
    "events": "OpenLineage events, as they came: list, show, check, replay, post, import-marquez.",
    "outbox": "Events that wait for a server: status, flush.",
}
_PANELS = {
    name: panel for table in (_COMMANDS, _GROUPS) for panel, entries in table.items() for name in entries
}
"""The panel of each command and group, in the order of the help."""
_MODULES = "lineageflow_core.cli.commands"


class _Commands(Mapping[str, Any]):
    """Click's own commands and groups, by name."""

    def __getitem__(self, name: str) -> Any:
        return _loaded(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_PANELS)

    def __len__(self) -> int:
        return len(_PANELS)


class Program(TyperGroup):
    """The whole command line: everything that goes wrong in it ends in an exit code and a line on stderr."""

    _json = False

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast(
            Any, _Commands()
        )  # Typer asks for a mapping that can be changed, and changes none

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        arguments = list(sys.argv[1:] if args is None else args)
        self._json = _asks_for_json(arguments)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]

        def call() -> Any:
            return super(Program, self).main(
                arguments,
                prog_name or PROGRAM,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )

        sys.exit(guarded(call, json=self._json))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Finds a command by its first two words, or else by the first."""
        if len(args) > 1 and (name := " ".join(args[:2])) in _PANELS:
            args = [name, *args[2:]]
        return cast(tuple[str | None, Any, list[str]], super().resolve_command(ctx, args))

    def invoke(self, ctx: Any) -> Any:
        """Runs a command. Its errors are told before Typer, which has its own way, sees them."""
        return guarded(lambda: super(Program, self).invoke(ctx), json=self._json)


def run(arguments: Sequence[str]) -> int:
    """Runs a command line and returns the exit code."""
    quieten()
    try:
        app(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Tells whether errors are wanted as JSON. Asked of the words, as they may not even parse."""
    words = list(arguments)
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


@with_common_options
def _program(
    invocation: Invocation,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Versioned datasets with git semantics, and the lineage of every version."""
    if version:
        print_version()
        raise typer.Exit
    if invocation.context.invoked_subcommand is None:
        sys.stdout.write(invocation.context.get_help())  # nothing, where rich has printed it itself


def _build() -> typer.Typer:
    program = typer.Typer(
        cls=Program,
        invoke_without_command=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback()(_program)
    return program


@cache
def _loaded(name: str) -> Any:
    """Returns a command or a group as Click has it. Raises KeyError."""
    panel = _PANELS[name]
    holder = typer.Typer()
    if commands := _GROUPS.get(panel, {}).get(name):
        holder.add_typer(_group(name, commands), name=name, rich_help_panel=panel)
    else:
        function = _function(_COMMANDS[panel][name])
        holder.command(name, rich_help_panel=panel)(with_common_options(function))
    return typer.main.get_group(holder).commands[name]


def _group(name: str, commands: dict[str, str]) -> typer.Typer:
    functions = {command: _function(place) for command, place in commands.items()}
    default = next(iter(functions.values()))
    group = typer.Typer(help=_GROUP_HELP[name], invoke_without_command=True)

    def list_by_default(invocation: Invocation) -> None:
        if invocation.context.invoked_subcommand is None:
            default(invocation)

    group.callback()(with_common_options(list_by_default))
    for command, function in functions.items():
        group.command(command)(with_common_options(function))
    return group


def _function(place: str) -> Callable[..., None]:
    module, _, name = place.partition(".")
    return cast(Callable[..., None], getattr(import_module(f"{_MODULES}.{module}"), name))


app = _build()
