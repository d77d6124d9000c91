"""What tables are like."""

from typing import Protocol

from lineageflow_core.model.table import TableId, TableProfile


class ProfileStore(Protocol):
    """What was found out about tables, by content."""

    def get(self, repository: str, table: TableId) -> TableProfile | None: ...

    def put(self, repository: str, profile: TableProfile) -> None:
        """Keeps a profile. The first one stays, but one of all rows replaces one of a sample."""
        ...
