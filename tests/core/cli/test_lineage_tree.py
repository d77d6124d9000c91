import itertools

from lineageflow_core.cli.lineage_tree import DEEPEST, grow, lines
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import (
    Direction,
    Evidence,
    LineageEdge,
    LineageGraph,
    LineageNode,
    NodeKind,
    Version,
)
from lineageflow_core.model.run import Job, Run, RunState


def _version(name: str, partition: str = "", namespace: str = "lf://flights") -> LineageNode:
    version = Version(namespace=namespace, name=name, partition=partition, version="a" * 64)
    return LineageNode(id=f"{name}[{partition}]", kind=NodeKind.VERSION, depth=0, version=version)


def _run(number: int, job: str = "clean") -> LineageNode:
    run = Run(id=RunId(f"{number:08}-run"), job=Job(namespace="test", name=job), state=RunState.COMPLETED)
    return LineageNode(id=f"run:{number}", kind=NodeKind.RUN, depth=0, run=run)


def _drawn(nodes: list[LineageNode], edges: list[tuple[LineageNode, LineageNode]]) -> list[str]:
    graph = LineageGraph(
        start=(nodes[0].id,),
        nodes=tuple(nodes),
        edges=tuple(
            LineageEdge(source=source.id, target=target.id, evidence=Evidence.EXPLICIT)
            for source, target in edges
        ),
        truncated=False,
    )
    return [
        prefix + "".join(part for part, _ in cell.parts)
        for prefix, cell in lines(grow(graph, Direction.UPSTREAM), "flights")
    ]


def test_runs_and_versions_take_turns() -> None:
    report, run, raw = _version("report"), _run(1), _version("raw", "2013-01")
    assert [
        "└─ report aaaaaaaa",
        "   └─ ✓ clean  run 00000001",
        "      └─ raw 2013-01 aaaaaaaa",
    ] == _drawn([report, run, raw], [(run, report), (raw, run)])


def test_many_partitions_stand_on_one_line_with_what_made_them() -> None:
    report, run = _version("report"), _run(0, "report")
    months = [_version("clean", f"2013-{month:02}") for month in range(1, 13)]
    makers = [_run(month) for month in range(1, 13)]
    edges = [(run, report), *((month, run) for month in months), *zip(makers, months, strict=True)]
    assert [
        "└─ report aaaaaaaa",
        "   └─ ✓ report  run 00000000",
        "      └─ clean 2013-01 … 2013-12  12 partitions",
        "         └─ clean  12 runs",
    ] == _drawn([report, run, *months, *makers], edges)


def test_a_few_partitions_stand_alone() -> None:
    report, run = _version("report"), _run(0, "report")
    months = [_version("clean", f"2013-{month:02}") for month in range(1, 5)]
    assert 6 == len(_drawn([report, run, *months], [(run, report), *((month, run) for month in months)]))


def test_a_cycle_ends() -> None:
    one, run = _version("one"), _run(1)
    assert [
        "└─ one aaaaaaaa",
        "   └─ ✓ clean  run 00000001",
        "      └─ one aaaaaaaa  (shown above)",
    ] == _drawn([one, run], [(run, one), (one, run)])


def test_what_is_not_ours_has_its_whole_name() -> None:
    foreign = _version("public.orders", namespace="postgres://db:5432")
    assert ["└─ postgres://db:5432/public.orders aaaaaaaa"] == _drawn([foreign], [])


def test_an_edge_to_a_node_that_was_cut_off_is_left_out() -> None:
    report, run = _version("report"), _run(1)
    assert ["└─ report aaaaaaaa"] == _drawn([report], [(run, report)])


def test_a_long_chain_is_drawn_as_far_as_it_can_be_read() -> None:
    nodes = [_version(f"v{number}") for number in range(5 * DEEPEST)]
    drawn = _drawn(nodes, [(after, before) for before, after in itertools.pairwise(nodes)])
    assert DEEPEST == len(drawn)
    assert drawn[-1].endswith("(goes on: ask from here)")
    assert not drawn[-2].endswith("(goes on: ask from here)")
