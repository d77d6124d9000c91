"""Operators on branches."""

from collections.abc import Sequence
from typing import Any, Literal

from airflow.sdk.definitions.context import Context

from lineageflow_airflow.identity import AUTHOR
from lineageflow_airflow.links.pages import branch_url
from lineageflow_airflow.operators.base import LineageFlowOperator, Result, key_of
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import AlreadyExistsError, RefNotFoundError


class LineageFlowCreateBranchOperator(LineageFlowOperator):
    """Makes a branch.

    XCom: `repository`, `branch`, `commit` (where the branch is), `url`.

    :param branch: the branch's name. (templated)
    :param source: the ref that it starts at; by default the default branch. (templated)
    :param if_exists: `"fail"`, or `"keep"`, which takes the branch as it is.
    """

    template_fields: Sequence[str] = (*LineageFlowOperator.template_fields, "branch", "source")

    def __init__(
        self,
        *,
        branch: str,
        source: str | None = None,
        if_exists: Literal["fail", "keep"] = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.branch = branch
        self.source = source
        self.if_exists = if_exists

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        source = self.source or self.default_branch(lake)
        done = f"Made branch {self.branch!r} of {self.repository!r} at {source!r}"
        try:
            ref = lake.refs.create_branch(
                self.repository, self.branch, source=source, author=AUTHOR, key=key_of(context)
            )
        except AlreadyExistsError:
            if self.if_exists == "fail":
                raise
            ref = lake.refs.get_ref(self.repository, self.branch)
            done = f"Branch {self.branch!r} of {self.repository!r} is there already"
        url = branch_url(page, self.repository, self.branch)
        return self.done(f"{done}, commit {ref.commit[:8]}", url, branch=self.branch, commit=ref.commit)


class LineageFlowDeleteBranchOperator(LineageFlowOperator):
    """Removes a branch. Its commits stay, and it can be restored.

    XCom: `repository`, `branch`, `commit` (where the branch was; null if there was none).

    :param branch: the branch's name. (templated)
    :param if_missing: `"fail"`, or `"skip"`, for which a branch that is not there is as good as removed.
    """

    template_fields: Sequence[str] = (*LineageFlowOperator.template_fields, "branch")

    def __init__(self, *, branch: str, if_missing: Literal["fail", "skip"] = "fail", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.branch = branch
        self.if_missing = if_missing

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        try:
            was = lake.refs.delete_branch(self.repository, self.branch, author=AUTHOR, key=key_of(context))
        except RefNotFoundError:
            if self.if_missing == "fail":
                raise
            text = f"There is no branch {self.branch!r} of {self.repository!r} to remove"
            return self.done(text, None, branch=self.branch, commit=None)
        text = f"Removed branch {self.branch!r} of {self.repository!r}, which was at {was.commit[:8]}"
        return self.done(text, None, branch=self.branch, commit=was.commit)
