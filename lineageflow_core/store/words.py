"""The last words on jobs and datasets: which of several it is, and what a store reads in them."""

from collections.abc import Mapping
from typing import Any, TypeVar

from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.overview import Wire
from lineageflow_core.model.run import Job
from lineageflow_core.store.ports import Word

DATASET_TYPE = "datasetType"

K = TypeVar("K")


def merge_words(some: Mapping[K, Word], others: Mapping[K, Word]) -> dict[K, Word]:
    """Returns the last word on each thing."""
    merged = dict(some)
    for key, word in others.items():
        there = merged.get(key)
        if there is None or there.stamp < word.stamp:
            merged[key] = word
    return merged


def wires_of(job: Job, declared: Word) -> set[Wire]:
    """Returns what a job says that it reads and writes: two lists of namespaces and names."""
    reads, writes = declared.read() or ((), ())
    return {
        Wire(dataset=DatasetName(namespace=namespace, name=name), job=job, written=written)
        for written, side in ((False, reads), (True, writes))
        for namespace, name in side
    }


def dataset_type_of(words: Mapping[str, Word]) -> str | None:
    """Returns a dataset's type as its facet says; None where nothing is said."""
    word = words.get(DATASET_TYPE)
    facet = word.read() if word else None
    said: Any = facet.get(DATASET_TYPE) if isinstance(facet, Mapping) else None
    return said if isinstance(said, str) and said else None
