"""Lineage: which run read and wrote which exact version."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from lineageflow_core.model.address import SCHEME
from lineageflow_core.model.event import EventReceipt
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.run import Job, Run


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class DatasetName:
    """What OpenLineage calls a dataset, without any version.

    A dataset of ours has the namespace `lf://repository` and its path as name, so that lineage names no
    branch: equal content is one version on every branch.
    """

    namespace: str
    name: str

    @property
    def rank(self) -> tuple[bool, str, str]:
        """What the names of one dataset are sorted by: ours before others, then by namespace and name."""
        return not self.namespace.startswith(f"{SCHEME}://"), self.namespace, self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A dataset (or one partition of it) with exact content: the unit of lineage.

    Namespace and name are those of a `DatasetName`.
    """

    namespace: str
    name: str
    partition: str = ""
    version: str | None = None
    """The snapshot's id for a dataset of ours, whatever the producer says for another; None if unknown.

    Where a producer names no version, what a completed run wrote is the version `run:<run id>`.
    """

    @property
    def dataset(self) -> DatasetName:
        """The dataset that it is a version of."""
        return DatasetName(namespace=self.namespace, name=self.name)

    def under(self, dataset: DatasetName) -> "Version":
        """Returns the same version under another name of its dataset."""
        return replace(self, namespace=dataset.namespace, name=dataset.name)


class Evidence(StrEnum):
    """How an edge is known: the first that holds."""

    EXPLICIT = "explicit"
    """The event names the version; what a completed run wrote is one."""
    AS_OF = "as_of"
    """The event names the dataset only; this version was the newest when the run started."""
    LINEAGE = "lineage"
    """The `lineage` facet says that this input fed this output."""
    COLUMN = "column"
    """Column lineage says so."""
    CARTESIAN = "cartesian"
    """The run read the one and wrote the other."""
    DECLARED = "declared"
    """A job says that it would, and no run is known to have."""
    UNKNOWN = "unknown"
    """The event names the dataset only, and no version of it is known."""


class Direction(StrEnum):
    """Which way to walk from a version or run."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"
    """What fed it, and what it fed; not what else those fed, or were fed by."""


class NodeKind(StrEnum):
    VERSION = "version"
    RUN = "run"
    JOB = "job"
    """A job that says what it reads and writes, and no run of which did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """A version, a run, or a job without runs in a graph."""

    id: str
    """`run:<id>`, `version:<namespace>/<name>[partition]@<version>` or `job:<namespace>/<name>`.

    A name that can be asked for again.
    """
    kind: NodeKind
    depth: int
    """How many runs away from the start it is."""
    version: Version | None = None
    run: Run | None = None
    job: Job | None = None
    dataset_type: str | None = None
    """TABLE, FILE, MODEL, ... as OpenLineage's datasetType facet says."""
    more_upstream: int = 0
    """How many edges lead here that the graph does not show."""
    more_downstream: int = 0
    """How many edges lead on from here that the graph does not show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEdge:
    """Data went from one node into the other."""

    source: str
    target: str
    evidence: Evidence
    """Of a read, which version it was of. Of a write, what it was made of: EXPLICIT where its run read no
    more than one dataset, else LINEAGE, COLUMN or CARTESIAN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageGraph:
    """The part of the graph that was asked for."""

    start: tuple[str, ...]
    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
    truncated: bool
    """More was reachable than the limit allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineagePart:
    """Some runs of the whole graph, and where to go on."""

    graph: LineageGraph
    next: str | None = None
    """Pass as `after` for the following part; None on the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineagePaths:
    """How data went from one thing to another."""

    paths: tuple[tuple[str, ...], ...]
    """Ids of nodes, as data went: runs and versions in turn; the shortest path first."""
    graph: LineageGraph
    """What lies on them."""
    truncated: bool
    """There are, or may be, more."""


