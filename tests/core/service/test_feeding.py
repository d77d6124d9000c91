"""Which input of a run fed which output."""

from itertools import permutations

from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Evidence, Flow
from lineageflow_core.service.feeding import Feeding
from tests.core.openlineage.scenarios import RUN


def named(name: str) -> DatasetName:
    return DatasetName(namespace="s3://lake", name=name)


def flow(source: str | None, evidence: Evidence) -> Flow:
    return Flow(run_id=RUN, target=named("x"), source=named(source) if source else None, evidence=evidence)


def test_an_output_that_nothing_is_said_about_was_fed_by_all() -> None:
    feeding: Feeding[RunId, DatasetName] = Feeding()
    assert feeding.fed(RUN, named("a"), named("x"))
    assert Evidence.CARTESIAN is feeding.evidence(RUN, named("x"))


def test_an_output_that_nothing_fed_was_fed_by_none() -> None:
    feeding = Feeding([flow(None, Evidence.LINEAGE)])
    assert not feeding.fed(RUN, named("a"), named("x"))


def test_the_best_evidence_counts_in_whatever_order_it_is_said() -> None:
    for flows in permutations([flow("a", Evidence.COLUMN), flow("filter", Evidence.CARTESIAN)]):
        feeding = Feeding(flows)
        assert [True, True, False] == [
            feeding.fed(RUN, named(source), named("x")) for source in ("a", "filter", "b")
        ]
        assert Evidence.COLUMN is feeding.evidence(RUN, named("x"))
