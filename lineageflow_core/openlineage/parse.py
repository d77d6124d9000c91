"""Reading events of any producer, leniently: what can be understood is, and the rest is said, not raised.

What producers in the field do and the specification does not allow is understood without a word: a time
without a zone is UTC, a run id that is no UUID becomes a name-based one, fractions of a microsecond are
dropped, and an event may have no type. Facets that are not known are left alone: the stored event has them.
Where a producer in the field means something else than what the specification says, that is understood, too.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from blake3 import blake3

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.json_values import as_object
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.run import Job
from lineageflow_core.openlineage.vocabulary import EventType, Facet

_RUN_ID_NAMESPACE = uuid5(NAMESPACE_URL, "https://lineageflow.dev/runs")
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MAX_NAME_BYTES = 1024
"""Of a name, in UTF-8: as many as a path of ours, or a key in S3."""
_KEPT_BYTES = 900
_STATIC_EVENT_KEYS = ("job", "dataset")
_DAGSTER = re.compile(r"https://github\.com/OpenLineage/OpenLineage/tree/[^/]+/integration/dagster")

Facets = Mapping[str, Any]
"""Facets by key; one that is None was deleted by the event."""


class DatasetMention(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that an event names as an input or output."""

    namespace: str
    name: str
    facets: Facets
    """About the dataset as such."""
    own: Facets = {}
    """About this reading or writing of it: `inputFacets` or `outputFacets`."""


class ParentMention(msgspec.Struct, frozen=True, kw_only=True):
    """The runs around a run, as its parent facet has them."""

    run_id: RunId
    job: Job
    root_run_id: RunId
    root_job: Job


class ParsedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What could be understood of one event."""

    run_id: RunId | None = None
    """None where the event is not about a run, or not understood at all."""
    type: EventType | None = None
    at: datetime | None = None
    """UTC."""
    job: Job | None = None
    """Set where `run_id` is, and where the event declares a job."""
    run_facets: Facets = {}
    job_facets: Facets = {}
    inputs: tuple[DatasetMention, ...] = ()
    outputs: tuple[DatasetMention, ...] = ()
    datasets: tuple[DatasetMention, ...] = ()
    """What the event is about, where that is a dataset as such."""
    parent: ParentMention | None = None
    is_plan: bool = False
    """It says that the run will be: its time is not when that starts."""
    problems: tuple[str, ...] = ()
    """What could not be understood; the rest counts all the same."""


def parse_event(event: object) -> ParsedEvent:
    """Reads one event, decoded from JSON. Never raises on account of what it holds."""
    if not isinstance(event, dict):
        return ParsedEvent(problems=(f"an event is a JSON object, not {type(event).__name__}",))
    problems: list[str] = []
    if "run" not in event and any(key in event for key in _STATIC_EVENT_KEYS):
        return _static_event(event, problems)
    run, job = as_object(event.get("run")), parse_job(event.get("job"))
    run_id = parse_lenient_run_id(run.get("runId"))
    if run_id is None or job is None:
        missing = "run.runId" if run_id is None else "job.namespace and job.name"
        return ParsedEvent(problems=(f"{missing} is missing: it is about no run that could be found again",))
    run_facets = _facets(run.get("facets"), "run.facets", problems)
    parsed = ParsedEvent(
        run_id=run_id,
        type=_event_type(event.get("eventType"), problems),
        at=_instant(event.get("eventTime"), problems),
        job=job,
        run_facets=run_facets,
        job_facets=_facets(as_object(event.get("job")).get("facets"), "job.facets", problems),
        inputs=tuple(_datasets(event.get("inputs"), "inputs", problems)),
        outputs=tuple(_datasets(event.get("outputs"), "outputs", problems)),
        parent=_parent(run_facets.get(Facet.PARENT), problems),
        problems=tuple(problems),
    )
    producer = event.get("producer")
    is_dagsters = isinstance(producer, str) and _DAGSTER.match(producer) is not None
    return _of_one_asset(parsed, run_id, job) if is_dagsters else parsed


def parse_lenient_run_id(value: object) -> RunId | None:
    """Returns a run's id; one that is no UUID becomes a name-based UUID (version 5, RFC 9562)."""
    text = parse_text(value)
    if not text:
        return None
    return RunId(parse_uuid(text) or str(uuid5(_RUN_ID_NAMESPACE, text)))


def parse_uuid(text: str) -> str | None:
    """Returns a UUID in its canonical form; None for what is none."""
    if _CANONICAL_UUID.fullmatch(text):  # nearly all of them
        return text
    try:
        return str(UUID(text))
    except ValueError:
        return None


def parse_text(value: object) -> str | None:
    """Returns a string as one that every store can keep: without NUL and unpaired surrogates."""
    if not isinstance(value, str):
        return None
    if value.isascii() and "\0" not in value:  # nearly all of them
        return value
    return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")


def parse_job(value: object) -> Job | None:
    """Returns the job that an object names; None where it names none."""
    named = parse_named(value)
    return Job(namespace=named[0], name=named[1]) if named else None


