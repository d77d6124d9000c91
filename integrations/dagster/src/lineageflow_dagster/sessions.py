"""The sessions of a running step: the same ones for all that look, however often Dagster makes the resource.

Dagster makes one instance of a resource for its key and another for each IO manager that depends on it. What
one of them read, the others have to know, or what a body writes would not come from what it was given.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakValueDictionary

import dagster as dg

from lineageflow_core import RunSession
from lineageflow_core.model.ids import RunId
from lineageflow_core.run.telling import Telling


@dataclass(eq=False, kw_only=True)
class StepSessions:
    """One attempt at one step, in the process that executes it."""

    own: RunSession
    partitions: dict[str, RunSession] = field(default_factory=dict)
    """Of a step that makes many partitions, what it does for each, by partition key."""
    is_handed_over: bool = False
    """Another process does a part of the step, or did."""
    columns: dict[str, dg.TableColumnLineage] = field(default_factory=dict)
    """What the body has said that columns come from, by dataset."""
    storing: dg.AssetKey | None = None
    """The asset whose output an IO manager has just stored, of which Dagster tells next."""
    page: str | None = None
    """Where the lake's page is served."""
    telling: Telling
    """What tells the lake of all of them."""

    @property
    def all(self) -> list[RunSession]:
        """Its own session first."""
        return [self.own, *self.partitions.values()]


Place = tuple[str, str, RunId]
"""A lake, a repository and a step's run in it."""

_there: WeakValueDictionary[Place, StepSessions] = WeakValueDictionary()
_lock = Lock()


def sessions_of(
    place: Place, open_session: Callable[[], RunSession], *, telling: Telling, page: str | None = None
) -> StepSessions:
    """Returns the sessions of a step, begun if nobody has them; they last as long as somebody holds them."""
    with _lock:
        found = _there.get(place)
        if found is None:
            found = _there[place] = StepSessions(own=open_session(), telling=telling, page=page)
        return found


def sessions_of_run(run_id: RunId) -> list[StepSessions]:
    """Returns the sessions of a step in this process, by its run's id: of each lake that it has used."""
    with _lock:
        return [sessions for (*_, of), sessions in list(_there.items()) if of == run_id]
