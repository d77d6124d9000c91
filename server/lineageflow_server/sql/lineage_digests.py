"""Digests of all facts about lineage, by what they say and not by their keys: those depend on the order."""

from typing import Any

from sqlalchemy import Connection, Select, select

from lineageflow_core.store.digests import digest_of_all
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.dataset_names import first_names
from lineageflow_server.sql.rows import encode

_RUN = tables.runs.c.id.label("run_id")
_NAME, _SOURCE = first_names("name"), first_names("source")


def digests(connection: Connection) -> dict[str, str]:
    """Returns one digest a kind of facts."""
    return {
        kind: digest_of_all(
            encode([None if value is None else _plain(value) for value in row])
            for row in connection.execute(query.execution_options(yield_per=1000))
        )
        for kind, query in _queries().items()
    }


def _queries() -> dict[str, Select[Any]]:
    io, read, flow, edge = tables.ios, tables.open_reads, tables.flows, tables.column_edges
    words, job = tables.dataset_words, tables.jobs
    before, after = job.alias(), job.alias()
    own_name = tables.datasets
    return {
        "runs": select(tables.runs.c.id, tables.runs.c.state, tables.runs.c.body, tables.runs.c.record),
        "reads and writes": select(
            _RUN, io.c.written, _NAME.c.namespace, _NAME.c.name, tables.versions.c.partition,
            tables.versions.c.version, io.c.evidence, io.c.dataset_type, io.c.at, io.c.whole,
        )
        .select_from(io.join(tables.runs).join(tables.versions))
        .join(_NAME, _NAME.c.key == tables.versions.c.dataset),
        "reads without a version": select(
            _RUN, _NAME.c.namespace, _NAME.c.name, read.c.partition, read.c.dataset_type, read.c.at
        )
        .select_from(read.join(tables.runs))
        .join(_NAME, _NAME.c.key == read.c.dataset),
        "flows": select(
            _RUN, flow.c.evidence, _NAME.c.namespace, _NAME.c.name, _SOURCE.c.namespace, _SOURCE.c.name
        )
        .select_from(flow.join(tables.runs))
        .join(_NAME, _NAME.c.key == flow.c.target)
        .outerjoin(_SOURCE, _SOURCE.c.key == flow.c.source),
        "columns": select(
            _RUN, _NAME.c.namespace, _NAME.c.name, _SOURCE.c.namespace, _SOURCE.c.name,
            edge.c.field, edge.c.source_field, edge.c.kind, edge.c.subtype, edge.c.masking,
        )
        .select_from(tables.run_columns.join(tables.runs))
        .join(edge, edge.c.map == tables.run_columns.c.map)
        .join(_NAME, _NAME.c.key == tables.run_columns.c.target)
        .join(_SOURCE, _SOURCE.c.key == edge.c.source),
        "edges between jobs": select(_RUN, before.c.namespace, before.c.name, after.c.namespace, after.c.name)
        .select_from(tables.job_edges.join(tables.runs))
        .join(before, before.c.key == tables.job_edges.c.source)
        .join(after, after.c.key == tables.job_edges.c.target),
        "declarations": select(
            job.c.namespace, job.c.name, tables.declarations.c.written, own_name.c.namespace, own_name.c.name
        )
        .select_from(tables.declarations.join(job))
        .join(own_name, own_name.c.key == tables.declarations.c.dataset),
        "tests": select(
            _RUN, tables.tested.c.written, _NAME.c.namespace, _NAME.c.name, tables.tested.c.failed
        )
        .select_from(tables.tested.join(tables.runs))
        .join(_NAME, _NAME.c.key == tables.tested.c.dataset),
        "facets of jobs": select(
            job.c.namespace, job.c.name, tables.job_words.c.facet, tables.job_words.c.stamp,
            tables.job_words.c.said,
        ).select_from(tables.job_words.join(job)),
        "facets of datasets": select(
            own_name.c.namespace, own_name.c.name, words.c.facet, words.c.stamp, words.c.said
        ).select_from(words.join(own_name)),
        "terms of jobs": select(
            job.c.namespace, job.c.name, tables.job_terms.c.facet, tables.job_terms.c.field,
            tables.job_terms.c.value,
        )
        .select_from(tables.job_terms.join(job))
        .where(tables.job_terms.c.facet != b""),
        "terms of datasets": select(
            own_name.c.namespace, own_name.c.name, tables.dataset_terms.c.facet,
            tables.dataset_terms.c.field, tables.dataset_terms.c.value,
        )
        .select_from(tables.dataset_terms.join(own_name))
        .where(tables.dataset_terms.c.facet != b""),
        "known jobs": select(job.c.namespace, job.c.name).where(job.c.seen),
        "known datasets": select(own_name.c.namespace, own_name.c.name).where(own_name.c.seen),
        "names": select(own_name.c.namespace, own_name.c.name, _NAME.c.namespace, _NAME.c.name)
        .select_from(own_name.join(_NAME, _NAME.c.key == own_name.c.key))
        .where(own_name.c.first.is_not(None)),
    }  # fmt: skip


def _plain(value: object) -> object:
    return value.tobytes() if isinstance(value, memoryview) else value
