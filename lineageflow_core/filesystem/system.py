"""`LineageFlowFileSystem`: fsspec's verbs over a lake.

Each verb is one commit, however many files it writes, moves or removes.
"""

import errno
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.spec import AbstractFileSystem
from fsspec.utils import stringify_path

from lineageflow_core.catalog import Catalog
from lineageflow_core.filesystem.belonging import dataset_of
from lineageflow_core.filesystem.branches import check_branch
from lineageflow_core.filesystem.folders import Folders
from lineageflow_core.filesystem.lakes import find_lake
from lineageflow_core.filesystem.listing import Info, children, descendants, describe, file_info, folder_info
from lineageflow_core.filesystem.pending import Batch, Pending, Target
from lineageflow_core.filesystem.place import Place, parse_place, strip
from lineageflow_core.filesystem.refusals import as_file_errors, exists, is_a_folder, no_file, not_found
from lineageflow_core.filesystem.streams import ObjectReader, ObjectWriter
from lineageflow_core.filesystem.transaction import LineageFlowTransaction
from lineageflow_core.filesystem.view import View
from lineageflow_core.model.address import SCHEME
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.page import every
from lineageflow_core.uploads import Source


class LineageFlowFileSystem(AbstractFileSystem):
    """A lake as a file system.

    `lake` is where the lake is, as for `connect` (or an open one), and `token` the bearer token for a
    server. Without them they come from `LINEAGEFLOW_LAKE` and `LINEAGEFLOW_TOKEN`, or it is the lake in or
    above the working folder. `author` is who commits are by.

    >>> fs = fsspec.filesystem("lf", lake="./lake")
    >>> fs.pipe("lf://sales/raw/orders.csv", b"id,amount")
    >>> pd.read_csv("lf://sales/@main~1/raw/orders.csv", storage_options={"lake": "./lake"})
    """

    protocol = SCHEME
    transaction_type = LineageFlowTransaction

    def __init__(
        self,
        lake: str | Catalog | None = None,
        token: str | None = None,
        author: str = "lineageflow",
        **storage_options: Any,
    ) -> None:
        super().__init__(**storage_options)
        self._lake = lake
        self._token = token
        self._author = author
        self._folders = Folders()
        self._local = threading.local()

    @property
    def catalog(self) -> Catalog:
        """The lake, opened."""
        return self._lake if isinstance(self._lake, Catalog) else find_lake(self._lake, self._token)

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return (
            [cls._strip_protocol(each) for each in path]
            if isinstance(path, list)
            else strip(stringify_path(path))
        )

    # Looking

    def info(self, path: str, **kwargs: Any) -> Info:
        name = self._strip_protocol(path)
        with as_file_errors(name):
            place = parse_place(name)
            found = describe(place, self._view(place), self._folders) if place.repository else folder_info("")
        if found is None:
            raise not_found(name)
        return found

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:  # noqa: FBT001, FBT002
        name = self._strip_protocol(path)
        with as_file_errors(name):
            found = self._list(parse_place(name))
        return found if detail else [info["name"] for info in found]

    def find(
        self,
        path: str,
        maxdepth: int | None = None,
        withdirs: bool = False,  # noqa: FBT001, FBT002
        detail: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> Any:
        place = parse_place(self._strip_protocol(path))
        if maxdepth is not None or not place.repository:
            return super().find(path, maxdepth=maxdepth, withdirs=withdirs, detail=detail, **kwargs)
        with as_file_errors(place.name):
            found = descendants(place, self._view(place), self._folders, with_folders=withdirs)
        return found if detail else list(found)

    def exists(self, path: str, **kwargs: Any) -> bool:
        try:
            self.info(path)
        except (FileNotFoundError, ValueError):
            return False
        return True

    def ukey(self, path: str) -> str:
        """Returns the digest of the content of a file or dataset: another one for any other content."""
        info = self.info(path)
        digest = info.get("object_id") or info.get("snapshot")
        if digest is None:
            raise is_a_folder(info["name"])
        return str(digest)

    def checksum(self, path: str) -> int:
        """Returns `ukey` as a number."""
        return int(self.ukey(path), 16)

    def modified(self, path: str) -> datetime:
        """Returns when the last commit that changed the path was made."""
        return self._history(path)[0].created_at

    def created(self, path: str) -> datetime:
        """Returns when the first commit that changed the path was made."""
        return self._history(path)[-1].created_at

    # Reading and writing

    def open_object(self, info: Info) -> ObjectReader:
        """Opens the content that `info` tells of, whatever is at its path now."""
        with as_file_errors(info["name"]):
            place = parse_place(info["name"])
            stream = self.catalog.content.open(place.repository, info["object_id"])
        return ObjectReader(self, info, stream)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        with self.open(path, "rb") as file:
            return bytes(file.read()[start:end]) if start or end is not None else bytes(file.read())

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        self._write(self._strip_protocol(path), bytes(value), mode=mode)

    def put_file(
        self,
        lpath: str,
        rpath: str,
        callback: Any = DEFAULT_CALLBACK,
        mode: str = "overwrite",
        **kwargs: Any,
    ) -> None:
        name = self._strip_protocol(rpath)
        local = Path(lpath)
        if local.is_dir():
            self.makedirs(name, exist_ok=True)
            return
        size = local.stat().st_size
        callback.set_size(size)
        self._write(name, local, mode=mode)
        callback.relative_update(size)

    def touch(self, path: str, truncate: bool = True, **kwargs: Any) -> None:  # noqa: FBT001, FBT002
        """Makes an empty file, or empties one. With `truncate=False` a file that is there stays as it is."""
        if truncate or not self.exists(path):
            self.pipe_file(path, b"")

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,  # noqa: FBT001, FBT002
        cache_options: Any = None,
        **kwargs: Any,
    ) -> ObjectReader | ObjectWriter:
        if mode == "rb":
            return self._read(path)
        if mode not in {"wb", "xb", "ab"}:
            raise ValueError(f"files open in the modes rb, wb, xb and ab, not {mode!r}")
        with as_file_errors(path):
            _, place = self._target(path)
            before = self._view(place).entry(place.path)
        if before is not None and mode == "xb":
            raise exists(path)
        writer = ObjectWriter(
            self,
            path,
            mode,
            land=lambda source: self._write(path, source, mode="create" if mode == "xb" else "overwrite"),
            deferred=not autocommit and not self._intrans,
        )
        if before is not None and mode == "ab":
            with self._read(path) as reader:
                while chunk := reader.read(self.blocksize):
                    writer.write(chunk)
        return writer

    # Moving and removing

    def copy(self, path1: Any, path2: Any, **kwargs: Any) -> None:
        with self._together("copy"):
            super().copy(path1, path2, **kwargs)

    def put(self, lpath: Any, rpath: Any, **kwargs: Any) -> None:
        with self._together("put"):
            super().put(lpath, rpath, **kwargs)

    def pipe(self, path: Any, value: Any = None, **kwargs: Any) -> None:
        with self._together("put"):
            super().pipe(path, value, **kwargs)

    def mv(self, path1: Any, path2: Any, **kwargs: Any) -> None:
        with self._together("move"):
            super().mv(path1, path2, **kwargs)

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        """Copies one file. Inside a repository no bytes move."""
        source, name = self._strip_protocol(path1), self._strip_protocol(path2)
        if self.isdir(source):
            self.makedirs(name, exist_ok=True)
            return
        where, entry = self._find_file(source)
        with as_file_errors(name), self._together(f"copy {source} to {name}") as batch:
            target, place = self._target(name)
            if where.repository == place.repository:
                batch.put(target, replace(entry, path=place.path))
                return
        with self.open(source, "rb") as reader, self.open(name, "wb") as writer:
            shutil.copyfileobj(reader, writer, self.blocksize)

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:  # noqa: FBT001, FBT002
        whole = recursive and maxdepth is None
        names = self.expand_path(path, recursive=recursive and not whole, maxdepth=maxdepth)
        with self._together("remove"):
            for name in reversed(names):
                is_folder = self.info(name)["type"] == "directory"
                if is_folder and not recursive:
                    raise is_a_folder(name)
                if not is_folder or whole:
                    self._remove(name)

    def rm_file(self, path: str) -> None:
        self.rm(path)

    def mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:  # noqa: FBT001, FBT002
        """Makes a repository, or a folder that this instance remembers until something is in it."""
        name = self._strip_protocol(path)
        place = parse_place(name)
        if place.path:
            self._make_folder(place, with_parents=create_parents)
            return
        with as_file_errors(name):
            self.catalog.repositories.create_repository(place.repository, author=self._author)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:  # noqa: FBT001, FBT002
        """Makes a folder and those that it lies in. It does not make a repository."""
        place = parse_place(self._strip_protocol(path))
        if not (exist_ok and self.isdir(place.name)):
            self._make_folder(place, with_parents=True)

    def rmdir(self, path: str) -> None:
        name = self._strip_protocol(path)
        if self.ls(name):
            raise OSError(
                errno.ENOTEMPTY, "the folder is not empty; `rm` with recursive=True removes it", name
            )
        self._folders.remove(name)

    # Underneath

    def commit_pending(self, pending: Pending, message: str) -> list[Commit]:
        """Commits changes: one commit for each branch that they are for."""
        return [
            self.catalog.history.commit(
                target.repository, target.branch, changes, author=self._author, message=message
            )
            for target, changes in pending.changes(self._dataset_of)
        ]

    def _list(self, place: Place) -> list[Info]:
        if not place.repository:
            repositories = self.catalog.repositories
            found = every(lambda after, limit: repositories.list_repositories(after=after, limit=limit))
            return [folder_info(info.name) for info in found]
        view = self._view(place)
        found_inside = children(place, view, self._folders)
        if (place.path and not found_inside) or view.entry(place.path):
            info = describe(place, view, self._folders)
            if info is None:
                raise not_found(place.name)
            return [info] if info["type"] == "file" else []
        return found_inside

    def _read(self, name: str) -> ObjectReader:
        return self.open_object(file_info(*self._find_file(name)))

    def _find_file(self, name: str) -> tuple[Place, ObjectEntry]:
        with as_file_errors(name):
            place = parse_place(name)
            entry = self._view(place).entry(place.path) if place.path else None
        if entry is None:
            raise is_a_folder(name) if self.isdir(name) else not_found(name)
        return place, entry

    def _write(self, name: str, source: Source, *, mode: str = "overwrite") -> None:
        with as_file_errors(name), self._together(f"write {name}") as batch:
            target, place = self._target(name)
            if mode == "create" and self._view(place).entry(place.path) is not None:
                raise exists(name)
            batch.write(target, place.path, source)

    def _remove(self, name: str) -> None:
        with as_file_errors(name), self._together(f"remove {name}") as batch:
            target, place = self._target(name, whole=True)
            view = self._view(place)
            paths = [place.path] if place.path else [item.path for item in view.items("")]
            for path in paths:
                dataset = view.dataset(path)
                batch.delete(target, path, committed=view.holds(path))
                if dataset is not None and dataset.path != path:
                    self._folders.add(place.prefix + dataset.path)
            self._folders.remove(name)

    def _make_folder(self, place: Place, *, with_parents: bool) -> None:
        if self.exists(place.name):
            raise exists(place.name)
        parent = self._parent(place.name) if not with_parents else place.repository
        if not self.isdir(parent):
            raise not_found(parent)
        self._folders.add(place.name)

    def _history(self, path: str) -> list[Commit]:
        name = self._strip_protocol(path)
        with as_file_errors(name):
            place = parse_place(name)
            ref, log = self._view(place).ref, self.catalog.history.log
            found = list(
                every(
                    lambda after, limit: log(place.repository, ref, path=place.path, after=after, limit=limit)
                )
            )
        if not found:
            raise not_found(name)
        return found

    def _view(self, place: Place) -> View:
        catalog = self.catalog
        ref = place.ref or catalog.repositories.get_repository(place.repository).default_branch
        pending = self.transaction.pending if self._intrans else Pending()
        return View(catalog, place.repository, ref, pending)

    def _target(self, name: str, *, whole: bool = False) -> tuple[Target, Place]:
        """Returns the branch that a path is written to. Raises OSError for what is no branch."""
        place = parse_place(name)
        if not place.repository or not (place.path or whole):
            raise no_file(name)
        if place.ref is not None:
            check_branch(self.catalog, place.repository, place.ref, name)
        ref = self._view(place).ref
        return Target(repository=place.repository, branch=ref), place

    def _dataset_of(self, target: Target, path: str) -> str | None:
        view = View(self.catalog, target.repository, target.branch, Pending())
        return dataset_of(view, self._folders, path)

    @contextmanager
    def _together(self, message: str) -> Iterator[Batch]:
        """Commits all that the block changes, in this thread, at its end. Blocks inside join it."""
        outer: Batch | None = getattr(self._local, "batch", None)
        if outer is not None:
            yield outer
            return
        batch = self._local.batch = Batch()
        try:
            yield batch
        finally:
            del self._local.batch
        batch.upload(self.catalog)
        if self._intrans:
            self.transaction.pending.add(batch)
        else:
            self.commit_pending(batch, message)
