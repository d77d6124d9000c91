"""What every catalog promises about the graph of commits."""

from lineageflow_core.testing.catalog.commits import CommitContract
from lineageflow_core.testing.catalog.comparing import ComparisonContract
from lineageflow_core.testing.catalog.log import (
    BranchesContract,
    GraphContract,
    LogContract,
    VersionsContract,
)
from lineageflow_core.testing.catalog.moving import MoveContract


class HistoryContract(
    CommitContract,
    MoveContract,
    LogContract,
    VersionsContract,
    GraphContract,
    BranchesContract,
    ComparisonContract,
):
    """Needs the fixture `catalog`."""
