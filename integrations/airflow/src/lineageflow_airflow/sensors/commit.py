"""A sensor for commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from airflow.sdk.definitions.context import Context

from lineageflow_airflow.sensors.base import LineageFlowSensor
from lineageflow_airflow.triggers.commit import CommitsSinceTrigger
from lineageflow_airflow.watching import Line, text_of
from lineageflow_core.catalog import Catalog
from lineageflow_core.model.ids import CommitId


class LineageFlowCommitSensor(LineageFlowSensor):
    """Waits for a commit on a branch, or for one that changes a path.

    XCom: the newest of the commits, as `repository`, `branch`, `path`, `commit`, `author`, `message`, `at`,
    `url`.

    :param branch: the branch; by default the default branch. (templated)
    :param path: only a commit that changes this dataset, partition, object or folder. (templated)
    :param since: what was before: a ref, or a time as ISO 8601, as `"{{ data_interval_start }}"`; by default
        when the DAG run began. A branch is where it was then. (templated)
    """

    template_fields: Sequence[str] = (*LineageFlowSensor.template_fields, "branch", "path", "since")

    def __init__(
        self,
        *,
        branch: str | None = None,
        path: str = "",
        since: str | datetime | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.branch = branch
        self.path = path
        self.since = since
        self._start: CommitId | None = None
        self._is_begun = False

    def find(self, lake: Catalog, context: Context, page: str | None) -> dict[str, Any] | None:
        if self.branch is None:
            self.branch = lake.repositories.get_repository(self.repository).default_branch
        if not self._is_begun:
            began = context["dag_run"].start_date
            self._start = self._line.start(lake, text_of(self.since or began), began=began)
            self._is_begun = True
        _tip, commits = self._line.since(lake, self._start)
        return self._line.told(commits[-1], page) if commits else None

    def trigger(self, context: Context) -> CommitsSinceTrigger:
        return CommitsSinceTrigger(
            repository=self.repository,
            branch=self._line.branch,
            path=self.path,
            start=self._start,
            lineageflow_conn_id=self.lineageflow_conn_id,
            poll_interval=self.poke_interval,
        )

    @property
    def _line(self) -> Line:
        assert self.branch is not None
        return Line(repository=self.repository, branch=self.branch, path=self.path)
