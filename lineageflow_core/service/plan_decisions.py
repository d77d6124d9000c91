"""What people decide about the items of a plan. Invariant: an item takes only what is among its choices."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.plan import PlanAction, PlanDecision, PlanItem
from lineageflow_core.openlineage.naming import dataset_namespace

WHOLLY = (PlanDecision.RESTORE, PlanDecision.SKIP)
"""The choices where a bad version is current, or cannot be told apart from later work."""
BY_FILE = (PlanDecision.KEEP_LATER, PlanDecision.RESTORE, PlanDecision.SKIP)
"""Those where later work can be kept."""


def decided(item: PlanItem, decision: PlanDecision) -> PlanItem:
    """Returns an item with a decision. Raises InvalidInputError if it is none of its choices."""
    if decision not in item.choices:
        offered = ", ".join(choice.value.replace("_", "-") for choice in item.choices) or "nothing"
        raise InvalidInputError(
            f"{decision.value.replace('_', '-')} cannot be chosen for {item.path!r}; to choose: {offered}",
            path=item.path,
        )
    actions = {
        PlanDecision.RESTORE: PlanAction.RESTORE if item.good else PlanAction.REMOVE,
        PlanDecision.KEEP_LATER: PlanAction.MERGE,
        PlanDecision.SKIP: PlanAction.SKIP,
    }
    return replace(item, action=actions[decision])


def decide_items(items: Iterable[PlanItem], decisions: Mapping[str, PlanDecision]) -> tuple[PlanItem, ...]:
    """Returns items with the decisions made about them. Raises InvalidInputError for a path that has none."""
    found = list(items)
    for name, decision in decisions.items():
        meant = [index for index, item in enumerate(found) if item.choices and name in _names(item)]
        if not meant:
            choices = ", ".join(item.path for item in found if item.choices) or "nothing"
            raise InvalidInputError(f"there is nothing to decide about {name!r}; there is about: {choices}")
        for index in meant:
            found[index] = decided(found[index], decision)
    return tuple(found)


def _names(item: PlanItem) -> set[str]:
    """Returns what an item can be called."""
    namespace = dataset_namespace(item.repository)
    return {item.path, f"{namespace}/{item.path}", f"{namespace}/@{item.branch}/{item.path}"}
