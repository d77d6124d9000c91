"""Folding all events of one run into the facts about it.

Invariant: the facts depend on the set of events alone, not on their order, grouping or repetition. Events
are put into one total order (inferred ones first, then by time, kind, digest) and read in it, so the last
word on a facet is the same for everybody. What adds up (inputs, outputs, the exact contents of a dataset of
ours) is a union.

A version is something that a completed run wrote. Of any other run only the datasets that it was about to
write are known, and those are facts without a version.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Evidence, Io, Version
from lineageflow_core.model.run import CodeVersion, Job, Run, RunState
from lineageflow_core.openlineage.parse import (
    DatasetMention,
    ParsedEvent,
    parse_event,
    parse_text,
)
from lineageflow_core.openlineage.vocabulary import EventType, Facet
from lineageflow_core.store.ports import RunFacts, StoredEvent

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)

_DatasetKey: TypeAlias = tuple[str, str]
_Content: TypeAlias = tuple[str, str]
"""Partition and snapshot."""


def fold(run_id: RunId, events: Iterable[StoredEvent]) -> RunFacts:
    """Returns the facts about a run from all of its events. Raises InvalidInputError if there are none."""
    parsed = [event for event in _in_order(events) if event.run_id == run_id]
    jobs = [event.job for event in parsed if event.job is not None]
    if not jobs:
        raise InvalidInputError(f"there is no event about run {run_id}")
    state = _state(parsed)
    return RunFacts(
        run=_run(run_id, jobs[-1], state, parsed),
        reads=_accesses(run_id, (event.inputs for event in parsed)),
        writes=_accesses(run_id, (event.outputs for event in parsed), versions=state is RunState.COMPLETED),
    )


def _in_order(events: Iterable[StoredEvent]) -> list[ParsedEvent]:
    parsed = {event.digest: parse_event(json.loads(event.body)) for event in events}

    def place(digest: bytes) -> tuple[bool, datetime, int, bytes]:
        event = parsed[digest]
        return not event.inferred, event.at or _BEFORE_ALL, event.type.rank if event.type else -1, digest

    return [parsed[digest] for digest in sorted(parsed, key=place)]


def _state(events: Iterable[ParsedEvent]) -> RunState:
    """The last final event says it: nothing that comes later opens a run again."""
    final = [event.type for event in events if event.type is not None and event.type.is_final]
    return final[-1].state if final else RunState.RUNNING


def _run(run_id: RunId, job: Job, state: RunState, events: list[ParsedEvent]) -> Run:
    facets = _last_words(event.run_facets for event in events)
    parents = [event.parent.run_id for event in events if event.parent and event.parent.run_id != run_id]
    error = parse_text(_object(facets.get(Facet.ERROR)).get("message"))
    return Run(
        id=run_id,
        job=job,
        state=state,
        parent=parents[-1] if parents else None,
        started_at=_started_at(events),
        ended_at=max((e.at for e in events if e.at and e.type and e.type.is_final), default=None),
        code=_code(_last_words(event.job_facets for event in events)),
        environment=_environment(facets),
        params=_params(facets),
        error=error if state in {RunState.FAILED, RunState.ABORTED} else None,
    )


def _started_at(events: list[ParsedEvent]) -> datetime | None:
    """The first START; else when the run was first seen going; None if only its end was seen."""
    starts = [event.at for event in events if event.at and event.type is EventType.START]
    going = [event.at for event in events if event.at and not (event.type and event.type.is_final)]
    return min(starts or going, default=None)


def _code(facets: Mapping[str, Any]) -> CodeVersion | None:
    facet = _object(facets.get(Facet.CODE))
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
    engine = _object(facets.get(Facet.PROCESSING_ENGINE))
    variables = _object(facets.get(Facet.ENVIRONMENT_VARIABLES)).get("environmentVariables")
    ours = _object(_object(facets.get(Facet.OUR_ENVIRONMENT)).get("environment"))
    pairs = [
        ((parse_text(engine.get("name")) or "engine").lower(), engine.get("version")),
        *((variable.get("name"), variable.get("value")) for variable in _objects(variables)),
        *ours.items(),
    ]
    return _texts(pairs)


def _params(facets: Mapping[str, Any]) -> dict[str, str]:
    parameters = _objects(_object(facets.get(Facet.PARAMETERS)).get("parameters"))
    return _texts((parameter.get("key"), parameter.get("value")) for parameter in parameters)


def _accesses(
    run_id: RunId, mentions: Iterable[tuple[DatasetMention, ...]], *, versions: bool = True
) -> tuple[Io, ...]:
    """Joins what all events say about inputs, or about outputs; without `versions`, at dataset level."""
    facets: dict[_DatasetKey, dict[str, Any]] = {}
    contents: dict[_DatasetKey, set[_Content]] = {}
    for datasets in mentions:
        for dataset in datasets:
            key = (dataset.namespace, dataset.name)
            facets.setdefault(key, {}).update(dataset.facets)
            contents.setdefault(key, set()).update(_contents(dataset.facets.get(Facet.OUR_COMMIT)))
    found = [
        Io(
            run_id=run_id,
            version=version,
            evidence=Evidence.UNKNOWN if version.version is None else Evidence.EXPLICIT,
            dataset_type=parse_text(_object(facets[key].get(Facet.TYPE)).get("datasetType")),
        )
        for key in sorted(facets)
        for version in _versions(key, facets[key], contents[key], versions=versions)
    ]
    return tuple(found)


def _versions(
    key: _DatasetKey, facets: Mapping[str, Any], contents: set[_Content], *, versions: bool
) -> list[Version]:
    namespace, name = key
    if not versions:
        partitions = sorted({partition for partition, _ in contents}) or [""]
        return [Version(namespace=namespace, name=name, partition=partition) for partition in partitions]
    if contents:
        return [
            Version(namespace=namespace, name=name, partition=partition, version=snapshot)
            for partition, snapshot in sorted(contents)
        ]
    version = parse_text(_object(facets.get(Facet.VERSION)).get("datasetVersion")) or None
    return [Version(namespace=namespace, name=name, version=version)]


def _contents(facet: object) -> set[_Content]:
    """Reads our commit facet: the exact content of the whole dataset or of partitions."""
    commit = _object(facet)
    whole = {"partition": "", "snapshot": commit.get("snapshot")}
    found: set[_Content] = set()
    for entry in (whole, *_objects(commit.get("partitions"))):
        partition, snapshot = parse_text(entry.get("partition")), parse_text(entry.get("snapshot"))
        if partition is not None and snapshot:
            found.add((partition, snapshot))
    return found


def _last_words(facets: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Later facets replace earlier ones of the same key as a whole, as OpenLineage has it."""
    words: dict[str, Any] = {}
    for some in facets:
        words.update(some)
    return words


def _texts(pairs: Iterable[tuple[object, object]]) -> dict[str, str]:
    """Keeps pairs that have a name and a value; values that are no strings are written as JSON."""
    texts = (
        (parse_text(key), parse_text(value if isinstance(value, str) else json.dumps(value, sort_keys=True)))
        for key, value in pairs
        if value is not None
    )
    return {key: value for key, value in texts if key and value is not None}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
