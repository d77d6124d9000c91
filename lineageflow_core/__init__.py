"""LineageFlow: versioned datasets with git semantics, and the lineage of every version.

`connect` opens a lake; its `repository` method gives a `Repository`, and that `Branch`, `Stage`, `Dataset`
and `Transaction`. `RunSession` is one run that reads and writes there; a process that a run started joins it
with `join_run`. The values that they give and take are in `lineageflow_core.model`, the errors in
`lineageflow_core.errors`.
"""

from lineageflow_core.branch import Branch
from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.dataset import Dataset
from lineageflow_core.errors import LineageFlowError
from lineageflow_core.lake import Lake
from lineageflow_core.model.run import CodeVersion, Job
from lineageflow_core.repository import Repository
from lineageflow_core.run import QuarantineWarning, RunSession, current_run, run_transaction
from lineageflow_core.stage import Stage
from lineageflow_core.tracking.joining import join_run
from lineageflow_core.transaction import Transaction

__all__ = [
    "Branch",
    "Catalog",
    "CodeVersion",
    "Dataset",
    "Job",
    "Lake",
    "LineageFlowError",
    "QuarantineWarning",
    "Repository",
    "RunSession",
    "Stage",
    "Transaction",
    "connect",
    "current_run",
    "join_run",
    "run_transaction",
]
