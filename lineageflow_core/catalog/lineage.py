"""Operations on events and on what they say."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from lineageflow_core.model.column_lineage import ColumnGraph
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import (
    Blame,
    Direction,
    Evidence,
    Impact,
    IntakeReport,
    LineageGraph,
    LineagePart,
    LineagePaths,
    RunDetails,
    SourceChange,
)
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.run import Run, RunState


class Lineage(Protocol):
    """Which run read and wrote what, at exact versions.

    A `node` is `run:<id>`, `job:<namespace>/<name>`, `lf://repository/[@ref/]dataset[/partition]`, or a node
    id of a graph. A job stands for its last run.
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
        """Returns runs, newest first: whole pipelines, or the steps of `parent`.

        Of runs that name each other as parents, the one with the smallest id is listed as a pipeline.
        """
        ...

    def trace(
        self,
        node: str,
        *,
        direction: Direction,
        depth: int = 3,
        limit: int = 300,
        evidence: Sequence[Evidence] | None = None,
        dataset_types: Sequence[str] | None = None,
        until: datetime | None = None,
    ) -> LineageGraph:
        """Returns what fed `node`, what it fed, or both: `depth` runs away and at most `limit` nodes.

        Of more nodes, the nearest are shown, then those whose names come first; each tells how many edges
        more it has. With BOTH, each way has half of the limit, and what the other does not need.

        `evidence`: only along edges that are known so. `until`: only over runs that had ended then.
        `dataset_types`: only what lies between the node and versions of these (TABLE, MODEL, ...: in any
        case), which is found among the nearest 10,000 nodes.

        What jobs only declare stands at the edge of it: jobs of which no run did anything, from what they
        would read to what they would write (`Evidence.DECLARED`). They say so of no time and of no type: it
        is left out with `until` and with `dataset_types`.

        Raises InvalidInputError for a limit that is not 1 to 10,000. A time without a zone is UTC.
        """
        ...

    def paths(self, source: str, target: str, *, depth: int = 20, limit: int = 10) -> LineagePaths:
        """Returns the ways that data went from one node to another, over at most `depth` runs.

        If none went from `source` to `target`, those from `target` to `source`: paths always go as data did.
        The shortest are first. They are looked for among the nearest 10,000 nodes. Raises InvalidInputError
        for a limit that is not 1 to 100.
        """
        ...

    def trace_columns(
        self,
        node: str,
        *,
        direction: Direction,
        column: str | None = None,
        depth: int = 3,
        limit: int = 1000,
    ) -> ColumnGraph:
        """Returns what the columns of `node` come from, or what they feed, at exact versions.

        `column`: just this one; else all that lineage or the dataset's schema knows of. `depth`: so many runs
        away; `limit`: so many columns. Where a run says nothing of columns, the column before is told to be
        not known. Raises InvalidInputError for a run, for BOTH, or for a limit that is not 1 to 10,000.
        """
        ...

    def trace_ref(self, repository: str, ref: str, *, depth: int = 1, limit: int = 1000) -> LineageGraph:
        """Returns what all datasets that a ref holds were made of: `trace` upstream from each of them.

        Also by partition. A ref may be a branch, tag, commit, or a time (`main@{2026-05-01}`).
        """
        ...

    def list_lineage(
        self, *, namespace: str | None = None, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> LineagePart:
        """Returns the whole graph in parts: the next `limit` runs, with all that each read and wrote.

        By run id; behind all runs, the jobs that declare what they would read and write, and of which no run
        did anything, by name. `namespace`: only runs and jobs that touched a dataset in it, as
        `lf://repository`; nothing else of what they touched is left out. All nodes are of depth 0, without
        what a trace would count beyond them. Runs that touched no data are not in it.
        """
        ...

    def diff_lineage(self, repository: str, left: str, right: str) -> tuple[SourceChange, ...]:
        """Returns which datasets are made of something else at `right` than they were at `left`.

        Or of other versions of the same. By dataset, then by what they are made of. A dataset that is the
        same on both sides is left out; what no run is known to have made is made of nothing.
        """
        ...

    def impact(
        self,
        node: str,
        *,
        depth: int | None = None,
        evidence: Sequence[Evidence] | None = None,
        dataset_types: Sequence[str] | None = None,
        until: datetime | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Impact]:
        """Returns the versions derived from `node`, nearest first, then by name.

        `depth`: at most so many runs away. `evidence`, `until`: only what is derived along such edges, as in
        `trace`; that is how far away it is then. `dataset_types`: only versions of these types (TABLE, MODEL,
        ...: in any case). What is tainted depends on none of these. A time without a zone is UTC.

        What jobs only declare that they would make of it is told, too, and is never tainted: versions that
        nobody can know (`Impact.declared_by`). It is left out as in `trace`. Raises InvalidInputError for a
        negative depth.
        """
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
