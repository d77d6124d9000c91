"""What every catalog promises about what was derived from data."""

from datetime import datetime
from typing import Any

import pytest

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.lineage import Evidence, Impact
from lineageflow_core.model.node import format_node
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.producers import Dataset, job_event, run_events, run_id_of
from lineageflow_core.testing.catalog.scene import Call, CatalogContract, in_pages_of_one
from lineageflow_core.testing.catalog.stories import build_all, node_at, run, version_at


class ImpactContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_the_impact_of_a_node_is_all_that_was_derived_from_it(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        raw, clean, report = (version_at(repo, path) for path in ("raw", "clean", "report"))
        repo.branch("old")
        run(repo, "report", reads=("clean",), writes={"report": b"2"})
        newer = version_at(repo, "report")
        found = repo.catalog.lineage.impact(format_node(raw)).items
        assert [
            (clean, 1, runs["clean"], True, ("main", "old")),
            (report, 2, runs["report"], True, ("old",)),
        ] == [
            (each.version, each.degree, each.produced_by and each.produced_by.id, each.tainted, each.current)
            for each in found
            if each.version != newer
        ]
        assert [(newer, 2, ("main",))] == [
            (each.version, each.degree, each.current) for each in found if each.version == newer
        ]
        of_run = repo.catalog.lineage.impact(f"run:{runs['ingest']}").items
        assert {raw: 0, version_at(repo, "weather"): 0, clean: 1, report: 1, newer: 2} == {
            each.version: each.degree for each in of_run
        }
        assert () == repo.catalog.lineage.impact(node_at(repo, "report")).items

    def test_an_impact_is_cut_by_depth_type_evidence_and_time_and_into_pages(self, repo: Repository) -> None:
        lineage = repo.catalog.lineage
        owned = {"ownership": {"owners": [{"name": "team:bi"}, {"name": "ada"}]}}
        steps: list[tuple[list[Dataset], list[Dataset]]] = [
            ([], [("raw", "1", {})]),
            ([("raw", "1", {}), ("more", "1", {})], [("clean", "1", {})]),
            ([("clean", "1", {})], [("model", "1", {"datasetType": {"datasetType": "MODEL"}, **owned})]),
            ([("clean", "1", {})], [("report", "1", {"datasetType": {"datasetType": "DASHBOARD"}})]),
        ]
        for number, (reads, writes) in enumerate(steps):
            lineage.ingest(run_events(repo.name, number, reads, writes))
        node = f"version:s3://{repo.name}/raw@1"

        def names(**query: Any) -> list[str]:
            return [
                item.version.name
                for item in in_pages_of_one(
                    lambda after, limit: lineage.impact(node, after=after, limit=limit, **query)
                )
            ]

        assert ["clean", "model", "report"] == names()
        assert ["clean"] == names(depth=1)
        assert [] == names(depth=0)
        assert ["model", "report"] == names(dataset_types=["model", "Dashboard"])
        # What the join made is a guess: several datasets fed it, and nobody says which.
        assert [] == names(evidence=[Evidence.EXPLICIT])
        assert ["clean", "model", "report"] == names(evidence=[Evidence.EXPLICIT, Evidence.CARTESIAN])
        assert ["clean", "model"] == names(until=datetime.fromisoformat("2026-05-01T00:02:30Z"))
        model = lineage.impact(node, dataset_types=["MODEL"]).items[0]
        assert (("team:bi", "ada"), "MODEL", 2, "etl") == (
            model.owners,
            model.dataset_type,
            model.degree,
            model.job and model.job.name,
        )
        calls: list[Call] = [
            lambda: lineage.impact(node, depth=-1),
            lambda: lineage.impact(node, limit=0),
            lambda: lineage.impact(node, after="nowhere"),
        ]
        for call in calls:
            with pytest.raises(InvalidInputError):
                call()

    def test_an_impact_tells_what_jobs_declare_they_would_make_of_it(self, repo: Repository) -> None:
        lineage, home = repo.catalog.lineage, f"s3://{repo.name}"
        lineage.ingest(
            [
                *run_events(repo.name, 1, [("raw", "1", {})], [("clean", "1", {})]),
                job_event(repo.name, "board", ["clean"], ["numbers"]),
                job_event(repo.name, "etl", ["raw"], ["never"]),  # its run says more
                job_event(repo.name, "mail", ["numbers"], ["sent"]),
                {
                    **job_event(repo.name, "owner", [], []),
                    "outputs": [
                        {
                            "namespace": home,
                            "name": "numbers",
                            "facets": {"ownership": {"owners": [{"name": "team:bi"}]}},
                        }
                    ],
                },
            ]
        )

        def told(node: str, **query: Any) -> list[tuple[str, str | None, int, bool]]:
            found = in_pages_of_one(
                lambda after, limit: lineage.impact(node, after=after, limit=limit, **query)
            )
            return [(each.version.name, _declarer(each), each.degree, each.tainted) for each in found]

        raw, clean = (f"version:{home}/{name}@1" for name in ("raw", "clean"))
        declared = [("numbers", "board", 2, False), ("sent", "mail", 3, False)]
        assert [("clean", None, 1, True), *declared] == told(raw)
        assert [("clean", None, 0, True), ("numbers", "board", 1, False)] == told(
            f"run:{run_id_of(repo.name, 1)}", depth=1
        )
        assert [("numbers", "board", 0, False), ("sent", "mail", 1, False)] == told(f"job:{repo.name}/board")
        assert [("numbers", "board", 1, False), ("sent", "mail", 2, False)] == told(
            clean, evidence=[Evidence.DECLARED]
        )
        asked: list[dict[str, Any]] = [
            {"evidence": [Evidence.EXPLICIT, Evidence.AS_OF]},
            {"until": datetime.fromisoformat("2027-01-01T00:00:00Z")},
            {"dataset_types": ["TABLE"]},
        ]
        assert [[], [], []] == [told(clean, **query) for query in asked]
        numbers = lineage.impact(clean).items[0]
        assert (None, "board", None, ("team:bi",)) == (
            numbers.produced_by,
            numbers.job and numbers.job.name,
            numbers.version.version,
            numbers.owners,
        )


def _declarer(item: Impact) -> str | None:
    return item.declared_by.name if item.declared_by else None
