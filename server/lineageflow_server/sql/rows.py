"""The one place that maps values to rows and back.

A `body` is a whole value. A commit's is its canonical form. Others are MessagePack, by msgspec: fields by
name, instants exact; a later version may add fields that have a default, and reads what it finds without
them with the default. An event's is a zstd frame around the bytes that came.
"""
# ruff: noqa: D103 - what a mapping does, its name says

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

import zstandard
from blake3 import blake3
from msgspec import msgpack
from sqlalchemy import Row

from lineageflow_core.errors import IntegrityError
from lineageflow_core.model.check import Check
from lineageflow_core.model.collection import Collected
from lineageflow_core.model.commit import Commit, decode_commit, encode_commit, parents_in
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.lineage import Io, Version
from lineageflow_core.model.names import parents_of
from lineageflow_core.model.plan import RollbackPlan
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.model.refs import Ref, RefName
from lineageflow_core.model.repository import RepositoryChange, RepositoryInfo, RepositoryName
from lineageflow_core.model.run import Job, Run, Transaction
from lineageflow_core.model.settings import RepositorySettings, SettingsChange
from lineageflow_core.model.table import TableProfile
from lineageflow_core.model.transfer import Import
from lineageflow_core.store.paging import place_of_run
from lineageflow_core.store.ports import (
    CommitLink,
    DatasetChange,
    NodeLocation,
    Publication,
    RefUpdate,
    StoredEvent,
)

Values = dict[str, Any]
"""A row to write, by column."""
AnyRow = Row[*tuple[Any, ...]]

LONGEST_SEARCHED = 2000
"""Characters of a text that is searched where it stands, and not in the commit's body."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What an operation changed beside refs."""

    settings: SettingsChange | None = None
    repository: RepositoryChange | None = None
    check: Check | None = None
    quarantines: tuple[Quarantine, ...] = ()
    undoes: int | None = None
    message: str = ""


_encode = msgpack.Encoder().encode
_decoders: dict[type[Any], msgpack.Decoder[Any]] = {
    kind: msgpack.Decoder(kind)
    for kind in (
        Beside,
        Check,
        Import,
        Quarantine,
        RepositorySettings,
        RollbackPlan,
        Run,
        TableProfile,
        Transaction,
    )
}


def from_body(kind: type[T], body: bytes) -> T:
    """Returns the value in a body."""
    return cast(T, _decoders[kind].decode(body))


def identity(*parts: str | None) -> bytes:
    """Returns 16 bytes that stand for a name of several parts: a key of one short column."""
    return blake3(_encode(parts)).digest(length=16)


def repository_from(row: AnyRow) -> RepositoryInfo:
    return RepositoryInfo(
        id=row.id,
        name=row.name,
        default_branch=row.default_branch,
        created_at=row.created_at,
        storage=row.storage,
        deleted_at=row.deleted_at,
        purged_at=row.purged_at,
    )


def repository_row(info: RepositoryInfo) -> Values:
    return {
        "id": info.id,
        "name": info.name,
        "default_branch": info.default_branch,
        "created_at": info.created_at,
        "storage": info.storage,
        "deleted_at": info.deleted_at,
        "purged_at": info.purged_at,
    }


def repository_name_row(info: RepositoryInfo, since: datetime) -> Values:
    return {"name": info.name, "repository": info.id, "since": since}


def repository_name_from(row: AnyRow) -> RepositoryName:
    return RepositoryName(name=row.name, repository=row.repository, since=row.since)


def commit_row(repository: int, commit: Commit, *, changed: int | None) -> Values:
    return {
        "repository": repository,
        "id": commit.id,
        "generation": commit.generation,
        "created_at": commit.created_at,
        "run_id": commit.run_id,
        "first_parent": commit.parents[0] if commit.parents else None,
        "second_parent": commit.parents[1] if len(commit.parents) > 1 else None,
        "changed": changed,
        "is_logged": True,
        "body": encode_commit(commit),
    }


