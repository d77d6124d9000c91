"""The hook: one lake, as an Airflow connection leads to it."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from airflow.sdk import BaseHook

from lineageflow_airflow.connection import (
    CONNECTION_TYPE,
    DEFAULT_CONNECTION,
    LakeConnection,
    connection_of,
    forget_connections,
    lake_of,
)
from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, LineageFlowError

T = TypeVar("T")


class LineageFlowHook(BaseHook):
    """Opens the lake that a connection leads to.

    Everything that a lake can do is a method of what `get_conn` returns; it is one and the same lake for all
    hooks of a process.

    :param lineageflow_conn_id: the connection. Where Airflow has none of the default name, it is the lake of
        LINEAGEFLOW_LAKE and LINEAGEFLOW_TOKEN.
    """

    conn_name_attr = "lineageflow_conn_id"
    default_conn_name = DEFAULT_CONNECTION
    conn_type = CONNECTION_TYPE
    hook_name = "LineageFlow"

    def __init__(self, lineageflow_conn_id: str = DEFAULT_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lineageflow_conn_id = lineageflow_conn_id

    def get_conn(self) -> Catalog:
        """Returns the lake, open. Raises NotFoundError where the connection's folder is no lake."""
        return lake_of(self.lineageflow_conn_id)

    @property
    def said(self) -> LakeConnection:
        """What the connection says."""
        return connection_of(self.lineageflow_conn_id)

    @property
    def page(self) -> str | None:
        """Where people see the lake; None if that is nowhere."""
        return self.said.page_url

    def repository(self, name: str | None) -> str:
        """Returns the repository of this name, else the connection's. Raises InvalidInputError for none."""
        found = name or self.said.repository
        if not found:
            raise InvalidInputError(
                "no repository is named; say `repository`, or give the connection "
                f"{self.lineageflow_conn_id!r} one"
            )
        return found

    async def call(self, work: Callable[[Catalog], T]) -> T:
        """Lets `work` do something with the lake in a thread: the event loop of a trigger never waits.

        Also the connection is looked up in the thread.
        """
        return await asyncio.to_thread(lambda: work(self.get_conn()))

    def test_connection(self) -> tuple[bool, str]:
        """Tells whether the lake answers, for the button *Test* of the connection's form."""
        forget_connections()
        try:
            found = self.get_conn().repositories.list_repositories(limit=5)
        except LineageFlowError as error:
            return False, error.message
        names = ", ".join(each.name for each in found.items)
        more = ", ..." if found.next is not None else ""
        return True, f"The lake answers; its repositories: {names + more if names else 'none yet'}"

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Returns how the connection's form looks in Airflow before 3.2; later ones ask the provider."""
        from lineageflow_airflow.provider import get_provider_info

        (kind,) = get_provider_info()["connection-types"]
        behaviour: dict[str, Any] = kind["ui-field-behaviour"]
        return {name.replace("-", "_"): value for name, value in behaviour.items()}
