"""`get`: objects out of a repository into local files.

Invariants: a new folder, and each file in one that exists, appears whole or not at all; nothing is written
outside the destination, whatever the paths say and whatever links lie there; nothing is overwritten unless
asked for.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Annotated, BinaryIO, TypeAlias

import typer

from lineageflow_core.cli import cells
from lineageflow_core.cli.commands.browse import AddressArgument, nothing_at, objects_at
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import AllowQuarantinedOption
from lineageflow_core.cli.output import Advance, Column
from lineageflow_core.errors import AlreadyExistsError, IntegrityError, InvalidInputError
from lineageflow_core.model.address import Address
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.names import check_path, is_under
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.store.partial import LARGE_BYTES, save

_CHUNK = 1 << 20
_AT_ONCE = 16
"""Objects at a time: what is far away takes long to begin to come."""
_TEMPORARY = ".lineageflow-"
_COLUMNS = (Column(name="file"), Column(name="size", right=True), Column(name="id"))

_Write: TypeAlias = Callable[[Path], AbstractContextManager[BinaryIO]]
"""Opens a file to be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An object and the file that has its content now."""

    path: str
    file: str
    object_id: ObjectId
    size: int


def get(
    invocation: Invocation,
    address: AddressArgument,
    destination: Annotated[
        str | None,
        typer.Argument(
            metavar="DEST",
            help="The file or folder to write; else the last part of the address, here.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Overwrite files that are there.")] = False,
    allow_quarantined: AllowQuarantinedOption = False,
) -> None:
    """Save an object, dataset or folder.

    Nothing that exists is overwritten, unless with --force.
    """
    place = invocation.places.located(address)
    entries = list(objects_at(invocation, place))
    if not entries:
        raise nothing_at(place)
    invocation.admit(place, allow_quarantined=allow_quarantined)
    root, files = _plan(place, entries, destination)
    _existing_folder(root)
    if not force:
        _check_free(root / file for file in files)
    total = sum(entry.size for entry in entries)
    with (
        _whole_folder(root) as (folder, write),
        invocation.output.progress("downloading", files=len(files), size=total) as advance,
    ):
        for parent in {file.parent for file in files}:
            _make_folder(folder, parent)
        _fetch_all(invocation, place.repository, [folder / file for file in files], entries, write, advance)
    output = invocation.output
    if output.is_terminal:  # thousands of lines are for programs
        shown = root / files[0] if entries[0].path == place.path else root
        output.line(
            cells.text(str(shown), "name"), cells.text(cells.plural(len(files), "file")), cells.size(total)
        )
        return
    output.listing(
        (_fetched(entry, root / file) for file, entry in zip(files, entries, strict=True)), _COLUMNS, _row
    )


def _plan(
    place: Address, entries: Sequence[ObjectEntry], destination: str | None
) -> tuple[Path, list[PurePath]]:
    """Returns the folder that is written to, and the path in it for each object."""
    name = place.path.rpartition("/")[2] or place.repository
    given = Path(name if destination is None else destination)
    if len(entries) == 1 and entries[0].path == place.path:
        into_folder = given.is_dir() or (destination or "").endswith("/")
        return (given, [PurePath(name)]) if into_folder else (given.parent, [PurePath(given.name)])
    files = []
    for entry in entries:
        check_path(entry.path)  # a server may say anything
        if not is_under(entry.path, place.path) or entry.path == place.path:
            raise IntegrityError(f"{entry.path!r} was listed below {place.path!r}, where it cannot be")
        files.append(PurePath(entry.path[len(place.path) + 1 :] if place.path else entry.path))
    return given, files


def _check_free(files: Iterable[Path]) -> None:
    for file in files:
        if os.path.lexists(file):
            raise AlreadyExistsError(
                f"{str(file)!r} exists; choose another destination, or overwrite with --force", file=str(file)
            )


@contextmanager
def _whole_folder(root: Path) -> Iterator[tuple[Path, _Write]]:
    """Gives a folder to write to that becomes `root` at the end of the block, or is gone if that raises.

    Where `root` exists already it is written to, file by file. Comes with how a file in it is to be written.
    """
    if os.path.lexists(root):
        yield root, _whole_file
        return
    root.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=root.parent, prefix=_TEMPORARY))
    try:
        yield folder, _new_file
        folder.chmod(0o777 & ~_umask())
        folder.rename(root)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _existing_folder(path: Path) -> Path:
    """Returns the nearest folder that exists. Raises AlreadyExistsError where that is no folder."""
    while not os.path.lexists(path):
        path = path.parent
    if not path.is_dir():
        raise AlreadyExistsError(
            f"{str(path)!r} is there and is no folder, which files could go into; choose another "
            "destination, or move it away",
            file=str(path),
        )
    return path


def _make_folder(root: Path, relative: PurePath) -> None:
    """Makes a folder. Raises InvalidInputError where a link leads out of the destination."""
    folder = root / relative
    there = _existing_folder(folder)
    if not there.resolve().is_relative_to(root.resolve()):
        raise InvalidInputError(
            f"{str(there)!r} leads out of {str(root)!r}; remove the link, or choose another destination"
        )
    folder.mkdir(parents=True, exist_ok=True)


def _fetch_all(
    invocation: Invocation,
    repository: str,
    files: Sequence[Path],
    entries: Sequence[ObjectEntry],
    write: _Write,
    advance: Advance,
) -> None:
    _umask()  # before there are threads: reading it means setting it for a moment
    open_object = invocation.catalog.content.opener(repository)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lineageflow-get") as pool:
        try:
            for _ in pool.map(
                lambda file, entry: _fetch(open_object, entry, file, write, advance), files, entries
            ):
                pass  # raises the first error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _fetch(
    open_object: Callable[[ObjectId], BinaryIO],
    entry: ObjectEntry,
    path: Path,
    write: _Write,
    advance: Advance,
) -> None:
    if entry.size >= LARGE_BYTES:  # it goes on where an earlier `get` of it stopped
        save(
            lambda: open_object(entry.object_id),
            path,
            object_id=entry.object_id,
            size=entry.size,
            progress=lambda more: advance(more, 0),
        )
        advance(0, 1)
        return
    with open_object(entry.object_id) as stream, write(path) as file:
        while chunk := stream.read(_CHUNK):
            file.write(chunk)
            advance(len(chunk), 0)
    advance(0, 1)


def _new_file(path: Path) -> BinaryIO:
    """Opens a file in a folder that nobody else sees yet, where it need not appear whole."""
    return path.open("xb")


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO]:
    """Opens a file that takes the name `path` when the block ends, and is gone if the block raises."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@cache
def _umask() -> int:
    """Returns which permissions new files go without. It can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _fetched(entry: ObjectEntry, file: Path) -> Fetched:
    return Fetched(path=entry.path, file=str(file), object_id=entry.object_id, size=entry.size)


def _row(fetched: Fetched) -> Sequence[cells.Cell]:
    return cells.text(fetched.file), cells.size(fetched.size), cells.short_id(fetched.object_id)
