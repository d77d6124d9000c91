"""Operations that free storage, and tell what is kept and why."""

from typing import Protocol

from lineageflow_core.model.collection import Collection, Explanation, Restored, TrashEntry, Usage
from lineageflow_core.model.page import DEFAULT_LIMIT, Page


class Collecting(Protocol):
    """Collection: what nothing needs any more goes to the trash, and from there for good.

    Kept are: what branches and tags hold; their histories, as far as `RepositorySettings.retention_rules` do
    not limit them; what lineage needs to make again what branches and tags hold; what is in quarantine;
    staged changes; what open and discarded runs read and wrote until they expire; what plans that are not
    applied would restore; what undoing an operation would bring back, for as many days as things are in the
    trash. Where rules let a version go, only its objects go: its commit, and which objects it had, stay.

    Nothing that is younger than `grace_hours` goes, by the storage's clock. What is in the trash is read as
    ever, which brings it back; `ObjectCollectedError` is raised of what is out of it.
    """

    def plan_collection(self, repository: str) -> Collection:
        """Returns what `collect` would do now, and changes nothing."""
        ...

    def collect(self, repository: str, *, author: str, key: str | None = None) -> Collection:
        """Moves what is dead into the trash; deletes what was there for `trash_days` and is dead still.

        Others may write meanwhile. Takes time in proportion to distinct tree nodes and stored objects,
        whatever the number of commits. One that was interrupted is finished by the next. Raises
        CollectionBegunError if another one begins meanwhile, which then does the rest.
        """
        ...

    def explain(self, repository: str, what: str) -> Explanation:
        """Returns the reasons why something is kept, or why it goes.

        Where several branches or tags lead to one history, the default branch or else the first of them is
        told. `what` is `path@ref`, a ref or a commit's id, or the id of an object or a dataset's snapshot.
        Raises RefNotFoundError or ObjectNotFoundError if there is no such thing.
        """
        ...

    def list_trash(
        self, repository: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[TrashEntry]:
        """Lists what is in the trash, by id."""
        ...

    def restore_trash(
        self,
        repository: str,
        *,
        author: str,
        dataset: str | None = None,
        object_id: str | None = None,
        key: str | None = None,
    ) -> Restored:
        """Brings back what is in the trash: all, or what belonged to a dataset, or one object.

        What nothing needs goes again with a later collection, once it is older than the grace. Raises
        InvalidInputError if that object is not in the trash.
        """
        ...

    def usage(self, repository: str) -> Usage:
        """Returns how many bytes the repository takes, and how many it saves by storing equal ones once."""
        ...
