"""All stores of one lake."""

from typing import Protocol

from lineageflow_core.store.ports.collections import CollectionStore
from lineageflow_core.store.ports.commits import CommitStore
from lineageflow_core.store.ports.content import ContentStore
from lineageflow_core.store.ports.datasets import DatasetStore
from lineageflow_core.store.ports.events import EventLog
from lineageflow_core.store.ports.imports import ImportStore, ReferenceStore
from lineageflow_core.store.ports.jobs import JobStore
from lineageflow_core.store.ports.lineage import LineageStore
from lineageflow_core.store.ports.operations import CheckStore, OperationStore
from lineageflow_core.store.ports.plans import PlanStore
from lineageflow_core.store.ports.profiles import ProfileStore
from lineageflow_core.store.ports.quarantines import QuarantineStore
from lineageflow_core.store.ports.refs import RefStore
from lineageflow_core.store.ports.repositories import RepositoryStore
from lineageflow_core.store.ports.settings import SettingsStore
from lineageflow_core.store.ports.tokens import TokenStore
from lineageflow_core.store.ports.transactions import TransactionStore


class Stores(Protocol):
    """All stores of one lake."""

    @property
    def repositories(self) -> RepositoryStore: ...
    @property
    def refs(self) -> RefStore: ...
    @property
    def settings(self) -> SettingsStore: ...
    @property
    def operations(self) -> OperationStore: ...
    @property
    def checks(self) -> CheckStore: ...
    @property
    def commits(self) -> CommitStore: ...
    @property
    def transactions(self) -> TransactionStore: ...
    @property
    def events(self) -> EventLog: ...
    @property
    def lineage(self) -> LineageStore: ...
    @property
    def datasets(self) -> DatasetStore: ...
    @property
    def jobs(self) -> JobStore: ...
    @property
    def plans(self) -> PlanStore: ...
    @property
    def quarantines(self) -> QuarantineStore: ...
    @property
    def profiles(self) -> ProfileStore: ...
    @property
    def collections(self) -> CollectionStore: ...
    @property
    def references(self) -> ReferenceStore: ...
    @property
    def imports(self) -> ImportStore: ...
    @property
    def tokens(self) -> TokenStore: ...

    def content(self, repository: str, *, storage: str | None = None) -> ContentStore:
        """Returns the content of the repository with this id.

        `storage` is the URL that the repository names; None: where the lake keeps what names none. Raises
        InvalidInputError if the URL cannot be used here.
        """
        ...

    def close(self) -> None:
        """Gives up connections. The stores are not used afterwards."""
        ...