def log_entry(repository: int, commit: Commit) -> Values:
    said = "".join(metadata_text(key, value) for key, value in sorted(commit.metadata.items()))
    return {
        "repository": repository,
        "generation": commit.generation,
        "commit": commit.id,
        "created_at": commit.created_at,
        "author": commit.author,
        "message": _if_short(searched_text(commit.message)),
        "metadata": _if_short(said),
    }


def searched_text(text: str) -> str:
    """Returns a text so that it holds another one, if it does in whatever case."""
    return _without_nul(text.casefold())


def metadata_text(key: str, value: str) -> str:
    """Returns how an item of a commit's metadata stands between those before and after it."""
    return _without_nul(f"\n{key}={value}\n")


def _without_nul(text: str) -> str:
    """SQLite looks no further than U+0000 where it compares with a pattern."""
    return text.replace("\0", "\ufffd")


def _if_short(text: str) -> str | None:
    return text if len(text) <= LONGEST_SEARCHED else None


def commit_from(row: AnyRow) -> Commit:
    commit = decode_commit(row.body)
    if commit.id != row.id:
        raise _damaged(row.id)
    return commit


def change_rows(repository: int, commit: Commit, changes: Sequence[DatasetChange]) -> list[Values]:
    """Returns a row for each dataset, and one for each folder above any."""
    place = {"repository": repository, "generation": commit.generation, "commit": commit.id}
    folders = {f"{folder}/": None for change in changes for folder in parents_of(change.path)}
    return [
        *({**place, "path": path, "before": before, "after": after} for path, before, after in changes),
        *({**place, "path": folder, "before": None, "after": None} for folder in folders),
    ]


def link_from(row: AnyRow) -> CommitLink:
    if blake3(row.body).hexdigest() != row.id:
        raise _damaged(row.id)
    return CommitLink(row.id, *parents_in(row.body))


def _damaged(commit: CommitId) -> IntegrityError:
    return IntegrityError(
        f"commit {commit} is damaged in the lake's database: restore it from a backup", commit=commit
    )


def node_row(repository: int, pack: int, node: NodeLocation) -> Values:
    return {
        "repository": repository,
        "id": node.node_id,
        "pack": pack,
        "offset": node.offset,
        "length": node.length,
    }


def node_from(row: AnyRow) -> NodeLocation:
    return NodeLocation(node_id=row.id, pack_id=row.pack_id, offset=row.offset, length=row.length)


