"""The sessions of a task's try: what the running task reads and writes, wherever its code opens `lf://`.

A task in a block writes to a transaction of its own, which becomes part of its DAG run's when the task has
succeeded; so the rest of the DAG run sees all that a try wrote, or nothing. A task in no block commits each
write to a branch, and its lineage tells of it at once. Either way the run is the one that Airflow's
OpenLineage provider tells of. Sessions are made when code first asks for one, live as long as the try does in
this process, and nothing is asked of the lake before something is read or written.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from threading import RLock
from typing import Any

from airflow.sdk import get_current_context

from lineageflow_airflow.assets import parse_uri
from lineageflow_airflow.blocks import Block, blocks_of
from lineageflow_airflow.bounds import bounds_of
from lineageflow_airflow.connection import DEFAULT_CONNECTION, lake_of
from lineageflow_airflow.direct_session import DirectSession
from lineageflow_airflow.identity import TaskTry, task_try
from lineageflow_airflow.task_process import is_forked, running_task
from lineageflow_airflow.task_session import LakeWork, TaskSession
from lineageflow_airflow.telling import provider_tells
from lineageflow_airflow.transaction_session import TransactionSession
from lineageflow_core.errors import NotFoundError
from lineageflow_core.model.run import CodeVersion
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_core.run import RunSession, find_run, find_runs_with
from lineageflow_core.tracking.code import code_version, without_credentials


class TrySessions:
    """All sessions of one try in this process, one for each repository of a lake, made when asked for."""

    def __init__(self, task_instance: Any, *, is_child: bool = False) -> None:
        context = task_instance.get_template_context()
        self.key: TaskTry = task_try(task_instance)
        self.task_instance = task_instance
        self.is_child = is_child
        """Whether this process was forked by the one that runs the task, and that tells how the try ends."""
        self.is_over = False
        """Whether the task's code has ended, so that nothing more can be published with it."""
        self.task = context["task"]
        self.dag_run = context["dag_run"]
        self.params: Mapping[str, Any] = context["params"]
        self.blocks: tuple[Block, ...] = blocks_of(self.task)
        self._sessions: dict[tuple[str | None, str], TaskSession] = {}
        self._lakes: dict[str, LakeWork] = {}
        self._lock = RLock()

    @cached_property
    def code(self) -> CodeVersion | None:
        """The version of the DAG's code. Git is asked only for tasks that open the lake."""
        return _code(self.task_instance)

    @property
    def all(self) -> list[TaskSession]:
        """The sessions that were asked for so far."""
        with self._lock:
            return list(self._sessions.values())

    @property
    def reads(self) -> list[DatasetAccess]:
        """What the try read so far, of all repositories; what it wrote itself is not among it."""
        return [access for work in list(self._lakes.values()) for access in work.accesses.reads]

    @property
    def writes(self) -> list[DatasetAccess]:
        """What the try wrote so far, to all repositories."""
        return [access for work in list(self._lakes.values()) for access in work.accesses.writes]

    @property
    def block(self) -> Block | None:
        """The innermost block that the task is in."""
        return self.blocks[0] if self.blocks else None

    def take_up(self, task: Any) -> None:
        """Has the sessions made anew for a task that says only now which block it is in.

        What was read before, for its arguments, say, stays told.
        """
        with self._lock:
            self.task, self.blocks = task, blocks_of(task)
            known, self._sessions = self._sessions, {}
            for connection, repository in known:
                self.session(repository, connection)

    def declared(self, repository: str) -> set[str]:
        """Returns the datasets of a repository that the task, or its blocks, declare to write."""
        names = (parse_uri(str(getattr(outlet, "uri", ""))) for outlet in self.task.outlets)
        own = {name.path for name in names if name is not None and name.repository == repository}
        return own.union(*(block.datasets for block in self.blocks if block.repository == repository))

    def current(self, connection: str | None = None) -> TaskSession:
        """Returns the session of code that names no repository: of the innermost block's, if there is one."""
        block = self.block
        if block is not None and connection in {None, _connection(block)}:
            return self.session(block.repository, connection)
        return self.session("", connection)

    def session(self, repository: str, connection: str | None = None) -> TaskSession:
        """Returns the session for a repository of the lake that a connection leads to.

        Without a connection it is the one of the repository's block, else that of the innermost block, else
        the default one.
        """
        around = [*(each for each in self.blocks if each.repository == repository), *self.blocks]
        connection = connection or (_connection(around[0]) if around else DEFAULT_CONNECTION)
        blocks = [each for each in self.blocks if _connection(each) == connection]
        with self._lock:
            found = self._sessions.get((connection, repository))
            if found is None:
                found = self._sessions[connection, repository] = self._make(repository, connection, blocks)
            return found

    def publish(self) -> None:
        """Makes what the try wrote in blocks part of its DAG run; of `@task.lineageflow`, makes it visible.

        What it read and wrote is told first. Raises MergeConflictError if another task has changed the same
        since the try began; then the next try sees that, and can succeed.
        """
        for session in self.all:
            if isinstance(session, TransactionSession) and session.is_begun:
                session.publish()

    def resume(self) -> None:
        """Finds what the try has begun in blocks in another process: before it was deferred, or in a fork."""
        for block in self.blocks:
            session = self.session(block.repository)
            if isinstance(session, TransactionSession):
                session.resume()

    def report(self) -> None:
        """Tells what the try read and wrote and has not told yet."""
        for session in self._one_per_lake():
            if not session.work.is_told:
                session.report()
            session.work.tell_now()

    def end(self, error: str | None) -> None:
        """Tells the rest, and, where nobody else does, how the try has ended."""
        for session in self._one_per_lake():
            if error is None:
                session.complete()
            else:
                session.fail(error)
            session.work.tell_now()

    def abort(self) -> None:
        """Tells the rest, and, where nobody else does, that the try has skipped itself."""
        for session in self._one_per_lake():
            session.abort()
            session.work.tell_now()

    def _one_per_lake(self) -> list[TaskSession]:
        """Returns a session of each lake: what it tells is what the try did with the whole lake."""
        return list({session.connection: session for session in self.all}.values())

    def _make(self, repository: str, connection: str, blocks: Sequence[Block]) -> TaskSession:
        work = self._lakes.get(connection)
        if work is None:
            catalog = lake_of(connection)
            ends_elsewhere = self.is_child or provider_tells(catalog.address, self.task_instance)
            work = self._lakes[connection] = LakeWork(
                catalog, connection, ends_elsewhere=ends_elsewhere, is_child=self.is_child
            )
        bounds = bounds_of(self.dag_run, self.params, repository, blocks=self.blocks)
        for block in blocks:
            if block.repository == repository:
                return TransactionSession(self, work, repository, bounds, block=block)
        return DirectSession(self, work, repository, bounds)


