"""The command line as it is: every command, with its arguments and options."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import typer.main

from lineageflow_core.cli.app import app

COMMON = {"--lake", "--repository", "-R", "--json", "--quiet", "-q"}
"""Options that every command has."""


@dataclass(frozen=True)
class CommandLine:
    """One command."""

    words: tuple[str, ...]
    """`('branch', 'create')`."""
    arguments: tuple[str, ...]
    """Their names in the help, in order; those that may be left out in brackets."""
    options: frozenset[str]
    """Its own, long and short."""

    @property
    def name(self) -> str:
        return " ".join(self.words)


@cache
def command_lines() -> dict[str, CommandLine]:
    return {line.name: line for line in _walk(typer.main.get_command(app), ())}


def _walk(command: Any, words: tuple[str, ...]) -> Iterator[CommandLine]:
    subcommands = getattr(command, "commands", None)
    if subcommands:
        for name, subcommand in subcommands.items():
            yield from _walk(subcommand, (*words, name))
        return
    options = [param for param in command.params if param.param_type_name == "option"]
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    yield CommandLine(
        words=words,
        arguments=tuple(param.metavar if param.required else f"[{param.metavar}]" for param in arguments),
        options=frozenset(
            flag for param in options for flag in (*param.opts, *param.secondary_opts) if param.name != "help"
        )
        - COMMON,
    )
