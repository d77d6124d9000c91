"""What a rollback took back, and what of it is to be made again once its cause is mended.

What a thing is made of comes from lineage, not from any orchestrator's graph. What was made of exactly what
is there now would come out the same, so it stays as it is.
"""

from collections.abc import Collection, Iterable, Iterator

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import InvalidInputError, NotFoundError
from lineageflow_core.model.ids import PlanId
from lineageflow_core.model.lineage import RunDetails, Version
from lineageflow_core.model.plan import PlanItem, PlanState
from lineageflow_core.openlineage.naming import dataset_namespace


class TakenBack:
    """The datasets and partitions of a repository that an applied rollback changed on its branch.

    `branch` is where they are made again, if not there. Raises InvalidInputError where the plan is no
    rollback that is applied.
    """

    def __init__(self, catalog: Catalog, plan: str, repository: str, *, branch: str | None = None) -> None:
        self.plan = catalog.plans.get_plan(PlanId(plan))
        if self.plan.state is not PlanState.APPLIED or self.plan.undoes is not None:
            raise InvalidInputError(
                f"plan {plan} is no rollback that is applied, so there is nothing to replay"
            )
        self.branch = branch or self.plan.branch
        self.items: dict[str, PlanItem] = {
            item.path: item
            for item in self.plan.items
            if item.changes and item.repository == repository and item.branch == self.plan.branch
        }
        """By path."""
        self._catalog, self._repository = catalog, repository

    def maker(self, path: str) -> RunDetails | None:
        """Returns the run that made the bad version of an item; None if none is known."""
        item = self.items.get(path)
        if item is None or item.produced_by is None:
            return None
        return self._catalog.lineage.get_run(item.produced_by)

    def made_of(self, paths: Collection[str]) -> set[str]:
        """Returns which of the other items the bad versions at `paths` were made of."""
        makers = filter(None, map(self.maker, paths))
        found = {path for maker in makers for path in self._paths(read.version for read in maker.reads)}
        return found & self.items.keys() - set(paths)

    def is_outdated(self, path: str) -> bool:
        """Tells whether an item is not there, or is not known to be made of what is there."""
        if path not in self.items:
            return False
        try:
            inputs = self._catalog.lineage.blame(self._repository, self.branch, path).inputs
        except NotFoundError:
            return True
        return not inputs or any(
            self._now(read) != each.version for each in inputs for read in self._paths([each]) if read != path
        )

    def _now(self, path: str) -> str | None:
        try:
            return self._catalog.objects.get_snapshot(self._repository, self.branch, path).snapshot
        except NotFoundError:
            return None

    def _paths(self, versions: Iterable[Version]) -> Iterator[str]:
        for version in versions:
            if version.namespace == dataset_namespace(self._repository):
                yield f"{version.name}/{version.partition}".rstrip("/")
