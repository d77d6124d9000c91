"""A repository with its stores at hand: reading commits and trees, and making new commits visible.

Invariant: a pack is durable before the rows that point into it, and those rows become visible in the same
step as the ref that leads to them (`RefStore.publish`). So a commit that can be named can be read whole.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from threading import Event
from typing import BinaryIO
from uuid import uuid4

from lineageflow_core.errors import (
    CollectionBegunError,
    InvalidInputError,
    ObjectCollectedError,
    ObjectMissingError,
    RepositoryNotFoundError,
)
from lineageflow_core.model.check import Check
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.draft import is_draft
from lineageflow_core.model.ids import CommitId, ObjectId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.names import check_repository_name
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.repository import RepositoryChange, RepositoryInfo
from lineageflow_core.model.run import Transaction
from lineageflow_core.model.settings import RepositorySettings, SettingsChange
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.service.commit_graph import CommitGraph
from lineageflow_core.service.commit_reader import CommitReader
from lineageflow_core.service.references import with_references
from lineageflow_core.service.renames import RepositoryNames, across_renames
from lineageflow_core.service.revisions import current_branch, ref_not_found, resolve
from lineageflow_core.service.wholeness import Wholeness
from lineageflow_core.store.ports import (
    CommitChanges,
    DatasetStore,
    LineageStore,
    NodeLocation,
    PackPart,
    Publication,
    RefUpdate,
    Stores,
)
from lineageflow_core.store.refusals import object_collected
from lineageflow_core.store.sources.buckets import open_source
from lineageflow_core.tree.moves import find_moves
from lineageflow_core.tree.pack import Pack, make_pack
from lineageflow_core.tree.root import RootTree
from lineageflow_core.tree.source import StoredNodes

Clock = Callable[[], datetime]

_ALL = 1 << 62


class Lake:
    """All repositories of the stores, opened once each, so that their caches are shared."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self.stores = stores
        self.clock = clock
        self.lineage = across_renames(LineageStore, stores.lineage, self.names)
        self.datasets = across_renames(DatasetStore, stores.datasets, self.names)
        self.jobs = stores.jobs
        self.sources = lru_cache(maxsize=64)(lambda url: open_source(parse_storage(url)))
        """Where imported objects are, by URL."""
        self._opened = lru_cache(maxsize=64)(self._open)

    def names(self) -> RepositoryNames:
        """Returns who has which name now, and had which before."""
        return RepositoryNames(self.stores.repositories)

    def today(self, version: Version) -> Version:
        """Returns a version as it is called today, whichever of its dataset's names it has."""
        return version.under(self.datasets.first_names([version.dataset])[version.dataset])

    def repository(self, name: str) -> "OpenRepository":
        """Returns the repository called `name`, or that was called so until nobody else took the name.

        Raises RepositoryNotFoundError, InvalidInputError.
        """
        opened = self.even_deleted(name)
        if opened.info.deleted_at is not None:
            raise repository_deleted(opened.info)
        return opened

    def even_deleted(self, name: str) -> "OpenRepository":
        """Returns a repository as `repository` does, even if it is deleted."""
        store = self.stores.repositories
        info = store.get(check_repository_name(name))
        if info is None:
            holders = [past.repository for past in store.names() if past.name == name]
            info = store.with_id(holders[-1]) if holders else None
        if info is None:
            raise RepositoryNotFoundError(
                f"there is no repository {name!r}; `lineageflow repo list` shows those there are, "
                f"`lineageflow repo create NAME` makes one",
                repository=name,
            )
        return self._opened(info.id).with_info(info)

    def with_id(self, repository: str) -> "OpenRepository":
        """Returns the repository with this id, which is known to exist."""
        info = self.stores.repositories.with_id(repository)
        if info is None:
            raise RepositoryNotFoundError(f"repository {repository} is gone", repository=repository)
        return self._opened(info.id).with_info(info)

    def _open(self, repository: str) -> "OpenRepository":
        info = self.stores.repositories.with_id(repository)
        assert info is not None  # it was found a moment ago, and its id stays
        return OpenRepository(self, info)


def repository_deleted(info: RepositoryInfo) -> RepositoryNotFoundError:
    """Returns the error for a repository that is deleted."""
    return RepositoryNotFoundError(
        f"repository {info.name!r} is deleted; `lineageflow repo restore {info.name}` brings it back",
        repository=info.name,
    )


