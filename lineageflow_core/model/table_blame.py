"""Which version brought a value of a table."""

from dataclasses import dataclass

from lineageflow_core.model.lineage import Blame
from lineageflow_core.model.quarantine import QuarantineNotice
from lineageflow_core.model.table import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class TableBlame:
    """The version that brought what a row or a column is now, and who made it."""

    blame: Blame
    """The commit, its author, and the run that made it."""
    columns: tuple[str, ...]
    """What was looked at."""
    values: tuple[Cell, ...] | None
    """The row as it is since then, in the order of `columns`; None where a whole column was asked about."""
    before: tuple[Cell, ...] | None
    """The row as it was before; None where it was not there, or where a whole column was asked about."""
    versions: int
    """How many versions of the data were looked at."""
    is_whole: bool
    """False: the search ended early, and an even older version may have brought it."""
    notices: tuple[QuarantineNotice, ...] = ()
    """What of it is quarantined."""
