"""The half of the file system that looks and reads, and what both halves stand on: lake, run and ref."""

import io
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from fsspec.spec import AbstractFileSystem
from fsspec.utils import stringify_path

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import whole_address
from lineageflow_core.errors import InvalidInputError, RefNotFoundError
from lineageflow_core.filesystem.folders import Folders
from lineageflow_core.filesystem.lakes import find_lake
from lineageflow_core.filesystem.listing import Info, children, descendants, describe, file_info, folder_info
from lineageflow_core.filesystem.pending import Batch, Pending
from lineageflow_core.filesystem.place import Place, parse_place, strip
from lineageflow_core.filesystem.refusals import as_file_errors, is_a_folder, not_found
from lineageflow_core.filesystem.streams import ObjectReader
from lineageflow_core.filesystem.transaction import LineageFlowTransaction
from lineageflow_core.filesystem.view import View
from lineageflow_core.model.address import SCHEME
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId, ObjectId
from lineageflow_core.model.page import every
from lineageflow_core.model.refs import stage_ref
from lineageflow_core.run import RunSession, admit, current_run
from lineageflow_core.store.cache import ReadCache

_CACHED_BYTES = 64 << 20
"""Larger objects are streamed, not kept in the cache."""


class ReadableFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec ships no types
    """Everything that changes nothing."""

    protocol = SCHEME
    transaction_type = LineageFlowTransaction

    def __init__(
        self,
        lake: str | None = None,
        token: str | None = None,
        author: str = "lineageflow",
        cache: str | None = None,
        stage: bool = False,  # noqa: FBT001, FBT002  # a storage option: given by name, or as text
        allow_quarantined: bool = False,  # noqa: FBT001, FBT002  # likewise
        **storage_options: Any,
    ) -> None:
        super().__init__(**storage_options)
        self._lake = lake
        self._token = token
        self._author = author
        self._kept = ReadCache(Path(cache)) if cache else None
        self._folders = Folders()
        self._local = threading.local()
        self._stage = str(stage).lower() == "true"
        self._allow_quarantined = str(allow_quarantined).lower() == "true"
        self._opened: Catalog | None = None
        self._joined: RunSession | None = None

    @classmethod
    def of(cls, catalog: Catalog, **options: Any) -> Self:
        """Returns a file system over a lake that is open already, with options as the class takes them.

        It is never shared: which lake is meant, and with which credentials, cannot be told by looking at it.
        """
        address = catalog.address or f"memory:{id(catalog)}"
        fs = cls(lake=address, skip_instance_cache=True, **options)
        fs._opened = catalog  # its own
        return fs

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker in another process goes on in the run that it was sent from, with the folders made there.
        session = self._session()
        run = (session.catalog.address, session.arguments) if session else None
        return _revive, (type(self), self.storage_args, self.storage_options, tuple(self._folders), run)

    @property
    def catalog(self) -> Catalog:
        """The lake, opened: the current run's, unless this is another one."""
        session = self._session()
        if session is not None:
            return session.catalog
        return self._opened or find_lake(self._lake, self._token)

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        return strip(stringify_path(path))

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

    def isdir(self, path: str) -> bool:
        try:
            return bool(self.info(path)["type"] == "directory")
        except (FileNotFoundError, ValueError):
            return False

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

    def open_object(self, info: Info) -> ObjectReader:
        """Opens the content that `info` tells of, whatever is at its path now."""
        with as_file_errors(info["name"]):
            place = parse_place(info["name"])
            if self._kept is None or info["size"] > _CACHED_BYTES:
                stream = self.catalog.content.open(place.repository, info["object_id"])
            else:
                stream = io.BytesIO(self._through(self._kept, place.repository, info["object_id"]))
        return ObjectReader(self, info, stream)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        with self.open(path, "rb") as file:
            return bytes(file.read()[start:end]) if start or end is not None else bytes(file.read())

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
        with as_file_errors(name):
            place = parse_place(name)
            view = self._view(place) if place.repository else None
            entry = view.entry(place.path) if view else None
            if view and entry:
                self._admit(view, place)
                self._record_read(view, place)
                return self.open_object(file_info(place, entry))
        raise is_a_folder(name) if self.isdir(name) else not_found(name)

    def _through(self, cache: ReadCache, repository: str, object_id: ObjectId) -> bytes:
        content = cache.get(object_id)
        if content is None:
            with self.catalog.content.open(repository, object_id) as file:
                content = file.read()
            cache.put(object_id, content)
        return content

    def _admit(self, view: View, place: Place) -> None:
        """Warns of a quarantined version. Raises QuarantinedVersionError where readers are kept from it."""
        if not view.is_changed(place.path):
            admit(
                view.catalog,
                view.repository,
                view.at,
                place.path,
                allow_quarantined=self._allow_quarantined,
            )

    def _record_read(self, view: View, place: Place) -> None:
        session = self._session()
        if session is not None:
            session.record_read(view.repository, CommitId(view.at), place.path, ref=place.ref)

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
        session, catalog = self._session(), self.catalog
        pending = self.transaction.pending if self._intrans else Pending()
        if session is None:
            ref = place.ref or self._default_branch(catalog, place.repository)
            return View(catalog, place.repository, ref, pending, at=self._draft(place.repository, ref))
        ref = place.ref or session.ref_for(place.repository)
        at = session.see(place.repository, place.ref, path=place.path)
        return View(catalog, place.repository, ref, pending, at=at)

    def _default_branch(self, catalog: Catalog, repository: str) -> str:
        batch: Batch | None = getattr(self._local, "batch", None)
        known = batch.default_branches if batch is not None else {}
        if repository not in known:
            known[repository] = catalog.repositories.get_repository(repository).default_branch
        return known[repository]

    def _draft(self, repository: str, branch: str) -> CommitId | None:
        """Returns the commit that holds what is staged on a branch, where that is what this works on."""
        if not self._stage:
            return None
        try:
            return self.catalog.refs.resolve(repository, str(stage_ref(branch, self._author))).id
        except (RefNotFoundError, InvalidInputError):  # nothing is staged there, or it is no branch
            return None

    def _session(self) -> RunSession | None:
        """Returns the run that this access belongs to, if it is one in this lake."""
        session = current_run() or self._joined
        if session is None or self._lake is None or self._opened is session.catalog:
            return session
        return session if whole_address(self._lake) == session.catalog.address else None

    def join(self, address: str | None, arguments: Mapping[str, Any]) -> None:
        """Makes this instance part of a run that another process began, where no other run is current."""
        self._joined = RunSession.join(find_lake(address, self._token), arguments)

    def remember(self, folders: Iterable[str]) -> None:
        """Takes over the folders that were made with another instance."""
        self._folders = Folders(folders)


def _revive(
    cls: type[ReadableFileSystem],
    args: tuple[Any, ...],
    options: dict[str, Any],
    folders: tuple[str, ...],
    run: tuple[str | None, Mapping[str, Any]] | None,
) -> ReadableFileSystem:
    if not folders and run is None:
        return cls(*args, **options)
    revived = cls(*args, skip_instance_cache=True, **options)
    revived.remember(folders)
    if run is not None:
        revived.join(*run)
    return revived
