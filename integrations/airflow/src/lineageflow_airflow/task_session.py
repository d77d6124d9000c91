"""What a task's try does with one repository: what all kinds of sessions in Airflow share."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lineageflow_airflow.bounds import Bounds
from lineageflow_airflow.identity import AUTHOR
from lineageflow_airflow.origin import dag_version_of, metadata_of, origin_of
from lineageflow_core.catalog import Catalog
from lineageflow_core.model.change import Change
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.openlineage.about import JobType
from lineageflow_core.openlineage.vocabulary import EventType
from lineageflow_core.run import RunSession
from lineageflow_core.run.accesses import Accesses
from lineageflow_core.run.telling import Telling
from lineageflow_core.tracking.environment import environment

if TYPE_CHECKING:
    from lineageflow_airflow.sessions import TrySessions

JOB_TYPE = JobType(integration="AIRFLOW", type="TASK")
"""What a task is in lineage, as the OpenLineage provider has it."""
XCOM = "xcom"
"""The branch for what Airflow passes between tasks: data of Airflow's, of which lineage tells nothing."""


class LakeWork:
    """What a try does with one lake, which its sessions share: an event tells of all of it.

    Events wait for a commit that others see, a publication or the end of the try, half a second at most, and
    are told together: most of what an early one says is said again by the last. A process that the task has
    forked has no end, and tells at once.
    """

    def __init__(
        self, catalog: Catalog, connection: str, *, ends_elsewhere: bool, is_child: bool = False
    ) -> None:
        self.catalog = catalog
        self.connection = connection
        self.ends_elsewhere = ends_elsewhere
        """Whether Airflow's OpenLineage provider tells the lake how the try ends."""
        self.telling = None if is_child else Telling(catalog)
        self.accesses = Accesses(catalog)
        self.is_started = ends_elsewhere
        self._told: object = ([], [])

    @property
    def is_told(self) -> bool:
        """Whether the last event tells of all that was read and written."""
        return self._told == self._so_far()

    def tell(self) -> None:
        """Notes that an event tells of all that was read and written so far."""
        self.is_started = True
        self._told = self._so_far()

    def tell_now(self) -> None:
        """Tells what waits. Raises as the lake does; then it waits on."""
        if self.telling is not None:
            self.telling.now()

    def _so_far(self) -> object:
        return self.accesses.reads, self.accesses.writes


class TaskSession(RunSession):
    """What a try does with one repository. It knows its siblings, and leaves other repositories to them."""

    def __init__(self, sessions: "TrySessions", work: LakeWork, repository: str, bounds: Bounds) -> None:
        key = sessions.key
        super().__init__(
            work.catalog,
            repository,
            key.job,
            run_id=key.lineage_id,
            parent=key.dag_run.lineage_id,
            base=bounds.base,
            into=bounds.into,
            pins=bounds.pins,
            author=AUTHOR,
            code=sessions.code,
            environment=environment() | dag_version_of(sessions.task_instance),
            params=origin_of(sessions.task_instance),
            metadata=metadata_of(sessions.task_instance),
            job_type=JOB_TYPE,
            ends_elsewhere=work.ends_elsewhere,
            telling=work.telling,
        )
        self.sessions = sessions
        self.work = work
        self.bounds = bounds
        self._accesses = work.accesses
        if self._parent is not None:
            self._parent = replace(self._parent, job=key.dag_run.job)  # a DAG's id may have a dot in it
        if sessions.is_child:
            self._process = None  # the end is told by a process that knows nothing of what is done here

    @property
    def connection(self) -> str:
        """The connection to the lake."""
        return self.work.connection

    @property
    def branch_written(self) -> str | None:
        """The branch that the try writes to, as far as is known without asking; None before it writes."""
        return None

    @property
    def commits_published(self) -> tuple[CommitId, ...]:
        """The commit that made what the try wrote part of something else, once there is one."""
        return ()

    def sibling(self, repository: str) -> "TaskSession":
        """Returns the session for another repository of the same lake."""
        return self.sessions.session(repository, self.connection)

    def start(self) -> None:
        if not self.work.is_started:
            self._emit(EventType.START)

    def ref_for(self, repository: str) -> str:
        if repository != self.repository:
            return self.sibling(repository).ref_for(repository)
        return self._own_ref()

    def see(self, repository: str, ref: str | None = None, *, path: str = "") -> CommitId:
        if repository != self.repository:
            return self.sibling(repository).see(repository, ref, path=path)
        return self._look(ref, path)

    def branch_for(self, repository: str) -> str:
        if repository != self.repository:
            return self.sibling(repository).branch_for(repository)
        return self._own_branch()

    def commit(self, repository: str, branch: str, changes: Sequence[Change], *, message: str) -> Commit:
        if repository != self.repository:
            return self.sibling(repository).commit(repository, branch, changes, message=message)
        if branch == XCOM:
            return self.catalog.history.commit(
                repository, branch, changes, author=self.author, message=message
            )
        return self._commit(branch, changes, message)

    def record_read(self, repository: str, commit: CommitId, path: str, *, ref: str | None = None) -> None:
        if ref != XCOM:
            super().record_read(repository, commit, path, ref=ref)

    def _pin_of(self, repository: str, commit: CommitId, path: str) -> str | None:
        return None  # an event tells the commit, which is what the pin was to

    def _own_ref(self) -> str:
        raise NotImplementedError

    def _look(self, ref: str | None, path: str) -> CommitId:
        raise NotImplementedError

    def _own_branch(self) -> str:
        raise NotImplementedError

    def _commit(self, branch: str, changes: Sequence[Change], message: str) -> Commit:
        raise NotImplementedError

    def _end(self, event_type: EventType, error: str | None = None) -> None:
        """Tells how the try has ended; where that is told elsewhere, what is not told yet."""
        if not self.work.ends_elsewhere:
            self._emit(event_type, error=error)
        elif not self.work.is_told:
            self.report()

    def _emit(self, event_type: EventType, *, error: str | None = None) -> None:
        self.work.tell()
        super()._emit(event_type, error=error)
