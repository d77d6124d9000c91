"""Arguments and options that several commands share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.lineage import Evidence
from lineageflow_core.model.merge import Side

AuthorOption = Annotated[
    str | None,
    typer.Option(
        "--author",
        envvar="LINEAGEFLOW_AUTHOR",
        metavar="NAME",
        help="Who the change is by; else the user of this machine.",
        show_default=False,
    ),
]
MessageOption = Annotated[
    str | None,
    typer.Option("--message", "-m", metavar="TEXT", help="The commit's message.", show_default=False),
]
BranchOption = Annotated[
    str | None,
    typer.Option(
        "--branch", "-b", metavar="BRANCH", help="The branch; else the default branch.", show_default=False
    ),
]
LimitOption = Annotated[
    int, typer.Option("--limit", "-n", min=0, metavar="N", help="How many at most; 0 is all.")
]
AllowQuarantinedOption = Annotated[
    bool,
    typer.Option("--allow-quarantined", help="Read it even if readers are kept from quarantined versions."),
]
NodeArgument = Annotated[
    str,
    typer.Argument(
        metavar="NODE",
        help="A run (its id, or the start of it), an address of a dataset or partition, dataset:..., "
        "version:... or job:...",
        show_default=False,
    ),
]
EvidenceOption = Annotated[
    list[Evidence] | None,
    typer.Option("--evidence", metavar="HOW", help="Only along edges known so.", show_default=False),
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Only over runs that had ended then.", show_default=False),
]
GraphFileOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write it there; several files into a folder, or a .zip.",
        show_default=False,
    ),
]
PickOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pick",
        metavar="PATH=CHOICE",
        help="Decides a conflict: ours (the branch's), theirs, @REF (as it is there) or file:FILE (a local "
        "file). May be repeated.",
        show_default=False,
    ),
]
StrategyOption = Annotated[
    Side | None,
    typer.Option("--strategy", help="Which side wins all conflicts without a --pick.", show_default=False),
]
MainlineOption = Annotated[
    int,
    typer.Option("--mainline", min=1, metavar="N", help="Of a merge: the parent to compare with, from 1."),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
RecursiveOption = Annotated[
    bool, typer.Option("--recursive", "-r", help="Put folders, with everything in them.")
]
DatasetOption = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="PATH",
        help="The dataset that it is part of, where the path alone does not say.",
        show_default=False,
    ),
]
AtOnceOption = Annotated[
    str | None,
    typer.Option(
        "--message", "-m", metavar="TEXT", help="Commit at once, with this message.", show_default=False
    ),
]
MetadataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--meta",
        metavar="KEY=VALUE",
        help="What the commit's metadata says. May be repeated.",
        show_default=False,
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would happen, and change nothing.")]


def metadata_of(pairs: Sequence[str] | None) -> dict[str, str]:
    """Returns what `--meta` says. Raises InvalidInputError."""
    metadata = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InvalidInputError(f"--meta {pair!r} does not fit; write KEY=VALUE")
        if key in metadata:
            raise InvalidInputError(f"--meta gives {key!r} two values; give it one")
        metadata[key] = value
    return metadata


def most_of(limit: int) -> int | None:
    """Returns a `--limit` as a number of items; None is all."""
    return limit or None
