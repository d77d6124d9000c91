"""`lf://` in Airflow: ObjectStoragePath, and whatever else opens files by URL, in tasks and outside of them.

`ObjectStoragePath("lf://conn@sales/orders")` reaches the lake of a connection; without one it is that of the
task's block, else the default connection's. The plugin makes this the file system of `lf://` for fsspec, too,
so that pandas and the rest find the lake in the same way. Airflow keeps file systems as long as the process
lives; so none of them knows more than the name of its connection, and which lake, run and ref that leads to
is found with each access.
"""

from collections.abc import Collection
from typing import Any

from lineageflow_airflow.connection import lake_of
from lineageflow_airflow.identity import AUTHOR
from lineageflow_airflow.provider import SCHEME
from lineageflow_airflow.sessions import session_at
from lineageflow_airflow.task_session import XCOM, TaskSession
from lineageflow_core.catalog import Catalog
from lineageflow_core.filesystem import LineageFlowFileSystem
from lineageflow_core.filesystem.pending import Target
from lineageflow_core.filesystem.place import Place, parse_place
from lineageflow_core.run import RunSession, ensure_branch

schemes = [SCHEME]
"""What Airflow asks this module for."""


def get_fs(conn_id: str | None, storage_options: dict[str, Any] | None = None) -> "AirflowFileSystem":
    """Returns the file system of a connection, for Airflow's ObjectStoragePath."""
    return AirflowFileSystem(conn_id=conn_id, **(storage_options or {}))


class AirflowFileSystem(LineageFlowFileSystem):
    """The lake of a connection as a file system; other options are those of `LineageFlowFileSystem`.

    With the option `lake` it is that lake, as everywhere else.
    """

    def __init__(self, conn_id: str | None = None, author: str = AUTHOR, **storage_options: Any) -> None:
        super().__init__(author=author, **storage_options)
        self._connection = conn_id

    @property
    def catalog(self) -> Catalog:
        session = self._session()
        if session is not None:
            return session.catalog
        return super().catalog if self._is_elsewhere else lake_of(self._connection)

    @property
    def _is_elsewhere(self) -> bool:
        """Whether the lake was named, or given, and no connection leads to it."""
        return self._lake is not None or self._opened is not None

    def _session(self) -> RunSession | None:
        if self._is_elsewhere:
            return super()._session()
        return session_at(self._connection) or self._joined

    def _declared(self, repository: str) -> Collection[str]:
        session = self._session()
        return session.sessions.declared(repository) if isinstance(session, TaskSession) else ()

    def _target(self, name: str, *, whole: bool = False) -> tuple[Target, Place]:
        place = parse_place(name)
        if place.ref == XCOM:
            ensure_branch(self.catalog, place.repository, XCOM, author=self._author)
        return super()._target(name, whole=whole)
