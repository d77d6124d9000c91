"""What pruned events said of jobs and datasets: it stays when their runs go.

Invariant: what is kept and the events that are left say together what all events said, but for pruned runs.
So facts can be made anew from them.
"""

from collections.abc import Iterator

import msgspec
from blake3 import blake3

from lineageflow_core.openlineage.record import Key, Said
from lineageflow_core.store.ports import LineageWriter

_AT_ONCE = 500


def keep_words(writer: LineageWriter, said: Said) -> None:
    """Adds what events say of jobs and datasets to what is kept."""
    found: dict[bytes, Said] = {}

    def of(kind: str, *keys: Key) -> Said:
        text = "\0".join((kind, *(part for key in keys for part in key)))
        return found.setdefault(blake3(text.encode(errors="surrogatepass")).digest(length=16), Said())

    for job, words in said.jobs.items():
        of("job", job).jobs[job] = words
    for job, word in said.declared.items():
        of("job", job).declared[job] = word
    for dataset, words in said.datasets.items():
        of("dataset", dataset).datasets[dataset] = words
    for link in said.links:
        of("link", *link).links.add(link)
    for digest, before in writer.kept_words(found.keys()).items():
        found[digest].add(_decode(before))
    writer.keep_words({digest: msgspec.msgpack.encode(each) for digest, each in found.items()})


def kept_words(writer: LineageWriter) -> Iterator[Said]:
    """Yields all that is kept."""
    after = b""
    while some := writer.all_kept_words(after=after, limit=_AT_ONCE):
        said = Said()
        for digest, words in some:
            said.add(_decode(words))
            after = digest
        yield said


def _decode(content: bytes) -> Said:
    return msgspec.msgpack.decode(content, type=Said)