class OpenRepository:
    """One repository. Holds no state of its own but caches of immutable things."""

    def __init__(self, lake: Lake, info: RepositoryInfo) -> None:
        self.info = info
        self.stores = lake.stores
        self.lineage = lake.lineage
        self.clock = lake.clock
        self.content = with_references(
            lake.stores.content(info.id, storage=info.storage),
            find=lambda object_ids: self.stores.references.get_many(info.id, object_ids),
            source=lake.sources,
        )
        self.has_written = Event()
        """Set once this process has begun to write here: what it needs of the repository, it has read."""
        self.nodes = StoredNodes(self._read_nodes)
        self.moves = lru_cache(maxsize=32)(partial(find_moves, self.nodes))
        """What moved from one root to another, as `find_moves` tells it."""
        self._commits = CommitReader(lambda commits: self.stores.commits.get_many(info.id, commits))
        self.graph = CommitGraph(
            lambda commits, down_to: self.stores.commits.ancestors(info.id, commits, down_to=down_to),
            self.commits,
        )

    def with_info(self, info: RepositoryInfo) -> "OpenRepository":
        """Returns the same repository, with the same caches, as the lake knows it now."""
        if info == self.info:
            return self
        renewed = copy(self)
        renewed.info = info
        return renewed

    def commit(self, commit: CommitId) -> Commit:
        """Returns a commit that is known to exist."""
        return self._commits.get(commit)

    def commits(self, commits: Sequence[CommitId]) -> list[Commit]:
        """Returns commits that are known to exist, in the order given."""
        return self._commits.get_many(commits)

    def find_commit(self, commit: CommitId) -> Commit | None:
        """Returns the commit with this whole id; None if the repository has none."""
        return self._commits.find(commit)

    def settings(self) -> RepositorySettings:
        """Returns the repository's settings as they are now."""
        return self.stores.settings.get(self.info.id)

    def open_object(self, object_id: ObjectId) -> BinaryIO:
        """Opens an object. Raises ObjectCollectedError if it was collected, and as `ContentStore` does."""
        try:
            return self.content.open_object(object_id)
        except ObjectMissingError:
            row = self.stores.collections.get(self.info.id, [object_id]).get(object_id)
            if row is None:
                raise
            raise object_collected(object_id, row) from None

    def tree(self, ref: str) -> RootTree:
        """Returns the tree of the commit that a revision names now. Raises RefNotFoundError."""
        return RootTree(self.nodes, self.resolve(ref).root)

    def ref(self, name: RefName) -> Commit:
        """Returns the commit at a stored ref. Raises RefNotFoundError."""
        ref = self.stores.refs.get(self.info.id, name)
        if ref is None:
            raise ref_not_found(self, str(name))
        return self.commit(ref.commit)

    def resolve(self, text: str) -> Commit:
        """Returns the commit that a revision names now. Raises RefNotFoundError."""
        return resolve(self, text)

    def current_branch(self, name: str) -> RefName:
        """Returns a branch that was known by this name, under the name that it was given since."""
        return current_branch(self, name)

    def publish(
        self,
        operation: str,
        *,
        key: str | None,
        actor: str,
        updates: Sequence[RefUpdate] = (),
        commits: Sequence[Commit] = (),
        changes: Sequence[CommitChanges] = (),
        nodes: Mapping[bytes, bytes] | None = None,
        transactions: Sequence[Transaction] = (),
        settings: SettingsChange | None = None,
        repository: RepositoryChange | None = None,
        check: Check | None = None,
        quarantines: Sequence[Quarantine] = (),
        undoes: int | None = None,
        message: str = "",
        answer: bytes = b"",
    ) -> Publication:
        """Writes one pack, then makes everything visible at once. Raises as `RefStore.publish` does."""
        if not actor.strip():
            raise InvalidInputError("the author is empty; name who does this")
        self._check_history(updates, commits)
        publication = Publication(
            key=key or f"once:{uuid4()}",
            operation=operation,
            actor=actor,
            at=self.clock(),
            updates=tuple(updates),
            commits=tuple(commits),
            changes=tuple(changes),
            transactions=tuple(transactions),
            settings=settings,
            repository=repository,
            check=check,
            quarantines=tuple(quarantines),
            undoes=undoes,
            message=message,
            answer=answer,
        )
        while True:
            collection = self.stores.collections.last(self.info.id)
            pack = self._pack(publication, nodes or {}, is_secured=collection == 0)
            if pack is not None:
                self.content.write_pack(pack.id, pack.content)
            wanted = replace(publication, nodes=pack.nodes if pack else (), collection=collection)
            try:
                done = self.stores.refs.publish(self.info.id, wanted)
            except CollectionBegunError:
                continue  # what was there when we looked may be gone soon: look again
            break
        if {commit.id for commit in commits} & {update.new for update in done.updates}:
            self._commits.keep(commits)  # these were published, not those of an earlier call with this key
        return done

    def published(self, key: str | None, operation: str, ref: RefName | None) -> Publication | None:
        """Returns what an earlier call with this key published: this operation, on this ref first.

        Raises InvalidInputError if that was something else: a key that is used twice must not lose a write.
        """
        done = self.stores.refs.published(self.info.id, key) if key else None
        if done is None:
            return None
        first = done.updates[0].ref if done.updates else None
        if (done.operation, first) != (operation, ref):
            raise InvalidInputError(
                f"key {key!r} was used before, for {done.operation} on {first or self.info.name}, not for "
                f"{operation} on {ref or self.info.name}; give every call a key of its own",
                key=key,
            )
        return done

    def _pack(
        self, publication: Publication, nodes: Mapping[bytes, bytes], *, is_secured: bool
    ) -> Pack | None:
        """Returns what a publication has to write; what it relies on besides is there.

        Raises ObjectCollectedError if that is gone.
        """
        if is_secured:  # no collection was ever begun
            return make_pack(nodes, publication.commits) if publication.commits else None
        new = {commit.id: commit for commit in publication.commits}
        moves = [
            (update, self._reachable(update), new.get(update.new) or self.commit(update.new))
            for update in publication.updates
            if update.new is not None and update.new != update.expected
        ]
        wholeness = Wholeness(self.stores, self.info.id, self.content, self.nodes)
        commits = [*publication.commits, *self._joining(moves, new)]
        lost = wholeness.secure(moves, commits, nodes)
        packed = {commit.id: commit for commit in (*publication.commits, *lost)}
        if not packed:
            return None
        pack = make_pack(nodes, packed.values())
        wholeness.secure_pack(pack.id)
        return pack

    def _joining(
        self, moves: Sequence[tuple[RefUpdate, Commit | None, Commit]], new: Mapping[CommitId, Commit]
    ) -> list[Commit]:
        """Returns stored commits that become part of a history that they are not in yet."""
        found: dict[CommitId, None] = {}
        for _, before, after in moves:
            starts = {parent for commit in new.values() for parent in commit.parents} | {after.id}
            for start in sorted(starts - new.keys()):
                if before is not None:
                    found |= dict.fromkeys(self.graph.part(before, self.commit(start)).right)
                else:
                    found |= dict.fromkeys(self.graph.last_first([start], after=None, count=_ALL))
        return self.commits(list(found))

    def _reachable(self, update: RefUpdate) -> Commit | None:
        """Returns a commit that is sure to be reachable as long as a move can be made."""
        if update.expected is not None:
            return self.commit(update.expected)
        default = self.stores.refs.get(
            self.info.id, RefName(kind=RefKind.BRANCH, name=self.info.default_branch)
        )
        return self.commit(default.commit) if default is not None else None

    def _check_history(self, updates: Sequence[RefUpdate], commits: Sequence[Commit]) -> None:
        """Raises InvalidInputError where staged changes would become part of history as they are."""
        named = [each.new for each in updates if each.new and each.ref.kind is not RefKind.STAGE]
        new = {commit.id: commit for commit in commits}
        for commit_id in {*named, *(parent for commit in commits for parent in commit.parents)}:
            if is_draft(new.get(commit_id) or self.commit(commit_id)):
                raise InvalidInputError(
                    f"{commit_id[:8]} is what somebody staged, and no part of history; commit it first",
                    commit=commit_id,
                )

    def _read_nodes(self, node_ids: Sequence[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, NodeLocation] = {}
        while True:
            before, found = found, self.stores.commits.locate(self.info.id, node_ids)
            self._check_located(node_ids, found)
            locations = [found[node_id] for node_id in node_ids]
            parts = [PackPart(each.pack_id, each.offset, each.length) for each in locations]
            try:
                return dict(zip(node_ids, self.content.read_packs(parts), strict=True))
            except ObjectMissingError:
                if found == before:
                    raise
                # A collection may have moved them to another pack since: look again.

    def _check_located(self, node_ids: Sequence[bytes], found: Mapping[bytes, NodeLocation]) -> None:
        for node_id in node_ids:
            if node_id in found:
                continue
            if self.stores.collections.last(self.info.id):
                raise ObjectCollectedError(
                    f"tree node {node_id.hex()[:12]} was collected, because no branch, tag, run or plan led "
                    f"to it: `lineageflow log -R {self.info.name}` shows what is kept",
                    node=node_id.hex(),
                )
            raise ObjectMissingError(f"tree node {node_id.hex()} is not in repository {self.info.name!r}")
