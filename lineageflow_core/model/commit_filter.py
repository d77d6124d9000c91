"""Which commits a log shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitFilter:
    """Commits of which all this is true."""

    path: str = ""
    """They changed something at or below this path; '' is anything or nothing."""
    author: str | None = None
    run_id: RunId | None = None
    message: str | None = None
    """Text that the message contains, in whatever case."""
    since: datetime | None = None
    """Not before this."""
    until: datetime | None = None
    """Before this."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What the commit's metadata says, among others."""

    @property
    def shows_all(self) -> bool:
        """Whether no commit is left out."""
        return self == _ALL

    def admits(self, commit: Commit) -> bool:
        """Tells whether a commit is shown, as far as the commit says so itself: of `path`, trees do."""
        return (
            (self.author is None or commit.author == self.author)
            and (self.run_id is None or commit.run_id == self.run_id)
            and (self.message is None or self.message.casefold() in commit.message.casefold())
            and (self.since is None or commit.created_at >= self.since)
            and (self.until is None or commit.created_at < self.until)
            and self.metadata.items() <= commit.metadata.items()
        )


_ALL = CommitFilter()
