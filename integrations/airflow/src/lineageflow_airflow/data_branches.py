"""`data_branch`: the tasks of a block write on the DAG run's own data branch, and a last task publishes it.

A DAG run that fails anywhere in the block publishes nothing, and keeps its branch, so that clearing what
failed goes on with what the other tasks have written. The rest of Airflow sees the block's outputs when
everybody else does: its assets are outlets of the task that publishes, and their events tell the commit.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Self

from airflow.sdk import Asset, BaseOperator, TaskGroup, TriggerRule
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.sdk.definitions.taskgroup import MappedTaskGroup

from lineageflow_airflow.approvals import is_approval
from lineageflow_airflow.assets import parse_uri
from lineageflow_airflow.blocks import Block, put_block
from lineageflow_airflow.landing import land_before, landing
from lineageflow_airflow.operators.publish import LineageFlowPublishOperator

_STRICT = frozenset(
    {TriggerRule.ALL_SUCCESS, TriggerRule.NONE_FAILED, TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS}
)
"""The rules by which no task runs below one that has failed."""

_CHOOSE = ("skip", "skip_all_except")
"""What tasks call that choose what is run below them; that ends them, and what comes after is not done."""

_Task = BaseOperator | MappedOperator


class DataBranch(TaskGroup):
    """A task group whose writes to one repository are published together, or not at all.

    :param repository: the repository that its tasks write to by `lf://{repository}/...`, without a ref. What
        they write elsewhere is not held back.
    :param into: the branch that is published to, where the DAG run does not say another one by
        `lineageflow_into`; by default the repository's default branch.
    :param group_id: a name for the group, needed where a DAG has several blocks of one repository.
    :param lineageflow_conn_id: the connection to the lake.
    :param publish_task_id: what the task that publishes is called.
    :param publish_options: what else it is given, as any operator is: `retries`, `pool`, callbacks.

    Other arguments are a task group's. The ids of the tasks inside get no prefix.

    >>> with data_branch("sales", into="main"):
    ...     clean() >> report() >> audit()
    """

    def __init__(
        self,
        repository: str,
        *,
        into: str | None = None,
        group_id: str | None = None,
        lineageflow_conn_id: str | None = None,
        publish_task_id: str | None = None,
        publish_options: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        slug = repository.replace(".", "_")
        options = {"prefix_group_id": False, "group_display_name": f"{repository}: data branch", **options}
        super().__init__(group_id=group_id or f"data_branch_{slug}", **options)
        _refuse_mapped(self)
        self.block = Block(
            repository=repository, into=into, connection=lineageflow_conn_id, key=group_id or ""
        )
        put_block(self, self.block)
        named = publish_task_id or f"publish_{group_id or slug}"
        self._publish_options: dict[str, Any] = {"task_id": named, **(publish_options or {})}

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self._close()
        super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]  # Airflow does not say

    def _close(self) -> None:
        """Adds the task that publishes, below all others, and gives it what they have as outlets."""
        tasks: list[_Task] = list(self)
        for task in tasks:
            _change(task, "post_execute", "_post_execute_hook", landing)
            if not isinstance(task, MappedOperator):  # an instance of a mapped one goes on
                for name in _CHOOSE:
                    if own := getattr(task, name, None):
                        setattr(task, name, land_before(own))
        assets: dict[str, tuple[Asset, list[str]]] = {}
        for task in tasks:
            for asset in _take_outlets(task, self.block.repository):
                assets.setdefault(asset.uri, (asset, []))[1].append(task.task_id)
        approvals = [task for task in tasks if is_approval(task)]
        names = (parse_uri(uri) for uri in assets)
        self.block = replace(self.block, datasets=tuple(sorted(name.path for name in names if name)))
        put_block(self, self.block)
        publish = LineageFlowPublishOperator(
            block=self.block,
            outlets=[asset for asset, _ in assets.values()],
            producers={uri: producers for uri, (_, producers) in assets.items()},
            approvals=[task.task_id for task in approvals],
            **self._publish_options,
        )
        publish.set_upstream(_to_wait_for(tasks, approvals))
        self.published: Any = publish.output
        """What tasks below the block can be given: the repository, the branch and the commit."""


data_branch = DataBranch
"""The name for use in a `with` statement."""


def _refuse_mapped(group: TaskGroup) -> None:
    around = group.parent_group
    while around is not None:
        if isinstance(around, MappedTaskGroup):
            raise ValueError(  # noqa: TRY004  # the type is right, the place is not
                f"data_branch({group.group_id!r}) is in the mapped task group {around.group_id!r}, each "
                "instance of which would publish what all write. Put the block around the mapped group"
            )
        around = around.parent_group


def _to_wait_for(tasks: Iterable[_Task], approvals: Iterable[_Task]) -> list[_Task]:
    """Returns the tasks that publishing comes after: it begins when all have ended, and none has failed.

    One that is waited for by the next task anyway is left out, as people read the graph. So are tasks that
    choose what is run below them, which Airflow lets skip whatever is directly below; but for the last ones,
    and approvals, where that is meant. Teardowns are not waited for: they say nothing of the data.
    """
    inner = {task.task_id: task for task in tasks if not task.is_teardown}
    asked = {task.task_id for task in approvals}
    found = []
    for name, task in inner.items():
        below = [inner[each] for each in task.downstream_task_ids & inner.keys()]
        chooses = any(hasattr(task, each) for each in _CHOOSE)
        is_above_any = any(each.trigger_rule not in _STRICT for each in below)
        if not below or name in asked or is_above_any or not (chooses or _waits_for(below, task)):
            found.append(task)
    return found


def _waits_for(below: Iterable[_Task], task: _Task) -> bool:
    """Tells whether one of these tasks ends after `task` whatever happens, and fails with it.

    What has anything else above it may be skipped at once when that is, and a mapped task has instances.
    """
    is_one = not isinstance(task, MappedOperator) and not any(task.iter_mapped_task_groups())
    return is_one and any(each.upstream_task_ids == {task.task_id} for each in below)


def _take_outlets(task: _Task, repository: str) -> list[Asset]:
    """Takes the datasets of a repository from the outlets of a task, and returns them."""
    taken: list[Asset] = []

    def without(outlets: list[Any] | None) -> list[Any]:
        left: list[Any] = []
        for outlet in outlets or []:
            name = parse_uri(outlet.uri) if isinstance(outlet, Asset) else None
            (taken if name is not None and name.repository == repository else left).append(outlet)
        return left

    _change(task, "outlets", "outlets", without)
    return taken


def _change(task: _Task, argument: str, attribute: str, change: Callable[[Any], Any]) -> None:
    """Changes an argument that a task was made with; a mapped one is made with it when it runs."""
    if isinstance(task, MappedOperator):
        task.partial_kwargs[argument] = change(task.partial_kwargs.get(argument))
    else:
        setattr(task, attribute, change(getattr(task, attribute)))
