"""What the body of an asset reads and writes by itself, where no IO manager does.

The step is found by Dagster's own current context, so the verbs of LineageFlowResource work in any step, and
reading works outside of steps, too. Writing describes the asset that was written: data version and metadata
are on its materialization, as if an IO manager had written it.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from lineageflow_core import RunSession, current_run
from lineageflow_core.errors import ObjectNotFoundError
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_core.run import Written
from lineageflow_dagster import inputs
from lineageflow_dagster.changes import changes
from lineageflow_dagster.column_lineage import Columns, as_column_lineage
from lineageflow_dagster.formats import Described
from lineageflow_dagster.internals import Step, assets_of, current_context, set_version_of, step_of
from lineageflow_dagster.metadata import Version, VersionFacts, data_version_of
from lineageflow_dagster.naming import dataset_path, partition_key, path_segment
from lineageflow_dagster.outputs import write_value
from lineageflow_dagster.partitions import partition_run
from lineageflow_dagster.resource import LineageFlowResource
from lineageflow_dagster.saying import said_of

if TYPE_CHECKING:
    from upath import UPath

AnyDataset = str | dg.AssetKey
"""A dataset's path, or the asset that it is."""


def read(
    lake: LineageFlowResource,
    dataset: AnyDataset,
    python_type: Any,
    *,
    partition: str | None,
    ref: str | None,
) -> Any:
    """Does `LineageFlowResource.read`."""
    request = inputs.Request(
        dataset=_path(dataset),
        partitions=None if partition is None else (path_segment(partition),),
        may_miss=False,
        annotation=python_type,
    )
    context = current_context()
    if context is None:
        reading = inputs.look_at(request, lake.catalog, lake.repository, ref or lake.ref_for(request.dataset))
    else:
        session = lake.session(context)
        reading = session.read(request.dataset, partitions=request.partitions, ref=ref)
        session.report()
        for notice in reading.notices:
            context.log.warning(notice.text)
    return inputs.load(request, reading, trust=lake.trust, copies=lake.copies_folder)


def write(
    lake: LineageFlowResource,
    dataset: AnyDataset,
    value: object,
    *,
    partition: str | None,
    format_: str,
    dataset_type: str | None,
    columns: Columns | None = None,
) -> Written:
    """Does `LineageFlowResource.write`."""
    context = _context()
    path = _path(dataset)
    if columns is not None:
        say_columns(lake, context, path, columns)
    asset = next((each for each in assets_of(context) if dataset_path(each.path) == path), None)
    key = partition or ("" if asset is None else _own_partition(context))
    with _session(lake, context, asset, key) as session:
        version = write_value(
            session,
            path,
            value,
            partition=key,
            format_=format_,
            dataset_type=dataset_type,
            trust=lake.trust,
        )
    conclude(lake, context)
    return version.written


@contextmanager
def _session(
    lake: LineageFlowResource, context: dg.OpExecutionContext, asset: dg.AssetKey | None, partition: str
) -> Iterator[RunSession]:
    step = step_of(context)
    if step is None or asset is None or not partition:
        yield lake.session(context)
        return
    with partition_run(lake, step, context, asset, partition, of=len(_partition_keys(context))) as session:
        yield session


@contextmanager
def writing(
    lake: LineageFlowResource, dataset: AnyDataset, *, partition: str | None, dataset_type: str | None
) -> Iterator[Path]:
    """Does `LineageFlowResource.writing`."""
    _context()
    with tempfile.TemporaryDirectory(prefix="lineageflow-") as folder:
        yield Path(folder)
        write(lake, dataset, Path(folder), partition=partition, format_="folder", dataset_type=dataset_type)


def place(lake: LineageFlowResource, dataset: AnyDataset, *, partition: str | None) -> "UPath":
    """Does `LineageFlowResource.path`."""
    import fsspec
    from upath import UPath

    is_in_step = current_context() is not None
    if is_in_step and current_run() is None:
        raise dg.DagsterInvalidInvocationError(
            "what is written by paths is part of the run only in an asset that is @versioned; decorate it"
        )
    fsspec.get_filesystem_class("lf")  # else UPath warns that it does not know how its paths are spelled
    path = _path(dataset) if partition is None else f"{_path(dataset)}/{path_segment(partition)}"
    there = UPath(f"lf://{lake.repository}/{path}", lake=lake.catalog.address)
    if is_in_step:  # below a folder that was made, all that is written is one dataset
        there.mkdir(parents=True, exist_ok=True)
    return there


