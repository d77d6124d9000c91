"""What Airflow's OpenLineage provider tells besides of a try: its data branch, and its commits there.

Said in Airflow's configuration, because no plugin can say it:

    [openlineage]
    custom_run_facets = lineageflow_airflow.openlineage.run_facets

The provider calls it in a process that is forked from the task's, for each event. So it only reads what the
sessions of the try know already, and asks nobody.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openlineage.client.generated.base import RunFacet

    from lineageflow_airflow.task_session import TaskSession
    from lineageflow_core.openlineage.facets import RepositoryBranch

FUNCTION = f"{__name__}.run_facets"
"""As `[openlineage] custom_run_facets` names it."""
_SESSIONS = "lineageflow_airflow.sessions"
"""Imported by the first thing that a task does with a lake; without it there is nothing to tell."""


def run_facets(task_instance: Any, _state: Any) -> "dict[str, RunFacet]":
    """Returns what is known of the data branch of a try; nothing of one that has not used a lake."""
    if task_instance is None or _SESSIONS not in sys.modules:
        return {}
    from lineageflow_airflow.sessions import known_sessions
    from lineageflow_core.openlineage.facets import LineageFlowDataBranchRunFacet, signed
    from lineageflow_core.openlineage.vocabulary import Facet

    sessions = known_sessions(task_instance)
    used = [_told(each) for each in sessions.all if each.repository] if sessions is not None else []
    if not used:
        return {}
    return dict(signed({Facet.OUR_DATA_BRANCH: LineageFlowDataBranchRunFacet(repositories=used)}))


def _told(session: "TaskSession") -> "RepositoryBranch":
    from lineageflow_core.openlineage.facets import RepositoryBranch

    writes = [each.commit for each in session.work.accesses.writes if each.repository == session.repository]
    return RepositoryBranch(
        repository=session.repository,
        branch=session.branch_written,
        into=session.bounds.into,
        base=session.bounds.base,
        commits=list(dict.fromkeys([*writes, *session.commits_published])),
    )
