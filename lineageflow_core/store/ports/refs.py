"""Refs, and the one place where everything becomes visible."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import Ref, RefKind, RefName
from lineageflow_core.store.ports.publication import Publication


class RefStore(Protocol):
    """Refs and the log of their moves."""

    def get(self, repository: str, ref: RefName) -> Ref | None: ...

    def list(
        self, repository: str, *, kind: RefKind, prefix: str, after: str | None, limit: int
    ) -> Page[Ref]:
        """By name."""
        ...

    def tips(self, repository: str, kind: RefKind) -> Sequence[CommitId]:
        """Returns the commits that refs of one kind are at, each once, in any order."""
        ...

    def as_of(self, repository: str, ref: RefName, at: datetime) -> CommitId | None:
        """Returns where the ref stood at an instant; None before it was made and after it was removed.

        A ref's moves are in order even if a clock was not: a move counts from its instant, or from the
        ref's move before it, whichever is later.
        """
        ...

    def published(self, repository: str, key: str) -> Publication | None:
        """Returns what was published under a key; its commits, nodes and transactions are left out."""
        ...

    def publish(self, repository: str, publication: Publication) -> Publication:
        """Makes commits, node locations, ref updates and the log entry visible in one step.

        Returns what `published` tells from now on. If the key was published before, returns that
        publication and changes nothing. Changes nothing and raises RefMovedError (details: ref, expected,
        actual) if any ref is not where it is expected, CollectionBegunError if a later collection than
        `publication.collection` has begun, TransactionClosedError if one of `publication.transactions` is
        stored and not open, ConflictError if the settings or the repository are not what they are expected
        to be, AlreadyExistsError if the repository's new name is taken, or if a tag would be made that once
        stood at another commit, and InvalidInputError if a ref or a commit would point at a commit that is
        not stored.
        """
        ...

    def turn(self, repository: str, ref: RefName) -> AbstractContextManager[None]:
        """Waits for the caller's turn to write a ref, first come first served, and holds it.

        Only for fairness: correctness rests on the compare-and-swap in `publish`. A process that dies
        gives its turn up. Raises StateError if this thread holds it already.
        """
        ...
