"""What every `KnownStore` promises, beside what `lineage_binding.py` compares."""

from dataclasses import replace

import pytest

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.gaps import Gap
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Evidence, Flow, Io, Version
from lineageflow_core.model.page import every
from lineageflow_core.model.run import Job, JobEdge, Run, RunState
from lineageflow_core.store.ports import KnownStore, RunFacts, Stores, Word
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import later, run_id

ORDERS = DatasetName(namespace="s3://lake", name="orders")
EXPORT = DatasetName(namespace="file", name="/export/orders")
ETL = Job(namespace="airflow", name="etl")


class KnownStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(KnownStore, stores.known)

    def test_nothing_is_known_of_what_nobody_named(self, stores: Stores) -> None:
        known = stores.known
        assert () == known.list_namespaces(after=None, limit=10).items
        assert {} == known.datasets([ORDERS])
        assert {} == known.jobs([ETL])
        assert () == known.history(ORDERS, partition=None, after=None, limit=10).items
        assert () == known.runs_of(ETL, after=None, limit=10).items
        assert (None, {}) == (known.declared(ETL), known.records([run_id(1)]))

    def test_what_an_event_names_is_known_although_it_says_nothing_of_it(self, stores: Stores) -> None:
        with stores.lineage.write() as writer:
            writer.put_words(datasets={ORDERS: {}}, jobs={ETL: {}})
        [dataset] = stores.known.list_datasets(namespace=None, after=None, limit=10).items
        [job] = stores.known.list_jobs(namespace=None, after=None, limit=10).items
        assert (ORDERS, 0, None) == (dataset.name, dataset.versions, dataset.current)
        assert (ETL, 0, None) == (job.job, job.runs, job.latest)

    def test_what_a_run_does_not_touch_any_more_is_not_known_by_it(self, stores: Stores) -> None:
        put(stores, wrote(1, "1", dataset=EXPORT))
        put(stores, wrote(1, "1"))
        assert [ORDERS] == [
            each.name for each in stores.known.list_datasets(namespace=None, after=None, limit=9).items
        ]

    def test_a_dataset_is_listed_once_under_its_first_name(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"))
        with stores.lineage.write() as writer:
            writer.link([(ORDERS, EXPORT)])
        [dataset] = stores.known.list_datasets(namespace=None, after=None, limit=10).items
        assert EXPORT == dataset.name
        assert {EXPORT: dataset, ORDERS: dataset} == stores.known.datasets([EXPORT, ORDERS])
        assert () == stores.known.list_datasets(namespace="s3://lake", after=None, limit=10).items

    def test_the_type_of_a_dataset_is_what_was_said_last_under_any_name(self, stores: Stores) -> None:
        with stores.lineage.write() as writer:
            writer.link([(ORDERS, EXPORT)])
            for name, stamp, said in ((ORDERS, b"2", "VIEW"), (EXPORT, b"1", "FILE")):
                word = Word(stamp, b'{"datasetType": "%s"}' % said.encode())
                writer.put_words(datasets={name: {"datasetType": word}})
        assert "VIEW" == stores.known.datasets([ORDERS])[ORDERS].dataset_type

    def test_namespaces_are_counted_and_paged(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"), wrote(2, "2", dataset=EXPORT))
        found = list(every(lambda after, _limit: stores.known.list_namespaces(after=after, limit=1)))
        assert [("airflow", 0, 1), ("file", 1, 0), ("s3://lake", 1, 0)] == [
            (each.namespace, each.datasets, each.jobs) for each in found
        ]

    def test_a_job_has_its_runs_newest_first_whatever_their_parent(self, stores: Stores) -> None:
        facts = [wrote(number, str(number), parent=run_id(9)) for number in (1, 3, 2)]
        put(stores, *facts)
        found = list(every(lambda after, _limit: stores.known.runs_of(ETL, after=after, limit=1)))
        assert [run_id(3), run_id(2), run_id(1)] == [run.id for run in found]
        known = stores.known.jobs([ETL, Job(namespace="airflow", name="other")])
        assert [(ETL, 3, found[0])] == [(job.job, job.runs, job.latest) for job in known.values()]

    def test_jobs_that_others_name_are_listed(self, stores: Stores) -> None:
        before = Job(namespace="airflow", name="before")
        facts = wrote(1, "1", job_edges=(JobEdge(source=before, target=ETL),))
        put(stores, facts)
        assert [before, ETL] == [
            each.job
            for each in every(
                lambda after, _limit: stores.known.list_jobs(namespace="airflow", after=after, limit=1)
            )
        ]

    def test_what_a_job_declares_and_what_was_put_with_a_run_are_kept(self, stores: Stores) -> None:
        word = Word(b"1", b"[[],[]]")
        with stores.lineage.write() as writer:
            writer.put_words(declared={ETL: word})
            writer.put_facts(wrote(1, "1"), b"record")
        assert (word, {run_id(1): b"record"}) == (
            stores.known.declared(ETL),
            stores.known.records([run_id(1), run_id(2)]),
        )

    def test_the_history_has_writes_newest_first_and_what_nobody_wrote(self, stores: Stores) -> None:
        unwritten = version("9")
        reader = facts_of(4, at=2.5, reads=[unwritten, version("1")])
        put(stores, wrote(1, "1"), wrote(2, None), wrote(3, "1"), reader)
        found = list(
            every(lambda after, _limit: stores.known.history(ORDERS, partition=None, after=after, limit=1))
        )
        assert [("1", 3), ("9", None), (None, 2), ("1", 1)] == [
            (each.io.version.version, each.run and int(each.run.id.replace("-", ""), 16)) for each in found
        ]
        assert run_id(4) == found[1].io.run_id

    def test_the_history_of_a_partition_is_its_own(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"), wrote(2, "2", partition="day=1"))
        page = stores.known.history(ORDERS, partition="day=1", after=None, limit=10)
        assert ["2"] == [each.io.version.version for each in page.items]

    @pytest.mark.parametrize("place", ["", "x", "[]", "[1]", '["a"]', '[1, "x", "", ""]', '["a", 1]', "{}"])
    def test_what_is_no_place_in_a_list_is_refused(self, stores: Stores, place: str) -> None:
        known = stores.known
        for ask in (
            lambda: known.list_datasets(namespace=None, after=place, limit=1),
            lambda: known.list_jobs(namespace=None, after=place, limit=1),
            lambda: known.history(ORDERS, partition=None, after=place, limit=1),
        ):
            with pytest.raises(InvalidInputError):
                ask()

    def test_gaps_are_counted_of_how_many_there_could_be(self, stores: Stores) -> None:
        going = replace(wrote(2, None).run, state=RunState.RUNNING, id=run_id(5))
        put(
            stores,
            wrote(1, "1"),
            facts_of(2, at=2, reads=[version(None), version(None, dataset=EXPORT)]),
            RunFacts(run=going, reads=(), writes=()),
            RunFacts(run=replace(going, id=run_id(4), started_at=later(9)), reads=(), writes=()),
        )
        assert [(2, 4), (1, 2), (1, 1), (1, 1), (0, 0)] == [
            (each.count, each.of) for each in stores.known.count_gaps()
        ]
        unended = every(lambda after, _limit: stores.known.list_unended(after=after, limit=1))
        assert [run_id(5), run_id(4)] == [run.id for run in unended]
        [lacking] = stores.known.list_lacking(Gap.UNPRODUCED_INPUT, after=None, limit=10).items
        assert EXPORT == lacking.name

    def test_lists_are_cleared_with_the_facts(self, stores: Stores) -> None:
        put(stores, wrote(1, "1"))
        with stores.lineage.write() as writer:
            writer.clear()
        assert () == stores.known.list_namespaces(after=None, limit=10).items

    def test_what_is_known_has_one_digest_whatever_the_order(self, stores: Stores) -> None:
        with stores.lineage.write() as writer:
            writer.put_words(datasets={ORDERS: {}})
            before = writer.digests()
            writer.put_words(datasets={EXPORT: {}})
            both = writer.digests()
            writer.clear()
            writer.put_words(datasets={EXPORT: {}})
            writer.put_words(datasets={ORDERS: {}})
            assert (both, False) == (writer.digests(), before == both)


def version(text: str | None, *, dataset: DatasetName = ORDERS, partition: str = "") -> Version:
    """Returns a version of a dataset."""
    return Version(namespace=dataset.namespace, name=dataset.name, partition=partition, version=text)


def facts_of(
    number: int,
    *,
    at: float,
    reads: list[Version] | None = None,
    writes: list[Version] | None = None,
    parent: RunId | None = None,
    job_edges: tuple[JobEdge, ...] = (),
    flows: tuple[Flow, ...] = (),
) -> RunFacts:
    """Returns facts about the run of this number."""
    run = run_id(number)

    def io(each: Version) -> Io:
        evidence = Evidence.UNKNOWN if each.version is None else Evidence.EXPLICIT
        return Io(run_id=run, version=each, evidence=evidence, at=later(at))

    return RunFacts(
        run=Run(id=run, job=ETL, state=RunState.COMPLETED, parent=parent, started_at=later(at)),
        reads=tuple(map(io, reads or ())),
        writes=tuple(map(io, writes or ())),
        job_edges=job_edges,
        flows=flows,
    )


def wrote(
    number: int,
    text: str | None,
    *,
    dataset: DatasetName = ORDERS,
    partition: str = "",
    parent: RunId | None = None,
    job_edges: tuple[JobEdge, ...] = (),
) -> RunFacts:
    """Returns facts about a run that wrote a version, so many minutes after noon as its number says."""
    written = version(text, dataset=dataset, partition=partition)
    return facts_of(number, at=number, writes=[written], parent=parent, job_edges=job_edges)


def put(stores: Stores, *facts: RunFacts) -> None:
    """Stores facts, each in a transaction of its own."""
    for each in facts:
        with stores.lineage.write() as writer:
            writer.put_facts(each)
