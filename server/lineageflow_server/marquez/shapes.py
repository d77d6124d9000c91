"""Cards of datasets, jobs and runs in the shapes that clients of Marquez expect.

Times that nobody knows are the epoch where a client expects one, and null elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from lineageflow_core.model.event import Event
from lineageflow_core.model.known import AccessFacets, KnownNamespace
from lineageflow_core.model.lineage import DatasetName, Io
from lineageflow_core.model.overview import DatasetCard, JobCard, RunCard
from lineageflow_core.model.run import Job
from lineageflow_core.store.instants import EPOCH
from lineageflow_core.wire.codec import decode
from lineageflow_server.marquez.ids import job_id, job_version_id, version_id

Json = dict[str, Any]

_STREAMS = frozenset({"STREAM", "TOPIC"})
_JOB_TYPES = {"STREAMING": "STREAM", "SERVICE": "SERVICE"}
_NO_VALUES = frozenset({"", "true"})
"""Of a tag: its key says it all."""


def namespace_shape(known: KnownNamespace) -> Json:
    """Returns a namespace. Events say no owner of one, and not since when there is one."""
    return {
        "name": known.namespace,
        "createdAt": EPOCH,
        "updatedAt": EPOCH,
        "ownerName": "anonymous",
        "description": None,
        "isHidden": False,
    }


def source_shape(name: str, connection: str) -> Json:
    """Returns a source: where datasets lie."""
    scheme = connection.partition("://")[0] if "://" in connection else connection.partition(":")[0]
    return {
        "type": scheme.upper(),
        "name": name,
        "createdAt": EPOCH,
        "updatedAt": EPOCH,
        "connectionUrl": connection,
        "description": None,
    }


def dataset_shape(card: DatasetCard) -> Json:
    """Returns a dataset as it is, or as it was."""
    return {
        **_common(card),
        "id": _id(card.name),
        "updatedAt": card.written_at or card.first_at or EPOCH,
        "lastModifiedAt": card.written_at,
        "lastLifecycleState": _lifecycle(card.facets),
        "currentVersion": version_id(card.version) if card.version else None,
        "columnLineage": _column_lineage(card.facets),
        "deleted": _lifecycle(card.facets) == "DROP",
    }


def dataset_version_shape(card: DatasetCard, run: RunCard | None) -> Json:
    """Returns a version of a dataset. `run` made it."""
    assert card.version is not None  # a card of a version has one
    version = version_id(card.version)
    return {
        **_common(card),
        "id": {**_id(card.name), "version": version},
        "version": version,
        "lifecycleState": _lifecycle(card.facets),
        "createdByRun": run_shape(run) if run else None,
    }


def job_shape(card: JobCard, latest: RunCard | None, runs: Sequence[RunCard]) -> Json:
    """Returns a job with its latest run. `runs` are those before, too."""
    parent = card.parent
    simple = card.job.name
    if parent is not None:
        simple = simple.removeprefix(f"{parent.name}.") or simple
    revision = card.latest.code.revision if card.latest and card.latest.code else None
    ended = card.latest and (card.latest.ended_at or card.latest.started_at)
    return {
        "id": {"namespace": card.job.namespace, "name": card.job.name},
        "type": _job_type(card.facets),
        "name": card.job.name,
        "simpleName": simple,
        "parentJobName": parent.name if parent else None,
        "parentJobUuid": job_id(parent) if parent else None,
        "createdAt": card.first_at or EPOCH,
        "updatedAt": ended or card.first_at or EPOCH,
        "namespace": card.job.namespace,
        "inputs": [_id(each) for each in card.reads],
        "outputs": [_id(each) for each in card.writes],
        "location": _location(card.facets),
        "description": _text(card.facets, "documentation", "description"),
        "latestRun": run_shape(latest) if latest else None,
        "latestRuns": [run_shape(run) for run in runs],
        "facets": card.facets,
        "currentVersion": job_version_id(card.job, card.reads, card.writes, revision),
        "labels": [],
        "tags": tags_of(card.facets),
    }


def job_version_shape(card: RunCard, latest: RunCard) -> Json:
    """Returns the version of a job that a run had. `latest` is the last run that had it."""
    job = card.run.job
    version = job_version_of(card)
    return {
        "id": {"namespace": job.namespace, "name": job.name, "version": version},
        "type": _job_type(card.job_facets),
        "name": job.name,
        "version": version,
        "createdAt": card.run.started_at or card.run.ended_at or EPOCH,
        "namespace": job.namespace,
        "inputs": [_id(each) for each in _datasets(card.reads)],
        "outputs": [_id(each) for each in _datasets(card.writes)],
        "location": _location(card.job_facets),
        "latestRun": run_shape(latest),
        "facets": card.job_facets,
    }


def run_shape(card: RunCard) -> Json:
    """Returns a run with the exact versions that it read and wrote."""
    run = card.run
    nominal = card.facets.get("nominalTime", {})
    began, ended = run.started_at, run.ended_at
    reads, writes = _versions(card.reads, card.read_facets), _versions(card.writes, card.write_facets)
    return {
        "id": run.id,
        "createdAt": began or ended or EPOCH,
        "updatedAt": ended or began or EPOCH,
        "nominalStartTime": nominal.get("nominalStartTime"),
        "nominalEndTime": nominal.get("nominalEndTime"),
        "state": run.state.value.upper(),
        "startedAt": began,
        "endedAt": ended,
        "durationMs": _milliseconds(began, ended),
        "args": dict(run.params),
        "jobVersion": {
            "namespace": run.job.namespace,
            "name": run.job.name,
            "version": job_version_of(card),
        },
        "inputVersions": [each["datasetVersionId"] for each in reads],
        "outputVersions": [each["datasetVersionId"] for each in writes],
        "inputDatasetVersions": reads,
        "outputDatasetVersions": writes,
        "context": {},
        "facets": card.facets,
    }


def job_version_of(card: RunCard) -> str:
    """Returns the UUID of the version of its job that a run had."""
    revision = card.run.code.revision if card.run.code else None
    return job_version_id(card.run.job, _datasets(card.reads), _datasets(card.writes), revision)


def event_shape(event: Event) -> Any:
    """Returns an event as it came."""
    return decode(event.body.encode(), object)


def tags_of(facets: Mapping[str, Any], *, field: str | None = None) -> list[str]:
    """Returns the tags that the facet says, of the whole or of one field."""
    found: dict[str, None] = {}
    for tag in _objects(facets, "tags", "tags"):
        if (tag.get("field") or None) == field and isinstance(tag.get("key"), str):
            value = tag.get("value")
            is_plain = value is None or str(value).lower() in _NO_VALUES
            found[tag["key"] if is_plain else f"{tag['key']}:{value}"] = None
    return list(found)


def all_tags(facets: Mapping[str, Any]) -> set[str]:
    """Returns the tags of the whole and of all fields."""
    fields = {tag.get("field") or None for tag in _objects(facets, "tags", "tags")}
    texts = [field for field in fields if field is None or isinstance(field, str)]
    return {tag for field in texts for tag in tags_of(facets, field=field)}


def source_of(name: DatasetName, facets: Mapping[str, Any]) -> tuple[str, str]:
    """Returns name and address of where a dataset lies: as its facet says, else its namespace."""
    named = _text(facets, "dataSource", "name") or name.namespace
    return named, _text(facets, "dataSource", "uri") or name.namespace


def _common(card: DatasetCard) -> Json:
    return {
        "type": "STREAM" if (card.dataset_type or "").upper() in _STREAMS else "DB_TABLE",
        "name": card.name.name,
        "physicalName": card.name.name,
        "createdAt": card.first_at or EPOCH,
        "namespace": card.name.namespace,
        "sourceName": source_of(card.name, card.facets)[0],
        "fields": _fields(card.facets),
        "tags": tags_of(card.facets),
        "description": _text(card.facets, "documentation", "description"),
        "facets": card.facets,
    }


def _fields(facets: Mapping[str, Any]) -> list[Json]:
    return [
        {
            "name": field["name"],
            "type": field.get("type") if isinstance(field.get("type"), str) else None,
            "tags": tags_of(facets, field=field["name"]),
            "description": field.get("description"),
        }
        for field in _objects(facets, "schema", "fields")
        if isinstance(field.get("name"), str)
    ]


def _column_lineage(facets: Mapping[str, Any]) -> list[Json] | None:
    fields = facets.get("columnLineage", {}).get("fields")
    if not isinstance(fields, Mapping):
        return None
    found = []
    for name, said in fields.items():
        mapped = said if isinstance(said, Mapping) else {}
        how = {key: mapped.get(key) for key in ("transformationDescription", "transformationType")}
        inputs = [
            {
                "namespace": each.get("namespace"),
                "dataset": each.get("name"),
                "field": each.get("field"),
                **how,
            }
            for each in _list(mapped.get("inputFields"))
        ]
        found.append({"name": name, "inputFields": inputs, **how})
    return found


def _versions(ios: Iterable[Io], facets: Sequence[AccessFacets]) -> list[Json]:
    said = {each.dataset: each.facets for each in facets}
    return [
        {
            "datasetVersionId": {**_id(io.version.dataset), "version": version_id(io.version)},
            "facets": said.get(io.version.dataset, {}),
        }
        for io in ios
        if io.version.version is not None
    ]


def _datasets(ios: Iterable[Io]) -> list[DatasetName]:
    return sorted({io.version.dataset for io in ios})


def _id(named: DatasetName | Job) -> Json:
    return {"namespace": named.namespace, "name": named.name}


def _job_type(facets: Mapping[str, Any]) -> str:
    return _JOB_TYPES.get(_text(facets, "jobType", "processingType") or "", "BATCH")


def _location(facets: Mapping[str, Any]) -> str | None:
    return _text(facets, "sourceCodeLocation", "url")


def _lifecycle(facets: Mapping[str, Any]) -> str | None:
    return _text(facets, "lifecycleStateChange", "lifecycleStateChange")


def _milliseconds(began: datetime | None, ended: datetime | None) -> int | None:
    return None if began is None or ended is None else round((ended - began).total_seconds() * 1000)


def _text(facets: Mapping[str, Any], facet: str, key: str) -> str | None:
    said = facets.get(facet, {}).get(key)
    return said if isinstance(said, str) and said else None


def _objects(facets: Mapping[str, Any], facet: str, key: str) -> list[Mapping[str, Any]]:
    return _list(facets.get(facet, {}).get(key))


def _list(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
