"""A repository: a versioned namespace over one storage root."""

from dataclasses import dataclass
from datetime import datetime


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
