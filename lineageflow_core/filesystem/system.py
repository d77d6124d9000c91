"""`LineageFlowFileSystem`: fsspec's verbs over a lake.

Each verb is one commit, however many files it writes, moves or removes.
"""

import errno
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from glob import has_magic
from pathlib import Path
from typing import Any

from fsspec.callbacks import DEFAULT_CALLBACK

from lineageflow_core.filesystem.belonging import Belonging
from lineageflow_core.filesystem.branches import check_branch
from lineageflow_core.filesystem.pending import Batch, DatasetOf, Pending, Target
from lineageflow_core.filesystem.place import Place, parse_place
from lineageflow_core.filesystem.reading import ReadableFileSystem
from lineageflow_core.filesystem.refusals import as_file_errors, exists, is_a_folder, no_file, not_found
from lineageflow_core.filesystem.streams import ObjectReader, ObjectWriter
from lineageflow_core.filesystem.view import View
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.uploads import Source


class LineageFlowFileSystem(ReadableFileSystem):
    """A lake as a file system.

    `lake` is where the lake is, as for `connect`, and `token` the bearer token for a server. Without them
    they come from `LINEAGEFLOW_LAKE` and `LINEAGEFLOW_TOKEN`, or it is the lake in or above the working
    folder. `author` is who commits are by. `cache` is a local folder that keeps what was read, by its digest
    and so never stale; it pays where a server is far away. With `stage=True`, what is written outside of
    runs is staged by `author`, not committed, and seen here as if it were. `of` takes a lake that is open.

    >>> fs = fsspec.filesystem("lf", lake="./lake")
    >>> fs.pipe("lf://sales/raw/orders.csv", b"id,amount")
    >>> pd.read_csv("lf://sales/@main~1/raw/orders.csv", storage_options={"lake": "./lake"})
    """

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
            before = self._view(place).entry(place.path) if mode != "wb" else None
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

    def copy(self, path1: Any, path2: Any, recursive: bool = False, **kwargs: Any) -> None:  # noqa: FBT001, FBT002
        with self._together("copy") as batch:
            if recursive and isinstance(path1, str):
                batch.known |= self._entries_below(self._strip_protocol(path1))
            super().copy(path1, path2, recursive=recursive, **kwargs)

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
        with as_file_errors(name), self._together(f"copy {source} to {name}") as batch:
            where, (target, place) = parse_place(source), self._target(name)
            view = self._view(where)
            entry = batch.known.get(source) or view.entry(where.path)
            if entry is not None and where.repository == place.repository:
                self._admit(view, where)
                self._record_read(view, where)
                batch.put(target, replace(entry, path=place.path))
                return
        if entry is None:
            if not self.isdir(source):
                raise not_found(source)
            self.makedirs(name, exist_ok=True)
            return
        with self.open(source, "rb") as reader, self.open(name, "wb") as writer:
            shutil.copyfileobj(reader, writer, self.blocksize)

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:  # noqa: FBT001, FBT002
        whole = recursive and maxdepth is None
        names = self.expand_path(path, recursive=recursive and not whole, maxdepth=maxdepth)
        with self._together("remove"):
            for name in reversed(names):
                with as_file_errors(name):
                    self._target(name, whole=True)
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

    def commit_pending(self, pending: Pending, message: str) -> None:
        """Commits (or stages) changes: one commit for each branch that they are for."""
        session = self._session()
        for target, changes in pending.changes(self._belonging):
            with as_file_errors(f"{target.repository}/@{target.branch}"):
                if session is not None:
                    session.commit(target.repository, target.branch, changes, message=message)
                elif self._stage:
                    self.catalog.staging.stage(target.repository, target.branch, changes, author=self._author)
                else:
                    self.catalog.history.commit(
                        target.repository, target.branch, changes, author=self._author, message=message
                    )

    def _write(self, name: str, source: Source, *, mode: str = "overwrite") -> None:
        with as_file_errors(name), self._together(f"write {name}") as batch:
            target, place = self._target(name)
            if mode == "create" and self._view(place).entry(place.path) is not None:
                raise exists(name)
            batch.write(target, place.path, source)

    def _entries_below(self, name: str) -> dict[str, ObjectEntry]:
        with as_file_errors(name):
            place = parse_place(name)
            if has_magic(name) or not place.repository:
                return {}
            return {place.prefix + entry.path: entry for entry in self._view(place).objects(place.path)}

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

    def _target(self, name: str, *, whole: bool = False) -> tuple[Target, Place]:
        """Returns the branch that a path is written to. Raises OSError for what is no branch."""
        place = parse_place(name)
        if not place.repository or not (place.path or whole):
            raise no_file(name)
        if place.ref is not None:
            check_branch(self.catalog, place.repository, place.ref, name)
            return Target(repository=place.repository, branch=place.ref), place
        session = self._session()
        branch = session.branch_for(place.repository) if session else self._view(place).ref
        return Target(repository=place.repository, branch=branch), place

    def _belonging(self, target: Target, emptied: bool) -> DatasetOf:  # noqa: FBT001  # called in one place
        draft = self._draft(target.repository, target.branch)
        view = View(self.catalog, target.repository, target.branch, Pending(), at=draft)
        declared = self._declared(target.repository)
        return Belonging(view, self._folders, emptied=emptied, declared=declared).dataset_of

    def _declared(self, repository: str) -> Collection[str]:
        """Returns the datasets of which somebody has said that they are to be written."""
        return ()

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
            batch.replay(self.transaction.pending)
        else:
            self.commit_pending(batch, message)
