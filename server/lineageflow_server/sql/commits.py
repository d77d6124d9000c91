"""Commits and the whereabouts of tree nodes, in SQL."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, and_, bindparam, or_, select

from lineageflow_core.model.commit import Commit
from lineageflow_core.model.commit_filter import CommitFilter
from lineageflow_core.model.ids import CommitId, SnapshotId
from lineageflow_core.store.ports import CommitChanges, CommitLink, CommitPlace, NodeLocation
from lineageflow_core.store.refusals import commit_missing
from lineageflow_server.sql import commit_rows, tables
from lineageflow_server.sql.database import Database, chunks
from lineageflow_server.sql.dialect import insert_missing, insert_or_update
from lineageflow_server.sql.log_search import candidates
from lineageflow_server.sql.repository_keys import RepositoryKeys

_START_OF_ID = re.compile(r"[0-9a-f]{0,64}")


_MOST_CHANGES = 1000
"""Datasets that a commit changed and that are recorded: of one that changes more, the tree is asked."""
_STARTS = 10_000
"""Commits that one walk begins at: what two walks have in common is read twice."""


class SqlCommitStore:
    """A `CommitStore` in SQL."""

    def __init__(self, database: Database, keys: RepositoryKeys) -> None:
        self._database = database
        self._keys = keys

    def get(self, repository: str, commit: CommitId) -> Commit | None:
        return self.get_many(repository, [commit]).get(commit)

    def get_many(self, repository: str, commits: Sequence[CommitId]) -> dict[CommitId, Commit]:
        with self._database.ask() as connection:
            key = self._keys.find(connection, repository)
            found = [
                commit_rows.commit_from(row)
                for some in chunks(commits)
                for row in connection.execute(_BODIES, {"repository": key, "ids": some})
            ]
        return {commit.id: commit for commit in found}

    def find(self, repository: str, prefix: str, *, limit: int) -> list[CommitId]:
        if not _START_OF_ID.fullmatch(prefix):
            return []
        table = tables.commits.c
        with self._database.ask() as connection:
            query = (
                select(table.id)
                .where(table.repository == self._keys.find(connection, repository))
                .where(table.id.between(prefix.ljust(64, "0"), prefix.ljust(64, "f")))
                .order_by(table.id)
                .limit(limit)
            )
            return [CommitId(found) for found in connection.scalars(query)]

    def ancestors(
        self, repository: str, commits: Sequence[CommitId], *, down_to: int
    ) -> Sequence[CommitLink]:
        found: dict[CommitId, CommitLink] = {}
        with self._database.ask() as connection:
            key = self._keys.find(connection, repository)
            for some in chunks(commits, _STARTS):
                asked = {"repository": key, "ids": some, "down_to": down_to}
                found.update(
                    (row.id, commit_rows.link_from(row)) for row in connection.execute(_WALK_BACK, asked)
                )
        return list(found.values())

    def candidates(
        self, repository: str, wanted: CommitFilter, *, after: CommitPlace | None, limit: int
    ) -> list[CommitPlace]:
        found: set[CommitPlace] = set()
        with self._database.read() as connection:
            key = self._keys.find(connection, repository)
            # One by one, because each comes in the order of its index.
            for query in candidates(key, wanted, after):
                found.update(CommitPlace(*row) for row in connection.execute(query.limit(limit)))
        return sorted(found, reverse=True)[:limit]

    def snapshots_after(
        self, repository: str, dataset: str, commits: Sequence[CommitId]
    ) -> dict[CommitId, SnapshotId | None]:
        table = tables.dataset_changes.c
        with self._database.read() as connection:
            key = self._keys.find(connection, repository)
            query = select(table.commit, table.after).where(table.repository == key, table.path == dataset)
            return {
                row.commit: row.after
                for some in chunks(commits)
                for row in connection.execute(query.where(table.commit.in_(some)))
            }

    def locate(self, repository: str, node_ids: Sequence[bytes]) -> dict[bytes, NodeLocation]:
        with self._database.ask() as connection:
            key = self._keys.find(connection, repository)
            found = [
                commit_rows.node_from(row)
                for some in chunks(node_ids)
                for row in connection.execute(_LOCATIONS, {"repository": key, "ids": some})
            ]
        return {node.node_id: node for node in found}


def _walking_back() -> Select[Any]:
    """Returns the query for commits and ancestors, as far as the rows name parents.

    It looks behind commits above `down_to` only, but what lies there it gives whatever its generation: the
    other parents of merges may be far below, and who wants them would have to ask again.
    """
    table = tables.commits.c
    mine = table.repository == bindparam("repository")
    steps = (table.id, table.generation, table.first_parent, table.second_parent)
    walk = select(*steps).where(mine, table.id.in_(_IDS)).cte("walk", recursive=True)
    is_parent = or_(table.id == walk.c.first_parent, table.id == walk.c.second_parent)
    behind = and_(walk.c.generation > bindparam("down_to"), mine, is_parent)
    walk = walk.union(select(*steps).join_from(walk, tables.commits, behind))
    return select(table.id, table.body).join_from(walk, tables.commits, and_(mine, table.id == walk.c.id))


# Making a statement takes longer than running it, so those of every write are made once.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_WALK_BACK = _walking_back()
_BODIES = select(tables.commits.c.id, tables.commits.c.body).where(
    tables.commits.c.repository == bindparam("repository"), tables.commits.c.id.in_(_IDS)
)
_LOCATIONS = (
    select(
        tables.nodes.c.id, tables.nodes.c.offset, tables.nodes.c.length, tables.packs.c.id.label("pack_id")
    )
    .join_from(tables.nodes, tables.packs)
    .where(tables.nodes.c.repository == bindparam("repository"), tables.nodes.c.id.in_(_IDS))
)
_LIES_THERE = tables.nodes.c.pack == bindparam("out_of")
_STORED = select(tables.commits.c.id).where(
    tables.commits.c.repository == bindparam("repository"), tables.commits.c.id.in_(_IDS)
)


def add_commits(
    connection: Connection,
    repository: int,
    commits: Sequence[Commit],
    targets: Sequence[CommitId],
    *,
    changes: Sequence[CommitChanges],
) -> None:
    """Adds commits that are new, and what they changed.

    Raises InvalidInputError if a parent or one of `targets` is nowhere.
    """
    needed = {*targets, *(parent for commit in commits for parent in commit.parents)}
    for some in chunks(sorted(needed - {commit.id for commit in commits})):
        stored = connection.scalars(_STORED, {"repository": repository, "ids": some})
        for missing in set(some) - set(stored):
            raise commit_missing(missing)
    if not commits:
        return
    recorded = {each.commit: each.datasets for each in changes if len(each.datasets) <= _MOST_CHANGES}
    # In order, as all rows are: no two transactions that add the same ones can wait for each other.
    ordered = sorted(commits, key=lambda each: each.id)
    values = [
        commit_rows.commit_row(
            repository, commit, changed=len(recorded[commit.id]) if commit.id in recorded else None
        )
        for commit in ordered
    ]
    connection.execute(insert_missing(connection, tables.commits), values)
    connection.execute(
        insert_missing(connection, tables.log_entries),
        [
            commit_rows.log_entry(repository, commit)
            for commit in sorted(commits, key=lambda each: (each.generation, each.id))
        ],
    )
    changed = [
        row
        for each in ordered
        for row in commit_rows.change_rows(repository, each, recorded.get(each.id, ()))
    ]
    if changed:
        changed.sort(key=lambda row: (row["path"], row["generation"], row["commit"]))
        connection.execute(insert_missing(connection, tables.dataset_changes), changed)


def add_nodes(
    connection: Connection, repository: int, nodes: Sequence[NodeLocation], *, out_of: str | None = None
) -> None:
    """Adds the locations of nodes, in place of those they had: an old pack may be collected.

    Where a pack is named to move them out of, those that are in another one stay there.
    """
    pack_ids = sorted({node.pack_id for node in nodes})
    if not pack_ids:
        return
    table = tables.packs.c
    added = connection.execute(
        insert_missing(connection, tables.packs, table.id, table.key),
        [{"repository": repository, "id": pack_id} for pack_id in pack_ids],
    )
    keys: dict[str, int] = {row.id: row.key for row in added}
    for some in chunks([pack_id for pack_id in pack_ids if pack_id not in keys]):
        keys.update(_pack_keys(connection, repository, some))
    ordered = sorted(nodes, key=lambda node: node.node_id)
    values = [commit_rows.node_row(repository, keys[node.pack_id], node) for node in ordered]
    put = insert_or_update(
        connection,
        tables.nodes,
        columns=("pack", "offset", "length"),
        by=("repository", "id"),
        where=_LIES_THERE if out_of is not None else None,
    )
    if out_of is not None:
        there = _pack_keys(connection, repository, [out_of]).get(out_of)
        values = [{**each, "out_of": there} for each in values]
    connection.execute(put, values)


def _pack_keys(connection: Connection, repository: int, pack_ids: Sequence[str]) -> dict[str, int]:
    table = tables.packs.c
    query = select(table.id, table.key).where(table.repository == repository, table.id.in_(pack_ids))
    return {row.id: row.key for row in connection.execute(query)}
