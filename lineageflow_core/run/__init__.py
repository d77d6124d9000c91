"""A run as its code sees it: `RunSession`, and which one is current."""

from lineageflow_core.admission import QuarantineWarning, admit
from lineageflow_core.run.branches import ensure_branch
from lineageflow_core.run.current import (
    current_run,
    find_run,
    find_runs_with,
    outside_runs,
    run_transaction,
    running,
)
from lineageflow_core.run.results import Reading, Written
from lineageflow_core.run.session import RunSession

__all__ = [
    "QuarantineWarning",
    "Reading",
    "RunSession",
    "Written",
    "admit",
    "current_run",
    "ensure_branch",
    "find_run",
    "find_runs_with",
    "outside_runs",
    "run_transaction",
    "running",
]
