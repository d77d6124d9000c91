"""Looking after lineage: its gaps, and making it anew."""

from datetime import timedelta
from functools import cache
from statistics import median

from lineageflow_core.catalog.upkeep import MOST_EVENTS
from lineageflow_core.errors import InvalidInputError, StateError
from lineageflow_core.model.gaps import FoundGap, Gap, GapCount
from lineageflow_core.model.lineage import Rebuilt
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.run import Job, Run, RunState
from lineageflow_core.openlineage.fold import ENDLESS
from lineageflow_core.openlineage.vocabulary import Facet
from lineageflow_core.service.folding import rebuild, verify
from lineageflow_core.service.opened import Lake

_LAST_RUNS = 50
"""Runs of a job that tell what is usual."""
_OVERDUE = 3
"""Times the usual."""


class UpkeepService:
    """Implements `catalog.Upkeep`."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def count_gaps(self) -> tuple[GapCount, ...]:
        return self._lake.datasets.count_gaps()

    def list_gaps(self, gap: Gap, *, after: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[FoundGap]:
        if gap is Gap.EVENT_WITH_PROBLEM:
            raise InvalidInputError("events with problems are listed by `lineageflow events list --problems`")
        if gap is Gap.UNENDED_RUN:
            runs = self._lake.jobs.list_unended(after=after, limit=limit)
            usual = cache(self._usual)
            return Page(items=tuple(self._unended(run, usual(run.job)) for run in runs.items), next=runs.next)
        page = self._lake.datasets.list_lacking(gap, after=after, limit=limit)
        return Page(items=tuple(FoundGap(gap=gap, dataset=each) for each in page.items), next=page.next)

    def verify_lineage(self, *, most: int = MOST_EVENTS) -> Rebuilt:
        self._check_size(most)
        return verify(self._lake.stores)

    def rebuild_lineage(self, *, most: int = MOST_EVENTS) -> Rebuilt:
        self._check_size(most)
        return rebuild(self._lake.stores)

    def _check_size(self, most: int) -> None:
        [events] = [each.of for each in self.count_gaps() if each.gap is Gap.EVENT_WITH_PROBLEM]
        if events > most:
            raise StateError(
                f"there are {events:,} events, and one call over a network folds {most:,} at most: more take "
                "longer than an answer may; run `lineageflow lineage rebuild` on the machine of the lake, or "
                "allow more with `most`"
            )

    def _unended(self, run: Run, usual: float | None) -> FoundGap:
        seconds = (self._lake.clock() - run.started_at).total_seconds() if run.started_at else None
        is_late = seconds is not None and usual is not None and seconds > _OVERDUE * usual
        return FoundGap(
            gap=Gap.UNENDED_RUN,
            run=run,
            seconds=seconds,
            usual_seconds=usual,
            overdue=is_late and not self._is_endless(run.job),
        )

    def _usual(self, job: Job) -> float | None:
        runs = self._lake.jobs.list_runs(job, after=None, limit=_LAST_RUNS).items
        took: list[timedelta] = [
            run.ended_at - run.started_at
            for run in runs
            if run.state is RunState.COMPLETED and run.started_at and run.ended_at
        ]
        return median(each.total_seconds() for each in took) if took else None

    def _is_endless(self, job: Job) -> bool:
        word = self._lake.jobs.words([job]).get(job, {}).get(Facet.JOB_TYPE)
        said = word.read() if word else None
        return isinstance(said, dict) and said.get("processingType") in ENDLESS
