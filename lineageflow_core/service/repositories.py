"""Making and finding repositories.

Invariant: the row that gives a repository its name is written last, so that a repository that can be found
has its default branch, whenever the process that made it died.
"""

from uuid import NAMESPACE_URL, uuid4, uuid5

from lineageflow_core.errors import AlreadyExistsError
from lineageflow_core.model.commit import make_commit
from lineageflow_core.model.names import check_ref_name, check_repository_name
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.repository import RepositoryInfo
from lineageflow_core.model.storage import StorageReport, parse_storage
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.store.ports import CommitChanges, RefUpdate
from lineageflow_core.tree.root import EMPTY_ROOT


class RepositoriesService:
    """Implements `catalog.Repositories` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def create_repository(
        self,
        repository: str,
        *,
        author: str,
        default_branch: str = "main",
        storage: str | None = None,
        key: str | None = None,
    ) -> RepositoryInfo:
        info = RepositoryInfo(
            id=(uuid5(NAMESPACE_URL, f"lineageflow:{repository}:{key}") if key else uuid4()).hex,
            name=check_repository_name(repository),
            default_branch=check_ref_name(default_branch),
            created_at=self._lake.clock(),
            storage=str(parse_storage(storage)) if storage is not None else None,
        )
        store = self._lake.stores.repositories
        there = store.get(repository)
        if there is None:
            self._first_commit(OpenRepository(self._lake, info), author)
            try:
                store.add(info)
            except AlreadyExistsError:
                there = store.get(repository)
        if there is not None and there.id != info.id:
            raise AlreadyExistsError(
                f"repository {repository!r} exists; choose another name, or use it as it is",
                repository=repository,
            )
        return there or info

    def get_repository(self, repository: str) -> RepositoryInfo:
        return self._lake.repository(repository).info

    def list_repositories(
        self, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[RepositoryInfo]:
        return self._lake.stores.repositories.list(after=after, limit=limit)

    def check_storage(self, repository: str) -> StorageReport:
        return self._lake.repository(repository).content.check()

    def _first_commit(self, opened: OpenRepository, author: str) -> None:
        commit = make_commit(
            parents=(),
            root=EMPTY_ROOT,
            author=author,
            message="create repository",
            created_at=opened.info.created_at,
        )
        branch = RefName(kind=RefKind.BRANCH, name=opened.info.default_branch)
        opened.publish(
            "create_repository",
            key="create_repository",
            actor=author,
            updates=[RefUpdate(ref=branch, expected=None, new=commit.id)],
            commits=[commit],
            changes=[CommitChanges(commit=commit.id, datasets=())],
        )
