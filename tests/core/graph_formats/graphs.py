"""Graphs whose names are whatever anybody may send."""

import itertools

from hypothesis import strategies as st

from lineageflow_core.model.lineage import (
    Evidence,
    LineageEdge,
    LineageGraph,
    LineageNode,
    NodeKind,
    Version,
)
from lineageflow_core.model.node import format_node
from lineageflow_core.model.run import Job, Run, RunState

HOSTILE = (
    'a"]; x -> y; b["', "a\\", 'a"', "a\nb", "<b>x</b>", "a]b", "#quot;", "`js`", "=1+1", "@SUM(A1)",
    "a'} ) DETACH DELETE n //", "\\u0027", "\\\\u0027 x", "]]>", "&lt;", "\r\n", "\x00\x1b[2J", "\u202eabc",
    "\ud800", "$$x$$", "**b**", "end", "-- x", "%%{init: {}}%%", "javascript:alert(1)", "\u2028", "'", '""',
    ";", "\t", " =1",
)  # fmt: skip

TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec=None), min_size=1, max_size=12))
TYPES = st.sampled_from([None, "TABLE", "MODEL", "METRIC"])


def version_node(name: str, dataset_type: str | None = None, partition: str = "") -> LineageNode:
    version = Version(namespace="lf://flights", name=name, partition=partition, version="a" * 64)
    return LineageNode(
        id=format_node(version), kind=NodeKind.VERSION, depth=0, version=version, dataset_type=dataset_type
    )


def run_node(name: str, job: str = "load") -> LineageNode:
    run = Run(id=name, job=Job(namespace="prod", name=job), state=RunState.COMPLETED, error=job)  # type: ignore[arg-type]
    return LineageNode(id=f"run:{name}", kind=NodeKind.RUN, depth=1, run=run)


def chain(*nodes: LineageNode, evidence: Evidence = Evidence.EXPLICIT) -> LineageGraph:
    edges = tuple(
        LineageEdge(source=one.id, target=other.id, evidence=evidence)
        for one, other in itertools.pairwise(nodes)
    )
    return LineageGraph(start=(nodes[0].id,), nodes=nodes, edges=edges, truncated=False)


@st.composite
def graphs(draw: st.DrawFn) -> LineageGraph:
    versions = draw(
        st.lists(
            st.builds(version_node, TEXTS, TYPES, TEXTS),
            min_size=1,
            max_size=4,
            unique_by=lambda node: node.id,
        )
    )
    runs = draw(st.lists(st.builds(run_node, TEXTS, TEXTS), max_size=3, unique_by=lambda node: node.id))
    edges: dict[LineageEdge, None] = {}
    for run in runs:
        for version in draw(st.lists(st.sampled_from(versions), max_size=3)):
            ends = (version.id, run.id) if draw(st.booleans()) else (run.id, version.id)
            evidence = draw(st.sampled_from([Evidence.EXPLICIT, Evidence.AS_OF, Evidence.UNKNOWN]))
            edges[LineageEdge(source=ends[0], target=ends[1], evidence=evidence)] = None
    return LineageGraph(
        start=(versions[0].id,), nodes=(*versions, *runs), edges=tuple(edges), truncated=draw(st.booleans())
    )
