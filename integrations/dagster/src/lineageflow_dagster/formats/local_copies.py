"""What was read, as a folder on this machine. It is kept by content, so it is never stale.

Copies are read-only, and are there until somebody deletes them, which is safe whenever nobody reads them.
"""

import hashlib
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path, PurePosixPath

from lineageflow_core.errors import IntegrityError
from lineageflow_core.model.names import check_path, is_under
from lineageflow_core.run import Reading


def local_copy(reading: Reading, copies: Path) -> Path:
    """Returns a folder with the files of a dataset, or of the partitions that were read, below `copies`.

    A single partition's files are in the folder itself, those of several in a folder for each. What was
    copied before is not read again. Raises IntegrityError rather than leave damaged files.
    """
    name = _name(reading)
    folder = copies / name[:2] / name
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".copying-", dir=folder.parent) as scratch:
        ready = Path(scratch, "files")
        ready.mkdir()
        _copy(reading, ready)
        with suppress(OSError):  # another process was faster
            ready.rename(folder)
    return folder


def _copy(reading: Reading, folder: Path) -> None:
    root = _root(reading)
    for entry in reading.objects:
        check_path(entry.path)  # a server may say anything
        if not is_under(entry.path, root):
            raise IntegrityError(f"{entry.path!r} was listed below {root!r}, where it cannot be")
        target = folder / _relative(entry.path, root)
        target.parent.mkdir(parents=True, exist_ok=True)
        with reading.open(entry) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        target.chmod(0o444)


def _root(reading: Reading) -> str:
    first = reading.snapshots[0]
    alone = len(reading.snapshots) == 1 and first.partition
    return f"{first.dataset}/{first.partition}" if alone else first.dataset


def _relative(path: str, root: str) -> str:
    """Returns a file's place in the folder; a dataset that is a single file is called as the dataset is."""
    return path[len(root) + 1 :] or PurePosixPath(root).name


def _name(reading: Reading) -> str:
    """Returns a name that only equal files under equal paths have."""
    root = _root(reading)
    digest = hashlib.sha256()
    for entry in sorted(reading.objects, key=lambda entry: entry.path):
        digest.update(f"{_relative(entry.path, root)}\0{entry.object_id}\n".encode())
    return digest.hexdigest()
