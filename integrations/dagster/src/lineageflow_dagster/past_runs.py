"""What a run of the past read, exactly, so that another run can read the same.

Where its code named no ref, it read the base of its transaction, which is kept. Where it named one, or a pin
did, the run's events say which commit that led to at the time.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, RunNotFoundError
from lineageflow_core.model.event import Event
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.lineage import RunDetails
from lineageflow_core.model.page import every
from lineageflow_core.openlineage.vocabulary import Facet


@dataclass(frozen=True, slots=True, kw_only=True)
class PastInputs:
    """What a run read."""

    base: CommitId
    pins: Mapping[str, CommitId]
    """As `RunSession` has them."""


def what_it_read(catalog: Catalog, repository: str, run_id: str) -> PastInputs:
    """Returns what a Dagster run read of a repository. Raises InvalidInputError if nobody knows of it."""
    try:
        transaction = catalog.transactions.get_transaction(repository, RunId(run_id))
        run = catalog.lineage.get_run(RunId(run_id))
    except RunNotFoundError as error:
        raise InvalidInputError(
            f"run {run_id} cannot be replayed: repository {repository!r} knows of no such run, or knows it "
            "no more; give the id of a whole Dagster run"
        ) from error
    reads = list(_reads(catalog, repository, run))
    at_base = {dataset for dataset, ref, _ in reads if ref is None}
    pins: dict[str, CommitId] = {}
    for dataset, ref, commit in reads:
        if ref is not None:
            pins[f"@{ref}/{dataset}"] = commit  # code named it,
            if dataset not in at_base:
                pins[dataset] = commit  # or a pin did
    return PastInputs(base=transaction.base, pins=pins)


def _reads(catalog: Catalog, repository: str, run: RunDetails) -> Iterator[tuple[str, str | None, CommitId]]:
    """Yields which datasets were read, at which ref where one was named, and where that led to."""
    for step in (run.run, *run.steps):
        for event in _events(catalog, step.id):
            for read in json.loads(event.body).get("inputs", ()):
                facet = read.get("facets", {}).get(Facet.OUR_COMMIT, {})
                if facet.get("repository") == repository:
                    yield read["name"], facet.get("ref"), CommitId(facet["commit"])


def _events(catalog: Catalog, run_id: RunId) -> Iterator[Event]:
    return every(lambda after, limit: catalog.events.list_events(run_id=run_id, after=after, limit=limit))
