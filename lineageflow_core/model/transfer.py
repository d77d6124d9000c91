"""Imports: content that stays where it is, and is known by where and what it was.

A *reference* says which object of which bucket or folder is meant, and in which version. An imported object's
id is the digest of its reference, so equal references are one object, and an object that was overwritten at
its source is another one. Nothing here says anything about bytes that nobody read.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

import msgspec
from blake3 import blake3

from lineageflow_core.model.ids import CommitId, ObjectId

ImportId = NewType("ImportId", str)
"""Names a stored import."""

_CONTEXT = "LineageFlow 2026-11 reference to an object that is kept elsewhere"
"""Sets these digests apart from all others: no bytes that anybody uploads can have a reference's id."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, str, int, str]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One version of one object that is kept elsewhere."""

    source: str
    """The URL of the bucket's folder that was imported."""
    name: str
    """The object's name below it, as the storage has it; '' is the source itself."""
    size: int
    """Bytes."""
    version: str
    """What the storage calls it: 'etag:...', 'generation:...', or of a file 'mtime:<ns>:<inode>'."""

    @property
    def url(self) -> str:
        """Where the object is, for people."""
        start, mark, query = self.source.partition("?")
        return f"{start.rstrip('/')}/{self.name}{mark}{query}" if self.name else self.source


def encode_reference(reference: Reference) -> bytes:
    """Returns the canonical form."""
    return _encode((reference.source, reference.name, reference.size, reference.version))


def decode_reference(content: bytes) -> Reference:
    """Returns what `encode_reference` made into bytes."""
    source, name, size, version = _decode(content)
    return Reference(source=source, name=name, size=size, version=version)


def reference_id(content: bytes) -> bytes:
    """Returns the 32 bytes of the object id of a reference's canonical form (BLAKE3, key derivation)."""
    return blake3(content, derive_key_context=_CONTEXT).digest()


def object_id_of(reference: Reference) -> ObjectId:
    """Returns the id of an imported object."""
    return ObjectId(reference_id(encode_reference(reference)).hex())


class ImportMode(StrEnum):
    """What becomes of the bytes."""

    REFERENCE = "reference"
    """They stay at the source, which must not change them."""
    COPY = "copy"
    """They are copied into the repository."""


class ImportState(StrEnum):
    """Where an import stands."""

    RUNNING = "running"
    """Not finished: `continue_import` goes on with it, from any process."""
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something at the source that cannot be an object here."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What an import is to do."""

    source: str
    """The URL of a bucket, of a folder in one, or of a single object."""
    branch: str
    path: str
    """The dataset that it becomes."""
    mode: ImportMode = ImportMode.REFERENCE
    partition_depth: int = 0
    """How many leading path segments name a partition; 0: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPack:
    """Some of what an import found, as a pack in the repository's storage."""

    id: str
    length: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """An import, as far as it is."""

    id: ImportId
    plan: ImportPlan
    author: str
    message: str
    state: ImportState
    created_at: datetime
    objects: int = 0
    """Found so far."""
    size: int = 0
    """Their bytes."""
    skipped: int = 0
    examples: tuple[Skipped, ...] = ()
    """Some of what was skipped, the first ones."""
    after: str = ""
    """The last name that was listed: where to go on."""
    listed: bool = False
    """Whether all of the source is listed; what is left is to keep the references, and the commit."""
    packs: tuple[ImportPack, ...] = ()
    """What was found so far, in order."""
    kept: int = 0
    """References that are kept already, in the order of their ids."""
    added: int = 0
    changed: int = 0
    removed: int = 0
    commit: CommitId | None = None
    """The branch's tip with everything, once it is done; nothing new where nothing had changed."""
    error: str | None = None
    """What stopped it last; it can be continued all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPreview:
    """What an import would find."""

    objects: int
    size: int
    complete: bool
    """Whether that is all: a preview stops after some."""
    paths: tuple[str, ...]
    """The first ones, as they would be called."""
    skipped: int = 0
    examples: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedReference:
    """An imported object that is no longer what it was at its source."""

    path: str
    object_id: ObjectId
    url: str
    expected: str
    """The version that was imported, with its size."""
    found: str
    """What is there now: another version, or 'nothing'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceReport:
    """What a look at some imported objects found."""

    objects: int
    """Objects that were looked at, imported or not."""
    references: int
    """Those of them that are kept elsewhere."""
    changed: tuple[ChangedReference, ...] = field(default=())
    next: str | None = None
    """Where the next report starts; None at the end."""
