"""Pages for notebooks: small, static, safe.

A page is a fragment with its own style, in light and dark, without scripts or anything loaded from elsewhere.
Whatever comes from data is escaped and cut short, so that a page stays below 50 KB.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.diff import DiffEntry, DiffKind
from lineageflow_core.model.lineage import LineageGraph, LineageNode, NodeKind
from lineageflow_core.model.objects import Item
from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.run import Reading

if TYPE_CHECKING:
    import pyarrow as pa

MAX_ROWS = 50
MAX_COLUMNS = 20
MAX_CELL = 40
"""Characters of one cell."""
_MAX_NODES = 24
"""Boxes in one column of a drawing."""
_BOX, _COLUMN = 190, 220
"""Widths in pixels."""

_STYLE = """<style>
.lf{font:13px/1.5 system-ui,sans-serif;color:#1f2430;--line:#d5d9e2;--soft:#667;--box:#f5f6f9}
.lf table{border-collapse:collapse;margin:.5em 0}.lf b{font-weight:600}
.lf th,.lf td{text-align:left;padding:2px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
.lf th,.lf small{color:var(--soft);font-weight:500}.lf .added{color:#18794e}.lf .removed{color:#c0392b}
.lf .changed{color:#9a6700}.lf svg text{font:12px system-ui,sans-serif;fill:currentColor}
.lf rect{fill:var(--box);stroke:var(--line)}.lf path{fill:none;stroke:var(--soft)}
@media (prefers-color-scheme:dark){.lf{color:#e4e7ee;--line:#3b4150;--soft:#9aa3b5;--box:#232833}
.lf .added{color:#5fd39a}.lf .removed{color:#ff8b80}.lf .changed{color:#e3b341}}
</style>"""


def repositories_page(repositories: Sequence[RepositoryInfo]) -> str:
    """Returns a list of repositories."""
    rows = [(each.name, each.default_branch, f"{each.created_at:%Y-%m-%d %H:%M}") for each in repositories]
    return _page(_table(("repository", "default branch", "made (UTC)"), rows))


def repository_page(name: str, items: Sequence[Item], head: Commit) -> str:
    """Returns a repository: its last commit, and what it holds."""
    rows = [(item.path, item.kind.value, item.objects, size_text(item.size)) for item in items]
    return _page(
        f"<b>{_text(name)}</b> <small>{_commit_text(head)}</small>",
        _table(("path", "kind", "objects", "size"), rows),
    )


def dataset_page(
    address: str, reading: Reading, head: "pa.Table | None", *, warnings: Iterable[str] = ()
) -> str:
    """Returns a dataset: its version, its columns and first rows, or its files where those are not shown."""
    size = sum(each.size for each in reading.snapshots)
    versions = ", ".join(each.snapshot[:12] for each in reading.snapshots[:3])
    more = ", ..." if len(reading.snapshots) > 3 else ""
    facts = f"{len(reading.objects)} objects, {size_text(size)}, snapshot {versions}{more}"
    title = f"<b>{_text(address, 200)}</b> <small>{facts}</small>"
    title += "".join(f"<br><span class=removed>{_text(each, 500)}</span>" for each in islice(warnings, 3))
    if head is None:
        files = [(entry.path, size_text(entry.size)) for entry in reading.objects]
        return _page(title, _table(("file", "size"), files))
    fields = list(head.schema)[:MAX_COLUMNS]
    hidden = head.num_columns - len(fields)
    columns = [f"{_text(field.name)}<br><small>{_text(str(field.type))}</small>" for field in fields]
    values = [[_value(value) for value in head[field.name].to_pylist()] for field in fields]
    note = f"<small>and {hidden} more columns</small>" if hidden else ""
    return _page(title, _raw_table(columns, zip(*values, strict=True)), note)


def commits_page(commits: Sequence[Commit]) -> str:
    """Returns a list of commits."""
    rows = [
        (each.id[:8], f"{each.created_at:%Y-%m-%d %H:%M}", each.author, each.message.partition("\n")[0])
        for each in commits
    ]
    return _page(_table(("commit", "time (UTC)", "author", "message"), rows))


def differences_page(differences: Sequence[DiffEntry]) -> str:
    """Returns a list of objects that differ, with how many there are of each kind."""
    tiles = ", ".join(
        f'<span class="{kind.value}">{sum(each.kind is kind for each in differences)} {kind.value}</span>'
        for kind in DiffKind
    )
    rows = (
        (
            f'<span class="{each.kind.value}">{each.kind.value}</span>',
            _text(each.path, 120),
            size_text(each.left.size) if each.left else "",
            size_text(each.right.size) if each.right else "",
        )
        for each in differences[:MAX_ROWS]
    )
    return _page(tiles, _raw_table(("", "path", "before", "after"), rows), _rest(len(differences)))


def lineage_page(graph: LineageGraph) -> str:
    """Returns the neighbours of the start as a drawing, from left to right as the data went."""
    columns = _columns(graph)
    height = max(map(len, columns), default=1) * 34 + 10
    places = {
        node.id: (column * _COLUMN + 5, row * 34 + (height - len(nodes) * 34) // 2)
        for column, nodes in enumerate(columns)
        for row, node in enumerate(nodes)
    }
    lines = "".join(
        _line(places[edge.source], places[edge.target])
        for edge in graph.edges
        if edge.source in places and edge.target in places
    )
    boxes = "".join(_box(node, *places[node.id]) for nodes in columns for node in nodes)
    width = len(columns) * _COLUMN
    drawing = f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}">{lines}{boxes}</svg>'
    rest = len(graph.nodes) - len(places)
    return _page(drawing, f"<small>and {rest} more</small>" if rest else "")


def size_text(size: int) -> str:
    """Returns a number of bytes in words."""
    amount = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def _page(*parts: str) -> str:
    return f'{_STYLE}<div class="lf">{"".join(parts)}</div>'


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    shown = ([_text(str(cell), 120) for cell in row] for row in rows[:MAX_ROWS])
    return _raw_table([_text(column) for column in columns], shown) + _rest(len(rows))


def _raw_table(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{column}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _rest(count: int) -> str:
    return f"<small>and {count - MAX_ROWS} more</small>" if count > MAX_ROWS else ""


def _value(value: object) -> str:
    return "<small>null</small>" if value is None else _text(str(value))


def _text(text: str, most: int = MAX_CELL) -> str:
    return escape(text if len(text) <= most else text[: most - 1] + "…")


def _commit_text(commit: Commit) -> str:
    message = _text(commit.message.partition("\n")[0], 80)
    return f"{commit.id[:8]} {commit.created_at:%Y-%m-%d %H:%M} {_text(commit.author)}: {message}"


def _columns(graph: LineageGraph) -> list[list[LineageNode]]:
    """Returns the nodes by how many edges they are from the start, upstream first: two at most each way."""
    back: defaultdict[str, set[str]] = defaultdict(set)
    on: defaultdict[str, set[str]] = defaultdict(set)
    for edge in graph.edges:
        back[edge.target].add(edge.source)
        on[edge.source].add(edge.target)
    start = set(graph.start)
    columns = [*reversed(_steps(start, back)), start, *_steps(start, on)]
    by_id = {node.id: node for node in graph.nodes}
    return [[by_id[each] for each in sorted(ids) if each in by_id][:_MAX_NODES] for ids in columns]


def _steps(start: set[str], neighbours: Mapping[str, set[str]]) -> list[set[str]]:
    found: list[set[str]] = []
    seen, nearest = set(start), start
    for _ in range(2):
        nearest = {each for node in nearest for each in neighbours.get(node, ())} - seen
        seen |= nearest
        if nearest:
            found.append(nearest)
    return found


def _box(node: LineageNode, x: int, y: int) -> str:
    round_ = ' rx="13"' if node.kind is not NodeKind.VERSION else ' rx="3"'
    title = escape(node.id)
    label = _text(_label(node), 28)
    return (
        f'<g><title>{title[:400]}</title><rect x="{x}" y="{y + 4}" width="{_BOX}" height="26"{round_}/>'
        f'<text x="{x + 10}" y="{y + 21}">{label}</text></g>'
    )


def _label(node: LineageNode) -> str:
    if node.run is not None:
        return node.run.job.name
    if node.job is not None:
        return node.job.name
    if node.version is None:
        return node.id
    return "/".join(filter(None, (node.version.name, node.version.partition)))


def _line(source: tuple[int, int], target: tuple[int, int]) -> str:
    (x1, y1), (x2, y2) = (source[0] + _BOX, source[1] + 17), (target[0], target[1] + 17)
    middle = (x1 + x2) // 2
    return f'<path d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"/>'
