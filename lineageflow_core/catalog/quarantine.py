"""Operations on quarantined versions."""

from typing import Protocol

from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.quarantine import Quarantine, QuarantineNotice, QuarantineReport


class Quarantines(Protocol):
    """Versions that readers are warned of, or kept from, as the repository's settings say.

    A `target` is a node as for `Lineage`: `lf://repository/[@ref/]dataset[/partition]`, `version:...`, or
    `run:<id>` for all that a run wrote to the repository.
    """

    def quarantine(
        self, repository: str, target: str, *, reason: str, author: str, key: str | None = None
    ) -> tuple[Quarantine, ...]:
        """Quarantines the versions that `target` is, and returns them. One that is so already stays as it is.

        Raises InvalidInputError if there is no reason, or for versions of another repository.
        """
        ...

    def lift_quarantine(
        self, repository: str, target: str, *, author: str, key: str | None = None
    ) -> tuple[Quarantine, ...]:
        """Lifts the quarantines of the versions that `target` is, and returns them. None is no error."""
        ...

    def list_quarantines(
        self, repository: str, *, path: str = "", after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Quarantine]:
        """Returns the quarantines that hold at or below `path`, by dataset, partition and version."""
        ...

    def get_quarantine(self, repository: str, target: str) -> QuarantineReport:
        """Returns the quarantine of the one version that `target` is, and what was derived from that.

        Raises ObjectNotFoundError if it is not quarantined.
        """
        ...

    def check_reading(
        self, repository: str, ref: str, path: str, *, allow_quarantined: bool = False
    ) -> tuple[QuarantineNotice, ...]:
        """Returns what a reader of `path` at `ref` is to be told: what every reader asks before it reads.

        A version counts if it is at or below `path`, or `path` lies in it. Raises QuarantinedVersionError if
        the repository's policy is to stop readers, unless the caller wants to read such versions all the
        same.
        """
        ...
