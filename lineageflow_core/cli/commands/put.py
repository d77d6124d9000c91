"""`put`: local files into a repository, as one commit."""

import os
import shutil
import stat
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from blake3 import blake3

from lineageflow_core.cli.cells import human_size, plural
from lineageflow_core.cli.commands.commits import show_commit, tip_of
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AuthorOption, BranchOption, MessageOption
from lineageflow_core.errors import InvalidInputError, NotFoundError
from lineageflow_core.location import is_folder
from lineageflow_core.model.address import Address
from lineageflow_core.model.change import Change
from lineageflow_core.model.change import put as put_change
from lineageflow_core.model.names import check_path
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.uploads import upload_files

_STDIN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A local file and where it goes."""

    source: str
    """Absolute."""
    size: int
    target: str
    """The path that the change is about."""
    relative: str
    """Its path below the target; '' is the target itself."""


def put(
    invocation: Invocation,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...", help="Files; folders with --recursive; '-' is stdin.", show_default=False
        ),
    ],
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            help="lf://repository/path or path. Ends in '/', or there are several sources: they go below it.",
            show_default=False,
        ),
    ],
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Put folders, with everything in them.")
    ] = False,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            metavar="PATH",
            help="The dataset that it is part of, where the path alone does not say.",
            show_default=False,
        ),
    ] = None,
    branch: BranchOption = None,
    message: MessageOption = None,
    author: AuthorOption = None,
) -> None:
    """Add files or folders, as one commit.

    What is at a path already gets the new content. A folder becomes one dataset.
    """
    place = invocation.places.address(address)
    target = _target_branch(invocation, place, branch)
    below = address.endswith("/") or len(sources) > 1 or not place.path
    with ExitStack() as stack:
        files = [
            file
            for source in sources
            for file in _files(_local(source, stack), source, place.path, below=below, recursive=recursive)
        ]
        if not files:
            raise InvalidInputError("there is nothing to put: the folder holds no files")
        before = tip_of(invocation, place.repository, target)
        changes = _changes(files, _upload(invocation, place.repository, files), dataset)
    commit = invocation.catalog.history.commit(
        place.repository,
        target,
        changes,
        author=invocation.author(author),
        message=message or _message(files, place.path),
    )
    show_commit(invocation, commit, target, before=before)
    invocation.output.note(f"{plural(len(files), 'object')}, {human_size(sum(file.size for file in files))}")


def _target_branch(invocation: Invocation, place: Address, branch: str | None) -> str:
    if place.ref is not None and branch not in {None, place.ref}:
        raise InvalidInputError(
            f"the address names {place.ref!r} and --branch {branch!r}; name the branch once"
        )
    return invocation.places.branch(place.repository, place.ref or branch)


def _local(source: str, stack: ExitStack) -> Path:
    """Returns the local path of a source. What comes from stdin is kept in a file until it is uploaded."""
    if source != _STDIN:
        return Path(source)
    spool = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lineageflow-"))) / "stdin"
    with spool.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return spool


def _files(path: Path, source: str, folder: str, *, below: bool, recursive: bool) -> Iterator[_File]:
    if below and source == _STDIN:
        raise InvalidInputError("what comes from stdin has no name; give the whole path of one object")
    name = path.absolute().resolve().name if path.name in {"", ".", ".."} else path.name
    target = check_path("/".join(filter(None, (folder, name))) if below else folder)
    found = _status(path)
    if stat.S_ISREG(found.st_mode):
        yield _File(source=os.path.abspath(path), size=found.st_size, target=target, relative="")
    elif not stat.S_ISDIR(found.st_mode):
        raise InvalidInputError(f"{source!r} is neither a file nor a folder")
    elif not recursive:
        raise InvalidInputError(f"{source!r} is a folder; add --recursive to put it")
    else:
        for relative, item in _walk(os.path.abspath(path), ""):
            inside = check_path(f"{target}/{relative}")
            yield _File(
                source=item.path, size=item.stat().st_size, target=target, relative=inside[len(target) + 1 :]
            )


def _walk(folder: str, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yields the files below a folder, by name, with the path below it that starts with `prefix`.

    Nothing is skipped: what cannot be put is an error.
    """
    with os.scandir(folder) as listing:
        items = sorted(listing, key=lambda item: item.name)
    for item in items:
        if item.is_file():
            yield prefix + item.name, item
        elif item.is_dir(follow_symlinks=False):
            yield from _walk(item.path, f"{prefix}{item.name}/")
        elif item.is_dir():
            raise InvalidInputError(
                f"{item.path!r} is a link to a folder, which is not followed; put that folder itself"
            )
        else:
            _status(Path(item.path))
            raise InvalidInputError(
                f"{item.path!r} is neither a file nor a folder; take it out of the folder"
            )


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError:
        what = "leads nowhere" if path.is_symlink() else "does not exist"
        raise NotFoundError(f"{str(path)!r} {what}; name a file or folder on this machine") from None


def _upload(invocation: Invocation, repository: str, files: Sequence[_File]) -> list[ObjectEntry]:
    sources = [file.source for file in files]
    total = sum(file.size for file in files)
    with invocation.output.progress("uploading", files=len(files), size=total) as advance:
        return upload_files(
            invocation.catalog,
            repository,
            sources,
            cache=_cache(invocation.lake, repository, sources) if len(sources) > 1 else None,
            progress=advance,
        )


def _cache(lake: str, repository: str, sources: Sequence[str]) -> Path | None:
    """Returns the file that remembers what was uploaded from there; only a lake on this machine has one."""
    if not is_folder(lake):
        return None
    origin = blake3(os.path.commonpath(sources).encode()).hexdigest()[:16]
    return Path(lake, "cache", f"{repository}-{origin}")


def _changes(files: Sequence[_File], uploaded: Sequence[ObjectEntry], dataset: str | None) -> list[Change]:
    """Returns a change for each target: one object, or a folder's objects together."""
    objects: dict[str, list[ObjectEntry]] = defaultdict(list)
    for file, entry in zip(files, uploaded, strict=True):
        objects[file.target].append(
            ObjectEntry(path=file.relative, object_id=entry.object_id, size=entry.size)
        )
    return [put_change(target, entries, dataset=dataset) for target, entries in objects.items()]


def _message(files: Sequence[_File], folder: str) -> str:
    targets = list(dict.fromkeys(file.target for file in files))
    if len(targets) == 1:
        return f"put {targets[0]}"
    return f"put {len(targets)} paths to {folder}" if folder else f"put {len(targets)} paths"
