"""What runs read and wrote, at which versions: as it is put, and as it stands in rows.

A read that names no version stands among the open reads, and `as_of.py` binds it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, select

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Evidence, Io
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.as_of import AsOf
from lineageflow_server.sql.bulk import delete_by, delete_rows, find_rows, insert_rows
from lineageflow_server.sql.database import chunks
from lineageflow_server.sql.dataset_names import Name, Named, keys
from lineageflow_server.sql.rows import Values
from lineageflow_server.sql.settled import may_be_settled, unsettle

K = TypeVar("K")

_PUT = [column for column in tables.ios.c if column is not tables.ios.c.settled]
_PUT_NAMES = [column.name for column in _PUT]


class Accesses(NamedTuple):
    """What a run read and wrote."""

    reads: Sequence[Io]
    writes: Sequence[Io]

    def sides(self) -> Iterator[tuple[Io, bool]]:
        """Yields all of it, and whether it was written."""
        yield from ((io, False) for io in self.reads)
        yield from ((io, True) for io in self.writes)


def put_accesses(
    connection: Connection,
    accesses: Mapping[int, Accesses],
    names: Mapping[Name, Named],
    *,
    known: Sequence[int],
) -> None:
    """Makes this what these runs read and wrote, by key, in place of what those that are known did before."""
    stated: dict[tuple[int, bool, bytes], tuple[Io, Named]] = {}
    opened: dict[tuple[int, int, str], tuple[Io, Named]] = {}
    versions: dict[bytes, Values] = {}
    for run, each in accesses.items():
        for io, written in each.sides():
            version = io.version
            named = names[version.namespace, version.name]
            if written or version.version is not None:
                row = lineage_rows.version_row(named.first, named.name, version.partition, version.version)
                versions[row["digest"]] = row
                _keep_best(stated, (run, written, row["digest"]), io, named)
            else:
                _keep_best(opened, (run, named.first, version.partition), io, named)
    version_keys = keys(connection, tables.versions, versions)
    as_of = AsOf(connection)
    as_of.release(known)
    delete_by(connection, tables.open_reads.c.run, known)
    reads = [lineage_rows.open_read_row(run, first, io) for (run, first, _), (io, _) in opened.items()]
    insert_rows(connection, tables.open_reads, reads)
    ios = {}
    for (run, written, digest), (io, named) in stated.items():
        key = version_keys[digest]
        ios[run, written, key] = lineage_rows.io_row(run, named.first, key, io, written=written)
    gone, new = _change(connection, ios, known)
    as_of.wrote(row for row in (*gone, *new) if row["written"])
    as_of.bind(sorted({run for run, _, _ in opened}))
    unsettle(connection, {row["version"] for row in new})


def stated_accesses(connection: Connection, run_ids: Sequence[RunId]) -> dict[RunId, Accesses]:
    """Returns what runs read and wrote as it was put, before reads were bound to versions."""
    run, name = tables.runs.c.id.label("run_id"), tables.datasets
    io, version, read = tables.ios, tables.versions, tables.open_reads
    is_stated = io.c.written | (io.c.evidence == Evidence.EXPLICIT)
    stated = (
        select(run, name.c.namespace, name.c.name, version.c.partition, version.c.version, io)
        .select_from(io.join(tables.runs).join(version).join(name, name.c.key == version.c.dataset))
        .where(is_stated)
    )
    opened = select(run, name.c.namespace, name.c.name, read).select_from(read.join(tables.runs).join(name))
    found: dict[RunId, tuple[list[Io], list[Io]]] = {run_id: ([], []) for run_id in run_ids}
    for some in chunks(run_ids):
        for row in connection.execute(stated.where(tables.runs.c.id.in_(some))):
            found[row.run_id][row.written].append(lineage_rows.io_from(row))
        for row in connection.execute(opened.where(tables.runs.c.id.in_(some))):
            found[row.run_id][0].append(lineage_rows.open_read_from(row))
    return {run_id: Accesses(*sides) for run_id, sides in found.items()}


def _keep_best(found: dict[K, tuple[Io, Named]], place: K, io: Io, named: Named) -> None:
    before = found.get(place)
    if before is None or io.precedence <= before[0].precedence:
        found[place] = io, named


def _change(
    connection: Connection, wanted: Mapping[tuple[int, bool, int], Values], known: Sequence[int]
) -> tuple[list[Values], list[Values]]:
    """Makes the rows of these runs what is wanted; returns those that went and those that came."""
    found = find_rows(connection, _PUT, tables.ios.c.run, known)
    rows: list[Values] = [dict(zip(_PUT_NAMES, row, strict=True)) for row in found]
    there = {(row["run"], row["written"], row["version"]): row for row in rows}
    gone = [place for place, row in there.items() if wanted.get(place) != row]
    new = [row for place, row in wanted.items() if there.get(place) != row]
    delete_rows(
        connection,
        tables.ios,
        [{"run": run, "written": written, "version": version} for run, written, version in gone],
    )
    insert_rows(connection, tables.ios, [{**row, "settled": may_be_settled(row)} for row in new])
    return [there[place] for place in gone], new
