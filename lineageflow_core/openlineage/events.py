"""Building OpenLineage events from our facts.

An event is a plain dictionary, ready for JSON. It is made with openlineage-python's types, which check it;
they are imported by the first call, not with this module.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import parse_run_id
from lineageflow_core.model.run import Run
from lineageflow_core.openlineage.about import About, JobType
from lineageflow_core.openlineage.access import DatasetAccess, one_per_dataset
from lineageflow_core.openlineage.naming import dataset_namespace
from lineageflow_core.openlineage.vocabulary import EventType, producer


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
) -> dict[str, Any]:
    """Returns one event about `run`.

    `event_type` says what happened; `run.state` and its times are not looked at. `parent` is the run that
    this one is a step of, and `root` the outermost one where that is yet another; `after` is one that went
    before and that this one repeats, or goes on from. Of those only their id and job count. `job_type` and
    `about` are of the job. `at` is when it happened, in UTC if it has no zone. Events add up: a later one
    need not repeat the inputs and outputs of an earlier one, but may.

    Raises InvalidInputError if `run` names a parent other than `parent`, or its id is no UUID.
    """
    if run.parent != (parent.id if parent else None):
        raise InvalidInputError(
            f"run {run.id} has the parent {run.parent}, but {parent.id if parent else None} was given; "
            "pass the parent's Run, whose job the event has to name, too"
        )
    from openlineage.client import event_v2 as openlineage
    from openlineage.client.serde import Serde

    from lineageflow_core.openlineage import dataset_facets, facets

    event = openlineage.RunEvent(
        eventType=openlineage.RunState(event_type.value),
        eventTime=_instant(at),
        producer=producer(),
        run=openlineage.Run(
            runId=parse_run_id(run.id),
            facets=facets.run_facets(run, parent=parent, root=root, after=after),
        ),
        job=openlineage.Job(
            namespace=run.job.namespace,
            name=run.job.name,
            facets=facets.job_facets(run.code, job_type=job_type, about=about),
        ),
        inputs=[
            openlineage.InputDataset(
                namespace=dataset_namespace(access.repository),
                name=access.dataset,
                facets=dataset_facets.dataset_facets(access),
                inputFacets=dataset_facets.input_facets(access),
            )
            for access in one_per_dataset(inputs)
        ],
        outputs=[
            openlineage.OutputDataset(
                namespace=dataset_namespace(access.repository),
                name=access.dataset,
                facets=dataset_facets.dataset_facets(access) | dataset_facets.column_lineage(access.columns),
                outputFacets=dataset_facets.output_facets(access),
            )
            for access in one_per_dataset(outputs)
        ],
    )
    return Serde.to_dict(event)


def _instant(at: datetime) -> str:
    zoned = at if at.tzinfo else at.replace(tzinfo=UTC)
    return zoned.astimezone(UTC).isoformat().replace("+00:00", "Z")
