"""What events say becomes facts, in one transaction.

Invariant: what the store holds besides the events is what follows from their set, by `record.py` and
`fold.py`. New events are merged into what was said before; none of those are read again.
"""

from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.run import Job
from lineageflow_core.openlineage.fold import facts_of
from lineageflow_core.openlineage.record import (
    Key,
    Said,
    decode_record,
    encode_record,
    merge_runs,
)
from lineageflow_core.store.ports import LineageWriter


def put(writer: LineageWriter, said: Said) -> None:
    """Merges what new events say into what the store holds."""
    known = writer.records(said.runs.keys())
    for run_id, new in sorted(said.runs.items()):
        before = decode_record(known[run_id]) if run_id in known else None
        record = merge_runs(before, new)
        if record != before:
            writer.put_facts(facts_of(run_id, record), encode_record(record))
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
