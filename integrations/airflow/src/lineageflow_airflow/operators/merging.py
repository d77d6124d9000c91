"""Operators that bring a branch what another one has, or take back what commits did."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from airflow.sdk.definitions.context import Context

from lineageflow_airflow.identity import AUTHOR, task_try
from lineageflow_airflow.links.pages import commit_url
from lineageflow_airflow.operators.base import (
    LineageFlowOperator,
    Result,
    chosen,
    key_of,
    listed,
)
from lineageflow_airflow.origin import is_by, metadata_of
from lineageflow_core.catalog import Catalog
from lineageflow_core.model.merge import Side
from lineageflow_core.model.settings import StaleReads


class LineageFlowMergeOperator(LineageFlowOperator):
    """Merges a branch, tag or commit into a branch, as one commit.

    A conflict fails the task, and tells what is in conflict: decide it, then clear the task. XCom:
    `repository`, `branch`, `source`, `commit` (the branch's tip then), `changed` (whether that is this task's
    commit), `url`.

    :param source: the ref that is merged. (templated)
    :param into: the branch; by default the default branch. (templated)
    :param strategy: `"ours"` or `"theirs"`: the side that wins conflicts; by default they fail. (templated)
    :param stale_reads: `"allow"`, `"warn"` or `"fail"`: what becomes of a merge whose source read what the
        branch has changed since; by default what the branch's rules say. (templated)
    :param message: the commit's message. (templated)
    :param metadata: what else its metadata says. (templated)
    """

    template_fields: Sequence[str] = (
        *LineageFlowOperator.template_fields,
        "source",
        "into",
        "strategy",
        "stale_reads",
        "message",
        "metadata",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"metadata": "json"}

    def __init__(
        self,
        *,
        source: str,
        into: str | None = None,
        strategy: str | None = None,
        stale_reads: str | None = None,
        message: str | None = None,
        metadata: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.into = into
        self.strategy = strategy
        self.stale_reads = stale_reads
        self.message = message
        self.metadata = metadata or {}

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        into = self.into or self.default_branch(lake)
        commit = lake.merging.merge(
            self.repository,
            self.source,
            into=into,
            author=AUTHOR,
            message=self.message,
            metadata={**metadata_of(context["ti"]), **self.metadata},
            strategy=chosen(Side, self.strategy, "strategy"),
            stale_reads=chosen(StaleReads, self.stale_reads, "stale_reads"),
            run_id=task_try(context["ti"]).lineage_id,
            key=key_of(context),
        )
        changed = is_by(commit, context["ti"])
        url = commit_url(page, self.repository, commit.id)
        what = "Merged" if changed else "Nothing is left to merge of"
        text = f"{what} {self.source!r} into {into!r} of {self.repository!r}, commit {commit.id[:8]}"
        return self.done(text, url, branch=into, source=self.source, commit=commit.id, changed=changed)


class LineageFlowRevertOperator(LineageFlowOperator):
    """Undoes what commits did, and only that: later work stays. One new commit for each.

    To take back also what was derived from them, see `LineageFlowRollbackPlanOperator`. XCom: `repository`,
    `branch`, `reverted`, `commit` (the branch's tip then), `changed` (whether that is this
    task's commit), `url`.

    :param refs: the commits, or ranges as `v1..main`. (templated)
    :param branch: the branch; by default the default branch. (templated)
    :param strategy: `"ours"` or `"theirs"`: whether later work wins a conflict, or the state before the
        commit; by default conflicts fail. (templated)
    :param message: the commits' message. (templated)
    :param metadata: what else their metadata says. (templated)
    """

    template_fields: Sequence[str] = (
        *LineageFlowOperator.template_fields,
        "refs",
        "branch",
        "strategy",
        "message",
        "metadata",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"metadata": "json"}

    def __init__(
        self,
        *,
        refs: str | Sequence[str],
        branch: str | None = None,
        strategy: str | None = None,
        message: str | None = None,
        metadata: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.refs = refs
        self.branch = branch
        self.strategy = strategy
        self.message = message
        self.metadata = metadata or {}

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        branch = self.branch or self.default_branch(lake)
        refs = listed(self.refs)
        commit = lake.merging.revert(
            self.repository,
            refs,
            branch=branch,
            author=AUTHOR,
            message=self.message,
            metadata={**metadata_of(context["ti"]), **self.metadata},
            strategy=chosen(Side, self.strategy, "strategy"),
            key=key_of(context),
        )
        changed = is_by(commit, context["ti"])
        url = commit_url(page, self.repository, commit.id)
        what = "Reverted" if changed else "Nothing is left to revert of"
        text = f"{what} {', '.join(refs)} on {branch!r} of {self.repository!r}, commit {commit.id[:8]}"
        return self.done(text, url, branch=branch, reverted=refs, commit=commit.id, changed=changed)
