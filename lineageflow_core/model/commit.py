"""A commit: an immutable state of a whole repository, with its past and its maker.

Its canonical form, which is hashed and stored, is a MessagePack array of the fields in a fixed order, time
as microseconds since 1970 UTC. It must never change; a new field needs a new `FORMAT`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
from blake3 import blake3

from lineageflow_core.errors import IntegrityError
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.text import not_utf8

FORMAT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One state of a repository. Its id is the digest of everything else here."""

    id: CommitId
    parents: tuple[CommitId, ...]
    """None for a repository's first commit, two for a merge (the branch merged into comes first)."""
    root: str
    """Digest of the root tree: equal content has an equal root."""
    author: str
    message: str
    created_at: datetime
    """UTC."""
    generation: int
    """One more than the largest of its parents': orders a walk through history without dates."""
    metadata: dict[str, str] = field(default_factory=dict)
    run_id: RunId | None = None
    """The run that made it."""
    replaced: tuple[str, ...] = ()
    """Datasets and partitions that this commit wrote as one thing. Two sides that touch one conflict."""


def make_commit(
    *,
    parents: Sequence[Commit],
    root: str,
    author: str,
    message: str,
    created_at: datetime,
    metadata: Mapping[str, str] = {},
    run_id: RunId | None = None,
    replaced: Sequence[str] = (),
) -> Commit:
    """Returns the commit of these facts, with its id and generation."""
    draft = Commit(
        id=CommitId(""),
        parents=tuple(parent.id for parent in parents),
        root=root,
        author=author,
        message=message,
        created_at=created_at.astimezone(UTC),
        generation=1 + max((parent.generation for parent in parents), default=0),
        metadata=dict(metadata),
        run_id=run_id,
        replaced=tuple(sorted(set(replaced))),
    )
    return decode_commit(encode_commit(draft))


def encode_commit(commit: Commit) -> bytes:
    """Returns the canonical form of `commit`; its id is not part of it. Raises InvalidInputError."""
    fields = (
        FORMAT,
        commit.parents,
        commit.root,
        commit.author,
        commit.message,
        (commit.created_at - _EPOCH) // _MICROSECOND,
        commit.generation,
        sorted(commit.metadata.items()),
        commit.run_id,
        commit.replaced,
    )
    try:
        return msgspec.msgpack.encode(fields)
    except UnicodeEncodeError as error:
        raise not_utf8(error.object) from None


def parents_in(content: bytes) -> tuple[tuple[CommitId, ...], int, bool]:
    """Returns the parents and generation of the commit in its canonical form, and whether it replaced units.

    What a walk through history needs, for a fraction of the price. Raises IntegrityError.
    """
    try:
        fields = msgspec.msgpack.decode(content)
        return tuple(fields[1]), fields[6], bool(fields[9])
    except (msgspec.DecodeError, LookupError, TypeError) as error:
        raise IntegrityError(f"the bytes of a commit are damaged: {error}") from error


def decode_commit(content: bytes) -> Commit:
    """Returns the commit in its canonical form; its id is the content's digest. Raises IntegrityError."""
    try:
        fields = msgspec.msgpack.decode(content)
        version, parents, root, author, message, micros, generation, metadata, run_id, replaced = fields
        if version != FORMAT:
            raise IntegrityError(f"a commit has format {version}; this version of LineageFlow reads {FORMAT}")
        return Commit(
            id=CommitId(blake3(content).hexdigest()),
            parents=tuple(CommitId(parent) for parent in parents),
            root=root,
            author=author,
            message=message,
            created_at=_EPOCH + micros * _MICROSECOND,
            generation=generation,
            metadata=dict(metadata),
            run_id=run_id,
            replaced=tuple(replaced),
        )
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise IntegrityError(f"the bytes of a commit are damaged: {error}") from error
