"""A run that goes on in another process, which knows of it by its environment.

Whoever starts the process gives it `run_variables`; there, `join_run` makes the run current. The process
needs this package and the lake, and nothing of whatever orchestrates the run. A server's token is not among
the variables: it comes to the process as it does to any other.
"""

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lineageflow_core.connect import connect
from lineageflow_core.errors import InvalidInputError, StateError
from lineageflow_core.location import TOKEN_VARIABLE, VARIABLE
from lineageflow_core.model.run import CodeVersion, Job
from lineageflow_core.openlineage.outbox import outbox_folder
from lineageflow_core.run import RunSession, running

RUN_VARIABLE = "LINEAGEFLOW_RUN"
"""What `join_run` needs to know of the run, as JSON."""
REF_VARIABLE = "LINEAGEFLOW_REF"
"""What the run sees, for programs that are no Python: `lineageflow get @$LINEAGEFLOW_REF/orders`."""
PARENT_VARIABLE = "OPENLINEAGE_PARENT_ID"
"""The run as `namespace/job/run id`, for programs that emit OpenLineage by themselves."""


def run_variables(session: RunSession) -> dict[str, str]:
    """Returns the environment variables that let another process join the run of a session.

    Raises InvalidInputError where another process cannot open the lake.
    """
    address = session.catalog.address
    if address is None:
        raise InvalidInputError("this lake is in this process's memory, so no other process can join its run")
    arguments = session.arguments
    code: CodeVersion | None = arguments["code"]
    plain = {
        **arguments,
        "job": dataclasses.asdict(arguments["job"]),
        "code": dataclasses.asdict(code) if code is not None else None,
    }
    job = session.run.job
    return {
        VARIABLE: address,
        REF_VARIABLE: session.ref,
        RUN_VARIABLE: json.dumps(plain),
        PARENT_VARIABLE: f"{job.namespace}/{job.name}/{session.run.id}",
    }


@contextmanager
def join_run(variables: Mapping[str, str] = os.environ) -> Iterator[RunSession]:
    """Makes the run current that started this process. What is read and written in the block is in it.

    >>> with join_run() as run:
    ...     orders = pd.read_parquet("lf://shop/orders/data.parquet")
    ...     run.write("model", {"weights.bin": train(orders)})

    How the run ends is told by who began it. Raises StateError where no run started this process.
    """
    if RUN_VARIABLE not in variables or VARIABLE not in variables:
        raise StateError(
            f"no run started this process: {VARIABLE} and {RUN_VARIABLE} are not both set; start it from a "
            "step, with the variables that `run_variables` gives"
        )
    told = json.loads(variables[RUN_VARIABLE])
    code = told["code"]
    arguments = {
        **told,
        "job": Job(**told["job"]),
        "code": CodeVersion(**code) if code is not None else None,
    }
    lake = connect(
        variables[VARIABLE], token=variables.get(TOKEN_VARIABLE) or None, outbox=outbox_folder(variables)
    )
    session = RunSession.join(lake, arguments)
    with running(session):
        try:
            yield session
        finally:
            if session.reads or session.writes:
                session.report()
