"""Facts about runs that read and wrote versions of one dataset, for the contract suites of stores."""

from dataclasses import replace

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Evidence, Flow, Io, Version
from lineageflow_core.model.run import Job, JobEdge, Run, RunState
from lineageflow_core.store.ports import RunFacts, Stores
from lineageflow_core.testing.values import later, run_id

ORDERS = DatasetName(namespace="s3://lake", name="orders")
EXPORT = DatasetName(namespace="file", name="/export/orders")
ETL = Job(namespace="airflow", name="etl")
REPORT = Job(namespace="airflow", name="report")


def version(text: str | None, *, dataset: DatasetName = ORDERS, partition: str = "") -> Version:
    """Returns a version of a dataset."""
    return Version(namespace=dataset.namespace, name=dataset.name, partition=partition, version=text)


def facts_of(
    number: int,
    *,
    at: float,
    reads: list[Version] | None = None,
    writes: list[Version] | None = None,
    parent: RunId | None = None,
    job_edges: tuple[JobEdge, ...] = (),
    flows: tuple[Flow, ...] = (),
) -> RunFacts:
    """Returns facts about the run of this number."""
    run = run_id(number)

    def io(each: Version) -> Io:
        evidence = Evidence.UNKNOWN if each.version is None else Evidence.EXPLICIT
        return Io(run_id=run, version=each, evidence=evidence, at=later(at))

    return RunFacts(
        run=Run(id=run, job=ETL, state=RunState.COMPLETED, parent=parent, started_at=later(at)),
        reads=tuple(map(io, reads or ())),
        writes=tuple(map(io, writes or ())),
        job_edges=job_edges,
        flows=flows,
    )


def wrote(
    number: int,
    text: str | None,
    *,
    dataset: DatasetName = ORDERS,
    partition: str = "",
    parent: RunId | None = None,
    job_edges: tuple[JobEdge, ...] = (),
) -> RunFacts:
    """Returns facts about a run that wrote a version, so many minutes after noon as its number says."""
    written = version(text, dataset=dataset, partition=partition)
    return facts_of(number, at=number, writes=[written], parent=parent, job_edges=job_edges)


def put(stores: Stores, *facts: RunFacts) -> None:
    """Stores facts, each in a transaction of its own."""
    for each in facts:
        with stores.lineage.write() as writer:
            writer.put_facts(each)


def of(job: Job, facts: RunFacts) -> RunFacts:
    """Returns facts as if another job's run had made them."""
    return replace(facts, run=replace(facts.run, job=job))


def in_state(state: RunState, facts: RunFacts) -> RunFacts:
    """Returns facts as if the run was in another state."""
    return replace(facts, run=replace(facts.run, state=state))
