"""Marking the history of one large dataset, each commit of which changed one object.

What it has to be compared with is looking at each distinct node once: decoding and verifying it. A mark that
went through each commit by itself would take that as many times as there are commits.
"""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from blake3 import blake3
from lineageflow_server.embedded import open_stores

from benchmarks.measure import Row, seconds
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.ids import ObjectId
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.service.marking import mark
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.store.ports import RefUpdate
from lineageflow_core.tree.changes import RootEdit
from lineageflow_core.tree.compare import new_nodes
from lineageflow_core.tree.root import object_value
from lineageflow_core.tree.source import NodeBuffer

ENTRIES = 1_000_000
COMMITS = 10_000
TARGET = 3.0

_clock = partial(datetime.now, UTC)
_MAIN = RefName(kind=RefKind.BRANCH, name="main")


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as place:
        lake = Path(place).resolve() / "lake"
        _fill(lake)
        marked = mark(_open(lake))
        nodes = list(marked.nodes)
        yield Row(
            name=f"{COMMITS:,} commits of {ENTRIES:,} entries: marked",
            ours=seconds(lambda: mark(_open(lake)), repeat=1),
            limit=seconds(lambda: _read(_open(lake), nodes), repeat=1),
            limit_is="each distinct node, once",
            target=TARGET,
            note=f"{len(nodes):,} distinct nodes, {len(marked.objects):,} distinct objects",
        )


def _open(lake: Path) -> OpenRepository:
    """Opens the repository with empty caches."""
    stores = open_stores(lake)
    return Lake(stores, _clock).repository("large")


def _read(opened: OpenRepository, nodes: list[bytes]) -> None:
    for start in range(0, len(nodes), 256):
        opened.nodes.get_many(nodes[start : start + 256])


def _fill(lake: Path) -> None:
    catalog = open_embedded(open_stores(lake))
    catalog.repositories.create_repository("large", author="bench")
    opened = _open(lake)
    tip = opened.resolve("main")
    tip = _publish(opened, tip, [_entry(number, "first") for number in range(ENTRIES)])
    for number in range(COMMITS):
        tip = _publish(opened, tip, [_entry(number * 7919 % ENTRIES, f"change {number}")])


def _publish(opened: OpenRepository, tip: Commit, entries: list[ObjectEntry]) -> Commit:
    nodes = NodeBuffer(opened.nodes)
    edit = RootEdit(nodes, tip.root)
    for entry in entries:
        edit.place(entry.path, object_value(entry), dataset="d", partition_depth=0)
    root = edit.finish()
    commit = make_commit(parents=[tip], root=root, author="bench", message="change", created_at=_clock())
    opened.publish(
        "commit",
        key=None,
        actor="bench",
        updates=[RefUpdate(ref=_MAIN, expected=tip.id, new=commit.id)],
        commits=[commit],
        nodes=new_nodes(nodes, tip.root, root),
    )
    return commit


def _entry(number: int, what: str) -> ObjectEntry:
    digest = blake3(f"{what} {number}".encode()).hexdigest()
    return ObjectEntry(path=f"d/{number // 1000:04}/{number % 1000:04}", object_id=ObjectId(digest), size=1)
