"""Who made the content at a path."""

import dataclasses
from datetime import datetime, timedelta

import pytest

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import ObjectNotFoundError, RefNotFoundError
from lineageflow_core.model.change import delete, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Blame, Version
from lineageflow_core.model.node import format_node
from lineageflow_core.model.objects import Snapshot
from lineageflow_core.service.embedded import open_embedded
from tests.core.service.story import Story, run_id, version


class Lake(Story):
    """A story whose runs really write."""

    def __init__(self) -> None:
        super().__init__()
        self.catalog: Catalog = open_embedded(self.stores, clock=self.clock)
        self.catalog.repositories.create_repository("lake", author="ada")

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def write(
        self,
        path: str,
        content: str,
        *,
        dataset: str | None = None,
        branch: str = "main",
        run: str | None = None,
    ) -> tuple[Commit, Snapshot]:
        (stored,) = self.catalog.content.upload("lake", [content.encode()])
        entry = dataclasses.replace(stored, path="data.csv" if dataset else "")
        commit = self.catalog.history.commit(
            "lake",
            branch,
            [replace(path, [entry], dataset=dataset)],
            author=run or "ada",
            message=f"write {path}",
            run_id=run_id(run) if run else None,
        )
        return commit, self.catalog.objects.get_snapshot("lake", commit.id, path)

    def run(
        self, pipeline: str, path: str, content: str, *, dataset: str | None = None, into: str = "main"
    ) -> Commit:
        """A pipeline of one step that reads `raw@1` and publishes one dataset or partition."""
        self.catalog.transactions.begin("lake", run_id(pipeline), into=into)
        branch = f"run:{run_id(pipeline)}"
        _, snapshot = self.write(path, content, dataset=dataset, branch=branch, run=f"{pipeline} step")
        self.tell(f"{pipeline} step", ["raw@1"], [snapshot], parent=pipeline)
        published = self.catalog.transactions.publish("lake", run_id(pipeline), author="bot")
        return self.catalog.refs.resolve("lake", published.published or into)

    def blame(self, path: str, ref: str = "main") -> Blame:
        return self.catalog.lineage.blame("lake", ref, path)


@pytest.fixture
def lake() -> Lake:
    return Lake()


def made_by(blame: Blame) -> tuple[RunId | None, RunId | None]:
    return blame.run.id if blame.run else None, blame.pipeline


def by(pipeline: str) -> tuple[RunId, RunId]:
    return run_id(f"{pipeline} step"), run_id(pipeline)


def test_content_is_blamed_on_the_step_its_pipeline_and_the_commit_that_published_it(lake: Lake) -> None:
    published = lake.run("nightly", "report", "right")
    found = lake.blame("report")
    assert by("nightly") == made_by(found)
    assert (published.id, "bot") == (found.commit, found.author)
    assert (version("raw@1"),) == found.inputs


def test_of_runs_that_made_the_same_content_the_one_that_brought_it_is_blamed(lake: Lake) -> None:
    lake.run("first", "report", "right")
    lake.run("bad", "report", "wrong")
    lake.run("second", "report", "right")
    lake.tell("elsewhere", [], [lake.catalog.objects.get_snapshot("lake", "main", "report")])
    assert by("second") == made_by(lake.blame("report"))
    assert by("bad") == made_by(lake.blame("report", "main~1"))
    assert by("first") == made_by(lake.blame("report", "main~2"))


def test_a_run_that_changed_nothing_is_not_blamed(lake: Lake) -> None:
    lake.run("first", "report", "right")
    lake.run("again", "report", "right")
    assert by("first") == made_by(lake.blame("report"))


def test_a_merge_by_hand_does_not_hide_the_run(lake: Lake) -> None:
    lake.catalog.refs.create_branch("lake", "fix", source="main", author="ada")
    lake.run("replay", "report", "right", into="fix")
    merge = lake.catalog.merging.merge("lake", "fix", into="main", author="ada")
    found = lake.blame("report")
    assert by("replay") == made_by(found)
    assert (merge.id, "ada") == (found.commit, found.author)


def test_content_that_a_person_put_has_no_run(lake: Lake) -> None:
    commit, _ = lake.write("report", "by hand")
    found = lake.blame("report")
    assert (commit.id, "ada", None, None) == (found.commit, found.author, *made_by(found))
    assert () == found.inputs


def test_content_that_a_person_put_first_is_not_blamed_on_a_later_run(lake: Lake) -> None:
    _, snapshot = lake.write("report", "by hand")
    lake.tell("copy", [], [snapshot])
    assert (None, None) == made_by(lake.blame("report"))


def test_restored_content_is_blamed_on_the_run_that_made_it(lake: Lake) -> None:
    lake.run("good", "report", "right")
    lake.run("bad", "report", "wrong")
    lake.catalog.merging.reset("lake", "main", to="main~1", path="report", author="ada")
    found = lake.blame("report")
    assert by("good") == made_by(found)
    assert "ada" == found.author


def test_a_partition_is_blamed_by_itself_and_so_is_an_object_in_it(lake: Lake) -> None:
    lake.run("june", "daily/06", "june", dataset="daily")
    lake.run("july", "daily/07", "july", dataset="daily")
    assert [by("june"), by("july")] == [made_by(lake.blame(f"daily/{month}")) for month in ("06", "07")]
    assert "06" == lake.blame("daily/06/data.csv").version.partition


def test_of_a_partitioned_dataset_the_partition_that_changed_last_is_blamed(lake: Lake) -> None:
    lake.run("july", "daily/07", "july", dataset="daily")
    lake.run("june", "daily/06", "june", dataset="daily")
    found = lake.blame("daily")
    assert (by("june"), "06") == (made_by(found), found.version.partition)


def test_a_partitioned_dataset_from_which_partitions_went_still_has_someone_to_blame(lake: Lake) -> None:
    lake.run("june", "daily/06", "june", dataset="daily")
    lake.run("july", "daily/07", "july", dataset="daily")
    lake.catalog.history.commit("lake", "main", [delete("daily/07")], author="ada", message="too early")
    assert by("june") == made_by(lake.blame("daily"))


def test_a_partitioned_dataset_in_the_first_commit_of_its_history_is_blamed(lake: Lake) -> None:
    lake.write("daily/06", "june", dataset="daily")
    assert "06" == lake.blame("daily").version.partition


def test_an_address_stands_for_the_partitions_at_it(lake: Lake) -> None:
    lake.run("june", "daily/06", "june", dataset="daily")
    lake.run("july", "daily/07", "july", dataset="daily")
    partitions = [
        lake.catalog.objects.get_snapshot("lake", "main", f"daily/{month}") for month in ("06", "07")
    ]
    lake.tell("report", partitions, ["report@1"])
    for address in ("lf://lake/daily", "lf://lake/@main/daily/06"):
        found = lake.catalog.lineage.impact(address).items
        assert [version("report@1")] == [item.version for item in found]


def test_a_version_can_be_asked_for_again(lake: Lake) -> None:
    lake.run("june", "daily/06", "june", dataset="daily")
    found = lake.blame("daily/06").version
    assert isinstance(found, Version)
    lake.tell("report", [lake.catalog.objects.get_snapshot("lake", "main", "daily/06")], ["report@1"])
    assert 1 == len(lake.catalog.lineage.impact(format_node(found)).items)


def test_what_is_not_there_cannot_be_blamed(lake: Lake) -> None:
    with pytest.raises(ObjectNotFoundError):
        lake.blame("report")
    with pytest.raises(RefNotFoundError):
        lake.blame("report", "nowhere")
