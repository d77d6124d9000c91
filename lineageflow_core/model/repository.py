"""A repository: a versioned namespace over one storage root."""

from dataclasses import dataclass
from datetime import datetime, timedelta

KEPT = timedelta(days=7)
"""How long a deleted repository can be restored, and its name is not free: a week to notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryInfo:
    """What a lake knows of a repository."""

    id: str
    """Never changes, and names the storage root; the name can change."""
    name: str
    default_branch: str
    created_at: datetime
    storage: str | None = None
    """Where its content lies, as `gs://bucket/folder`; None: where the lake keeps what says nothing."""
    deleted_at: datetime | None = None
    """Since when it is deleted: hidden, and restorable for a week."""
    purged_at: datetime | None = None
    """Since when it is being deleted for good: nothing brings it back, and whoever asks again goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryChange:
    """What a lake knew of a repository before and after an operation."""

    before: RepositoryInfo
    after: RepositoryInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryName:
    """A name that a repository had from an instant on, until another repository took it."""

    name: str
    repository: str
    """The repository's id."""
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionPreview:
    """What deleting a repository would hide, and who would miss it."""

    repository: RepositoryInfo
    branches: int
    tags: int
    datasets: int
    """On the default branch."""
    open_runs: int
    """Runs that have written to it and not published yet."""
    dependents: tuple[str, ...]
    """Datasets elsewhere that were derived from what its default branch holds now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryPurge:
    """What deleting a repository for good deletes, or would."""

    repository: RepositoryInfo
    objects: int
    packs: int
    trash: int
    """Objects and packs in the trash."""
    size: int
    """Bytes of all of them."""
