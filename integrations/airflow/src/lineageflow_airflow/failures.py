"""What Airflow is told of our errors: whether the task may be tried again, or whether that cannot help."""

from lineageflow_core.errors import (
    CheckRequiredError,
    CollectionBegunError,
    LineageFlowError,
    RefMovedError,
    ServerUnreachableError,
    StorageError,
)

try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 3.1
    from airflow.exceptions import (  # type: ignore[attr-defined, no-redef]
        AirflowException,
        AirflowFailException,
        AirflowSkipException,
    )

__all__ = ["AirflowException", "AirflowFailException", "AirflowSkipException", "task_failure"]

_MAY_PASS = (CheckRequiredError, CollectionBegunError, RefMovedError, ServerUnreachableError, StorageError)
"""What may be otherwise a little later, without anybody changing the DAG or the data."""


def task_failure(error: LineageFlowError) -> AirflowException:
    """Returns what a task raises for an error: AirflowFailException where another try cannot help.

    A conflict is such: somebody has to decide it, and clears the task then.
    """
    failure = AirflowException if isinstance(error, _MAY_PASS) else AirflowFailException
    return failure(error.message)
