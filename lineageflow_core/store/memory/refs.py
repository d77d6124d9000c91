"""Refs and the log of their moves, in memory."""

from collections.abc import Iterable, Sequence, Set
from contextlib import AbstractContextManager
from datetime import datetime

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import Ref, RefKind, RefName
from lineageflow_core.model.run import TransactionState
from lineageflow_core.model.settings import RepositorySettings
from lineageflow_core.store.memory.checks import check_instant, check_publication
from lineageflow_core.store.memory.content import MemoryContentStore
from lineageflow_core.store.memory.repositories import change_repository
from lineageflow_core.store.memory.state import State
from lineageflow_core.store.memory.turns import ThreadTurns
from lineageflow_core.store.paging import check_limit, page_of
from lineageflow_core.store.ports import Publication, RefUpdate
from lineageflow_core.store.refusals import (
    collection_begun,
    commit_missing,
    ref_moved,
    repository_changed,
    repository_taken,
    settings_changed,
    tag_spent,
    transaction_closed,
)


class MemoryRefStore:
    """A `RefStore` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._turns = ThreadTurns()

    def get(self, repository: str, ref: RefName) -> Ref | None:
        with self._state.lock:
            return self._state.refs.get((repository, ref))

    def list(
        self, repository: str, *, kind: RefKind, prefix: str, after: str | None, limit: int
    ) -> Page[Ref]:
        check_limit(limit)
        with self._state.lock:
            found = [
                ref
                for (owner, name), ref in self._state.refs.items()
                if owner == repository and name.kind is kind and name.name.startswith(prefix)
            ]
        found = sorted((ref for ref in found if after is None or ref.name > after), key=lambda ref: ref.name)
        return page_of(found, limit, cursor=lambda ref: ref.name)

    def tips(self, repository: str, kind: RefKind) -> Sequence[CommitId]:
        with self._state.lock:
            at = {
                ref.commit
                for (owner, name), ref in self._state.refs.items()
                if owner == repository and name.kind is kind
            }
        return tuple(at)

    def as_of(self, repository: str, ref: RefName, at: datetime) -> CommitId | None:
        check_instant(at)
        with self._state.lock:
            moves = self._state.moves.get((repository, ref), [])
            return next((commit for moved_at, commit in reversed(moves) if moved_at <= at), None)

    def published(self, repository: str, key: str) -> Publication | None:
        with self._state.lock:
            return self._state.operations.get((repository, key))

    def publish(self, repository: str, publication: Publication) -> Publication:
        check_publication(publication)
        with self._state.lock:
            done = self._state.operations.get((repository, publication.key))
            if done is not None:
                return done
            self._check_collection(repository, publication)
            self._check_transactions(repository, publication)
            self._check_commits(repository, publication)
            self._check_nodes(repository, publication)
            self._check_settings(repository, publication)
            self._check_repository(publication)
            for update in publication.updates:
                self._check_update(repository, update)
            return self._apply(repository, publication)

    def turn(self, repository: str, ref: RefName) -> AbstractContextManager[None]:
        return self._turns.turn((repository, ref))

    def waiting(self, repository: str, ref: RefName) -> int:
        """Returns how many threads wait for a turn that another one holds."""
        return self._turns.waiting((repository, ref))

    def _check_collection(self, repository: str, publication: Publication) -> None:
        last = self._state.collections.get(repository, 0)
        if publication.collection not in {None, last}:
            raise collection_begun(publication.collection or 0, last)

    def _check_transactions(self, repository: str, publication: Publication) -> None:
        for transaction in publication.transactions:
            stored = self._state.transactions.get((repository, transaction.run_id))
            if stored is not None and stored.state is not TransactionState.OPEN:
                raise transaction_closed(transaction.run_id, stored.state)

    def _check_commits(self, repository: str, publication: Publication) -> None:
        new = {commit.id for commit in publication.commits}
        for commit in publication.commits:
            self._check_stored(repository, commit.parents, new)
        self._check_stored(repository, filter(None, (update.new for update in publication.updates)), new)

    def _check_stored(self, repository: str, commits: Iterable[CommitId], new: Set[CommitId]) -> None:
        for commit in commits:
            if commit not in new and (repository, commit) not in self._state.commits:
                raise commit_missing(commit)

    def _check_nodes(self, repository: str, publication: Publication) -> None:
        content = self._state.contents.get(repository)
        for node in publication.nodes:
            if content is None:
                raise InvalidInputError(f"pack {node.pack_id} is not written yet")
            if isinstance(content, MemoryContentStore):  # with others it would take a request for each node
                content.read_pack(node.pack_id, node.offset, node.length)

    def _check_settings(self, repository: str, publication: Publication) -> None:
        current = self._state.settings.get(repository, RepositorySettings())
        if publication.settings is not None and publication.settings.before != current:
            raise settings_changed()

    def _check_repository(self, publication: Publication) -> None:
        change = publication.repository
        if change is None:
            return
        there = self._state.repositories
        if there.get(change.before.id) != change.before:
            raise repository_changed(change.before.name)
        others = {info.name for info in there.values() if info.id != change.before.id}
        if change.after.name in others:
            raise repository_taken(change.after.name)

    def _check_update(self, repository: str, update: RefUpdate) -> None:
        current = self._state.refs.get((repository, update.ref))
        actual = current.commit if current else None
        if actual != update.expected:
            raise ref_moved(update, actual)
        if update.ref.kind is RefKind.TAG and update.expected is None:
            for _, past in self._state.moves.get((repository, update.ref), []):
                if past not in {None, update.new}:
                    raise tag_spent(update.ref.name, past)

    def _apply(self, repository: str, publication: Publication) -> Publication:
        state = self._state
        for commit in publication.commits:
            state.commits.setdefault((repository, commit.id), commit)
        for changes in publication.changes:
            state.changes.setdefault((repository, changes.commit), changes)
        for node in publication.nodes:
            state.nodes[repository, node.node_id] = node  # to the newest pack: an old one may be collected
        for transaction in publication.transactions:
            state.transactions[repository, transaction.run_id] = transaction
        if publication.settings is not None:
            state.settings[repository] = publication.settings.after
        for update in publication.updates:
            self._move(repository, update, publication.at)
        if publication.repository is not None:
            change_repository(state, publication.repository, publication.at)
        if (check := publication.check) is not None:
            state.checks[repository, check.root, check.name] = check
        for held in publication.quarantines:
            state.quarantines[repository, held.dataset, held.partition, held.snapshot] = held
        done = publication.logged
        state.operations[repository, publication.key] = done
        state.log.append((repository, done))
        return done

    def _move(self, repository: str, update: RefUpdate, at: datetime) -> None:
        place = (repository, update.ref)
        moves = self._state.moves.setdefault(place, [])
        at = max(at, moves[-1][0]) if moves else at
        moves.append((at, update.new))
        current = self._state.refs.pop(place, None)
        if update.new is not None:
            self._state.refs[place] = Ref(
                kind=update.ref.kind,
                name=update.ref.name,
                commit=update.new,
                created_at=current.created_at if current else at,
                updated_at=at,
            )