def parse_dataset(value: object) -> DatasetName | None:
    """Returns the dataset that an object names; None where it names none."""
    named = parse_named(value)
    return DatasetName(namespace=named[0], name=named[1]) if named else None


def parse_named(value: object) -> tuple[str, str] | None:
    """Returns the namespace and name that an object has; None where one is missing, or the name is empty."""
    entry = as_object(value)
    namespace, name = parse_name(entry.get("namespace")), parse_name(entry.get("name"))
    return (namespace, name) if namespace is not None and name else None


def parse_name(value: object) -> str | None:
    """Returns the name of something as every store can keep it, and find it by.

    A longer one than any database's index holds keeps its first bytes, and gets a digest of all of it.
    """
    text = parse_text(value)
    if text is None or len(text) * 4 <= MAX_NAME_BYTES or len(name := text.encode()) <= MAX_NAME_BYTES:
        return text
    return f"{name[:_KEPT_BYTES].decode(errors='ignore')}...{blake3(name).hexdigest(length=16)}"


def _static_event(event: Mapping[str, Any], problems: list[str]) -> ParsedEvent:
    """Reads a DatasetEvent or a JobEvent: about no run."""
    datasets = list(_datasets([event["dataset"]], "dataset", problems)) if "dataset" in event else []
    job = parse_job(event.get("job"))
    if job is None and "job" in event:
        problems.append(
            "job.namespace and job.name are missing: it is about no job that could be found again"
        )
    return ParsedEvent(
        at=_instant(event.get("eventTime"), problems),
        job=job,
        job_facets=_facets(as_object(event.get("job")).get("facets"), "job.facets", problems) if job else {},
        inputs=tuple(_datasets(event.get("inputs"), "inputs", problems)) if job else (),
        outputs=tuple(_datasets(event.get("outputs"), "outputs", problems)) if job else (),
        datasets=tuple(datasets),
        problems=tuple(problems),
    )


def _of_one_asset(event: ParsedEvent, run_id: RunId, job: Job) -> ParsedEvent:
    """Gives an event of dagster-openlineage about an asset, or its checks, a run of its own.

    It has the id of the whole Dagster run and the asset as its job, so that one run would have many jobs and
    many ends. And all assets start with the Dagster run, long before they read anything.
    Source: dagster-openlineage 0.2.1, adapter.py.
    """
    if event.parent is not None or not (event.inputs or event.outputs):
        return event  # about the Dagster run, or about one of its steps
    around = Job(namespace=job.namespace, name="dagster")  # unless the Dagster run says it itself
    own = uuid5(_RUN_ID_NAMESPACE, "\n".join((run_id, job.namespace, job.name)))
    return msgspec.structs.replace(
        event,
        run_id=RunId(str(own)),
        parent=ParentMention(run_id=run_id, job=around, root_run_id=run_id, root_job=around),
        is_plan=event.type is EventType.START,
    )


def _event_type(value: object, problems: list[str]) -> EventType | None:
    if value is None:
        return None
    try:
        return EventType(str(value).upper())
    except ValueError:
        problems.append(f"eventType {str(value)[:50]!r} is not one of {', '.join(EventType)}")
        return None


def _instant(value: object, problems: list[str]) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        if instant is not None:
            return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    problems.append(f"eventTime {str(value)[:50]!r} is not a time in ISO 8601")
    return None


def _datasets(value: object, where: str, problems: list[str]) -> Iterator[DatasetMention]:
    if value is not None and not isinstance(value, list):
        problems.append(f"{where} is not a list")
        return
    own = "inputFacets" if where == "inputs" else "outputFacets"
    for index, entry in enumerate(value or ()):
        place = f"{where}[{index}]"
        dataset, named = as_object(entry), parse_named(entry)
        if named is None:
            problems.append(f"{place} has no namespace and name")
            continue
        yield DatasetMention(
            namespace=named[0],
            name=named[1],
            facets=_facets(dataset.get("facets"), f"{place}.facets", problems),
            own=_facets(dataset.get(own), f"{place}.{own}", problems),
        )


def _parent(facet: Facets | None, problems: list[str]) -> ParentMention | None:
    if facet is None:
        return None
    run_id, job = parse_lenient_run_id(as_object(facet.get("run")).get("runId")), parse_job(facet.get("job"))
    if run_id is None or job is None:
        problems.append("the parent facet does not name a run and its job")
        return None
    root = as_object(facet.get("root"))
    root_run_id, root_job = (
        parse_lenient_run_id(as_object(root.get("run")).get("runId")),
        parse_job(root.get("job")),
    )
    if root_run_id is None or root_job is None:
        root_run_id, root_job = run_id, job
    return ParentMention(run_id=run_id, job=job, root_run_id=root_run_id, root_job=root_job)


def _facets(value: object, where: str, problems: list[str]) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        problems.append(f"{where} is not an object")
        return {}
    found: dict[str, Any] = {}
    for name, facet in value.items():
        key = parse_name(name) or ""
        if isinstance(facet, dict):
            found[key] = None if facet.get("_deleted") is True else facet
        elif facet is not None:
            problems.append(f"{where}.{key[:50]} is not an object")
    return found
