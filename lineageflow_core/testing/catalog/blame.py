"""What every catalog promises about who made content, on whatever branch."""

import pytest

from lineageflow_core.errors import ObjectNotFoundError, RefNotFoundError
from lineageflow_core.model.change import replace
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, in_pages_of_one
from lineageflow_core.testing.catalog.stories import build_all, run, version_at


class BlameContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_blame_tells_the_run_that_made_a_content_and_what_it_read(self, repo: Repository) -> None:
        runs = build_all(repo, b"1")
        repo.put("other", b"1")
        for path in ("clean", "clean/part-0"):
            found = repo.catalog.lineage.blame(repo.name, "main", path)
            assert (version_at(repo, "clean"), (version_at(repo, "raw"),)) == (found.version, found.inputs)
            assert found.run is not None
            assert (runs["clean"], runs["clean"]) == (found.run.id, found.pipeline)
            assert ("runner", repo.head("main~2").id) == (found.author, found.commit)

    def test_blame_tells_who_where_no_run_did(self, repo: Repository) -> None:
        made = repo.put("a", b"1")
        repo.put("b", b"1")
        found = repo.catalog.lineage.blame(repo.name, "main", "a")
        assert (made.id, "ada", None, None, ()) == (
            found.commit,
            found.author,
            found.run,
            found.pipeline,
            found.inputs,
        )

    def test_blame_of_a_partition_is_not_that_of_its_neighbours(self, repo: Repository) -> None:
        one = run(repo, "ingest", writes={"raw": b"1"}, partition="d1")
        two = run(repo, "ingest", writes={"raw": b"2"}, partition="d2")
        for path, run_id, partition in (
            ("raw/d1", one, "d1"),
            ("raw/d2/part-0", two, "d2"),
            ("raw", two, "d2"),
        ):
            found = repo.catalog.lineage.blame(repo.name, "main", path)
            assert found.run is not None
            assert (run_id, partition) == (found.run.id, found.version.partition)

    def test_nobody_is_blamed_for_nothing(self, repo: Repository) -> None:
        repo.put("d", {"x": b"1"})
        with pytest.raises(ObjectNotFoundError, match="'nothing'"):
            repo.catalog.lineage.blame(repo.name, "main", "nothing")
        with pytest.raises(RefNotFoundError, match="nothing"):
            repo.catalog.lineage.blame(repo.name, "nothing", "d")

    def test_content_that_was_merged_is_blamed_on_who_made_it(self, repo: Repository) -> None:
        repo.replace("raw", {"part-0": b"1"})
        repo.branch("side")
        made = Repository(repo.catalog, repo.name, author="grace").replace(
            "raw", {"part-0": b"2"}, branch="side"
        )
        repo.branch("outer", base="side")
        repo.put("notes", b"1")
        merged = repo.merge("outer")
        blame = repo.catalog.lineage.blame(repo.name, "main", "raw")
        assert (merged.id, "ada", made.id, "grace") == (
            blame.commit, blame.author, blame.origin, blame.made_by,
        )  # fmt: skip

    def test_content_that_was_brought_back_is_blamed_on_who_made_it(self, repo: Repository) -> None:
        grace = Repository(repo.catalog, repo.name, author="grace")
        made = grace.replace("raw", {"part-0": b"1"})
        repo.replace("raw", {"part-0": b"2"})
        merging, ways = repo.catalog.merging, []
        ways += [merging.reset(repo.name, "main", to=made.id, path="raw", author="bob")]
        repo.replace("raw", {"part-0": b"2"})
        ways += [merging.reset(repo.name, "main", to=made.id, author="bob")]
        wrong = repo.replace("raw", {"part-0": b"2"})
        ways += [merging.revert(repo.name, [wrong.id], branch="main", author="bob")]
        for brought in ways:
            blame = repo.catalog.lineage.blame(repo.name, brought.id, "raw")
            assert (brought.id, "bob", made.id, "grace") == (
                blame.commit, blame.author, blame.origin, blame.made_by,
            )  # fmt: skip

    def test_content_that_was_picked_is_blamed_on_who_made_it(self, repo: Repository) -> None:
        repo.branch("side")
        made = Repository(repo.catalog, repo.name, author="grace").replace(
            "raw", {"part-0": b"1"}, branch="side"
        )
        picked = repo.catalog.merging.cherry_pick(repo.name, ["side"], branch="main", author="bob")
        blame = repo.catalog.lineage.blame(repo.name, "main", "raw")
        assert (picked.id, made.id, "grace") == (blame.commit, blame.origin, blame.made_by)

    def test_content_that_was_rolled_back_to_is_blamed_on_who_made_it(self, repo: Repository) -> None:
        made = Repository(repo.catalog, repo.name, author="grace").replace("raw", {"part-0": b"1"})
        bad = run(repo, "ingest", reads=(), writes={"raw": b"2"})
        plan = repo.catalog.plans.plan_rollback(repo.name, f"run:{bad}")
        done = repo.catalog.plans.apply_plan(plan.id, author="bob")
        blame = repo.catalog.lineage.blame(repo.name, "main", "raw")
        assert (done.commit, "bob", made.id, "grace") == (
            blame.commit, blame.author, blame.origin, blame.made_by,
        )  # fmt: skip

    def test_metadata_that_names_no_commit_hides_nobody(self, repo: Repository) -> None:
        for named in ("main", "0" * 64, repo.head().id, ""):
            stored = repo.catalog.content.upload(repo.name, [named.encode()])
            made = repo.catalog.history.commit(
                repo.name, "main", [replace("raw", stored)], author="ada", message="m",
                metadata={"reset_to": named, "reverts": named, "plan": named},
            )  # fmt: skip
            assert made.id == repo.catalog.lineage.blame(repo.name, "main", "raw").origin

    def test_each_partition_is_blamed_on_its_run(self, repo: Repository) -> None:
        repo.replace("base", {"part-0": b"1"})
        runs = {
            day: run(repo, "ingest", reads=(), writes={"raw": day.encode()}, partition=day)
            for day in ("d1", "d2", "d3")
        }
        runs["d2"] = run(repo, "ingest", writes={"raw": b"again"}, partition="d2")
        blamed = in_pages_of_one(
            lambda after, limit: repo.catalog.lineage.blame_partitions(
                repo.name, "main", "raw", after=after, limit=limit
            )
        )
        assert [(version_at(repo, f"raw/{day}"), runs[day]) for day in ("d1", "d2", "d3")] == [
            (blame.version, blame.run.id if blame.run else None) for blame in blamed
        ]
        assert [repo.catalog.lineage.blame(repo.name, "main", f"raw/{day}") for day in runs] == blamed

    def test_a_dataset_without_partitions_is_blamed_as_one(self, repo: Repository) -> None:
        repo.replace("raw", {"part-0": b"1"})
        (blame,) = repo.catalog.lineage.blame_partitions(repo.name, "main", "raw").items
        assert repo.catalog.lineage.blame(repo.name, "main", "raw") == blame
