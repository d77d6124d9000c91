"""`put`, `add` and `replace`: local files into a repository, committed at once or staged."""

import os
import stat
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from lineageflow_core.cli.cells import human_size, plural
from lineageflow_core.cli.commands.changes import make_changes, written_place
from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.cli.options import (
    AtOnceOption,
    AuthorOption,
    BranchOption,
    DatasetOption,
    MessageOption,
    RecursiveOption,
)
from lineageflow_core.cli.upload_cache import upload_cache
from lineageflow_core.errors import InvalidInputError, ObjectMissingError
from lineageflow_core.local_files import files_below, local_status
from lineageflow_core.model.address import Address
from lineageflow_core.model.change import Change
from lineageflow_core.model.change import put as put_change
from lineageflow_core.model.change import replace as replace_change
from lineageflow_core.model.names import check_path
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.uploads import Looked, forget_uploads, spool_stream, upload_files

_STDIN = "-"


class _File(NamedTuple):
    """A local file and where it goes. A tuple rather than a dataclass, because folders hold many."""

    source: str
    """Absolute."""
    status: os.stat_result
    target: str
    """The path that the change is about."""
    relative: str
    """Its path below the target; '' is the target itself."""


SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...", help="Files; folders with --recursive; '-' is stdin.", show_default=False
    ),
]
AddressArgument = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS",
        help="lf://repository/path or path. Ends in '/', or there are several sources: they go below it.",
        show_default=False,
    ),
]


def put(
    invocation: Invocation,
    sources: SourcesArgument,
    address: AddressArgument,
    recursive: RecursiveOption = False,
    dataset: DatasetOption = None,
    stage: Annotated[
        bool, typer.Option("--stage", help="Do not commit yet: stage it, as `add` does.")
    ] = False,
    branch: BranchOption = None,
    message: MessageOption = None,
    author: AuthorOption = None,
) -> None:
    """Add files or folders, as one commit.

    What is at a path already gets the new content. A folder becomes one dataset.
    """
    if stage and message is not None:
        raise InvalidInputError("what is staged has no message yet: give it to `lineageflow commit`")
    with _collected(invocation, sources, address, branch, recursive=recursive) as put_:
        put_.finish(
            lambda entries: _changes(put_.files, entries, dataset),
            author=author,
            message=None if stage else message or _message(put_.files, put_.place.path),
        )


def add(
    invocation: Invocation,
    sources: SourcesArgument,
    address: AddressArgument,
    recursive: RecursiveOption = False,
    dataset: DatasetOption = None,
    branch: BranchOption = None,
    author: AuthorOption = None,
) -> None:
    """Stage files or folders for the next commit.

    As `put`, but on no branch before `lineageflow commit`.
    """
    with _collected(invocation, sources, address, branch, recursive=recursive) as put_:
        put_.finish(lambda entries: _changes(put_.files, entries, dataset), author=author, message=None)


def replace(
    invocation: Invocation,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="A file; a folder with --recursive; '-' is stdin.", show_default=False
        ),
    ],
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="The dataset; with --dataset a partition of it.", show_default=False
        ),
    ],
    recursive: RecursiveOption = False,
    dataset: DatasetOption = None,
    branch: BranchOption = None,
    message: AtOnceOption = None,
    author: AuthorOption = None,
) -> None:
    """Stage new content for a dataset or partition, as one thing.

    What it held before is gone, whatever it was called.
    """
    if address.endswith("/"):
        raise InvalidInputError(f"{address!r} ends in '/': name the dataset or partition itself")
    with _collected(invocation, [source], address, branch, recursive=recursive) as put_:
        path = put_.place.path
        put_.finish(
            lambda entries: [
                replace_change(path, _changes(put_.files, entries, None)[0].objects, dataset=dataset)
            ],
            author=author,
            message=message,
        )


