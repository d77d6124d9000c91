"""From all that is said of one run to the facts about it.

Invariant: the facts depend on the set of events alone, not on their order, grouping or repetition: they are
a pure function of the run's record (`record.py`), which is.

A version is something that a completed run wrote. Of any other run only the datasets that it was about to
write are known, and those are facts without a version. So it is with a dataset of ours of which a run names
no version: whoever writes there knows it, and who does not has only declared that it would be written. Jobs
that never end (streams, services) write as they go: what such a run wrote counts while it runs, and every
version that it names stays, with its time. What a run read without naming a version stays without one here:
which it was depends on other runs, so the store says that (`store.ports.LineageStore`).
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from datetime import datetime
from typing import Any

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.json_values import as_object, as_objects, read_json
from lineageflow_core.model.lineage import DatasetName, Evidence, Flow, Io, Version
from lineageflow_core.model.quality import Outcome, Tested
from lineageflow_core.model.run import CodeVersion, Job, JobEdge, Run, RunState
from lineageflow_core.openlineage.flows import Flows, flows
from lineageflow_core.openlineage.mentions import partitions_of, texts_of, version_of
from lineageflow_core.openlineage.naming import repository_of
from lineageflow_core.openlineage.parse import parse_event, parse_job, parse_text
from lineageflow_core.openlineage.quality import QUALITY_FACETS, assertions, run_tests
from lineageflow_core.openlineage.record import AccessRecord, Key, RunRecord, Said, say
from lineageflow_core.openlineage.vocabulary import EventType, Facet
from lineageflow_core.store.instants import from_microseconds
from lineageflow_core.store.ports import RunFacts, StoredEvent, Word

FOLD = 4
"""Of this module and `record.py`: where it is another than the facts were made with, they are made again."""

ENDLESS = frozenset({"STREAMING", "SERVICE"})
"""Types of processing that have no end."""
_OF_RUN = frozenset(
    {
        Facet.ERROR,
        Facet.PROCESSING_ENGINE,
        Facet.ENVIRONMENT_VARIABLES,
        Facet.OUR_ENVIRONMENT,
        Facet.PARAMETERS,
        Facet.DEPENDENCIES,
        Facet.TEST,
    }
)
_OF_JOB = frozenset({Facet.CODE, Facet.JOB_TYPE, Facet.LINEAGE})
_OF_FLOWS = frozenset({Facet.LINEAGE, Facet.COLUMN_LINEAGE})


def fold(run_id: RunId, events: Iterable[StoredEvent]) -> RunFacts:
    """Returns the facts about a run from all events. Raises InvalidInputError if none is about it."""
    said = Said()
    for event in events:
        said.add(say(parse_event(read_json(event.body)), event.digest))
    if run_id not in said.runs:
        raise InvalidInputError(f"there is no event about run {run_id}")
    return facts_of(run_id, said.runs[run_id])


def facts_of(run_id: RunId, record: RunRecord) -> RunFacts:
    """Returns the facts about a run from its record."""
    facets, job_facets = _read(record.facets, _OF_RUN), _read(record.job_facets, _OF_JOB)
    run = _run(run_id, record, facets, job_facets)
    job_type = as_object(job_facets.get(Facet.JOB_TYPE))
    inputs = _current(record, job_type, record.inputs)
    outputs = _current(record, job_type, record.outputs)
    told = ((dataset, _read(access.facets, _OF_FLOWS)) for dataset, access in outputs.items())
    said = flows(run.job, job_facets, {dataset: facets for dataset, facets in told if facets})
    explained = said.reads.union(*(fed.sources for fed in said.outputs.values()))
    unexplained = inputs.keys() - explained
    for source in explained:
        inputs.setdefault(source, AccessRecord())
    for target in said.outputs:
        outputs.setdefault(target, AccessRecord())
    is_endless = job_type.get("processingType") in ENDLESS
    began = run.started_at or run.ended_at
    reads = _named(run_id, record.inputs) if is_endless else []
    writes = _named(run_id, record.outputs) if is_endless else []
    for dataset, access in sorted(outputs.items()):
        if is_endless and _tells_versions(access):
            continue  # each of them has its own time
        if is_endless or run.state is RunState.COMPLETED:
            seen = from_microseconds(access.first) if is_endless and access.first is not None else None
            is_ours = repository_of(dataset.namespace) is not None
            found = _versions(dataset, access, unnamed=None if is_ours else f"run:{run_id}")
            writes += _ios(run_id, found, access, at=seen or run.ended_at or began)
        else:
            writes += _ios(run_id, _without_versions(dataset, access), access, at=run.ended_at or began)
    for dataset, access in sorted(inputs.items()):
        if not (is_endless and _tells_versions(access)):
            reads += _ios(run_id, _versions(dataset, access), access, at=began)
    return RunFacts(
        run=run,
        reads=tuple(reads),
        writes=tuple(writes),
        flows=tuple(_flows(run_id, said, unexplained)),
        columns={dataset: frozenset(fed.columns) for dataset, fed in said.outputs.items() if fed.columns},
        job_edges=tuple(sorted(_job_edges(run.job, facets, said))),
        tested=tuple(_tested(run_id, facets, inputs, outputs)),
        input_facets={dataset: access.facets for dataset, access in inputs.items() if access.facets},
        output_facets={dataset: access.facets for dataset, access in outputs.items() if access.facets},
    )


def _run(run_id: RunId, record: RunRecord, facets: Mapping[str, Any], job_facets: Mapping[str, Any]) -> Run:
    state = EventType(record.end.read()).state if record.end else RunState.RUNNING
    error = parse_text(as_object(facets.get(Facet.ERROR)).get("message"))
    namespace, name = record.job.read() if record.job else ("", "")
    started = record.started if record.started is not None else record.going
    return Run(
        id=run_id,
        job=Job(namespace=namespace, name=name),
        state=state,
        parent=record.parent.read() if record.parent else None,
        started_at=None if started is None else from_microseconds(started),
        ended_at=None if record.ended is None else from_microseconds(record.ended),
        code=_code(job_facets),
        environment=_environment(facets),
        params=_params(facets),
        error=error if state in {RunState.FAILED, RunState.ABORTED} else None,
    )


def _code(facets: Mapping[str, Any]) -> CodeVersion | None:
    facet = as_object(facets.get(Facet.CODE))
    revision = parse_text(facet.get("version"))
    if not revision:
        return None
    return CodeVersion(
        revision=revision,
        repository_url=parse_text(facet.get("repoUrl")),
        branch=parse_text(facet.get("branch")),
        path=parse_text(facet.get("path")),
    )


def _environment(facets: Mapping[str, Any]) -> dict[str, str]:
    engine = as_object(facets.get(Facet.PROCESSING_ENGINE))
    variables = as_object(facets.get(Facet.ENVIRONMENT_VARIABLES)).get("environmentVariables")
    ours = as_object(as_object(facets.get(Facet.OUR_ENVIRONMENT)).get("environment"))
    pairs = [
        ((parse_text(engine.get("name")) or "engine").lower(), engine.get("version")),
        *((variable.get("name"), variable.get("value")) for variable in as_objects(variables)),
        *ours.items(),
    ]
    return texts_of(pairs)


def _params(facets: Mapping[str, Any]) -> dict[str, str]:
    parameters = as_objects(as_object(facets.get(Facet.PARAMETERS)).get("parameters"))
    return texts_of((parameter.get("key"), parameter.get("value")) for parameter in parameters)


def _current(
    record: RunRecord, job_type: Mapping[str, Any], accesses: Mapping[Key, AccessRecord]
) -> dict[DatasetName, AccessRecord]:
    """Returns the inputs, or the outputs, that count: all that were named, unless each event tells all."""
    if as_object(job_type.get("emissionPattern")).get("eventContentMode") == "COMPLETE_SNAPSHOT":
        accesses = {key: access for key, access in accesses.items() if access.seen == record.named}
    return {DatasetName(namespace=key[0], name=key[1]): access for key, access in accesses.items()}


def _ios(
    run_id: RunId, versions: Iterable[Version], access: AccessRecord, *, at: datetime | None
) -> Iterator[Io]:
    kind = access.facets.get(Facet.TYPE)
    dataset_type = parse_text(as_object(kind.read()).get("datasetType")) if kind else None
    for version in versions:
        yield Io(
            run_id=run_id,
            version=version,
            evidence=Evidence.UNKNOWN if version.version is None else Evidence.EXPLICIT,
            dataset_type=dataset_type,
            at=at,
        )


def _tells_versions(access: AccessRecord) -> bool:
    return bool(access.named) and not access.contents


def _named(run_id: RunId, accesses: Mapping[Key, AccessRecord]) -> list[Io]:
    """Returns every version that a job without end named, also of what its last event does not name.

    Each when it was named first since another was: so what was named last was there last.
    """
    found: list[Io] = []
    for key, access in sorted(accesses.items(), key=lambda item: item[0]):
        last: dict[str, str] = {}
        since: dict[tuple[str, str], int] = {}
        for at, partition, version in access.named if _tells_versions(access) else ():
            if last.get(partition) != version:
                last[partition] = version
                since[partition, version] = at
        named = sorted(since)
        versions = [
            Version(namespace=key[0], name=key[1], partition=each[0], version=each[1]) for each in named
        ]
        for each, io in zip(named, _ios(run_id, versions, access, at=None), strict=True):
            found.append(replace(io, at=from_microseconds(since[each])))
    return found


def _versions(dataset: DatasetName, access: AccessRecord, *, unnamed: str | None = None) -> list[Version]:
    """Returns the versions that an access names; `unnamed` is what one without a name is called."""
    if access.contents:
        return [
            Version(namespace=dataset.namespace, name=dataset.name, partition=partition, version=snapshot)
            for partition, snapshot in sorted(access.contents)
        ]
    stated = access.facets.get(Facet.VERSION)
    version = version_of(stated.read() if stated else None) or unnamed
    return [
        Version(namespace=dataset.namespace, name=dataset.name, partition=partition, version=version)
        for partition in _partitions(access)
    ]


def _without_versions(dataset: DatasetName, access: AccessRecord) -> list[Version]:
    partitions = sorted({partition for partition, _ in access.contents}) or _partitions(access)
    return [
        Version(namespace=dataset.namespace, name=dataset.name, partition=partition)
        for partition in partitions
    ]


def _partitions(access: AccessRecord) -> list[str]:
    subset = access.facets.get(Facet.SUBSET)
    return partitions_of(subset.read() if subset else None)


def _flows(run_id: RunId, said: Flows, unexplained: Iterable[DatasetName]) -> Iterator[Flow]:
    """Yields what fed each output.

    Column lineage tells where values come from, and from most producers no more than that: an input that only
    joins or filters is not in it. So inputs that nothing is said about fed every output, as far as is known.
    """
    for target, fed in sorted(said.outputs.items()):
        if fed.evidence is Evidence.COLUMN:
            for other in sorted(unexplained):
                yield Flow(run_id=run_id, target=target, source=other, evidence=Evidence.CARTESIAN)
        sources: list[DatasetName | None] = [*sorted(fed.sources)]
        for source in sources or [None]:
            yield Flow(run_id=run_id, target=target, source=source, evidence=fed.evidence)


def _tested(
    run_id: RunId,
    facets: Mapping[str, Any],
    inputs: Mapping[DatasetName, AccessRecord],
    outputs: Mapping[DatasetName, AccessRecord],
) -> Iterator[Tested]:
    """Yields what the run says of the quality of what it read and wrote."""
    of_run = list(run_tests(facets))
    for written, accesses in ((False, inputs), (True, outputs)):
        is_tested = bool(of_run) and written == (not inputs)
        for dataset, access in sorted(accesses.items()):
            said = _read(access.facets, QUALITY_FACETS)
            if said or is_tested:
                found = [*assertions(said), *(of_run if is_tested else ())]
                failed = any(each.outcome is Outcome.FAILED for each in found)
                yield Tested(run_id=run_id, dataset=dataset, written=written, failed=failed)


def _job_edges(job: Job, facets: Mapping[str, Any], said: Flows) -> set[JobEdge]:
    """Returns which jobs went before or come after, whatever data went between them."""
    depends = as_object(facets.get(Facet.DEPENDENCIES))
    before = said.jobs.union(*(fed.jobs for fed in said.outputs.values()))
    before |= _named_jobs(depends.get("upstream"))
    after = _named_jobs(depends.get("downstream"))
    return {JobEdge(source=each, target=job) for each in before - {job}} | {
        JobEdge(source=job, target=each) for each in after - {job}
    }


def _named_jobs(dependencies: object) -> set[Job]:
    named = (parse_job(each.get("job")) for each in as_objects(dependencies))
    return {job for job in named if job is not None}


def _read(words: Mapping[str, Word], keys: Set[str]) -> dict[str, Any]:
    """Returns some facets by key, without those that were taken back. Reading others would take long."""
    return {key: word.read() for key, word in words.items() if key in keys and word.said is not None}
