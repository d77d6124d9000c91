"""Commits, what they changed and say, and where nodes lie: values to rows and back."""
# ruff: noqa: D103 - what a mapping does, its name says

from collections.abc import Sequence

from blake3 import blake3

from lineageflow_core.errors import IntegrityError
from lineageflow_core.model.commit import Commit, decode_commit, encode_commit, parents_in
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.names import parents_of
from lineageflow_core.store.ports import CommitLink, DatasetChange, NodeLocation
from lineageflow_server.sql.rows import AnyRow, Values

LONGEST_SEARCHED = 2000
"""Characters of a text that is searched where it stands, and not in the commit's body."""


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
