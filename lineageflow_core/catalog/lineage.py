"""Operations on events and on what they say."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Blame, Direction, Impact, IntakeReport, LineageGraph, RunDetails
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.run import Run, RunState


class Lineage(Protocol):
    """Which run read and wrote what, at exact versions.

    A `node` is `run:<id>`, `lf://repository/[@ref/]dataset[/partition]`, or a node id of a graph.
    """

    def ingest(self, events: Sequence[dict[str, Any]]) -> IntakeReport:
        """Stores OpenLineage events and folds them into the graph.

        Any order, any duplication and any grouping of the same events gives the same graph. Events are
        never dropped: one that cannot be understood is stored with its problem. Durable on return.
        """
        ...

    def get_run(self, run_id: RunId) -> RunDetails:
        """Returns a run with its steps and what it read and wrote. Raises RunNotFoundError."""
        ...

    def list_runs(
        self,
        *,
        job: str | None = None,
        state: RunState | None = None,
        parent: RunId | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Run]:
        """Returns runs, newest first: whole pipelines, or the steps of `parent`."""
        ...

    def trace(self, node: str, *, direction: Direction, depth: int = 3, limit: int = 300) -> LineageGraph:
        """Returns what fed `node` or what it fed, `depth` runs away and at most `limit` nodes."""
        ...

    def impact(self, node: str) -> tuple[Impact, ...]:
        """Returns every version derived from `node`, nearest first."""
        ...

    def blame(self, repository: str, ref: str, path: str) -> Blame:
        """Returns who made the content at `path`: version, commit, run, code, inputs."""
        ...

    def blame_partitions(
        self, repository: str, ref: str, dataset: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Blame]:
        """Returns who made each partition of a dataset, by partition; the dataset, where it has none.

        Raises ObjectNotFoundError.
        """
        ...


class Emitter(Protocol):
    """Tells a lake of events from work that must neither fail nor wait because the lake cannot be told now.

    It belongs to a process rather than to the lake, so it is no operation over HTTP.
    """

    def emit(self, event: Mapping[str, Any]) -> object:
        """Keeps an OpenLineage event durably on this machine, and tells the lake as soon as that is possible.

        Waits for the lake, but only for a bounded time; after that it is told later, if need be by another
        process. Raises StorageError where the event can neither be kept nor told.
        """
        ...

    def flush(self, about: RunId) -> None:
        """Tells the lake of all kept events about a run and its steps, and returns when it has them.

        All that are kept on this machine, whichever process did. Raises ServerUnreachableError or
        AccessDeniedError; then they stay kept.
        """
        ...
