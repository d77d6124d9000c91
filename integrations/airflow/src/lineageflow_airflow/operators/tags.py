"""Operators on tags."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk.definitions.context import Context

from lineageflow_airflow.identity import AUTHOR
from lineageflow_airflow.links.pages import branch_url
from lineageflow_airflow.operators.base import LineageFlowOperator, Result, key_of
from lineageflow_core.catalog import Catalog


class LineageFlowTagOperator(LineageFlowOperator):
    """Makes a tag: a name for a commit, which never moves.

    XCom: `repository`, `tag`, `commit`, `url`.

    :param tag: the tag's name. (templated)
    :param ref: what it names; by default the tip of the default branch. (templated)
    :param message: what it stands for. (templated)
    """

    template_fields: Sequence[str] = (*LineageFlowOperator.template_fields, "tag", "ref", "message")

    def __init__(self, *, tag: str, ref: str | None = None, message: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tag = tag
        self.ref = ref
        self.message = message

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        source = self.ref or self.default_branch(lake)
        made = lake.refs.create_tag(
            self.repository, self.tag, source=source, author=AUTHOR, message=self.message, key=key_of(context)
        )
        text = f"Tagged {source!r} of {self.repository!r} as {self.tag!r}, commit {made.commit[:8]}"
        url = branch_url(page, self.repository, self.tag)
        return self.done(text, url, tag=self.tag, commit=made.commit)
