"""A repository as the calling code sees it: what its handles read at, and where they write to.

Where the code names no ref, the current run decides, else it is the default branch; so the same code works
in a run, in a notebook and on a branch. In a run of this lake everything that goes through here is in its
lineage.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, TypeVar

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.change import Change
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.page import Page, every
from lineageflow_core.run import Reading, RunSession, admit, current_run
from lineageflow_core.run.look import look

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class Scope:
    """One repository of a lake. `author` is who commits are by."""

    catalog: Catalog
    repository: str
    author: str

    def __repr__(self) -> str:
        author = f", author={self.author!r}" if self.author != "lineageflow" else ""
        return f"connect({self.catalog.address or 'memory:'!r}).repository({self.repository!r}{author})"

    @property
    def session(self) -> RunSession | None:
        """The run that the calling code is in, if it is one in this lake."""
        session = current_run()
        if session is None or session.catalog is self.catalog:
            return session
        address = self.catalog.address
        return session if address is not None and address == session.catalog.address else None

    @property
    def default_branch(self) -> str:
        """Where people write to who name no branch."""
        return self.catalog.repositories.get_repository(self.repository).default_branch

    def ref(self, ref: str | None = None) -> str:
        """Returns the ref that is read at: the given one, else the run's, else the default branch."""
        if ref is not None:
            return ref
        session = self.session
        return session.ref_for(self.repository) if session else self.default_branch

    def look(self, dataset: str, *, ref: str | None, partitions: Sequence[str] | None = None) -> Reading:
        """Finds a dataset, or some of its partitions, at one commit. Looking at it is not reading it.

        Raises ObjectNotFoundError, RefNotFoundError.
        """
        session = self.session
        if session is not None:
            commit = session.see(self.repository, ref, path=dataset)
        else:
            commit = self.catalog.refs.resolve(self.repository, self.ref(ref)).id
        return look(self.catalog, self.repository, commit, dataset, partitions=partitions)

    def read(
        self,
        dataset: str,
        *,
        ref: str | None,
        partitions: Sequence[str] | None = None,
        allow_quarantined: bool = False,
    ) -> Reading:
        """Reads what `look` finds: in a run, it is recorded. Every handle's data comes this way.

        Raises QuarantinedVersionError as `admit` does.
        """
        reading = self.look(dataset, ref=ref, partitions=partitions)
        notices = admit(
            self.catalog,
            self.repository,
            reading.commit,
            dataset,
            partitions=partitions,
            allow_quarantined=allow_quarantined,
        )
        reading = replace(reading, notices=notices)
        session = self.session
        if session is not None:
            session.record(reading, ref=ref)
        return reading

    def open(self, path: str, *, ref: str | None, allow_quarantined: bool = False) -> BinaryIO:
        """Opens one object for reading.

        Raises ObjectNotFoundError, IntegrityError, and QuarantinedVersionError as `admit` does.
        """
        session = self.session
        at = session.see(self.repository, ref, path=path) if session else self.ref(ref)
        entry = self.catalog.objects.get_object(self.repository, at, path)
        admit(self.catalog, self.repository, at, path, allow_quarantined=allow_quarantined)
        if session is not None:
            session.record_read(self.repository, CommitId(at), path, ref=ref)
        return self.catalog.content.open(self.repository, entry.object_id)

    def commit(self, branch: str | None, changes: Sequence[Change], message: str) -> Commit:
        """Commits changes to the branch given, else to the run's, else to the default one."""
        session = self.session
        if session is not None:
            target = branch or session.branch_for(self.repository)
            return session.commit(self.repository, target, changes, message=message)
        return self.catalog.history.commit(
            self.repository, branch or self.default_branch, changes, author=self.author, message=message
        )

    def items(self, page: Callable[..., Page[T]], ref: str, *, path: str, most: int | None) -> list[T]:
        """Returns a list of the catalog that is about a path at a ref."""
        pages = every(
            lambda after, limit: page(self.repository, ref, path=path, after=after, limit=limit), most=most
        )
        return list(pages)
