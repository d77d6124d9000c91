"""The commit tree at a million objects, and at ten million, against a bare loop over the same nodes."""

import os
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

from blake3 import blake3

from benchmarks.measure import Row, seconds
from lineageflow_core.model.commit import make_commit
from lineageflow_core.tree.build import build
from lineageflow_core.tree.diff import diff
from lineageflow_core.tree.edit import edit
from lineageflow_core.tree.node import Rows, Value, decode, encode
from lineageflow_core.tree.pack import make_pack
from lineageflow_core.tree.read import scan_rows
from lineageflow_core.tree.source import NodeBuffer, StoredNodes

OBJECTS = (1_000_000, 10_000_000)
BYTES_AN_OBJECT = 1_000
"""Of memory, that a benchmark takes."""
FOLDERS = 1_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rows() -> Iterator[Row]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for objects in OBJECTS:
        if objects * BYTES_AN_OBJECT < memory:
            yield from rows_of(objects)


def rows_of(objects: int) -> Iterator[Row]:
    keys = sorted(f"day={at % FOLDERS:04d}/part-{at:07d}.parquet" for at in range(objects))
    ids = b"".join(blake3(key.encode()).digest() for key in keys)
    columns = Rows(keys, ids, [1_000_000] * objects, [None] * objects)
    first = NodeBuffer()
    root = build(first, columns)
    nodes = [decode(node_id, stored) for node_id, stored in first.new.items()]
    yield Row(
        name=f"build {objects:,} objects",
        ours=seconds(lambda: build(NodeBuffer(), columns)),
        limit=seconds(lambda: ([crc32(key.encode()) < 1 for key in keys], [encode(node) for node in nodes])),
        limit_is="a checksum of each key, then encoding, compressing and hashing the same nodes",
        target=1.5,
    )
    stored = dict(first.new)
    source = StoredNodes(lambda ids: {each: stored[each] for each in ids}, capacity=2 * objects)
    for _ in scan_rows(source, root):
        pass  # brings every node into memory, so that all figures are warm alike
    chooser = random.Random(1)
    neighbours = chooser.randrange(objects - 20_000)
    for name, chosen in (
        ("10 scattered", sorted(chooser.sample(range(objects), 10))),
        ("1,000 scattered", sorted(chooser.sample(range(objects), 1_000))),
        ("10 neighbouring", list(range(neighbours, neighbours + 10))),
        ("1,000 neighbouring", list(range(neighbours, neighbours + 1_000))),
        ("10,000 neighbouring", list(range(neighbours, neighbours + 10_000))),
    ):
        yield from change_rows(f"{name} changes in {objects:,}", source, root, [keys[at] for at in chosen])


def change_rows(name: str, source: StoredNodes, root: bytes, keys: list[str]) -> Iterator[Row]:
    changes = [(key, Value.of(blake3(b"new" + key.encode()).digest(), 2_000_000)) for key in keys]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "pack"
        probe = NodeBuffer(source)
        edited = edit(probe, root, changes)
        new = [decode(node_id, stored) for node_id, stored in probe.new.items()]

        def commit() -> None:
            buffer = NodeBuffer(source)
            tree = edit(buffer, root, changes)
            made = make_commit(parents=[], root=tree.hex(), author="", message="", created_at=NOW)
            write_durably(place, make_pack(buffer.new, [made]).content)

        def bare() -> None:
            write_durably(place, b"".join(encode(node)[1] for node in new))

        yield Row(
            name=f"commit {name}",
            ours=seconds(commit, repeat=5),
            limit=seconds(bare, repeat=5),
            limit_is=f"encoding the {len(new)} new nodes and one fsync",
            target=1.5,
        )

    def compare() -> None:
        fresh = NodeBuffer(source)
        fresh.new.update(probe.new)  # stored, and not decoded yet
        assert len(list(diff(fresh, root, edited))) == len(changes)

    def bare_compare() -> None:
        for node_id, content in probe.new.items():
            leaf = decode(node_id, content)
            one, other = dict(leaf.pairs()), dict(leaf.pairs())
            assert one == other

    yield Row(
        name=f"diff of {name}",
        ours=seconds(compare, repeat=5),
        limit=seconds(bare_compare, repeat=5),
        limit_is=f"reading the {len(new)} new nodes, and two dictionaries of their entries",
        target=1.5,
    )


def write_durably(place: Path, content: bytes) -> None:
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
