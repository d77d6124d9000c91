"""Values to rows and back: those of refs and operations, and what stands beside them.

Commits have `commit_rows.py`, and lineage has `lineage_rows.py`.

A `body` is a whole value. A commit's is its canonical form. Others are MessagePack, by msgspec: fields by
name, instants exact; a later version may add fields that have a default, and reads what it finds without
them with the default. An event's is a zstd frame around the bytes that came.
"""
# ruff: noqa: D103 - what a mapping does, its name says

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from blake3 import blake3
from msgspec import msgpack
from sqlalchemy import Row

from lineageflow_core.model.check import Check
from lineageflow_core.model.collection import Collected
from lineageflow_core.model.plan import RollbackPlan
from lineageflow_core.model.quarantine import Quarantine
from lineageflow_core.model.refs import Ref, RefName
from lineageflow_core.model.repository import RepositoryChange, RepositoryInfo, RepositoryName
from lineageflow_core.model.run import Run, Transaction
from lineageflow_core.model.settings import RepositorySettings, SettingsChange
from lineageflow_core.model.table import TableProfile
from lineageflow_core.model.transfer import Import
from lineageflow_core.store.ports import Publication, RefUpdate

Values = dict[str, Any]
"""A row to write, by column."""
AnyRow = Row[*tuple[Any, ...]]

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
    answer: bytes = b""


encode = msgpack.Encoder().encode
"""Makes a body."""
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
    return blake3(encode(parts)).digest(length=16)


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
        answer=logged.answer,
    )
    return {
        "repository": repository,
        "key": publication.key,
        "operation": publication.operation,
        "actor": publication.actor,
        "at": publication.at,
        "listed": publication.is_for_people,
        "body": encode(beside) if beside != Beside() else None,
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
        answer=beside.answer,
    )


def check_row(repository: int, check: Check) -> Values:
    return {"repository": repository, "root": check.root, "name": check.name, "body": encode(check)}


def quarantine_row(repository: int, held: Quarantine) -> Values:
    return {
        "repository": repository,
        "dataset": held.dataset,
        "partition": held.partition,
        "snapshot": held.snapshot,
        "holds": held.lifted_at is None,
        "body": encode(held),
    }


def settings_row(repository: int, version: int, settings: RepositorySettings) -> Values:
    return {"repository": repository, "version": version, "body": encode(settings)}


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
        "body": encode(transaction),
        "expires_at": transaction.expires_at,
    }


def plan_row(repository: int, plan: RollbackPlan) -> Values:
    return {
        "id": plan.id,
        "repository": repository,
        "created_at": plan.created_at,
        "body": encode(plan),
    }


def profile_row(repository: int, profile: TableProfile) -> Values:
    return {
        "repository": repository,
        "table_id": profile.table.id,
        "is_sampled": profile.sampled_rows is not None,
        "body": encode(profile),
    }


def import_row(repository: int, each: Import) -> Values:
    return {
        "repository": repository,
        "id": each.id,
        "state": each.state,
        "plan": blake3(encode(each.plan)).digest(length=16),
        "created_at": each.created_at,
        "body": encode(each),
    }
