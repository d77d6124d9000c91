"""Operations on checks."""

from collections.abc import Mapping
from typing import Protocol

from lineageflow_core.model.check import Check, CheckState
from lineageflow_core.model.ids import RunId


class Checks(Protocol):
    """What somebody found out about content: whether it may go where rules require that."""

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
        """Records what a check found in the whole content that `ref` names now, in place of earlier results.

        Equal content has equal checks: a branch that goes back to checked content need not be checked again.
        """
        ...

    def list_checks(self, repository: str, ref: str) -> tuple[Check, ...]:
        """Returns the latest result of each check of the content that `ref` names now, by name."""
        ...
