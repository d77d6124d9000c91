"""Choosing what to show of a path. Invariant: a file that cannot be shown is an answer, never a failure."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import BinaryIO

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import LineageFlowError, ObjectNotFoundError
from lineageflow_core.model.objects import ObjectEntry
from lineageflow_core.model.page import MAX_LIMIT
from lineageflow_server.preview.delimited import read_delimited
from lineageflow_server.preview.documents import read_json, read_json_lines
from lineageflow_server.preview.isolation import LentFile, Worker
from lineageflow_server.preview.text import read_text
from lineageflow_server.preview.values import Preview, PreviewKind, TablePreview, TextPreview

MAX_ROWS = 1000

_HEAD_BYTES = 1 << 20
"""How much is read of a file whose format needs no end: enough for a screen, however large the file."""
_LONGEST_PROBLEM = 300
_PARQUET = "application/vnd.apache.parquet"
_JSON_LINES = "application/jsonl"
_MEDIA_TYPES = {
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "jsonl": _JSON_LINES,
    "md": "text/markdown",
    "ndjson": _JSON_LINES,
    "parquet": _PARQUET,
    "pq": _PARQUET,
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
}

_Shown = TablePreview | TextPreview | None


def preview(
    catalog: Catalog,
    worker: Worker,
    repository: str,
    ref: str,
    path: str,
    *,
    limit: int,
    allow_quarantined: bool = False,
) -> Preview:
    """Returns the start of the dataset, partition, folder or object at `path`.

    A folder with Parquet files shows them as one table of at most `limit` rows; any other its first
    object. Raises ObjectNotFoundError, QuarantinedVersionError unless such versions are allowed, and what a
    lake raises for bytes that are missing or damaged.
    """
    commit = catalog.refs.resolve(repository, ref).id
    entries = catalog.objects.list_objects(repository, commit, path=path, limit=MAX_LIMIT).items
    if not entries:
        raise ObjectNotFoundError(f"nothing is at {path!r} in {repository!r} at {ref!r}", path=path, ref=ref)
    notices = catalog.quarantine.check_reading(repository, commit, path, allow_quarantined=allow_quarantined)

    def open_entry(entry: ObjectEntry) -> BinaryIO:
        return catalog.content.open(repository, entry.object_id)

    chosen = [entry for entry in entries if _media_type(entry) == _PARQUET] or [entries[0]]
    shown: _Shown = None
    problem = None
    try:
        shown = _show(worker, chosen, open_entry, limit)
    except LineageFlowError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever a reader stumbles over in a file that is not trusted)
        problem = f"{chosen[0].path!r} cannot be shown: {error}"[:_LONGEST_PROBLEM]
    return Preview(
        path=path,
        kind=_kind(shown, problem),
        objects=len(entries),
        size=sum(entry.size for entry in entries),
        media_type=_media_type(chosen[0]),
        table=shown if isinstance(shown, TablePreview) else None,
        text=shown if isinstance(shown, TextPreview) else None,
        problem=problem,
        notices=notices,
    )


def _show(
    worker: Worker, entries: Sequence[ObjectEntry], open_entry: Callable[[ObjectEntry], BinaryIO], limit: int
) -> _Shown:
    first, media_type = entries[0], _media_type(entries[0])
    if media_type == _PARQUET:
        files = [LentFile(size=entry.size, open=partial(open_entry, entry)) for entry in entries]
        return worker.read_parquet(files, limit=limit)
    with open_entry(first) as file:
        head = file.read(_HEAD_BYTES)
    whole = len(head) >= first.size
    if media_type in {"text/csv", "text/tab-separated-values"}:
        return read_delimited(head, whole=whole, limit=limit)
    if media_type == _JSON_LINES:
        return read_json_lines(head, whole=whole, limit=limit)
    if media_type == "application/json" and whole and (table := read_json(head, limit=limit)):
        return table
    return read_text(head, whole=whole)


def _media_type(entry: ObjectEntry) -> str | None:
    return entry.media_type or _MEDIA_TYPES.get(entry.path.rpartition(".")[2].lower())


def _kind(shown: _Shown, problem: str | None) -> PreviewKind:
    if problem is not None:
        return PreviewKind.UNAVAILABLE
    if shown is None:
        return PreviewKind.BINARY
    return PreviewKind.TABLE if isinstance(shown, TablePreview) else PreviewKind.TEXT
