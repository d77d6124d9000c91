"""Quarantines."""

from typing import Protocol

from lineageflow_core.model.page import Page
from lineageflow_core.model.quarantine import Quarantine


class QuarantineStore(Protocol):
    """Quarantines, one for each version that ever was quarantined. Filled by `RefStore.publish`."""

    def holding(self, repository: str, dataset: str) -> list[Quarantine]:
        """Returns those of a dataset's versions that hold, lifted ones not, by partition and version."""
        ...

    def list(self, repository: str, *, path: str, after: str | None, limit: int) -> Page[Quarantine]:
        """Returns those that hold of datasets at or below `path`, by dataset, partition and version."""
        ...
