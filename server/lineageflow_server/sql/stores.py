"""All stores of one lake: rows in SQL, bytes wherever the lake keeps them."""

from collections.abc import Callable

from lineageflow_core.store.cache import ReadCache
from lineageflow_core.store.open import open_content_of
from lineageflow_core.store.ports import ContentStore
from lineageflow_server.sql.collections import SqlCollectionStore
from lineageflow_server.sql.commits import SqlCommitStore
from lineageflow_server.sql.database import Database, Turns
from lineageflow_server.sql.datasets import SqlDatasetStore
from lineageflow_server.sql.event_log import SqlEventLog
from lineageflow_server.sql.imports import SqlImportStore, SqlReferenceStore
from lineageflow_server.sql.jobs import SqlJobStore
from lineageflow_server.sql.lineage import SqlLineageStore
from lineageflow_server.sql.operations import SqlCheckStore, SqlOperationStore
from lineageflow_server.sql.plans import SqlPlanStore
from lineageflow_server.sql.profiles import SqlProfileStore
from lineageflow_server.sql.quarantines import SqlQuarantineStore
from lineageflow_server.sql.refs import SqlRefStore
from lineageflow_server.sql.repositories import SqlRepositoryStore
from lineageflow_server.sql.repository_keys import RepositoryKeys
from lineageflow_server.sql.settings import SqlSettingsStore
from lineageflow_server.sql.tokens import SqlTokenStore
from lineageflow_server.sql.transactions import SqlTransactionStore


class SqlStores:
    """`Stores` that threads share."""

    def __init__(
        self,
        database: Database,
        *,
        turns: Turns,
        content: Callable[[str], ContentStore],
        cache: ReadCache | None = None,
    ) -> None:
        """`content` opens what a repository has that names no storage; `cache` keeps what others have."""
        keys = RepositoryKeys()
        self._database = database
        self._content = content
        self._cache = cache
        self.repositories = SqlRepositoryStore(database)
        self.refs = SqlRefStore(database, keys, turns)
        self.settings = SqlSettingsStore(database, keys)
        self.operations = SqlOperationStore(database, keys)
        self.checks = SqlCheckStore(database, keys)
        self.commits = SqlCommitStore(database, keys)
        self.transactions = SqlTransactionStore(database, keys)
        self.events = SqlEventLog(database)
        self.lineage = SqlLineageStore(database)
        self.datasets = SqlDatasetStore(database)
        self.jobs = SqlJobStore(database)
        self.plans = SqlPlanStore(database, keys)
        self.quarantines = SqlQuarantineStore(database, keys)
        self.profiles = SqlProfileStore(database, keys)
        self.collections = SqlCollectionStore(database, keys)
        self.references = SqlReferenceStore(database, keys)
        self.imports = SqlImportStore(database, keys)
        self.tokens = SqlTokenStore(database)

    def content(self, repository: str, *, storage: str | None = None) -> ContentStore:
        if storage is not None:
            return open_content_of(repository, storage, cache=self._cache)
        return self._content(repository)

    def close(self) -> None:
        self._database.close()