def say_columns(
    lake: LineageFlowResource, context: dg.OpExecutionContext, dataset: str, columns: Columns
) -> None:
    """Says what the columns come from of a dataset that the step writes."""
    step = step_of(context)
    if step is not None:
        lake.sessions(step).columns[dataset] = as_column_lineage(columns)


def conclude(lake: LineageFlowResource, context: dg.OpExecutionContext, results: Sequence[Any] = ()) -> None:
    """Lands what the step wrote so far, and says on the materializations of its assets what that is.

    `results` are what its body gave to Dagster so far.
    """
    step = step_of(context)
    if step is None:
        return
    writes = _writes(lake, step)
    if lake.sessions(step).is_handed_over:
        writes += _left_by_others(lake, context, step)
    if not writes:
        return
    sessions, said = lake.sessions(step), {}
    for asset in assets_of(context):
        said[asset] = said_of(context, asset, sessions, *_metadata_of(asset, results))
        for session in sessions.all:
            said[asset].describe(session)
    branch = lake.land(step, sessions.own)
    facts = VersionFacts(repository=lake.repository, branch=branch, page=lake.page)
    for asset, asset_said in said.items():
        versions = _versions(writes, dataset_path(asset.path))
        if versions:
            changed = changes(lake.catalog, lake.repository, sessions.own.base, versions)
            metadata = facts.of_all(versions, changed)
            metadata[""] |= asset_said.metadata
            set_version_of(context, asset, data_version_of(versions), metadata)


def _metadata_of(asset: dg.AssetKey, results: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    """Yields the metadata of results that are about an asset, or of a single one, which names none."""
    for result in results:
        if isinstance(result, dg.MaterializeResult) and result.asset_key in {None, asset}:
            yield result.metadata or {}


def is_written(lake: LineageFlowResource, step: Step, dataset: str) -> bool:
    """Tells whether a step's body has written a dataset by itself."""
    return any(access.dataset == dataset for access in _writes(lake, step))


def _writes(lake: LineageFlowResource, step: Step) -> list[DatasetAccess]:
    return [access for session in lake.sessions(step).all for access in session.writes]


def _left_by_others(
    lake: LineageFlowResource, context: dg.OpExecutionContext, step: Step
) -> Iterator[DatasetAccess]:
    """Yields what the run has now of the step's assets, after another process had the run in its hands."""
    ref = lake.step_session(step).ref
    commit = lake.catalog.refs.resolve(lake.repository, ref).id
    partitions = [f"/{path_segment(key)}" for key in _partition_keys(context)] or [""]
    for asset in assets_of(context):
        for partition in partitions:
            with suppress(ObjectNotFoundError):
                path = dataset_path(asset.path) + partition
                snapshot = lake.catalog.objects.get_snapshot(lake.repository, commit, path)
                yield DatasetAccess(repository=lake.repository, snapshots=(snapshot,), commit=commit, ref=ref)


def _versions(writes: Sequence[DatasetAccess], dataset: str) -> dict[str, Version]:
    """Returns what was written to a dataset, by partition key; the last write counts."""
    return {
        partition_key(snapshot.partition): Version(
            written=Written(snapshot=snapshot, commit=access.commit, previous=None),
            described=_described(access),
        )
        for access in writes
        if access.dataset == dataset
        for snapshot in access.snapshots
    }


def _described(access: DatasetAccess) -> Described:
    return Described(
        dataset_type=access.dataset_type or "FILE",
        rows=access.rows if len(access.snapshots) == 1 else None,
        columns=access.schema,
    )


def _context() -> dg.OpExecutionContext:
    context = current_context()
    if context is None:
        raise dg.DagsterInvalidInvocationError(
            "this writes in a step of a run, and there is none here; elsewhere, write with "
            "lineageflow.catalog.repository(...).write(...)"
        )
    return context


def _own_partition(context: dg.OpExecutionContext) -> str:
    """Returns the key of the partition that a step makes of its assets; '' if they have none."""
    keys = _partition_keys(context)
    if len(keys) > 1:
        raise dg.DagsterInvalidInvocationError(
            f"the step is for {len(keys)} partitions; name one: write(..., partition=key)"
        )
    return keys[0] if keys else ""


def _partition_keys(context: dg.OpExecutionContext) -> Sequence[str]:
    has_any = context.has_partition_key or context.has_partition_key_range
    return context.partition_keys if has_any else []


def _path(dataset: AnyDataset) -> str:
    return dataset if isinstance(dataset, str) else dataset_path(dataset.path)
