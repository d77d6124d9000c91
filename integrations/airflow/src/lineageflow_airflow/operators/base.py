"""What all operators share: the lake, one effect however often a task is tried, and plain words of it.

Invariant: an operator's `act` does one thing, named by `key_of`; a second try of the task, or a reply that
was lost, finds it done and returns the same. A task that somebody clears does it anew.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context

from lineageflow_airflow.blocks import blocks_of
from lineageflow_airflow.connection import DEFAULT_CONNECTION
from lineageflow_airflow.failures import task_failure
from lineageflow_airflow.hooks.lineageflow import LineageFlowHook
from lineageflow_airflow.links.result import LineageFlowResultLink
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, LineageFlowError

Word = TypeVar("Word", bound=StrEnum)

Result = dict[str, Any]
"""What goes to XCom: plain JSON."""


class LineageFlowOperator(BaseOperator):
    """Does one thing in one repository of a lake.

    What it did is its XCom, as plain JSON, and is linked from the task instance.

    :param repository: the repository; by default that of the `data_branch` that it is in, else the
        connection's. (templated)
    :param lineageflow_conn_id: the connection to the lake. (templated)
    """

    template_fields: Sequence[str] = ("repository", "lineageflow_conn_id")
    operator_extra_links = (LineageFlowResultLink(),)
    ui_color = "#d5ece6"

    def __init__(
        self,
        *,
        repository: str | None = None,
        lineageflow_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.url: str | None = None
        self.repository = repository or ""
        self.lineageflow_conn_id = lineageflow_conn_id

    def execute(self, context: Context) -> Result:
        """Acts. Raises AirflowFailException where another try cannot help, else AirflowException."""
        try:
            hook = LineageFlowHook(self.lineageflow_conn_id)
            self.repository = hook.repository(self.repository or self._of_block())
            return self.act(hook.get_conn(), context, hook.page)
        except LineageFlowError as error:
            raise task_failure(error) from error

    def _of_block(self) -> str | None:
        mine = (each for each in blocks_of(self) if each.connection in {None, self.lineageflow_conn_id})
        return next((each.repository for each in mine), None)

    def act(self, lake: Catalog, context: Context, page: str | None) -> Result:
        """Does it, and returns what goes to XCom, by way of `done`."""
        raise NotImplementedError

    def default_branch(self, lake: Catalog) -> str:
        """Returns the branch that is meant where none is named."""
        return lake.repositories.get_repository(self.repository).default_branch

    def done(self, text: str, url: str | None, **said: Any) -> Result:
        """Tells the log what was done and where to see it, and returns what goes to XCom."""
        self.log.info("%s%s", text, f": {url}" if url else "")
        self.url = url
        return {"repository": self.repository, **said, **({"url": url} if url else {})}


def key_of(context: Context) -> str:
    """Returns what names the one effect of a task: the same for all its tries, until it is cleared.

    Airflow lets a task that is cleared have as many tries more as it has retries, so what `max_tries` has
    above those tells one clearing from another. The start of the DAG run tells it from one of its name that
    was deleted.
    """
    ti, dag_run = context["ti"], context["dag_run"]
    tried = ti.max_tries - (ti.task.retries or 0)
    began = dag_run.start_date.isoformat() if dag_run.start_date is not None else ""
    return "/".join(
        ("airflow", ti.dag_id, ti.run_id, ti.task_id, str(_map_index(ti.map_index)), str(tried), began)
    )


def chosen(kind: type[Word], word: str | None, argument: str) -> Word | None:
    """Returns the word of a closed list that an argument has; None where it has none, or an empty one.

    Templates render to text, so arguments are text. Raises InvalidInputError.
    """
    if not word:
        return None
    try:
        return kind(word)
    except ValueError:
        words = ", ".join(repr(each.value) for each in kind)
        raise InvalidInputError(f"{argument} is {word!r}; write one of {words}") from None


def listed(words: str | Sequence[str]) -> list[str]:
    """Returns the list that an argument has: templates render to text, which is one element, or none."""
    return list(filter(None, [words])) if isinstance(words, str) else list(words)


def _map_index(index: int | None) -> int:
    return -1 if index is None else index