class _Collected:
    """Local files that were named, and where they go."""

    def __init__(
        self, invocation: Invocation, place: Address, branch: str, files: Sequence[_File], began_ns: int
    ) -> None:
        """`began_ns` is when the files began to be looked at."""
        self.place = place
        self.files = files
        self._looked = Looked(began_ns=began_ns, found={file.source: file.status for file in files})
        self._invocation = invocation
        self._branch = branch

    def finish(
        self,
        changes: Callable[[Sequence[ObjectEntry]], list[Change]],
        *,
        author: str | None,
        message: str | None,
    ) -> None:
        """Uploads the files and makes the changes: staged, or with a message committed."""
        place = self.place
        cache = upload_cache(self._invocation, place.repository, [file.source for file in self.files])
        try:
            made = changes(self._upload(cache, self._looked))
            make_changes(self._invocation, place.repository, self._branch, made, author, message)
        except ObjectMissingError:
            if cache is None:
                raise
            forget_uploads(cache)  # it remembers what the lake has forgotten
            made = changes(self._upload(cache, None))
            make_changes(self._invocation, place.repository, self._branch, made, author, message)
        total = sum(file.status.st_size for file in self.files)
        self._invocation.output.note(f"{plural(len(self.files), 'object')}, {human_size(total)}")

    def _upload(self, cache: Path | None, looked: Looked | None) -> list[ObjectEntry]:
        total = sum(file.status.st_size for file in self.files)
        with self._invocation.output.progress("uploading", files=len(self.files), size=total) as advance:
            return upload_files(
                self._invocation.catalog,
                self.place.repository,
                [file.source for file in self.files],
                paths=[file.relative for file in self.files],
                looked=looked,
                cache=cache,
                progress=advance,
            )


@contextmanager
def _collected(
    invocation: Invocation, sources: Sequence[str], address: str, branch: str | None, *, recursive: bool
) -> Iterator[_Collected]:
    """Finds the files that the sources name; what comes from stdin is there as long as the block."""
    place, target = written_place(invocation, address, branch)
    below = address.endswith("/") or len(sources) > 1 or not place.path
    began_ns = time.time_ns()
    with ExitStack() as stack:
        files = [
            file
            for source in sources
            for file in _files(_local(source, stack), source, place.path, below=below, recursive=recursive)
        ]
        if not files:
            raise InvalidInputError("there is nothing to put: the folder holds no files")
        yield _Collected(invocation, place, target, files, began_ns)


def _local(source: str, stack: ExitStack) -> Path:
    """Returns the local path of a source. What comes from stdin is kept in a file until it is uploaded."""
    if source != _STDIN:
        return Path(source)
    spool = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lineageflow-"))) / "stdin"
    spool_stream(sys.stdin.buffer, spool)
    return spool


def _files(path: Path, source: str, folder: str, *, below: bool, recursive: bool) -> Iterator[_File]:
    if below and source == _STDIN:
        raise InvalidInputError("what comes from stdin has no name; give the whole path of one object")
    name = path.absolute().resolve().name if path.name in {"", ".", ".."} else path.name
    target = check_path("/".join(filter(None, (folder, name))) if below else folder)
    found = local_status(path)
    if stat.S_ISREG(found.st_mode):
        yield _File(source=os.path.abspath(path), status=found, target=target, relative="")
    elif not stat.S_ISDIR(found.st_mode):
        raise InvalidInputError(f"{source!r} is neither a file nor a folder")
    elif not recursive:
        raise InvalidInputError(f"{source!r} is a folder; add --recursive to put it")
    else:
        for relative, item in files_below(os.path.abspath(path)):
            inside = check_path(f"{target}/{relative}")
            yield _File(
                source=item.path, status=item.stat(), target=target, relative=inside[len(target) + 1 :]
            )


def _changes(files: Sequence[_File], uploaded: Sequence[ObjectEntry], dataset: str | None) -> list[Change]:
    """Returns a change for each target: one object, or a folder's objects together."""
    objects: dict[str, list[ObjectEntry]] = defaultdict(list)
    for file, entry in zip(files, uploaded, strict=True):
        objects[file.target].append(entry)
    return [put_change(target, entries, dataset=dataset) for target, entries in objects.items()]


def _message(files: Sequence[_File], folder: str) -> str:
    targets = list(dict.fromkeys(file.target for file in files))
    if len(targets) == 1:
        return f"put {targets[0]}"
    return f"put {len(targets)} paths to {folder}" if folder else f"put {len(targets)} paths"
