"""Operators that take back what is bad with all that was derived from it: plan first, then apply the plan."""

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import Asset
from airflow.sdk.definitions.context import Context

from lineageflow_airflow.assets import EXTRA, parse_uri
from lineageflow_airflow.identity import AUTHOR
from lineageflow_airflow.links.pages import commit_url, plan_url
from lineageflow_airflow.operators.base import LineageFlowOperator, Result, chosen, listed
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.names import is_under
from lineageflow_core.model.plan import (
    PlanAction,
    PlanDecision,
    PlanItem,
    RollbackPlan,
    RollbackReach,
    RollbackScope,
)

MOST_LINES = 100
"""Of a preview, XCom has so many lines; the log has all."""


class LineageFlowRollbackPlanOperator(LineageFlowOperator):
    """Plans to take back what is bad, and all that was derived from it. Nothing changes yet.

    The log has the preview. XCom: `repository`, `plan` (its id, for `LineageFlowRollbackApplyOperator`),
    `changes` (how many datasets and partitions it would change), `cannot` (how many are bad, and not ours to
    take back), `items`, `preview` (lines of text, for somebody to approve), `url`.

    :param target: what is bad: `run:<id>`, a dataset (`lf://sales/orders`), an exact version, a commit, or a
        range as `v1..main`; or several. (templated)
    :param branch: the branch; by default the default branch. (templated)
    :param scope: `"descendants"`, or `"outputs"`: only what the target itself wrote. (templated)
    :param reach: `"branch"`, or `"all_branches"`: every branch that holds a tainted version. (templated)
    :param outputs: limits what counts as bad to these datasets of a run. (templated)
    :param to: the ref that a dataset or partition goes back to. (templated)
    :param decisions: `"restore"`, `"keep_later"` or `"skip"` by path. (templated)
    """

    template_fields: Sequence[str] = (
        *LineageFlowOperator.template_fields,
        "target",
        "branch",
        "scope",
        "reach",
        "outputs",
        "to",
        "decisions",
    )

    def __init__(
        self,
        *,
        target: str | Sequence[str],
        branch: str | None = None,
        scope: str = RollbackScope.DESCENDANTS.value,
        reach: str = RollbackReach.BRANCH.value,
        outputs: str | Sequence[str] = (),
        to: str | None = None,
        decisions: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.target = target
        self.branch = branch
        self.scope = scope
        self.reach = reach
        self.outputs = outputs
        self.to = to
        self.decisions = decisions or {}

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        plan = lake.plans.plan_rollback(
            self.repository,
            self.target if isinstance(self.target, str) else tuple(self.target),
            branch=self.branch,
            scope=chosen(RollbackScope, self.scope, "scope") or RollbackScope.DESCENDANTS,
            reach=chosen(RollbackReach, self.reach, "reach") or RollbackReach.BRANCH,
            outputs=tuple(listed(self.outputs)),
            to=self.to,
            decisions={
                path: chosen(PlanDecision, each, "decisions") or PlanDecision.SKIP
                for path, each in self.decisions.items()
            },
        )
        preview = [_preview(item) for item in plan.items]
        for line in preview:
            self.log.info("%s", line)
        changes = sum(item.changes for item in plan.items)
        cannot = [item for item in plan.items if item.action is PlanAction.CANNOT]
        text = f"Planned to take back {plan.target}: {changes} would change, nothing has yet; plan {plan.id}"
        return self.done(
            text,
            plan_url(page, plan.id),
            plan=plan.id,
            target=plan.target,
            changes=changes,
            cannot=len(cannot),
            items=len(plan.items),
            preview=preview[:MOST_LINES],
        )


class LineageFlowRollbackApplyOperator(LineageFlowOperator):
    """Applies a plan: one commit on each branch that it changes. What it takes back is quarantined.

    Applied again, it finishes what is not done, and changes nothing more. Where the data has changed since
    the plan was made, the task fails and nothing happens: make a new plan. XCom: `repository`, `plan`,
    `state`, `commit` (on the plan's branch), `commits` (by `repository@branch`), `url`.

    Assets among its `outlets` whose datasets it puts back have an event, which tells the commit: so those who
    consume them run again. The others have none.

    :param plan: the plan's id, mostly `"{{ ti.xcom_pull('plan')['plan'] }}"`. (templated)
    :param message: the commits' message. (templated)
    """

    template_fields: Sequence[str] = (*LineageFlowOperator.template_fields, "plan", "message")

    def __init__(self, *, plan: str, message: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plan = plan
        self.message = message

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        planned = lake.plans.get_plan(PlanId(self.plan))
        if planned.repository != self.repository:
            raise InvalidInputError(
                f"plan {self.plan} is for repository {planned.repository!r}, not {self.repository!r}"
            )
        applied = lake.plans.apply_plan(planned.id, author=AUTHOR, message=self.message)
        commits = _commits(applied)
        text = f"Applied plan {applied.id}, which took back {applied.target}; {applied.state.value}"
        for place, commit in commits.items():
            self.log.info("%s is at %s", place, commit)
        self._tell_outlets(applied, context, page)
        return self.done(
            text,
            plan_url(page, applied.id),
            plan=applied.id,
            state=applied.state.value,
            commit=applied.commit,
            commits=commits,
        )

    def _tell_outlets(self, applied: RollbackPlan, context: Context, page: str | None) -> None:
        put_back: list[Any] = []
        for asset in self.outlets:
            commit = _commit_of(asset, applied)
            if commit is not None:
                put_back.append(asset)
                url = commit_url(page, commit["repository"], commit["commit"])
                extra: dict[str, Any] = {**commit, "plan": applied.id, **({"url": url} if url else {})}
                context["outlet_events"][asset].extra = {EXTRA: extra}
        self.outlets = put_back


def _commit_of(asset: Any, plan: RollbackPlan) -> dict[str, str] | None:
    """Returns the commit of a plan that has put an asset's dataset back; None if none has."""
    name = parse_uri(asset.uri) if isinstance(asset, Asset) else None
    if name is None:
        return None
    items = (item for item in plan.items if item.changes and item.repository == name.repository)
    branches = {item.branch for item in items if is_under(item.path, name.path)}
    for part in plan.parts:
        if part.repository == name.repository and part.branch in branches and part.commit is not None:
            return {"repository": part.repository, "branch": part.branch, "commit": part.commit}
    return None


def _commits(plan: RollbackPlan) -> dict[str, str]:
    return {f"{part.repository}@{part.branch}": part.commit for part in plan.parts if part.commit is not None}


def _preview(item: PlanItem) -> str:
    versions = f" {(item.bad or 'nothing')[:8]} -> {(item.result or 'nothing')[:8]}" if item.changes else ""
    where = f"{item.repository}@{item.branch} " if item.repository else ""
    made = f", made by {item.job}" if item.job else ""
    return f"{item.action.value} {where}{item.path}{versions} ({item.reason.value}{made})"