def current_session(connection: str | None = None) -> TaskSession | None:
    """Returns the session of the task that runs in this process, for `lineageflow_core.run.current_run`.

    None outside of tasks, and where no connection is named, and Airflow knows of no lake. Callbacks of a
    task, which Airflow calls after its code and without a context, belong to the try, too: else they would
    write to the default branch.
    """
    try:
        sessions = sessions_of(get_current_context()["ti"])
    except RuntimeError:
        found = _sessions_after_code()
        if found is None:
            return None
        sessions = found
        sessions.is_over = True
    try:
        return sessions.current(connection)
    except NotFoundError:
        if connection is not None:
            raise
        return None


def session_at(connection: str | None) -> RunSession | None:
    """Returns the session of the calling code for the lake of a connection; None where it is in no run there.

    Without a connection it is that of its run, whichever lake that is in.
    """
    session = find_run(partial(current_session, connection))
    if session is None or connection is None:
        return session
    if isinstance(session, TaskSession):
        return session if session.connection == connection else session.sessions.current(connection)
    lake = lake_of(connection)
    is_there = session.catalog is lake or session.catalog.address == lake.address is not None
    return session if is_there else None


def session_of(task_instance: Any, repository: str, *, connection: str | None = None) -> TaskSession:
    """Returns the session of a try for a repository."""
    return sessions_of(task_instance).session(repository, connection)


def sessions_of(task_instance: Any) -> TrySessions:
    """Returns the sessions of the try that runs in this process, made if there are none."""
    key, process = str(task_instance.id), os.getpid()
    with _lock:
        found = _tries.get((process, key))
        if found is None:
            found = _tries[process, key] = TrySessions(task_instance, is_child=is_forked())
        return found


def take_sessions(task_instance: Any) -> TrySessions | None:
    """Returns the sessions of a try, if any code in this process has asked for one, and forgets them."""
    taken = _tries.pop((os.getpid(), str(task_instance.id)), None)
    if taken is not None:
        _ended.clear()
        _ended[str(task_instance.id)] = taken
    return taken


def known_sessions(task_instance: Any) -> TrySessions | None:
    """Returns the sessions of a try, if this process, or the one that it was forked from, has any.

    Also those of the try that ended last: lineage tells of it after that.
    """
    key = str(task_instance.id)
    tries = [found for (_, each), found in list(_tries.items()) if each == key]
    return tries[-1] if tries else _ended.get(key)


def report_all() -> None:
    """Tells what is not told yet of the tries that this process knows, and forgets them."""
    for process, key in list(_tries):
        sessions = _tries.pop((process, key), None)
        if sessions is not None and process == os.getpid():
            sessions.report()


_tries: dict[tuple[int, str], TrySessions] = {}
"""By process, because a forked one inherits them, and by the id that Airflow gives each try."""
_ended: dict[str, TrySessions] = {}
"""The try that ended last, if any did."""
_lock = RLock()
find_runs_with(current_session)


def _sessions_after_code() -> TrySessions | None:
    """Returns the sessions of the task whose code has ended, or has failed before it began."""
    if (task_instance := running_task()) is not None:
        return sessions_of(task_instance)
    here = [found for (process, _), found in list(_tries.items()) if process == os.getpid()]
    return here[0] if len(here) == 1 else None


def _connection(block: Block) -> str:
    return block.connection or DEFAULT_CONNECTION


def _code(task_instance: Any) -> CodeVersion | None:
    """Returns the version of the DAG's code: its bundle's, else what git says of the file."""
    file = Path(task_instance.task.dag.fileloc)
    bundle = getattr(task_instance, "bundle_instance", None)
    revision = getattr(bundle, "version", None)
    if bundle is None or revision is None:
        return code_version(file)
    url = getattr(bundle, "repo_url", None)
    inside = file.relative_to(bundle.path) if file.is_relative_to(bundle.path) else None
    return CodeVersion(
        revision=str(revision),
        repository_url=without_credentials(url) if url else None,
        path=str(inside) if inside else None,
    )
