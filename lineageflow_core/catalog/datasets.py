"""Operations on the datasets that events name, wherever they lie, and on the quality of their data."""

from typing import Protocol

from lineageflow_core.model.known import DatasetDetails, DatasetVersion, KnownDataset, KnownNamespace
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.quality import Quality, Taint, Verdict
from lineageflow_core.model.search import Found


class KnownDatasets(Protocol):
    """Datasets as producers name them. `Objects` has those that a repository holds.

    A dataset that has several names (the facet `symlinks`) is one, and is found under each of them.
    """

    def list_namespaces(
        self, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[KnownNamespace]:
        """Returns the namespaces that any dataset or job is in, by name."""
        ...

    def list_known_datasets(
        self, *, namespace: str | None = None, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[KnownDataset]:
        """Returns the datasets that events name, by namespace and name: each once, under its first name."""
        ...

    def get_known_dataset(self, namespace: str, name: str) -> DatasetDetails:
        """Returns a dataset with its names and the last word on each facet. Raises DatasetNotFoundError."""
        ...

    def list_dataset_versions(
        self,
        namespace: str,
        name: str,
        *,
        partition: str | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DatasetVersion]:
        """Returns what was written of a dataset, newest first: by whom, with which columns, and what changed.

        `partition` limits it to one; '' to what was written of the whole. Raises DatasetNotFoundError.
        """
        ...

    def list_quality(
        self,
        *,
        namespace: str | None = None,
        name: str | None = None,
        verdict: Verdict | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Quality]:
        """Returns what runs tested and measured, of a dataset or of all, newest first.

        Raises InvalidInputError where a name is without its namespace or the other way round,
        DatasetNotFoundError.
        """
        ...

    def search(self, query: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Found]:
        """Returns datasets and jobs that fit `orders owner:ada tag:pii column:email`, the best first.

        `model.search` has the grammar. An empty query finds all. Raises InvalidInputError, naming the term
        that is wrong.
        """
        ...

    def get_taint(self, node: str) -> tuple[Taint, ...]:
        """Tells for each version that a node stands for whether a test failed on it, or upstream of it.

        Of a run, for each version that it wrote. What counts is the last result of each test of a version.
        Clean is what some run made of nothing but clean versions, as `Lineage.impact` has it.
        """
        ...
