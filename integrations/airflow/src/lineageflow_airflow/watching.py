"""What sensors and triggers look for in a lake: commits since another one, and versions of datasets.

Plain questions, answered by the lake itself: what is true does not depend on who was told of what, so nothing
is missed between two looks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lineageflow_airflow.links.pages import commit_url, data_url
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, NotFoundError, RefNotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.page import every


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The commits of a branch, in the order in which they became its tip; or those that changed a path."""

    repository: str
    branch: str
    path: str = ""

    def start(self, lake: Catalog, since: str | None, *, began: datetime | None = None) -> CommitId | None:
        """Returns the commit that `since` names: a ref, or a time, at which it is the branch's tip then.

        None is now. Where there was no such branch yet, it is the tip of the default branch; where there was
        no repository, there is no such commit. Raises RefNotFoundError for a ref that is not there.

        Who looks again and again, and knows nothing of the last time, says when it `began`.
        """
        if since is not None and not _is_time(since):
            return self._named(lake, since, began)
        at = f"@{{{since}}}" if since is not None else ""
        try:
            return lake.refs.resolve(self.repository, self.branch + at).id
        except (RefNotFoundError, InvalidInputError):
            pass  # there was no such branch
        try:
            default = lake.repositories.get_repository(self.repository).default_branch
            return lake.refs.resolve(self.repository, default + at).id
        except (NotFoundError, InvalidInputError):
            return None

    def _named(self, lake: Catalog, ref: str, began: datetime | None) -> CommitId:
        """Returns the commit of a ref; of a branch, which moves, where it was at the beginning."""
        name, tilde, back = ref.partition("~")
        try:
            made_at = lake.refs.get_ref(self.repository, name).created_at if began is not None else None
        except (RefNotFoundError, InvalidInputError):
            made_at = None  # it is no branch
        if began is not None and made_at is not None:
            ref = f"{name}@{{{max(began, made_at).isoformat()}}}{tilde}{back}"
        return lake.refs.resolve(self.repository, ref).id

    def since(self, lake: Catalog, start: CommitId | None) -> tuple[CommitId | None, list[Commit]]:
        """Returns where the branch is, and its commits that are not in the history of `start`, oldest first.

        Where there is no such branch: `start`, and none.
        """
        try:
            tip = lake.refs.resolve(self.repository, self.branch)
        except NotFoundError:
            return start, []
        if tip.id == start:
            return start, []
        ref = tip.id if start is None else f"{start}..{tip.id}"
        found = every(
            lambda after, limit: lake.history.log(
                self.repository, ref, path=self.path, after=after, limit=limit
            )
        )
        return tip.id, list(found)[::-1]

    def told(self, commit: Commit, page: str | None) -> dict[str, Any]:
        """Returns what XCom and asset events have of a commit. Plain JSON."""
        url = commit_url(page, self.repository, commit.id)
        return {
            "repository": self.repository,
            "branch": self.branch,
            "path": self.path,
            "commit": commit.id,
            "author": commit.author,
            "message": commit.message,
            "at": commit.created_at.isoformat(),
            **({"url": url} if url else {}),
        }


def find_version(
    lake: Catalog,
    repository: str,
    ref: str,
    dataset: str,
    *,
    partition: str | None = None,
    snapshot: str | None = None,
    page: str | None = None,
) -> Mapping[str, Any] | None:
    """Returns a dataset, or one of its partitions, as it is at a ref; or if it is exactly this snapshot.

    None where it is not there. Plain JSON.
    """
    path = f"{dataset}/{partition}" if partition else dataset
    try:
        commit = lake.refs.resolve(repository, ref).id
        if partition:
            found = lake.objects.get_snapshot(repository, commit, path)
            version, size, objects = found.snapshot, found.size, found.objects
            is_it = (found.dataset, found.partition) == (dataset, partition)
        else:
            whole = lake.objects.get_dataset(repository, commit, path)
            version, size, objects = whole.snapshot, whole.size, whole.objects
            is_it = whole.path == dataset
    except NotFoundError:
        return None
    if not is_it or (snapshot and version != snapshot):
        return None
    url = data_url(page, repository, commit, path)
    return {
        "repository": repository,
        "ref": ref,
        "commit": commit,
        "dataset": dataset,
        "partition": partition or "",
        "snapshot": version,
        "objects": objects,
        "size": size,
        **({"url": url} if url else {}),
    }


def text_of(since: str | datetime | None) -> str | None:
    """Returns what a ref or a time is as text: templates that render natively make times of times."""
    return since.isoformat() if isinstance(since, datetime) else since


def _is_time(since: str) -> bool:
    """Tells a time from a ref: no ref begins with a digit and has a colon outside of braces."""
    return since[:1].isdigit() and ":" in since and "@{" not in since
