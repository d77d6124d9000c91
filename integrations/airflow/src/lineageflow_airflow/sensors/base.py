"""What both sensors share: where they look, and that they may wait in the triggerer."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue
from airflow.sdk.definitions.context import Context
from airflow.triggers.base import BaseTrigger

from lineageflow_airflow.configuration import conf
from lineageflow_airflow.connection import DEFAULT_CONNECTION
from lineageflow_airflow.failures import task_failure
from lineageflow_airflow.hooks.lineageflow import LineageFlowHook
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import LineageFlowError


class LineageFlowSensor(BaseSensorOperator):
    """Waits for something in a lake. What it found is its XCom.

    :param repository: the repository; by default the connection's. (templated)
    :param lineageflow_conn_id: the connection to the lake. (templated)
    :param deferrable: waits in the triggerer, without a worker.
    """

    template_fields: Sequence[str] = ("repository", "lineageflow_conn_id")
    ui_color = "#e3efec"

    def __init__(
        self,
        *,
        repository: str | None = None,
        lineageflow_conn_id: str = DEFAULT_CONNECTION,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.repository = repository or ""
        self.lineageflow_conn_id = lineageflow_conn_id
        self.deferrable = deferrable

    def execute(self, context: Context) -> Any:
        """Waits here, or defers to the triggerer. Raises AirflowFailException where waiting cannot help."""
        try:
            if not self.deferrable:
                return super().execute(context)
            found = self.look(context)
            if found is not None:
                return self._told(found)
            trigger = self.trigger(context)
        except LineageFlowError as error:
            raise task_failure(error) from error
        return self.defer(
            trigger=trigger, method_name="execute_complete", timeout=timedelta(seconds=self.timeout)
        )

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Goes on with what the trigger found."""
        return self._told(event)

    def poke(self, context: Context) -> PokeReturnValue:
        """Looks once."""
        found = self.look(context)
        if found is not None:
            self._told(found)
        return PokeReturnValue(is_done=found is not None, xcom_value=found)

    def look(self, context: Context) -> dict[str, Any] | None:
        """Returns what is waited for, as it goes to XCom; None while it is not there."""
        hook = LineageFlowHook(self.lineageflow_conn_id)
        self.repository = hook.repository(self.repository)
        return self.find(hook.get_conn(), context, hook.page)

    def find(self, lake: Catalog, context: Context, page: str | None) -> dict[str, Any] | None:
        """Looks into the lake."""
        raise NotImplementedError

    def trigger(self, context: Context) -> BaseTrigger:
        """Returns what waits for it in the triggerer, after `look` has not found it."""
        raise NotImplementedError

    def _told(self, found: dict[str, Any]) -> dict[str, Any]:
        self.log.info(
            "Found it at commit %s%s", found["commit"], f": {found['url']}" if "url" in found else ""
        )
        return found
