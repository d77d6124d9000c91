"""What is known of a node or an edge, flat: as formats of columns and properties need it."""

from lineageflow_core.graph_formats.text import label
from lineageflow_core.model.lineage import Impact, LineageEdge, LineageNode

NODE_ATTRIBUTES = (
    "id", "kind", "label", "depth", "namespace", "name", "partition", "version", "dataset_type", "run_id",
    "job_namespace", "job", "state", "started_at", "ended_at", "parent", "code", "error",
)  # fmt: skip
"""In the order in which they are columns. All but the first four may be unknown."""
EDGE_ATTRIBUTES = ("source", "target", "evidence")
IMPACT_ATTRIBUTES = (
    "degree", "state", "namespace", "name", "partition", "version", "dataset_type", "owners", "job_namespace",
    "job", "run_id", "ended_at", "current",
)  # fmt: skip


def node_attributes(node: LineageNode) -> dict[str, str]:
    """Returns what is known of a node, as text; times are ISO 8601."""
    found: dict[str, str | None] = {
        "id": node.id, "kind": node.kind.value, "label": label(node), "depth": str(node.depth),
    }  # fmt: skip
    if node.version is not None:
        version = node.version
        found |= {
            "namespace": version.namespace,
            "name": version.name,
            "partition": version.partition or None,
            "version": version.version,
            "dataset_type": node.dataset_type,
        }
    if node.run is not None:
        run = node.run
        found |= {
            "run_id": run.id,
            "job_namespace": run.job.namespace,
            "job": run.job.name,
            "state": run.state.value,
            "started_at": run.started_at.isoformat() if run.started_at else None,
            "ended_at": run.ended_at.isoformat() if run.ended_at else None,
            "parent": run.parent,
            "code": run.code.revision if run.code else None,
            "error": run.error,
        }
    if node.job is not None:
        found |= {"job_namespace": node.job.namespace, "job": node.job.name}
    return {name: value for name, value in found.items() if value is not None}


def edge_attributes(edge: LineageEdge) -> dict[str, str]:
    """Returns what is known of an edge, as text."""
    return {"source": edge.source, "target": edge.target, "evidence": edge.evidence.value}


def impact_attributes(impact: Impact) -> dict[str, str]:
    """Returns what is known of a derived version, as text; several owners or branches by commas."""
    version, run, job = impact.version, impact.produced_by, impact.job
    found = {
        "degree": str(impact.degree),
        "state": "declared" if impact.declared_by else "tainted" if impact.tainted else "clean",
        "namespace": version.namespace,
        "name": version.name,
        "partition": version.partition,
        "version": version.version,
        "dataset_type": impact.dataset_type,
        "owners": ",".join(impact.owners),
        "job_namespace": job.namespace if job else None,
        "job": job.name if job else None,
        "run_id": run.id if run else None,
        "ended_at": run.ended_at.isoformat() if run and run.ended_at else None,
        "current": ",".join(impact.current),
    }
    return {name: value for name, value in found.items() if value}
