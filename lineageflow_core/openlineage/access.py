"""What a run read or wrote, as it goes into an event."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.lineage import ColumnEdge
from lineageflow_core.model.objects import Snapshot
from lineageflow_core.model.quality import Assertion
from lineageflow_core.openlineage.about import About


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetAccess:
    """A dataset of ours that a run read or wrote, at exact versions."""

    repository: str
    snapshots: tuple[Snapshot, ...]
    """The exact content: of the whole dataset, or of each partition. All of one dataset, and at least one."""
    commit: CommitId
    """The commit that the content was read from, or that the write made."""
    ref: str | None = None
    """The ref that led to the commit, as written: for people, because it may move."""
    dataset_type: str | None = None
    """TABLE, FILE, MODEL, ... as OpenLineage's datasetType facet has it."""
    schema: tuple[tuple[str, str], ...] = ()
    """Name and type of each column, in order; types as the producer calls them."""
    rows: int | None = None
    """How many rows the content has; None if unknown."""
    assertions: tuple[Assertion, ...] = ()
    """What tests of the content found. They are told of what was read."""
    columns: tuple[ColumnEdge, ...] = ()
    """What its columns come from. They are told of what was written."""
    about: About | None = None
    """What people say of the dataset."""

    def __post_init__(self) -> None:
        datasets = {snapshot.dataset for snapshot in self.snapshots}
        if len(datasets) != 1:
            raise InvalidInputError(
                f"an access is to one dataset, not to {len(datasets)}; "
                "give one DatasetAccess for each dataset, with the snapshots of that dataset"
            )

    @property
    def dataset(self) -> str:
        """The dataset's path."""
        return self.snapshots[0].dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWrite:
    """A dataset of ours that a run was to write, as it goes into the event that says that it did not."""

    repository: str
    dataset: str
    partitions: tuple[str, ...] = ()
    """Of these partitions, if it was not to be the whole. As paths have them."""


def one_per_dataset(accesses: Iterable[DatasetAccess]) -> tuple[DatasetAccess, ...]:
    """Joins accesses to the same dataset, in order of the first one.

    An event names each dataset once, because a receiver may let a second entry replace the first one.
    Where accesses differ in what can be said once only (commit, ref, type, schema, columns, the result of one
    test), the last one that says it wins. Rows add up where all are known and no content is counted twice;
    else they are unknown.
    """
    joined: dict[tuple[str, str], DatasetAccess] = {}
    for access in accesses:
        key = (access.repository, access.dataset)
        before = joined.get(key)
        joined[key] = access if before is None else _join(before, access)
    return tuple(joined.values())


def _join(before: DatasetAccess, access: DatasetAccess) -> DatasetAccess:
    known = set(before.snapshots)
    added = tuple(snapshot for snapshot in access.snapshots if snapshot not in known)
    return replace(
        access,
        snapshots=before.snapshots + added,
        dataset_type=access.dataset_type or before.dataset_type,
        schema=access.schema or before.schema,
        rows=_rows(before, access, added),
        assertions=tuple({each.key: each for each in (*before.assertions, *access.assertions)}.values()),
        columns=access.columns or before.columns,
        about=access.about or before.about,
    )


def _rows(before: DatasetAccess, access: DatasetAccess, added: tuple[Snapshot, ...]) -> int | None:
    if not added:
        return before.rows
    if before.rows is None or access.rows is None or len(added) < len(access.snapshots):
        return None
    return before.rows + access.rows
