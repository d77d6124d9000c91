"""Operators that compare."""

from collections.abc import Iterator, Sequence
from typing import Any

from airflow.sdk.definitions.context import Context

from lineageflow_airflow.blocks import blocks_of
from lineageflow_airflow.links.pages import commit_url
from lineageflow_airflow.operators.base import LineageFlowOperator, Result
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.diff import DatasetDiff
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Transaction

MOST_DATASETS = 100
"""Of so many datasets XCom tells each; of more, only the counts."""


class LineageFlowDiffOperator(LineageFlowOperator):
    """Compares two refs, by dataset; in a `data_branch`, what the DAG run wrote with what it read.

    XCom: `repository`, `left` and `right` (commits), `differs`, `changed` (how many datasets differ), the
    numbers of objects that were `added`, `removed`, `edited` and `moved`, `size_change` in bytes, and
    `datasets`, the first hundred of them, each with its `path`, its `kind` (added, removed, changed, moved)
    and its own numbers.

    :param left: what it was; in a block by default where the DAG run's branch began. (templated)
    :param right: what it is; by default the default branch, in a block the DAG run's branch. (templated)
    :param path: only what is at or below this path. (templated)
    """

    template_fields: Sequence[str] = (*LineageFlowOperator.template_fields, "left", "right", "path")

    def __init__(
        self, *, left: str | None = None, right: str | None = None, path: str = "", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.left = left
        self.right = right
        self.path = path

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        before, after = self._refs(lake, context)
        left = lake.refs.resolve(self.repository, before)
        right = lake.refs.resolve(self.repository, after)
        found = list(self._datasets(lake, left.id, right.id))
        text = f"{len(found)} datasets of {self.repository!r} differ from {before!r} to {right.id[:8]}"
        for each in found[:MOST_DATASETS]:
            self.log.info(
                "%s %s: %d added, %d removed, %d edited, %+d bytes",
                each.kind.value, each.path, each.added, each.removed, each.changed, each.size_change,
            )  # fmt: skip
        return self.done(
            text,
            commit_url(page, self.repository, right.id),
            left=left.id,
            right=right.id,
            differs=bool(found),
            changed=len(found),
            added=sum(each.added for each in found),
            removed=sum(each.removed for each in found),
            edited=sum(each.changed for each in found),
            moved=sum(each.moved for each in found),
            size_change=sum(each.size_change for each in found),
            datasets=[_told(each) for each in found[:MOST_DATASETS]],
        )

    def _refs(self, lake: Catalog, context: Context) -> tuple[str, str]:
        whole = self._whole(context)
        left = self.left or (whole and whole.base)
        if not left:
            raise InvalidInputError("say in `left` what is compared; only in a `data_branch` it is known")
        return left, self.right or (f"run:{whole.run_id}" if whole else self.default_branch(lake))

    def _whole(self, context: Context) -> Transaction | None:
        """Returns the DAG run's transaction, where this task is in a block of the repository."""
        if not blocks_of(self):
            return None
        from lineageflow_airflow.sessions import session_of
        from lineageflow_airflow.transaction_session import TransactionSession

        session = session_of(context["ti"], self.repository, connection=self.lineageflow_conn_id)
        return session.whole if isinstance(session, TransactionSession) else None

    def _datasets(self, lake: Catalog, left: str, right: str) -> Iterator[DatasetDiff]:
        return every(
            lambda after, limit: lake.history.diff_datasets(
                self.repository, left, right, path=self.path, after=after, limit=limit
            )
        )


def _told(each: DatasetDiff) -> dict[str, Any]:
    return {
        "path": each.path,
        "kind": each.kind.value,
        "added": each.added,
        "removed": each.removed,
        "edited": each.changed,
        "moved": each.moved,
        "size_change": each.size_change,
        "partitions": list(each.partitions),
    }
