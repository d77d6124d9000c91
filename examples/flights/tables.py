"""What the lake answers, as tables for a terminal. Nothing is decided here."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.tree import Tree

from lineageflow_core.model.diff import DatasetDiff
from lineageflow_core.model.lineage import Blame, Impact, LineageGraph, Version
from lineageflow_core.model.objects import Dataset
from lineageflow_core.model.plan import PlanAction, RollbackPlan


def short(digest: str | None) -> str:
    """Returns an id as people compare it by eye."""
    return digest[:8] if digest else "-"


def datasets_table(title: str, datasets: Iterable[Dataset]) -> Table:
    """Shows the datasets at one commit."""
    table = _table(title, "dataset", "objects", "size", "snapshot")
    for dataset in datasets:
        table.add_row(dataset.path, str(dataset.objects), _size(dataset.size), short(dataset.snapshot))
    return table


def blame_table(blame: Blame) -> Table:
    """Shows where some content came from."""
    table = _table(f"Who made {_name(blame.version)}?", "", "")
    rows = [
        ("version", short(blame.version.version)),
        ("commit", short(blame.commit)),
        ("author", blame.author),
    ]
    if blame.run is not None:
        rows += [
            ("step", blame.run.job.name),
            ("parameters", ", ".join(f"{name}={value}" for name, value in sorted(blame.run.params.items()))),
            (
                "code",
                f"{short(blame.run.code.revision)} {blame.run.code.path or ''}" if blame.run.code else "-",
            ),
            ("run", blame.pipeline or blame.run.id),
        ]
    for name, value in [*rows, *(("read", _name(read)) for read in blame.inputs)]:
        table.add_row(name, value)
    return table


def upstream_tree(graph: LineageGraph) -> Tree:
    """Shows what fed a version, as a tree of versions and the steps that made them."""
    nodes = {node.id: node for node in graph.nodes}
    sources: dict[str, list[str]] = {}
    for edge in graph.edges:
        sources.setdefault(edge.target, []).append(edge.source)

    def grow(tree: Tree, version_id: str) -> None:
        makers = [node for source in sources.get(version_id, []) if (node := nodes[source]).run]
        if not makers:
            return
        run = makers[0].run
        others = f" [dim]and {len(makers) - 1} others that made the same[/]" if len(makers) > 1 else ""
        made = tree.add(f"[dim]made by[/] {run.job.name if run else ''} [dim]{makers[0].id[4:12]}[/]{others}")
        for source in sorted(sources.get(makers[0].id, [])):
            grow(made.add(_label(nodes[source].version)), source)

    start = graph.start[0]
    root = Tree(_label(nodes[start].version))
    grow(root, start)
    return root


def impact_table(impacts: Sequence[Impact]) -> Table:
    """Shows what was derived from something bad, nearest first; without what clean runs have made as well."""
    tainted = [impact for impact in impacts if impact.tainted]
    table = _table(
        f"{len(tainted)} versions come from it and cannot be trusted",
        "steps away",
        "version",
        "id",
        "kind",
        "made by",
        "current on",
    )
    for impact in tainted:
        table.add_row(
            str(impact.degree),
            _name(impact.version),
            short(impact.version.version),
            (impact.dataset_type or "").lower(),
            impact.job.name if impact.job else "",
            ", ".join(impact.current),
        )
    return table


def plan_table(plan: RollbackPlan) -> Table:
    """Shows what a rollback will do: what goes back, and what of the run's own output is kept."""
    table = _table(f"Plan {plan.id}: {plan.state.value}", "action", "dataset", "why", "now", "then")
    for item in plan.items:
        if item.action is PlanAction.KEEP and item.degree:
            continue
        table.add_row(
            item.action.value,
            "/".join(filter(None, (item.dataset, item.partition))),
            item.reason.value.replace("_", " "),
            short(item.bad),
            short(item.good),
        )
    return table


def diff_table(title: str, diffs: Iterable[DatasetDiff]) -> Table:
    """Shows which datasets differ between two refs, and in which partitions."""
    table = _table(title, "dataset", "change", "partitions", "from", "to")
    for diff in diffs:
        table.add_row(
            diff.path, diff.kind.value, ", ".join(diff.partitions), short(diff.left), short(diff.right)
        )
    return table


def figures_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Shows figures side by side."""
    table = _table(title, *columns)
    for row in rows:
        table.add_row(*row)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", show_header=any(columns))
    for column in columns:
        table.add_column(column)
    return table


def _label(version: Version | None) -> str:
    return f"{_name(version)} [cyan]{short(version.version)}[/]" if version else "?"


def _name(version: Version) -> str:
    return f"{version.name}/{version.partition}" if version.partition else version.name


def _size(count: int) -> str:
    return f"{count / 1024:,.0f} KiB"
