"""The params of a DAG that can be run on old versions: which ref is read, and which branch is published to.

They only show in Airflow's form what a run's conf can say in any case (`bounds.py`), and let Airflow refuse
what cannot be meant, before anything runs.
"""

from typing import Any

from airflow.sdk import Param

from lineageflow_airflow.bounds import INTO, REF

_REF = r"^$|^[A-Za-z0-9][^\s/]*([ ][^\s/]+)*$"
"""A branch, a tag, a commit id, or an expression such as `main~3` or `main@{2026-05-01 12:00}`."""
_BRANCH = r"^$|^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"


class LineageFlowParams(dict[str, Any]):
    """`lineageflow_ref` and `lineageflow_into`, for `DAG(params=...)`.

    With params of the DAG's own: `LineageFlowParams() | {"region": Param("eu", type="string")}`. Each of the
    two is a text, or a mapping from repositories, for a DAG that has several. Both are empty by default: what
    is read and published to is the default branch, or what the DAG says.

    :param ref: what is read where a run says nothing.
    :param into: the branch that is published to where a run says nothing.
    """

    def __init__(self, *, ref: str | None = None, into: str | None = None) -> None:
        super().__init__()
        self[REF] = _param(
            ref,
            _REF,
            title="Read at",
            description="What is read where the run has not written: a branch, a tag, a commit, or an "
            "expression such as main~3 or main@{2026-05-01}. Empty: the present state.",
        )
        self[INTO] = _param(
            into,
            _BRANCH,
            title="Publish to",
            description="The branch that results go to, made of what is read if it is not there. Empty: "
            "the one that the DAG names, else the default branch.",
        )


def _param(default: str | None, pattern: str, *, title: str, description: str) -> Param:
    return Param(
        default,
        description=description,
        title=title,
        type=["null", "string", "object"],
        pattern=pattern,
        additionalProperties={"type": "string", "pattern": pattern},
    )
