"""A state of a repository as files in a folder or a bucket, kept up to date by exporting again.

Runs where it is called, over any lake, with the credentials there. A manifest in the target says what was
written and in which version. So an export writes only what differs, goes on where one was interrupted,
removes only what an export wrote, and never touches a file of anybody else.

The manifest is written twice: before the first file, as an intention, so that what a killed export leaves
behind is known as ours; and after the last, so that who reads it finds everything in place.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

import msgspec
from blake3 import blake3

from lineageflow_core.admission import admit
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import AlreadyExistsError, InvalidInputError, ObjectNotFoundError
from lineageflow_core.model.ids import CommitId, ObjectId
from lineageflow_core.model.names import check_folder, check_path
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.page import every
from lineageflow_core.model.storage import StorageUrl, parse_storage
from lineageflow_core.store.buckets.parts import TEMPORARY
from lineageflow_core.store.sources import Found, Source
from lineageflow_core.store.sources.buckets import open_source
from lineageflow_core.store.targets import Target, check_empty_name, open_target
from lineageflow_core.uploads import Progress

MANIFEST = ".lineageflow-export.json"
"""Says what in a folder an export wrote."""
MARKER = "_SUCCESS"
_FORMAT = 1
_AT_ONCE = 16
_CHUNK = 4 << 20
_SHOWN = 20


class ExportMode(StrEnum):
    """How bytes get into the target."""

    COPY = "copy"
    LINK = "link"
    """As hard links to the lake's own files, which nobody may change: for lakes on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What an export did, or would do."""

    target: str
    commit: CommitId
    written: int
    """Files."""
    size: int
    """Their bytes."""
    kept: int
    """Files that were there already."""
    removed: int
    paths: tuple[str, ...] = ()
    """Some of the files that are written, the first ones."""


@runtime_checkable
class HasFiles(Protocol):
    """What bytes come from, where they are files of this machine."""

    def file_of(self, repository: str, object_id: ObjectId) -> Path | None:
        """Returns the file that is an object, and that nobody may change; None where it is none."""
        ...


class _Written(msgspec.Struct, frozen=True, array_like=True):
    object_id: str
    size: int
    version: str
    """In the target; '' while it is intended."""


class _Manifest(msgspec.Struct, frozen=True):
    repository: str
    commit: str
    path: str
    is_complete: bool
    files: dict[str, _Written]
    format: int = _FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    commit: CommitId
    write: dict[str, ObjectEntry]
    begun: dict[str, Found]
    """Of these, what may have been written by an export that was interrupted."""
    keep: dict[str, _Written]
    remove: list[str]
    litter: list[str]
    """What an export that was killed was just writing."""

    def report(self, url: StorageUrl) -> ExportReport:
        return ExportReport(
            target=str(url),
            commit=self.commit,
            written=len(self.write),
            size=sum(entry.size for entry in self.write.values()),
            kept=len(self.keep),
            removed=len(self.remove),
            paths=tuple(list(self.write)[:_SHOWN]),
        )


