"""The files of a local folder, all of them: what cannot be put is an error, never left out."""

import os
from collections.abc import Iterator
from pathlib import Path

from lineageflow_core.errors import InvalidInputError, NotFoundError


def files_below(folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yields the files below a folder, by name, each with its path below it.

    A link to a file is that file. Raises InvalidInputError for a link to a folder and for what is no file,
    NotFoundError for a link that leads nowhere.
    """
    yield from _walk(folder, "")


def local_status(path: Path) -> os.stat_result:
    """Returns what the file system says about a file. Raises NotFoundError."""
    try:
        return path.stat()
    except FileNotFoundError:
        what = "leads nowhere" if path.is_symlink() else "does not exist"
        raise NotFoundError(f"{str(path)!r} {what}; name a file or folder on this machine") from None


def _walk(folder: str, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
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
            local_status(Path(item.path))
            raise InvalidInputError(
                f"{item.path!r} is neither a file nor a folder; take it out of the folder"
            )
