"""LineageFlow: versioned datasets with git semantics, and the lineage of every version.

`connect` opens a lake, `Repository` works on one repository of it, `RunSession` is one run that reads and
writes there. The values that they give and take are in `lineageflow_core.model`, the errors in
`lineageflow_core.errors`.
"""

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.errors import LineageFlowError
from lineageflow_core.model.run import CodeVersion, Job
from lineageflow_core.repository import Repository
from lineageflow_core.run import RunSession

__all__ = ["Catalog", "CodeVersion", "Job", "LineageFlowError", "Repository", "RunSession", "connect"]
