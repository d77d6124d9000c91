"""What a version changed against the one before: the one that was there when the run began.

It is for the materialization, so it must cost next to nothing and never fail a step. No row is read: of
Parquet files the footers tell rows, columns, missing values and ranges, and of other versions what lineage
has heard when they were written. What is not known that way is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import dagster as dg

from lineageflow_core import Catalog
from lineageflow_core.errors import NotFoundError
from lineageflow_core.model.ids import CommitId, SnapshotId
from lineageflow_core.openlineage.naming import version_of
from lineageflow_core.run.look import path_of
from lineageflow_dagster.footers import ColumnFacts, read_footers
from lineageflow_dagster.metadata import PREVIOUS_KEY, Metadata, Version

MOST_PARTITIONS = 20
"""Of so many partitions of one step it is told what changed."""

_LATEST = 20
"""Versions of a dataset that lineage is asked for."""
_MOST_LINES = 20
_LONGEST_CELL = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is known of a version without reading it."""

    size: int
    rows: int | None
    columns: Mapping[str, ColumnFacts]
    """By name; none where it is no table, or not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a version differs from the one before."""

    previous: SnapshotId
    before: Shape
    now: Shape

    @property
    def rows(self) -> int | None:
        """How many rows there are more than before; None if that is not known."""
        if self.before.rows is None or self.now.rows is None:
            return None
        return self.now.rows - self.before.rows

    @property
    def metadata(self) -> Metadata:
        """What a materialization says about it."""
        metadata: Metadata = {
            PREVIOUS_KEY: dg.MetadataValue.text(self.previous),
            "lineageflow/changes": dg.MetadataValue.md(_markdown(self)),
        }
        if self.rows is not None:
            metadata["lineageflow/row_count_change"] = dg.MetadataValue.int(self.rows)
        return metadata


def changes(
    catalog: Catalog, repository: str, base: CommitId, versions: Mapping[str, Version]
) -> dict[str, Metadata]:
    """Returns by partition key what there is to say of versions against what was there at `base`.

    Of very many partitions only the first are looked at.
    """
    found = {}
    for key, version in islice(versions.items(), MOST_PARTITIONS):
        try:
            change = _change(catalog, repository, base, version)
        except Exception as error:  # noqa: BLE001  # a note on a materialization is no reason to fail a step
            dg.get_dagster_logger("lineageflow").debug(f"what changed is not known: {error}")
            continue
        if change is not None:
            found[key] = change.metadata
    return found


def _change(catalog: Catalog, repository: str, base: CommitId, version: Version) -> Change | None:
    written = version.written.snapshot
    try:
        previous = catalog.objects.get_snapshot(repository, base, path_of(written))
    except NotFoundError:
        return None
    described = version.described
    now = Shape(
        size=written.size,
        rows=described.rows,
        columns={name: ColumnFacts(type=kind) for name, kind in described.columns},
    )
    if previous.snapshot == written.snapshot:
        return Change(previous=previous.snapshot, before=now, now=now)
    footers = [
        read_footers(catalog, repository, commit, path_of(written))
        for commit in (base, version.written.commit)
    ]
    if footers[0] is not None and footers[1] is not None:
        before, now = (
            Shape(size=state.size, rows=footer.rows, columns=footer.columns)
            for state, footer in ((previous, footers[0]), (written, footers[1]))
        )
        return Change(previous=previous.snapshot, before=before, now=now)
    heard = _heard(catalog, repository, version, previous.snapshot)
    before = heard or Shape(size=previous.size, rows=None, columns={})
    return Change(previous=previous.snapshot, before=before, now=now)


def _heard(catalog: Catalog, repository: str, version: Version, previous: SnapshotId) -> Shape | None:
    """Returns what lineage has heard of the version before; None if nothing lately."""
    named = version_of(repository, version.written.snapshot)
    try:
        latest = catalog.datasets.list_dataset_versions(
            named.namespace, named.name, partition=named.partition, limit=_LATEST
        ).items
    except NotFoundError:
        return None
    for each in latest:
        if each.version.version == previous and each.measurements is not None:
            return Shape(
                size=each.measurements.bytes or 0,
                rows=each.measurements.rows,
                columns={column.name: ColumnFacts(type=column.type or "") for column in each.columns or ()},
            )
    return None


def _markdown(change: Change) -> str:
    """Returns a short table of what differs."""
    lines = list(_lines(change))
    if not lines:
        return "Nothing: the content is the same."
    shown = lines[:_MOST_LINES]
    rows = [f"| {' | '.join(map(_cell, line))} |" for line in shown]
    more = [f"\n… and {len(lines) - len(shown)} more."] if len(lines) > len(shown) else []
    return "\n".join(["| | before | now |", "|---|---|---|", *rows, *more])


def _lines(change: Change) -> Iterator[tuple[str, str, str]]:
    before, now = change.before, change.now
    if before is now:
        return
    if before.rows is not None and now.rows is not None:
        yield "rows", f"{before.rows:,}", f"{now.rows:,} ({now.rows - before.rows:+,})"
    yield "bytes", f"{before.size:,}", f"{now.size:,} ({now.size - before.size:+,})"
    if before.columns and now.columns:
        yield from _columns(before.columns, now.columns)


def _columns(
    before: Mapping[str, ColumnFacts], now: Mapping[str, ColumnFacts]
) -> Iterator[tuple[str, str, str]]:
    """Yields schema changes first: they matter most, and the table is cut at its end."""
    for name in [*now, *(gone for gone in before if gone not in now)]:
        old, new = before.get(name), now.get(name)
        if old is None or new is None or old.type != new.type:
            yield f"`{name}`", old.type if old else "-", new.type if new else "-"
    for name in now:
        if name in before:
            yield from _statistics(name, before[name], now[name])


def _statistics(name: str, old: ColumnFacts, new: ColumnFacts) -> Iterator[tuple[str, str, str]]:
    if old.nulls is not None and new.nulls is not None and old.nulls != new.nulls:
        yield f"`{name}` missing", f"{old.nulls:,}", f"{new.nulls:,} ({new.nulls - old.nulls:+,})"
    if old.range is not None and new.range is not None and old.range != new.range:
        yield f"`{name}`", _range(old.range), _range(new.range)


def _range(ends: Sequence[object]) -> str:
    return " … ".join(map(_cut, map(str, ends)))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