def ref_from(row: AnyRow) -> Ref:
    return Ref(
        kind=row.kind,
        name=row.name,
        commit=row.commit_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def operation_row(repository: int, publication: Publication) -> Values:
    logged = publication.logged
    beside = Beside(
        settings=logged.settings,
        repository=logged.repository,
        check=logged.check,
        quarantines=logged.quarantines,
        undoes=logged.undoes,
        message=logged.message,
    )
    return {
        "repository": repository,
        "key": publication.key,
        "operation": publication.operation,
        "actor": publication.actor,
        "at": publication.at,
        "listed": publication.is_for_people,
        "body": _encode(beside) if beside != Beside() else None,
    }


def publication_from(operation: AnyRow, moves: list[AnyRow]) -> Publication:
    beside = from_body(Beside, operation.body) if operation.body is not None else Beside()
    return Publication(
        key=operation.key,
        operation=operation.operation,
        actor=operation.actor,
        at=operation.at,
        updates=tuple(
            RefUpdate(
                ref=RefName(kind=move.kind, name=move.name),
                expected=move.expected,
                new=move.new,
                removed=_removed_from(move),
            )
            for move in moves
        ),
        settings=beside.settings,
        repository=beside.repository,
        check=beside.check,
        quarantines=beside.quarantines,
        undoes=beside.undoes,
        message=beside.message,
    )


def check_row(repository: int, check: Check) -> Values:
    return {"repository": repository, "root": check.root, "name": check.name, "body": _encode(check)}


def quarantine_row(repository: int, held: Quarantine) -> Values:
    return {
        "repository": repository,
        "dataset": held.dataset,
        "partition": held.partition,
        "snapshot": held.snapshot,
        "holds": held.lifted_at is None,
        "body": _encode(held),
    }


def settings_row(repository: int, version: int, settings: RepositorySettings) -> Values:
    return {"repository": repository, "version": version, "body": _encode(settings)}


def collected_row(repository: int, thing: Collected) -> Values:
    return {
        "repository": repository,
        "id": thing.id,
        "kind": thing.kind,
        "state": thing.state,
        "collection": thing.collection,
        "size": thing.size,
        "reason": thing.reason,
        "dataset": thing.dataset,
        "at": thing.at,
    }


def collected_from(row: AnyRow) -> Collected:
    return Collected(
        kind=row.kind,
        id=row.id,
        state=row.state,
        collection=row.collection,
        size=row.size,
        reason=row.reason,
        dataset=row.dataset,
        at=row.at,
    )


def ref_move_row(repository: int, operation: int, position: int, move: RefUpdate, at: datetime) -> Values:
    return {
        "operation": operation,
        "position": position,
        "repository": repository,
        "kind": move.ref.kind,
        "name": move.ref.name,
        "expected": move.expected,
        "new": move.new,
        "at": at,
        "removed_created_at": move.removed.created_at if move.removed else None,
        "removed_updated_at": move.removed.updated_at if move.removed else None,
    }


def _removed_from(move: AnyRow) -> Ref | None:
    if move.removed_created_at is None:
        return None
    return Ref(
        kind=move.kind,
        name=move.name,
        commit=move.expected,
        created_at=move.removed_created_at,
        updated_at=move.removed_updated_at,
    )


def transaction_row(repository: int, transaction: Transaction) -> Values:
    return {
        "repository": repository,
        "run_id": transaction.run_id,
        "state": transaction.state,
        "created_at": transaction.created_at,
        "body": _encode(transaction),
        "expires_at": transaction.expires_at,
    }


def plan_row(repository: int, plan: RollbackPlan) -> Values:
    return {
        "id": plan.id,
        "repository": repository,
        "created_at": plan.created_at,
        "body": _encode(plan),
    }


def profile_row(repository: int, profile: TableProfile) -> Values:
    return {
        "repository": repository,
        "table_id": profile.table.id,
        "is_sampled": profile.sampled_rows is not None,
        "body": _encode(profile),
    }


def import_row(repository: int, each: Import) -> Values:
    return {
        "repository": repository,
        "id": each.id,
        "state": each.state,
        "plan": blake3(_encode(each.plan)).digest(length=16),
        "created_at": each.created_at,
        "body": _encode(each),
    }


def event_row(event: StoredEvent) -> Values:
    return {
        "digest": event.digest,
        "run_id": event.run_id,
        "body": zstandard.compress(event.body, 1),
        "problem": event.problem,
    }


def event_from(row: AnyRow) -> StoredEvent:
    return StoredEvent(
        digest=row.digest, run_id=row.run_id, body=zstandard.decompress(row.body), problem=row.problem
    )


def job_row(job: Job) -> Values:
    return {
        "digest": identity(job.namespace, job.name),
        "namespace": job.namespace,
        "name": job.name,
    }


def run_row(job: int, run: Run) -> Values:
    return {
        "id": run.id,
        "job": job,
        "state": run.state,
        "parent": run.parent,
        "placed_at": place_of_run(run).at,
        "body": _encode(run),
    }


def dataset_row(version: Version) -> Values:
    return {
        "digest": identity(version.namespace, version.name),
        "namespace": version.namespace,
        "name": version.name,
    }


def version_row(dataset: int, version: Version) -> Values:
    return {
        "digest": version_identity(version),
        "dataset": dataset,
        "partition": version.partition,
        "version": version.version,
    }


def version_identity(version: Version) -> bytes:
    return identity(version.namespace, version.name, version.partition, version.version)


def io_row(run: int, version: int, io: Io, *, written: bool) -> Values:
    return {
        "run": run,
        "written": written,
        "version": version,
        "evidence": io.evidence,
        "dataset_type": io.dataset_type,
    }


def io_from(row: AnyRow) -> Io:
    return Io(
        run_id=row.run_id,
        version=Version(namespace=row.namespace, name=row.name, partition=row.partition, version=row.version),
        evidence=row.evidence,
        dataset_type=row.dataset_type,
    )