class Export:
    """One export: `plan` looks, `run` does it."""

    def __init__(
        self,
        catalog: Catalog,
        repository: str,
        ref: str,
        path: str,
        target: str | Path,
        *,
        marker: bool = False,
        allow_quarantined: bool = False,
    ) -> None:
        """`path` is a folder, dataset or object; '' is the whole repository. `marker` adds `_SUCCESS`.

        With `allow_quarantined`, quarantined versions are exported even where readers are kept from them.

        Raises InvalidInputError.
        """
        self._catalog = catalog
        self._repository = repository
        self._ref = ref
        self._path = check_folder(path)
        self._url = parse_storage(f"file://{target.absolute()}" if isinstance(target, Path) else target)
        self._source: Source = open_source(self._url)
        self._target: Target = open_target(self._url)
        self._marker = marker
        self._allow_quarantined = allow_quarantined

    def plan(self) -> ExportReport:
        """Returns what `run` would do. Raises as it does, and changes nothing."""
        return self._plan(self._manifest()).report(self._url)

    def run(self, *, mode: ExportMode = ExportMode.COPY, progress: Progress | None = None) -> ExportReport:
        """Makes the target what the state is. `progress` is told bytes and files.

        Raises ObjectNotFoundError where nothing is at the path, and AlreadyExistsError where a file is in the
        way that no export wrote, or that was changed since; and QuarantinedVersionError as `admit` does.
        """
        before = self._manifest()
        plan = self._plan(before)
        admit(
            self._catalog,
            self._repository,
            plan.commit,
            self._path,
            allow_quarantined=self._allow_quarantined,
        )
        report = plan.report(self._url)
        if before is not None and self._is_done(before, plan):
            return report
        if self._marker:
            self._target.remove(MARKER)
        intended = {name: _Written(entry.object_id, entry.size, "") for name, entry in plan.write.items()}
        stale = {name: before.files[name] for name in plan.remove} if before is not None else {}
        self._write_manifest(plan, plan.keep | stale | intended, is_complete=False)
        written = self._write_all(plan, mode, progress or (lambda _size, _files: None))
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lineageflow-export") as pool:
            for _ in pool.map(self._target.remove, plan.remove + plan.litter):
                pass  # raises the first error
        self._write_manifest(plan, plan.keep | written, is_complete=True)
        if self._marker:
            self._target.write(MARKER, BytesIO(), size=0)
        return report

    def _is_done(self, before: _Manifest, plan: _Plan) -> bool:
        same = (before.commit, before.path) == (plan.commit, self._path)
        return same and before.is_complete and not (plan.write or plan.remove or plan.litter)

    def _plan(self, before: _Manifest | None) -> _Plan:
        commit = self._catalog.refs.resolve(self._repository, self._ref).id
        wanted = dict(self._wanted(commit))
        if not wanted:
            raise ObjectNotFoundError(f"nothing is at {self._path!r} at {self._ref}", path=self._path)
        ours = before.files if before is not None else {}
        there = self._there()
        keep: dict[str, _Written] = {}
        write: dict[str, ObjectEntry] = {}
        begun: dict[str, Found] = {}
        for name, entry in wanted.items():
            mine, found = ours.get(name), there.get(name)
            if found is not None:
                self._check_ours(name, mine, found)
            if mine is not None and found is not None and self._is_whole(entry, mine, found):
                keep[name] = mine
            else:
                write[name] = entry
                if mine is not None and found is not None and not mine.version and found.size == entry.size:
                    begun[name] = found
        gone = [name for name in ours if name not in wanted]
        for name in gone:
            if name in there:
                self._check_ours(name, ours[name], there[name])
        litter = [name for name in there if _is_temporary(name)]
        return _Plan(commit=commit, write=write, begun=begun, keep=keep, remove=gone, litter=litter)

    def _wanted(self, commit: CommitId) -> Iterator[tuple[str, ObjectEntry]]:
        objects = self._catalog.objects
        for entry in every(
            lambda after, limit: objects.list_objects(
                self._repository, commit, path=self._path, after=after, limit=limit
            )
        ):
            check_path(entry.path)  # a server may say anything
            if entry.path == self._path:
                name = entry.path.rpartition("/")[2]
            else:
                name = entry.path[len(self._path) + 1 :] if self._path else entry.path
            if name == MANIFEST or _is_temporary(name):
                raise InvalidInputError(
                    f"{entry.path!r} has a name that exports need; rename it", path=entry.path
                )
            yield name, entry

    def _there(self) -> dict[str, Found]:
        """Returns what is in the target now. Of a folder that is not there yet, nothing."""
        if self._url.provider.value == "file" and not Path(self._url.path).exists():
            return {}
        found: dict[str, Found] = {}
        for page in self._source.pages():
            for each in page:
                check_empty_name(self._url, each.name)
                found[each.name] = each
        return found

    def _check_ours(self, name: str, mine: _Written | None, found: Found) -> None:
        if mine is None:
            raise AlreadyExistsError(
                f"{name!r} is in {self._url} already, and no export wrote it; choose another target, or "
                "remove it",
                name=name,
            )
        if mine.version and mine.version != found.version:
            raise AlreadyExistsError(
                f"{name!r} in {self._url} was changed since it was exported; remove it to have it "
                "exported again",
                name=name,
            )

    def _is_whole(self, entry: ObjectEntry, mine: _Written, found: Found) -> bool:
        return bool(mine.version) and (mine.object_id, found.size) == (entry.object_id, entry.size)

    def _write_all(self, plan: _Plan, mode: ExportMode, progress: Progress) -> dict[str, _Written]:
        open_object = self._catalog.content.opener(self._repository)

        def write(item: tuple[str, ObjectEntry]) -> tuple[str, _Written]:
            name, entry = item
            if name not in plan.begun or not self._has_digest(plan.begun[name], entry.object_id):
                self._write(name, entry, mode, open_object)
            found = self._source.find(name)
            if found is None or found.size != entry.size:
                raise AlreadyExistsError(
                    f"{name!r} in {self._url} was changed while it was written", name=name
                )
            progress(entry.size, 1)
            return name, _Written(entry.object_id, entry.size, found.version)

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lineageflow-export") as pool:
            try:
                return dict(pool.map(write, plan.write.items()))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _has_digest(self, found: Found, object_id: ObjectId) -> bool:
        hasher = blake3()
        with self._source.open(found) as file:
            while chunk := file.read(_CHUNK):
                hasher.update(chunk)
        return hasher.hexdigest() == object_id

    def _write(
        self, name: str, entry: ObjectEntry, mode: ExportMode, open_object: Callable[[ObjectId], BinaryIO]
    ) -> None:
        if mode is ExportMode.LINK:
            content = self._catalog.content
            if not isinstance(content, HasFiles):
                raise InvalidInputError("links need a lake in a folder of this machine; leave --link out")
            file = content.file_of(self._repository, entry.object_id)
            if file is not None:
                self._target.link(name, file)
                return
        self._target.save(
            name, lambda: open_object(entry.object_id), object_id=entry.object_id, size=entry.size
        )

    def _manifest(self) -> _Manifest | None:
        content = self._target.read(MANIFEST)
        if content is None:
            return None
        try:
            manifest = msgspec.json.decode(content, type=_Manifest)
        except msgspec.DecodeError as error:
            raise InvalidInputError(
                f"{MANIFEST} in {self._url} cannot be read ({error}); remove it"
            ) from error
        if manifest.format != _FORMAT:
            raise InvalidInputError(f"{MANIFEST} in {self._url} is of a later version of LineageFlow")
        return manifest

    def _write_manifest(self, plan: _Plan, files: dict[str, _Written], *, is_complete: bool) -> None:
        content = msgspec.json.encode(
            _Manifest(
                repository=self._repository,
                commit=plan.commit,
                path=self._path,
                is_complete=is_complete,
                files=dict(sorted(files.items())),
            )
        )
        self._target.write(MANIFEST, BytesIO(content), size=len(content))


def _is_temporary(name: str) -> bool:
    return name.rpartition("/")[2].startswith(TEMPORARY)