class SourceChangeKind(StrEnum):
    """How what a dataset is made of differs from before."""

    ADDED = "added"
    REMOVED = "removed"
    REBOUND = "rebound"
    """Made of the same dataset, at another version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChange:
    """A dataset is made of something else than before."""

    dataset: DatasetName
    source: DatasetName
    kind: SourceChangeKind
    before: tuple[Version, ...]
    """Of the source; without a version where it is not known which."""
    after: tuple[Version, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Io:
    """A run read or wrote a version."""

    run_id: RunId
    version: Version
    evidence: Evidence
    dataset_type: str | None = None
    """TABLE, FILE, MODEL, ... as OpenLineage's datasetType facet says."""
    at: datetime | None = None
    """When: a run reads when it starts, and what it wrote is there when it completes."""

    @property
    def precedence(self) -> tuple[bool, bool, str]:
        """What those of one run and version are sorted by: the smallest says most."""
        return self.evidence is not Evidence.EXPLICIT, self.dataset_type is None, self.dataset_type or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Inside one run, one input fed one output: said where less than all inputs fed it."""

    run_id: RunId
    target: DatasetName
    source: DatasetName | None
    """None where the run says that nothing fed the output."""
    evidence: Evidence
    """LINEAGE or COLUMN; CARTESIAN for an input that column lineage says nothing about."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ColumnEdge:
    """A column of an output comes from a column of an input, as the run that wrote it says."""

    field: str
    """Of the output; '' stands for all of its columns."""
    source: DatasetName
    source_field: str
    """'' stands for the dataset as a whole."""
    kind: str = ""
    """DIRECT (values come from there) or INDIRECT (they depend on it), if said."""
    subtype: str = ""
    """IDENTITY, TRANSFORMATION, AGGREGATION, JOIN, GROUP_BY, FILTER, SORT, WINDOW, CONDITIONAL, if said."""
    masking: bool = False
    """The values cannot be told from the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetails:
    """A run with all that is known of it."""

    run: Run
    steps: tuple[Run, ...]
    reads: tuple[Io, ...]
    """Its own and its steps'."""
    writes: tuple[Io, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """One version that was derived from what was asked about, or that a job declares it would derive."""

    version: Version
    degree: int
    """How many runs lie between: 0 is an output of the run itself."""
    produced_by: Run | None
    """None where a job only declares it."""
    tainted: bool
    """No clean run ever made the same content, so it cannot be trusted if the start cannot."""
    current: tuple[str, ...] = ()
    """Branches whose tip holds this very version."""
    dataset_type: str | None = None
    """TABLE, MODEL, JOB_OUTPUT, ... as OpenLineage's datasetType facet says."""
    owners: tuple[str, ...] = ()
    """Whom to tell, as OpenLineage's ownership facet says."""
    declared_by: Job | None = None
    """The job that would write it, and of which no run is known to have done anything."""

    @property
    def job(self) -> Job | None:
        """The job that wrote it, or would."""
        return self.produced_by.job if self.produced_by else self.declared_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Where the content at a path came from."""

    version: Version
    commit: CommitId
    """The commit on the asked history that brought it, or brought it back."""
    author: str
    """The author of that."""
    run: Run | None
    """The step that made it; None where a person did."""
    pipeline: RunId | None
    """The whole pipeline's run."""
    inputs: tuple[Version, ...] = field(default=())
    """What that step read."""
    origin: CommitId | None = None
    """The commit that made it, on whatever branch: `commit`, or what that merged, picked or restored."""
    made_by: str | None = None
    """The author of `origin`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReport:
    """What became of events that were handed in. All of them are stored."""

    received: int
    duplicates: int
    problems: tuple[str, ...] = ()
    """What could not be understood, one line an event."""
    receipts: tuple[EventReceipt, ...] = ()
    """What became of each, in the order in which they were handed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What came of making all facts about lineage anew from the events."""

    events: int
    differences: tuple[str, ...] = ()
    """The kinds of facts that were not as the events have them; none if all were."""
