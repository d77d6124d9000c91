"""Run ids as people write them: whole, or the start of one."""

import re
from collections.abc import Iterable, Iterator

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, NotFoundError, RunNotFoundError
from lineageflow_core.model.ids import RunId, parse_run_id
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Run

MIN_PREFIX = 4
"""Fewer characters would name a different run tomorrow."""
_WHOLE = 36
"""Characters of a run's id."""
_SHOWN = 5

_PREFIX = re.compile(rf"[0-9a-f-]{{{MIN_PREFIX},{_WHOLE}}}")


def is_run_prefix(text: str) -> bool:
    """Tells whether text could be a run's id, or the start of one."""
    return _PREFIX.fullmatch(text.lower()) is not None


def find_run(catalog: Catalog, text: str, *, repository: str | None = None) -> RunId:
    """Returns the run whose id is or starts with `text`.

    Looked for among pipelines first, then (with `repository`) among those that wrote there, then among steps.
    A whole id is taken as it is. Raises RunNotFoundError, and InvalidInputError where several match.
    """
    wanted = text.lower()
    if len(wanted.replace("-", "")) == 32:
        return parse_run_id(wanted)
    if not is_run_prefix(wanted):
        raise InvalidInputError(
            f"{text[:100]!r} is not a run: give its id, or the first {MIN_PREFIX} characters of it or more"
        )
    for candidates in _candidates(catalog, repository):
        found = sorted({run_id for run_id in candidates if run_id.startswith(wanted)})
        if len(found) == 1:
            return found[0]
        if found:
            shown = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
            raise InvalidInputError(f"several runs start with {text!r}: {shown}; give more of the id")
    raise RunNotFoundError(
        f"no run starts with {text!r}; `lineageflow runs list` shows the runs there are", run_id=text
    )


def _candidates(catalog: Catalog, repository: str | None) -> Iterator[Iterable[RunId]]:
    pipelines = list(_runs(catalog, None))
    yield (run.id for run in pipelines)
    if repository is not None:
        yield _writers(catalog, repository)
    yield (step.id for step in _steps(catalog, pipelines))


def _runs(catalog: Catalog, parent: RunId | None) -> Iterator[Run]:
    return every(lambda after, limit: catalog.lineage.list_runs(parent=parent, after=after, limit=limit))


def _steps(catalog: Catalog, runs: list[Run]) -> Iterator[Run]:
    seen = {run.id for run in runs}
    pending = list(runs)
    while pending:
        for step in _runs(catalog, pending.pop().id):
            if step.id not in seen:
                seen.add(step.id)
                pending.append(step)
                yield step


def _writers(catalog: Catalog, repository: str) -> Iterator[RunId]:
    try:
        for transaction in every(
            lambda after, limit: catalog.transactions.list_transactions(repository, after=after, limit=limit)
        ):
            yield transaction.run_id
    except NotFoundError:
        return  # that the repository does not exist is told by what comes next
