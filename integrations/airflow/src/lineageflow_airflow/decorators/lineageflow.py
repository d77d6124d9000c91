"""`@task.lineageflow`: a Python task whose try is a transaction, published when its function has returned.

Publishing is the last thing that the task does itself. So a conflict, or a stale read, fails the task, and
what hears of its success, such as the DAGs that its assets schedule, finds the data there. What is written
before the function is called, by `pre_execute`, say, is no part of it. In a `data_branch` of the same
repository the task is as every other one there.
"""

from collections.abc import Callable
from typing import Any

from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
from airflow.sdk import Asset
from airflow.sdk.bases.decorator import TaskDecorator, task_decorator_factory
from airflow.sdk.definitions.context import Context

from lineageflow_airflow.assets import EXTRA, parse_uri
from lineageflow_airflow.blocks import Block, blocks_of, put_block
from lineageflow_airflow.failures import AirflowFailException, task_failure
from lineageflow_airflow.links.pages import commit_url
from lineageflow_airflow.task_process import has_forked


class LineageFlowDecoratedOperator(_PythonDecoratedOperator):
    """A Python task that publishes what it wrote to one repository as one commit, or nothing.

    Datasets that it reads are at the commit of the asset event that triggered the DAG run, if there was one.
    Its asset events have the commit in their `extra`; a run that publishes to another branch than the task's
    own, by `lineageflow_into`, has none.

    :param repository: what it writes to; by default the repository of its `lf://` outlets, else the
        connection's.
    :param into: the branch that is published to, where the DAG run does not say another one; by default the
        repository's default branch.
    :param lineageflow_conn_id: the connection to the lake.
    """

    custom_operator_name = "@task.lineageflow"

    def __init__(
        self,
        *,
        repository: str | None = None,
        into: str | None = None,
        lineageflow_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.repository = repository
        self.into = into
        self.lineageflow_conn_id = lineageflow_conn_id

    def execute(self, context: Context) -> Any:
        """Runs the function, then publishes. Raises AirflowFailException for a conflict."""
        from lineageflow_airflow.sessions import sessions_of
        from lineageflow_core.errors import LineageFlowError

        own = self._own_block()
        if own is None:
            return super().execute(context)
        put_block(self, own)
        sessions = sessions_of(context["ti"])
        sessions.take_up(self)
        result = super().execute(context)
        try:
            if has_forked():
                sessions.resume()
            sessions.publish()
            self._tell(context, own)
        except LineageFlowError as error:
            raise task_failure(error) from error
        return result

    def _own_block(self) -> Block | None:
        """Returns what the task publishes itself; None where a block around it does."""
        repository = self.repository or self._outlets_repository() or self._connection_repository()
        if any(each.repository == repository and not each.is_one_task for each in blocks_of(self)):
            return None
        return Block(
            repository=repository, into=self.into, connection=self.lineageflow_conn_id, is_one_task=True
        )

    def _outlets_repository(self) -> str | None:
        named = [parse_uri(each.uri) for each in self.outlets if isinstance(each, Asset)]
        found = sorted({name.repository for name in named if name is not None})
        if len(found) > 1:
            raise AirflowFailException(
                f"the outlets are in {', '.join(found)}, and a task publishes to one repository: say which, "
                f"as in @task.lineageflow(repository={found[0]!r})"
            )
        return found[0] if found else None

    def _connection_repository(self) -> str:
        from lineageflow_airflow.connection import connection_of

        found = connection_of(self.lineageflow_conn_id).repository
        if found is None:
            raise AirflowFailException(
                "it is not said which repository the task writes to: say @task.lineageflow(repository=...), "
                "give it an outlet such as Asset('lf://sales/orders'), or give the connection a repository"
            )
        return found

    def _tell(self, context: Context, own: Block) -> None:
        """Says in the log and in the events of the task's assets which commit it is."""
        from lineageflow_airflow.connection import connection_of
        from lineageflow_airflow.sessions import session_of
        from lineageflow_airflow.transaction_session import TransactionSession

        session = session_of(context["ti"], own.repository, connection=own.connection)
        catalog, bounds = session.catalog, session.bounds
        usual = own.into or catalog.repositories.get_repository(own.repository).default_branch
        published = (
            session.transaction if isinstance(session, TransactionSession) and session.is_begun else None
        )
        into = (published.into if published is not None else bounds.into) or usual
        commit = published.published if published is not None else None
        if commit is None:
            commit = catalog.refs.resolve(own.repository, into).id
            self.log.info("Nothing new was written: %r of %s stays at %s", into, own.repository, commit[:8])
        url = commit_url(connection_of(own.connection).page_url, own.repository, commit)
        if published is not None and published.published is not None:
            self.log.info(
                "Published to %r of %s as %s%s", into, own.repository, commit[:8], f": {url}" if url else ""
            )
        told: dict[str, Any] = {
            "repository": own.repository,
            "branch": into,
            "commit": commit,
            **({"url": url} if url else {}),
        }
        ours = [each for each in self.outlets if _is_of(each, own.repository)]
        if into != usual:
            self.outlets = [each for each in self.outlets if each not in ours]
            return
        for asset in ours:
            event = context["outlet_events"][asset]
            event.extra = {**event.extra, EXTRA: told}


def lineageflow_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Makes a function a task whose try is a transaction; arguments are those of the operator.

    >>> @task.lineageflow(outlets=[Asset("lf://sales/clean_orders")])
    ... def clean():
    ...     orders = pd.read_parquet("lf://sales/orders")
    ...     orders.dropna().to_parquet("lf://sales/clean_orders/part-0.parquet")
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=LineageFlowDecoratedOperator, **kwargs
    )


def _is_of(outlet: Any, repository: str) -> bool:
    name = parse_uri(outlet.uri) if isinstance(outlet, Asset) else None
    return name is not None and name.repository == repository
