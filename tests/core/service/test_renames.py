"""Lineage knows a repository's data by whatever name the repository has, had, or another took over."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lineageflow_core.model.known import Facets
from lineageflow_core.model.lineage import DatasetName, Direction
from lineageflow_core.model.plan import PlanAction
from lineageflow_core.service import opened
from tests.core.openlineage.scenarios import Json, dataset, event
from tests.core.service.story import run_id
from tests.core.service.test_lineage_blame import Lake


@pytest.fixture
def lake() -> Lake:
    """Returns a lake where run `bad` made `orders` from `raw`, over what run `good` had made."""
    lake = Lake()
    lake.run("good", "orders", "1", dataset="orders")
    lake.run("bad", "orders", "2", dataset="orders")
    return lake


def rename(lake: Lake, old: str, new: str) -> None:
    lake.catalog.repositories.rename_repository(old, new, author="ada")


def namespaces(lake: Lake, node: str) -> set[str]:
    graph = lake.catalog.lineage.trace(node, direction=Direction.UPSTREAM)
    return {node.version.namespace for node in graph.nodes if node.version is not None}


def test_what_was_made_before_a_rename_is_blamed_on_its_maker_by_either_name(lake: Lake) -> None:
    before = lake.catalog.lineage.blame("lake", "main", "orders")
    rename(lake, "lake", "sea")
    for name in ("lake", "sea"):
        found = lake.catalog.lineage.blame(name, "main", "orders")
        assert (before.run, before.commit) == (found.run, found.commit)
        assert "lf://sea" == found.version.namespace
    assert {"lf://sea"} == {version.namespace for version in found.inputs}


def test_a_trace_crosses_renames_in_todays_name(lake: Lake) -> None:
    rename(lake, "lake", "sea")
    assert {"lf://sea"} == namespaces(lake, "lf://lake/orders")
    rename(lake, "sea", "ocean")
    assert {"lf://ocean"} == namespaces(lake, f"run:{run_id('bad')}")
    rename(lake, "ocean", "lake")
    assert {"lf://lake"} == namespaces(lake, "lf://lake/orders")


def test_what_pipelines_say_by_the_old_name_after_a_rename_is_about_the_same_data(lake: Lake) -> None:
    rename(lake, "lake", "sea")
    commit = lake.run("late", "more", "3", dataset="more")  # its events and calls still say `lake`
    found = lake.catalog.lineage.blame("sea", "main", "more")
    assert (run_id("late"), "lf://sea") == (found.pipeline, found.version.namespace)
    assert commit.id == lake.catalog.refs.resolve("sea", "main").id


def test_a_bad_run_from_before_a_rename_is_rolled_back_after_it(lake: Lake) -> None:
    early = lake.catalog.plans.plan_rollback("lake", f"run:{run_id('bad')}")
    rename(lake, "lake", "sea")
    plan = lake.catalog.plans.plan_rollback("sea", f"run:{run_id('bad')}")
    now = tuple(replace(item, repository="sea") for item in early.items)
    assert ("sea", now) == (plan.repository, plan.items)
    assert [PlanAction.RESTORE] == [item.action for item in plan.items if item.dataset == "orders"]
    applied = lake.catalog.plans.apply_plan(early.id, author="ada")
    assert "sea" == applied.repository
    assert [applied.commit] == [lake.catalog.refs.resolve("sea", "main").id]
    assert {"sea"} == {each.repository for each in lake.catalog.plans.list_plans("sea").items}


def test_what_was_derived_before_a_rename_is_found_after_it(lake: Lake) -> None:
    orders = lake.catalog.objects.get_snapshot("lake", "main", "orders")
    lake.tell("report", [orders], ["report@1"])
    rename(lake, "lake", "sea")
    for name in ("lake", "sea"):
        [derived] = lake.catalog.lineage.impact(f"lf://{name}/orders").items
        assert ("lf://sea", "report") == (derived.version.namespace, derived.version.name)


def test_an_event_that_comes_late_is_about_what_its_name_meant_when_the_run_began(lake: Lake) -> None:
    began = lake.now - timedelta(minutes=3)
    rename(lake, "lake", "sea")
    lake.catalog.repositories.create_repository("lake", author="eve")
    after = lake.now + timedelta(hours=1)
    for start, name, namespace in ((began, "early", "lf://sea"), (after, "late", "lf://lake")):
        lake.now = start
        lake.tell(name, ["raw@1"], [f"{name}@1"])
        [write] = lake.catalog.lineage.get_run(run_id(name)).writes
        assert namespace == write.version.namespace


def test_a_repository_that_takes_a_name_over_takes_no_lineage_with_it(lake: Lake) -> None:
    plan = lake.catalog.plans.plan_rollback("lake", f"run:{run_id('bad')}")
    rename(lake, "lake", "sea")
    lake.catalog.repositories.create_repository("lake", author="eve")
    _, same_content = lake.write("orders", "2", dataset="orders")
    assert lake.catalog.lineage.blame("lake", "main", "orders").run is None
    assert run_id("bad") == lake.catalog.lineage.blame("sea", "main", "orders").pipeline
    commit = lake.run("new", "orders", "4", dataset="orders")
    found = lake.catalog.lineage.blame("lake", "main", "orders")
    assert (run_id("new"), "lf://lake") == (found.pipeline, found.version.namespace)
    assert {"lf://sea"} == namespaces(lake, "lf://sea/orders")
    assert same_content.snapshot == lake.catalog.objects.get_snapshot("sea", "main", "orders").snapshot
    lake.catalog.plans.apply_plan(plan.id, author="ada")
    assert commit == lake.catalog.refs.resolve("lake", "main")


def test_a_purged_repository_leaves_its_name_but_not_its_lineage(lake: Lake) -> None:
    deleted = lake.catalog.repositories.delete_repository("lake", author="ada")
    lake.stores.repositories.purge(deleted.id)
    lake.catalog.repositories.create_repository("lake", author="eve")
    lake.write("orders", "2", dataset="orders")
    assert lake.catalog.lineage.blame("lake", "main", "orders").run is None


def test_what_is_said_of_a_dataset_is_about_what_was_so_called_then(lake: Lake) -> None:
    early = lake.now
    rename(lake, "lake", "sea")
    lake.catalog.repositories.create_repository("lake", author="eve")
    told = [described("late", lake.clock(), "eve's"), described("early", early, "ada's")]
    lake.catalog.lineage.ingest(told)
    datasets = lake.catalog.datasets
    for _ in range(2):
        for namespace, text in (("lf://sea", "ada's"), ("lf://lake", "eve's")):
            assert text == description(datasets.get_known_dataset(namespace, "report").facets)
        assert () == lake.catalog.upkeep.rebuild_lineage().differences


def test_what_a_run_said_is_about_what_was_so_called_when_it_began(lake: Lake) -> None:
    lake.catalog.lineage.ingest([described("early", lake.now, "ada's")])
    rename(lake, "lake", "sea")
    lake.catalog.repositories.create_repository("lake", author="eve")
    [written] = lake.catalog.jobs.get_run_facets(run_id("early")).writes
    [card] = lake.catalog.overview.list_version_cards("lf://sea", "report").items
    assert ("lf://sea", "ada's") == (written.dataset.namespace, description(written.facets))
    assert ("lf://sea", "ada's") == (card.name.namespace, description(card.facets))


def test_what_a_job_declares_is_what_was_so_called_when_it_said_so(lake: Lake) -> None:
    raw = {"namespace": "lf://lake", "name": "orders"}
    said = described("early", lake.now, "ada's")
    declares = {**{name: said[name] for name in ("eventTime", "producer", "schemaURL")}, "inputs": [raw]}
    rename(lake, "lake", "sea")
    lake.catalog.repositories.create_repository("lake", author="eve")
    lake.catalog.lineage.ingest([{**declares, "job": {"namespace": "nightly", "name": "report"}}])
    reads = (DatasetName(namespace="lf://sea", name="orders"),)
    assert reads == lake.catalog.jobs.get_job("nightly", "report").declared_reads
    [card] = lake.catalog.overview.list_job_cards(pattern="report").items
    assert reads == card.reads


def test_a_dataset_is_answered_by_each_name_that_was_asked_for(lake: Lake) -> None:
    rename(lake, "lake", "sea")
    old, new = (DatasetName(namespace=f"lf://{name}", name="orders") for name in ("lake", "sea"))
    store = opened.Lake(lake.stores, lake.clock).datasets
    assert {old: new, new: new} == store.first_names([old, new])
    assert {old: new, new: new} == store.first_names({old: 1, new: 2})
    assert [new, new] == [
        each.current and each.current.dataset for each in store.datasets([old, new]).values()
    ]
    listed = store.list_datasets(namespace="lf://sea", after=None, limit=10)
    assert listed == store.list_datasets(namespace="lf://lake", after=None, limit=10)
    assert {"orders", "raw"} == {each.name.name for each in listed.items}
    assert "lf://sea" in {each.namespace for each in store.list_namespaces(after=None, limit=10).items}


def test_a_search_finds_a_namespace_by_the_names_that_it_has_and_had(lake: Lake) -> None:
    rename(lake, "lake", "Sea")
    for query in (
        'namespace:"lf://sea"',
        'namespace:"lf://lake"',
        'orders namespace:"lf://Sea"',
        "namespace:lf://s*",
        "namespace:*lak?",
    ):
        found = lake.catalog.datasets.search(query).items
        assert ("lf://Sea", "orders") in {
            (each.dataset.name.namespace, each.dataset.name.name) for each in found if each.dataset
        }
    for query in ('namespace:"lf://lak"', "namespace:lf://s?", "-namespace:lf://s* -namespace:s3*"):
        assert () == lake.catalog.datasets.search(f"{query} kind:dataset").items


def test_keys_of_a_look_are_nobodys_names(lake: Lake) -> None:
    rename(lake, "lake", "sea")
    asked = opened.Lake(lake.stores, lake.clock)
    [version] = [io.version for io in asked.lineage.writes([run_id("bad step")])]
    with asked.lineage.look() as look:
        keys = look.version_keys([version, version.under(DatasetName(namespace="lf://lake", name="orders"))])
        assert {version} == set(look.versions(keys.values()).values())
    assert (2, "lf://sea") == (len(keys), version.namespace)


def test_who_renamed_nothing_and_who_asks_of_runs_pay_nothing(lake: Lake) -> None:
    asked = opened.Lake(lake.stores, lake.clock)
    assert asked.lineage.list_runs == lake.stores.lineage.list_runs
    assert asked.lineage.write == lake.stores.lineage.write
    assert asked.jobs is lake.stores.jobs


def described(run: str, at: datetime, text: str) -> Json:
    """Returns an event of a run that wrote and described a dataset of the repository called `lake` then."""
    report = dataset("report", run, namespace="lf://lake", documentation={"description": text})
    return event("COMPLETE", run=run_id(run), time=at.isoformat(), outputs=[report])


def description(facets: Facets) -> object:
    """Returns what is said of a dataset."""
    return facets["documentation"]["description"]
