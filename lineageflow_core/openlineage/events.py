"""Building OpenLineage events from our facts.

An event is a plain dictionary, ready for JSON.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import parse_run_id
from lineageflow_core.model.run import Run
from lineageflow_core.openlineage.about import About, JobType
from lineageflow_core.openlineage.access import DatasetAccess, PlannedWrite, one_per_dataset
from lineageflow_core.openlineage.dataset_facets import (
    column_lineage,
    dataset_facets,
    input_facets,
    output_facets,
    planned_facets,
)
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.openlineage.plain_facets import PlainFacet
from lineageflow_core.openlineage.run_facets import job_facets, run_facets
from lineageflow_core.openlineage.vocabulary import EventType, producer

_SCHEMA: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"


def run_event(
    event_type: EventType,
    run: Run,
    *,
    at: datetime,
    parent: Run | None = None,
    root: Run | None = None,
    after: Run | None = None,
    job_type: JobType | None = None,
    about: About | None = None,
    inputs: Sequence[DatasetAccess] = (),
    outputs: Sequence[DatasetAccess] = (),
    planned: Sequence[PlannedWrite] = (),
) -> dict[str, Any]:
    """Returns one event about `run`.

    `event_type` says what happened; `run.state` and its times are not looked at. `parent` is the run that
    this one is a step of, and `root` the outermost one where that is yet another; `after` is one that went
    before and that this one repeats, or goes on from. Of those only their id and job count. `job_type` and
    `about` are of the job. `planned` are outputs that it was to write, and of which it names no version, if
    they are not among `outputs`. `at` is when it happened, in UTC if it has no zone. Events add up: a later
    one need not repeat the inputs and outputs of an earlier one, but may.

    Raises InvalidInputError if `run` names a parent other than `parent`, or its id is no UUID.
    """
    if run.parent != (parent.id if parent else None):
        raise InvalidInputError(
            f"run {run.id} has the parent {run.parent}, but {parent.id if parent else None} was given; "
            "pass the parent's Run, whose job the event has to name, too"
        )
    written = one_per_dataset(outputs)
    named = {(access.repository, access.dataset) for access in written}
    return {
        "eventTime": _instant(at),
        "producer": producer(),
        "schemaURL": _SCHEMA,
        "run": {
            "runId": parse_run_id(run.id),
            "facets": run_facets(run, parent=parent, root=root, after=after),
        },
        "job": {
            "namespace": run.job.namespace,
            "name": run.job.name,
            "facets": job_facets(run.code, job_type=job_type, about=about),
        },
        "eventType": event_type.value,
        "inputs": [
            {**_dataset(access), "inputFacets": input_facets(access)} for access in one_per_dataset(inputs)
        ],
        "outputs": [
            {**_dataset(access, column_lineage(access.columns)), "outputFacets": output_facets(access)}
            for access in written
        ]
        + [
            {
                "namespace": dataset_namespace(plan.repository),
                "name": plan.dataset,
                "facets": {},
                "outputFacets": planned_facets(plan),
            }
            for plan in planned
            if (plan.repository, plan.dataset) not in named
        ],
    }


def _dataset(access: DatasetAccess, more: dict[str, PlainFacet] | None = None) -> dict[str, Any]:
    return {
        "namespace": dataset_namespace(access.repository),
        "name": access.dataset,
        "facets": dataset_facets(access) | (more or {}),
    }


def _instant(at: datetime) -> str:
    zoned = at if at.tzinfo else at.replace(tzinfo=UTC)
    return zoned.astimezone(UTC).isoformat().replace("+00:00", "Z")
