"""Which inputs fed which output, and which columns which, where a run says more than what it read and wrote.

Precedence, for each output, as OpenLineage has it: the `lineage` facet (of the job, by entries, and of the
dataset), else column lineage, else nothing is said and every input fed every output.
Source: https://openlineage.io/docs/spec/facets (lineage 1-0-0, columnLineage 1-2-0).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lineageflow_core.model.json_values import as_object, as_objects
from lineageflow_core.model.lineage import ColumnEdge, DatasetName, Evidence
from lineageflow_core.model.run import Job
from lineageflow_core.openlineage.parse import parse_dataset, parse_job, parse_name
from lineageflow_core.openlineage.vocabulary import Facet


@dataclass(slots=True, kw_only=True)
class Fed:
    """What is said to have fed one output."""

    evidence: Evidence
    sources: set[DatasetName] = field(default_factory=set)
    jobs: set[Job] = field(default_factory=set)
    """Jobs that are named as sources: data went from one to the other without a name of its own."""
    columns: set[ColumnEdge] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Flows:
    """All that one run says about its flows."""

    outputs: dict[DatasetName, Fed] = field(default_factory=dict)
    reads: set[DatasetName] = field(default_factory=set)
    """What fed the job as such."""
    jobs: set[Job] = field(default_factory=set)
    """Jobs that fed the job as such."""


def flows(job: Job, job_facets: Mapping[str, Any], outputs: Mapping[DatasetName, Mapping[str, Any]]) -> Flows:
    """Reads a run's flows from the facets of its job and of its outputs. Never raises for what they hold.

    An entry of the type JOB that names no job means the run's own.
    """
    found = Flows()
    for entry in as_objects(as_object(job_facets.get(Facet.LINEAGE)).get("entries")):
        if entry.get("type") == "JOB":
            if (parse_job(entry) or job) == job:
                _add_job_inputs(found, entry, job)
        elif (target := parse_dataset(entry)) is not None:
            _add_lineage(found, target, entry, job)
    for target, facets in outputs.items():
        if Facet.LINEAGE in facets:
            _add_lineage(found, target, as_object(facets[Facet.LINEAGE]), job)
    for target, facets in outputs.items():
        columns = set(_column_lineage(as_object(facets.get(Facet.COLUMN_LINEAGE))))
        if not columns:
            continue
        fed = found.outputs.get(target)
        if fed is None:
            sources = {edge.source for edge in columns}
            found.outputs[target] = Fed(evidence=Evidence.COLUMN, sources=sources, columns=columns)
        elif not fed.columns:
            fed.columns = columns
    return found


def _add_job_inputs(found: Flows, entry: Mapping[str, Any], job: Job) -> None:
    for each in as_objects(entry.get("inputs")):
        if each.get("type") == "JOB":
            found.jobs.add(parse_job(each) or job)
        elif (source := parse_dataset(each)) is not None:
            found.reads.add(source)


def _add_lineage(found: Flows, target: DatasetName, said: Mapping[str, Any], job: Job) -> None:
    fed = found.outputs.setdefault(target, Fed(evidence=Evidence.LINEAGE))
    by_field = {"": {"inputs": said.get("inputs")}, **as_object(said.get("fields"))}
    for name, entry in by_field.items():
        for each in as_objects(as_object(entry).get("inputs")):
            if each.get("type") == "JOB":
                fed.jobs.add(parse_job(each) or job)
            elif (source := parse_dataset(each)) is not None:
                fed.sources.add(source)
                if name or parse_name(each.get("field")):
                    fed.columns |= set(_column_edges(parse_name(name) or "", source, each))


def _column_lineage(facet: Mapping[str, Any]) -> Iterator[ColumnEdge]:
    by_field = {"": {"inputFields": facet.get("dataset")}, **as_object(facet.get("fields"))}
    for name, entry in by_field.items():
        said = as_object(entry)
        masked = said.get("transformationType") == "MASKED"  # the deprecated way to say it
        for each in as_objects(said.get("inputFields")):
            if (source := parse_dataset(each)) is not None:
                yield from _column_edges(parse_name(name) or "", source, each, masked=masked)


def _column_edges(
    target: str, source: DatasetName, said: Mapping[str, Any], *, masked: bool = False
) -> Iterator[ColumnEdge]:
    for step in as_objects(said.get("transformations")) or [{}]:
        yield ColumnEdge(
            field=target,
            source=source,
            source_field=parse_name(said.get("field")) or "",
            kind=parse_name(step.get("type")) or "",
            subtype=parse_name(step.get("subtype")) or "",
            masking=masked or step.get("masking") is True,
        )
