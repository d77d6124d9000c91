"""What every catalog promises about what is missing in its lineage, and about making that anew."""

import pytest

from lineageflow_core.catalog import Catalog, Upkeep
from lineageflow_core.errors import (
    InvalidInputError,
    StateError,
)
from lineageflow_core.model.gaps import FoundGap, Gap
from lineageflow_core.model.page import every
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract
from lineageflow_core.testing.catalog.world import World, schema
from lineageflow_core.testing.signatures import assert_same_signatures


class UpkeepContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Upkeep, catalog.upkeep)

    def test_gaps_are_counted_and_listed(self, repo: Repository) -> None:
        world = World(repo)
        for _ in range(2):
            world.run(reads=["raw"], writes=["out"])
        late = world.run(end="")
        counts = {each.gap: each.count for each in repo.catalog.upkeep.count_gaps()}
        assert all(
            counts[gap] > 0
            for gap in (Gap.UNENDED_RUN, Gap.UNPRODUCED_INPUT, Gap.OUTPUT_WITHOUT_COLUMN_LINEAGE)
        )

        def found(gap: Gap) -> list[FoundGap]:
            return list(
                every(lambda after, limit: repo.catalog.upkeep.list_gaps(gap, after=after, limit=limit))
            )

        [run] = [each for each in found(Gap.UNENDED_RUN) if each.run and each.run.id == late]
        assert 30 == run.usual_seconds
        lacking = [each.dataset.name for each in found(Gap.UNPRODUCED_INPUT) if each.dataset]
        assert [world.name("raw")] == [each for each in lacking if each.namespace == world.namespace]
        with pytest.raises(InvalidInputError):
            repo.catalog.upkeep.list_gaps(Gap.EVENT_WITH_PROBLEM)

    def test_facts_are_made_anew_and_are_the_same(self, repo: Repository) -> None:
        world = World(repo)
        world.run(reads=["raw"], writes=[world.dataset("out", schema(id="int"))])
        upkeep = repo.catalog.upkeep
        verified, rebuilt = upkeep.verify_lineage(), upkeep.rebuild_lineage()
        assert ((), ()) == (verified.differences, rebuilt.differences)
        assert verified.events == rebuilt.events > 1
        with pytest.raises(StateError, match="on the machine"):
            upkeep.verify_lineage(most=1)
