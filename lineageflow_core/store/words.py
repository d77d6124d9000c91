"""What a store reads in the last words on jobs and datasets, to list and to find them."""

from collections.abc import Mapping
from typing import Any

from lineageflow_core.store.ports import Word

DATASET_TYPE = "datasetType"


def dataset_type_of(words: Mapping[str, Word]) -> str | None:
    """Returns a dataset's type as its facet says; None where nothing is said."""
    word = words.get(DATASET_TYPE)
    facet = word.read() if word else None
    said: Any = facet.get(DATASET_TYPE) if isinstance(facet, Mapping) else None
    return said if isinstance(said, str) and said else None
