"""The link from a task instance of an operator to what it made."""

from typing import Any

from airflow.sdk import BaseOperatorLink


class LineageFlowResultLink(BaseOperatorLink):
    """Leads to the commit, branch or plan that an operator's task made.

    Airflow asks for it in the worker, at the end of the task, and keeps the answer: nothing is computed when
    a page is opened.
    """

    name = "LineageFlow"
    """What the button says."""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Returns the address of what the task made; '' where there is no page, or nothing was made."""
        return getattr(operator, "url", None) or ""
