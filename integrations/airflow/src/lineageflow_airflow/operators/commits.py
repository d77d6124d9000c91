"""Operators that commit local files."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from airflow.sdk.definitions.context import Context

from lineageflow_airflow.identity import AUTHOR
from lineageflow_airflow.links.pages import commit_url
from lineageflow_airflow.operators.base import LineageFlowOperator, Result, key_of, listed
from lineageflow_airflow.origin import is_by, metadata_of
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.local_files import files_below
from lineageflow_core.model.change import Change, delete, replace
from lineageflow_core.uploads import upload_sources


class LineageFlowCommitOperator(LineageFlowOperator):
    """Commits files of this machine as datasets, all of them in one commit.

    Each dataset is written as one thing: what was there before is gone from the branch's tip. Data that is on
    the branch already makes no commit. In a `data_branch` of the repository it is part of what that
    publishes. In lineage the task has written it. XCom: `repository`, `branch`, `commit`, `changed` (whether
    that is this task's commit), `url`.

    :param branch: the branch; by default the data branch that the task is in, else the one that the DAG run
        says by `lineageflow_into`, else the default branch. (templated)
    :param datasets: the local file or folder by the path of its dataset: `{"orders": "/data/orders"}`.
        With a partition of a dataset, `{"orders/day=2026-05-01": ...}` and `partition_of`. (templated)
    :param partition_of: the datasets that paths are partitions of, by path. (templated)
    :param remove: paths of what is to be removed: datasets, partitions, objects or folders. (templated)
    :param message: the commit's message. (templated)
    :param metadata: what else its metadata says. (templated)
    """

    template_fields: Sequence[str] = (
        *LineageFlowOperator.template_fields,
        "branch",
        "datasets",
        "partition_of",
        "remove",
        "message",
        "metadata",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "datasets": "json",
        "metadata": "json",
        "partition_of": "json",
    }

    def __init__(
        self,
        *,
        branch: str | None = None,
        datasets: Mapping[str, str] | None = None,
        partition_of: Mapping[str, str] | None = None,
        remove: str | Sequence[str] = (),
        message: str | None = None,
        metadata: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.branch = branch
        self.datasets = datasets or {}
        self.partition_of = partition_of or {}
        self.remove = remove
        self.message = message
        self.metadata = metadata or {}

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        from lineageflow_airflow.sessions import session_of

        changes = list(self._changes(lake))
        if not changes:
            raise InvalidInputError("there is nothing to commit; name `datasets`, or what to `remove`")
        session = session_of(context["ti"], self.repository, connection=self.lineageflow_conn_id)
        branch = self.branch or session.branch_for(self.repository)
        is_of_try = branch.startswith("run:")  # in a block: the next try has a branch of its own
        commit = lake.history.commit(
            self.repository,
            branch,
            changes,
            author=AUTHOR,
            message=self.message or f"{context['ti'].dag_id}.{context['ti'].task_id}: {_paths(changes)}",
            metadata={**metadata_of(context["ti"]), **self.metadata},
            run_id=session.run.id,
            key=None if is_of_try else key_of(context),
        )
        session.record_commit(self.repository, commit.id, changes, branch=branch)
        changed = is_by(commit, context["ti"])
        url = commit_url(page, self.repository, commit.id)
        what = "Committed" if changed else "Found nothing to change of"
        text = f"{what} {_paths(changes)} on {branch!r} of {self.repository!r}, commit {commit.id[:8]}"
        return self.done(text, url, branch=branch, commit=commit.id, changed=changed)

    def _changes(self, lake: Catalog) -> Iterator[Change]:
        for path in listed(self.remove):
            yield delete(path)
        for path, source in self.datasets.items():
            entries = upload_sources(lake, self.repository, _files(Path(source)))
            yield replace(path, entries, dataset=self.partition_of.get(path))


def _files(source: Path) -> dict[str, Path]:
    if source.is_file():
        return {"": source}
    found = {name: Path(item.path) for name, item in files_below(str(source))} if source.is_dir() else {}
    if not found:
        raise InvalidInputError(f"there is no file at or below {str(source)!r}; nothing was committed")
    return found


def _paths(changes: Sequence[Change]) -> str:
    return ", ".join(change.path for change in changes)
