"""Operators that let a DAG go on only where data has passed its checks."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk.definitions.context import Context

from lineageflow_airflow.failures import AirflowException
from lineageflow_airflow.links.pages import branch_url
from lineageflow_airflow.operators.base import LineageFlowOperator, Result, listed
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.check import CheckState


class LineageFlowGateOperator(LineageFlowOperator):
    """Succeeds if the content at a ref has passed checks, and fails with all that it has not.

    Checks are recorded by `expect`, by `lineageflow check`, by the notifier, or by any client of the lake;
    equal content has equal checks. A check may still come, so the task can be retried. XCom: `repository`,
    `ref`, `commit`, `checks` (the state by name), `url`.

    :param checks: the checks' names. (templated)
    :param ref: what must have passed them; by default the default branch. (templated)
    """

    template_fields: Sequence[str] = (*LineageFlowOperator.template_fields, "checks", "ref")

    def __init__(self, *, checks: str | Sequence[str], ref: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.checks = checks
        self.ref = ref

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        names = listed(self.checks)
        if not names:
            raise InvalidInputError("the gate names no checks; say in `checks` which must have passed")
        ref = self.ref or self.default_branch(lake)
        commit = lake.refs.resolve(self.repository, ref).id
        found = {each.name: each for each in lake.checks.list_checks(self.repository, commit)}
        bad = []
        for name in names:
            check = found.get(name)
            if check is None:
                bad.append(f"{name} was not recorded for this content")
            elif check.state is not CheckState.PASSED:
                summary = f": {check.summary}" if check.summary else ""
                bad.append(f"{name} {check.state.value}{summary} (by {check.author} at {check.at:%F %T} UTC)")
        if bad:
            raise AirflowException(
                f"{ref!r} of {self.repository!r}, commit {commit[:8]}, does not pass: {'; '.join(bad)}"
            )
        text = f"{ref!r} of {self.repository!r}, commit {commit[:8]}, has passed {', '.join(names)}"
        states = {name: found[name].state.value for name in names}
        return self.done(
            text, branch_url(page, self.repository, commit), ref=ref, commit=commit, checks=states
        )
