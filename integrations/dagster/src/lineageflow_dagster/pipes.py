"""Dagster Pipes: what another process does is part of the step's run.

Any PipesClient takes `env`, `extras`, or both. The process joins the run with `lineageflow_core` alone:

.. code-block:: python

    @dg.asset
    @versioned
    def model(context, pipes: dg.PipesSubprocessClient, lineageflow: LineageFlowResource):
        env = pipes_env(context, lineageflow)
        done = pipes.run(context=context, command=["python", "train.py"], env=env)
        return done.get_materialize_result()

    # train.py
    with lineageflow_core.join_run() as run:
        run.write("model", {"weights.bin": weights})

With `@versioned` the materialization says which version the process wrote.
"""

from typing import Any

from lineageflow_core.tracking.joining import run_variables
from lineageflow_dagster.internals import OpContext
from lineageflow_dagster.resource import LineageFlowResource


def pipes_env(context: OpContext, lineageflow: LineageFlowResource) -> dict[str, str]:
    """Returns the environment variables by which a process joins the step's run.

    They hold no secret: a server's token reaches the process as other secrets do, as `LINEAGEFLOW_TOKEN`.
    """
    return run_variables(lineageflow.hand_over(context))


def pipes_extras(context: OpContext, lineageflow: LineageFlowResource) -> dict[str, Any]:
    """Returns the same for clients that take no environment, and what people look for by name.

    In the process they are `context.get_extra("lineageflow")`: where the lake is, what the run sees, the
    commit that it was based on, where it publishes, and, as `env`, what `join_run` takes.
    """
    session = lineageflow.hand_over(context)
    transaction = session.transaction
    return {
        "lineageflow": {
            "lake": lineageflow.catalog.address,
            "repository": lineageflow.repository,
            "ref": session.ref,
            "base": transaction.base,
            "into": transaction.into,
            "run": session.run.id,
            "pipeline": session.pipeline,
            "env": run_variables(session),
        }
    }
