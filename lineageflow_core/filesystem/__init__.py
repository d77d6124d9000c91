"""`lf://` for fsspec, and so for pandas, polars, DuckDB, Dask, Arrow and whatever else opens files by URL.

```
lf://repository/[@ref/]path
```

Without `@ref` a path is what the current run sees (`lineageflow_core.run.current_run`), else what is on the
repository's default branch. That is decided for each access, never for a filesystem object, because fsspec
keeps those for the whole process. Bytes are objects of a commit: what is read was checked against its digest,
and what is written becomes visible by a commit, of one file or, in a transaction, of all of them.
"""

from lineageflow_core.filesystem.system import LineageFlowFileSystem

__all__ = ["LineageFlowFileSystem"]
