"""What events say becomes facts, in one transaction.

Invariant: what the store holds besides the events is what follows from their set, by `record.py` and
`fold.py`. New events are merged into what was said before; none of those are read again.
"""

from collections.abc import Callable
from contextlib import suppress

from lineageflow_core.model.json_values import read_json
from lineageflow_core.model.lineage import DatasetName, Rebuilt
from lineageflow_core.model.run import Job
from lineageflow_core.openlineage.fold import FOLD, facts_of
from lineageflow_core.openlineage.parse import parse_event
from lineageflow_core.openlineage.record import (
    Key,
    Said,
    decode_record,
    encode_record,
    merge_runs,
    say,
)
from lineageflow_core.service.kept_words import kept_words
from lineageflow_core.service.renames import RepositoryNames, lasting_facts, lasting_words
from lineageflow_core.store.ports import LineageWriter, StoredEvent, Stores

_AT_ONCE = 500
"""Events that are folded together."""


def said_by(event: StoredEvent, names: RepositoryNames) -> Said:
    """Returns what an event of the log says, as `put` takes it."""
    return lasting_words(say(parse_event(read_json(event.body)), event.digest), event, names)


def put(writer: LineageWriter, said: Said, names: RepositoryNames) -> None:
    """Merges what new events say into what the store holds: with words under the names that last."""
    gone = writer.pruned(said.runs.keys())
    known = writer.records(said.runs.keys())
    for run_id, new in sorted(said.runs.items()):
        if run_id in gone:
            continue  # what comes late must not bring half of it back
        before = decode_record(known[run_id]) if run_id in known else None
        record = merge_runs(before, new)
        if record != before:
            writer.put_facts(lasting_facts(facts_of(run_id, record), names), encode_record(record))
    writer.put_words(
        jobs={_job(key): words for key, words in said.jobs.items()},
        declared={_job(key): word for key, word in said.declared.items()},
        datasets={_dataset(key): words for key, words in said.datasets.items()},
    )
    writer.link([(_dataset(one), _dataset(other)) for one, other in sorted(said.links)])


def _job(key: Key) -> Job:
    return Job(namespace=key[0], name=key[1])


def _dataset(key: Key) -> DatasetName:
    return DatasetName(namespace=key[0], name=key[1])


def rebuild(stores: Stores, *, progress: Callable[[int], None] = lambda _count: None) -> Rebuilt:
    """Makes all facts anew from the events, in one transaction. `progress` is told how many events are done.

    Raises nothing for what events hold: intake understood them, or stored them with their problem.
    """
    names = RepositoryNames(stores.repositories)
    with stores.lineage.write() as writer:
        return _rebuild(writer, names, progress)


def rebuild_in(writer: LineageWriter, names: RepositoryNames) -> None:
    """Makes all facts anew from the events that count, in a transaction that is open."""
    _rebuild(writer, names, lambda _count: None)


def verify(stores: Stores, *, progress: Callable[[int], None] = lambda _count: None) -> Rebuilt:
    """Returns what `rebuild` would, and changes nothing."""
    found: list[Rebuilt] = []
    names = RepositoryNames(stores.repositories)
    with suppress(_TakenBackError), stores.lineage.write() as writer:
        found.append(_rebuild(writer, names, progress))
        raise _TakenBackError
    return found[0]


def ensure_folded(stores: Stores) -> None:
    """Makes the facts anew where another version made them, unless another process did so meanwhile."""
    store = stores.lineage
    if store.fold() != FOLD:
        names = RepositoryNames(stores.repositories)
        with store.write() as writer:
            if store.fold() != FOLD:
                _rebuild(writer, names, lambda _count: None)


def _rebuild(writer: LineageWriter, names: RepositoryNames, progress: Callable[[int], None]) -> Rebuilt:
    before, done, after = writer.digests(), 0, 0
    writer.clear()
    for words in kept_words(writer):
        put(writer, words, names)
    while events := writer.stored_events(after=after, limit=_AT_ONCE):
        said = Said()
        for place, event in events:
            if event.counts:
                said.add(said_by(event, names))
            after = place
        put(writer, said, names)
        done += len(events)
        progress(done)
    writer.set_fold(FOLD)
    now = writer.digests()
    return Rebuilt(
        events=done, differences=tuple(kind for kind in sorted(now) if now[kind] != before.get(kind))
    )


class _TakenBackError(Exception):
    """Ends a transaction that is not to be kept."""
