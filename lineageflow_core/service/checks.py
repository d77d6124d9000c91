"""Results of checks, by content."""

from collections.abc import Mapping

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.check import Check, CheckState
from lineageflow_core.model.ids import RunId, parse_run_id
from lineageflow_core.service.opened import Lake

_OPERATION = "record_check"


class ChecksService:
    """Implements `catalog.Checks` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def record_check(
        self,
        repository: str,
        ref: str,
        name: str,
        *,
        state: CheckState,
        author: str,
        summary: str = "",
        details: Mapping[str, str] = {},
        run_id: RunId | None = None,
        key: str | None = None,
    ) -> Check:
        opened = self._lake.repository(repository)
        if not name.strip():
            raise InvalidInputError("the check's name is empty; name it as rules do, like 'row-count'")
        done = opened.published(key, _OPERATION, None)
        if done is None:
            commit = opened.resolve(ref)
            check = Check(
                name=name,
                state=state,
                root=commit.root,
                commit=commit.id,
                author=author,
                at=self._lake.clock(),
                run_id=parse_run_id(run_id) if run_id is not None else None,
                summary=summary,
                details=dict(details),
            )
            done = opened.publish(_OPERATION, key=key, actor=author, check=check)
        assert done.check is not None
        return done.check

    def list_checks(self, repository: str, ref: str) -> tuple[Check, ...]:
        opened = self._lake.repository(repository)
        return tuple(opened.stores.checks.list(opened.info.id, opened.resolve(ref).root))
