"""What every catalog promises about runs that write what was there already: it counts as written."""

import pytest

from lineageflow_core.errors import MergeConflictError
from lineageflow_core.model.change import Change, delete, put, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.merge import Side
from lineageflow_core.model.run import Job, TransactionState
from lineageflow_core.repository import Repository
from lineageflow_core.run import RunSession
from lineageflow_core.testing.catalog.scene import (
    CatalogContract,
    commit,
    entries,
    files,
    first_parents,
    new_run_id,
)
from lineageflow_core.testing.catalog.staging_scene import commit_staged, stage

GOOD = {"x": b"good"}


class RewritingContract(CatalogContract):
    """Needs the fixture `catalog`."""

    @pytest.fixture
    def replayed(self, repo: Repository) -> Repository:
        """Returns a repository whose tag `v1` has a good `d`, and partitions in `t`; `main` has a bad `d`."""
        commit(repo, replace("d", entries(repo, GOOD)), _partition(repo, "p"), _partition(repo, "q"))
        repo.tag("v1")
        commit(repo, replace("d", entries(repo, {"x": b"bad", "y": b"bad"})))
        return repo

    def test_a_run_commits_what_it_writes_as_it_was_and_publishes_that(self, repo: Repository) -> None:
        tip = commit(repo, replace("d", entries(repo, GOOD)))
        run_id = begin(repo)
        made = commit(repo, replace("d", entries(repo, GOOD)), branch=f"run:{run_id}", key="first")
        assert made == commit(repo, replace("d", entries(repo, GOOD)), branch=f"run:{run_id}", key="first")
        assert ((tip.id,), tip.root, ("d",), run_id) == (
            made.parents, made.root, made.replaced, made.run_id,
        )  # fmt: skip
        assert [made.id, tip.id] == first_parents(repo, f"run:{run_id}")[:2]
        done = repo.catalog.transactions.publish(repo.name, run_id, author="ada")
        assert done == repo.catalog.transactions.publish(repo.name, run_id, author="ada")
        assert (done.published, (tip.id, made.id), tip.root) == (
            repo.head().id, repo.head().parents, repo.head().root,
        )  # fmt: skip
        assert () == repo.catalog.history.diff(repo.name, tip.id, "main").items

    def test_lineage_has_the_run_that_wrote_what_was_there_already(self, repo: Repository) -> None:
        commit(repo, replace("d", entries(repo, GOOD)))
        session = RunSession(repo.catalog, repo.name, Job(namespace="nightly", name="again"))
        written = session.write("d", GOOD)
        session.publish()
        assert repo.head(f"run:{session.run.id}").id == written.commit == repo.head().parents[1]
        [io] = repo.catalog.lineage.get_run(session.run.id).writes
        assert ("d", written.snapshot.snapshot) == (io.version.name, io.version.version)
        assert written.previous == written.snapshot.snapshot

    def test_what_people_write_as_it_was_is_no_commit(self, repo: Repository) -> None:
        tip = commit(repo, replace("d", entries(repo, GOOD)))
        assert tip == commit(repo, replace("d", entries(repo, GOOD))) == repo.put("d", GOOD)
        stage(repo, replace("d", entries(repo, GOOD)))
        assert tip.id == repo.catalog.staging.get_draft(repo.name, "main", author="ada").draft.commit

    def test_what_a_run_wrote_as_it_was_conflicts_with_what_its_target_made_of_it(
        self, replayed: Repository
    ) -> None:
        tip, run_id = replayed.head(), begin(replayed, base="v1")
        wrote = rewrite(replayed, run_id)
        with pytest.raises(MergeConflictError) as caught:
            publish(replayed, run_id)
        [conflict] = caught.value.details["conflicts"]
        assert ("d", "unit", 2, 0, tip.id, wrote.id) == (
            conflict["path"], conflict["kind"], conflict["ours_objects"], conflict["theirs_objects"],
            conflict["ours_by"]["commit"], conflict["theirs_by"]["commit"],
        )  # fmt: skip
        assert conflict["base"] == conflict["theirs"] != conflict["ours"]
        [previewed] = replayed.catalog.merging.preview_merge(
            replayed.name, f"run:{run_id}", into="main"
        ).conflicts
        assert "d" == previewed.path
        assert (tip, TransactionState.OPEN) == (replayed.head(), state(replayed, run_id))

    @pytest.mark.parametrize(
        "chosen, there",
        [(Side.THEIRS, {"d/x": b"good"}), (Side.OURS, {"d/x": b"bad", "d/y": b"bad"})],
    )
    @pytest.mark.parametrize("how", ["by a pick", "by a strategy"])
    def test_a_side_that_is_chosen_is_what_the_target_has_then(
        self, replayed: Repository, chosen: Side, there: dict[str, bytes], how: str
    ) -> None:
        run_id = begin(replayed, base="v1")
        rewrite(replayed, run_id)
        if how == "by a pick":
            publish(replayed, run_id, d=chosen)
        else:
            publish(replayed, run_id, strategy=chosen)
        assert (there, TransactionState.PUBLISHED) == (files(replayed, path="d"), state(replayed, run_id))

    def test_a_run_brings_back_what_its_target_deleted_if_that_is_chosen(self, replayed: Repository) -> None:
        run_id = begin(replayed, base="v1")
        rewrite(replayed, run_id)
        replayed.delete("d")
        with pytest.raises(MergeConflictError):
            publish(replayed, run_id)
        publish(replayed, run_id, d=Side.THEIRS)
        assert {"d/x": b"good"} == files(replayed, path="d")

    def test_what_both_have_alike_is_no_conflict(self, replayed: Repository) -> None:
        run_id = begin(replayed, base="v1")
        rewrite(replayed, run_id)
        commit(replayed, replace("d", entries(replayed, GOOD)))
        tip = replayed.head()
        publish(replayed, run_id)
        assert (tip.root, tip.id) == (replayed.head().root, replayed.head().parents[0])

    def test_what_a_run_wrote_twice_is_as_it_wrote_it_last(self, replayed: Repository) -> None:
        run_id = begin(replayed, base="v1")
        commit(replayed, replace("d", entries(replayed, {"z": b"1"})), branch=f"run:{run_id}")
        rewrite(replayed, run_id)
        with pytest.raises(MergeConflictError):
            publish(replayed, run_id)
        publish(replayed, run_id, d=Side.THEIRS)
        assert {"d/x": b"good"} == files(replayed, path="d")

    @pytest.mark.parametrize(
        "written, changed, conflict",
        [
            ("t/p", "t/q", None),
            ("t/p", "t/p", "t/p"),
            ("t", "t/q", "t"),
            ("t/p", "t", "t"),
            ("t/q", "t", None),
        ],
    )
    def test_partitions_are_written_each_by_itself_or_all_as_one(
        self, replayed: Repository, written: str, changed: str, conflict: str | None
    ) -> None:
        run_id = begin(replayed, base="v1")
        whole = replace("t", entries(replayed, {"p/f": b"0", "q/f": b"0"}))
        change = whole if written == "t" else _partition(replayed, written[2:])
        commit(replayed, change, branch=f"run:{run_id}")
        new = {"t": replace("t", entries(replayed, {"p/f": b"1", "q/f": b"0"}))}
        commit(replayed, new.get(changed) or _partition(replayed, changed[2:], b"1"))
        before = files(replayed, path="t")
        if conflict is None:
            publish(replayed, run_id)
        else:
            with pytest.raises(MergeConflictError) as caught:
                publish(replayed, run_id)
            assert [conflict] == [each["path"] for each in caught.value.details["conflicts"]]
        assert before == files(replayed, path="t")

    def test_a_file_that_a_run_put_as_it_was_is_written_too(self, replayed: Repository) -> None:
        run_id = begin(replayed, base="v1")
        made = commit(replayed, put("d/x", entries(replayed, {"": b"good"})), branch=f"run:{run_id}")
        assert ("d/x",) == made.replaced
        with pytest.raises(MergeConflictError):
            publish(replayed, run_id)
        commit(replayed, put("d/x", entries(replayed, {"": b"good"})))
        publish(replayed, run_id)
        assert {"d/x": b"good", "d/y": b"bad"} == files(replayed, path="d")

    def test_what_a_run_of_the_target_wrote_as_it_was_stands_against_other_runs_and_not_against_people(
        self, repo: Repository
    ) -> None:
        commit(repo, replace("d", entries(repo, GOOD)))
        repo.branch("topic")
        commit(repo, replace("d", entries(repo, {"x": b"by ada"})), branch="topic")
        nightly, other = begin(repo), begin(repo)
        commit(repo, replace("d", entries(repo, {"x": b"by a run"})), branch=f"run:{other}")
        wrote = rewrite(repo, nightly)
        publish(repo, nightly)
        with pytest.raises(MergeConflictError) as caught:
            publish(repo, other)
        [conflict] = caught.value.details["conflicts"]
        assert ("d", wrote.id) == (conflict["path"], conflict["ours_by"]["commit"])
        repo.merge("topic")
        assert {"d/x": b"by ada"} == files(repo)

    def test_it_counts_on_every_branch_that_it_comes_to(self, replayed: Repository) -> None:
        replayed.branch("review", base="v1")
        run_id = begin(replayed, base="v1", into="review")
        rewrite(replayed, run_id)
        publish(replayed, run_id)
        with pytest.raises(MergeConflictError):
            replayed.merge("review")
        replayed.catalog.merging.merge(
            replayed.name, "review", into="main", author="ada", picks={"d": Side.THEIRS}
        )
        assert {"d/x": b"good"} == files(replayed, path="d")

    def test_it_counts_no_more_where_something_else_was_chosen(self, replayed: Repository) -> None:
        replayed.branch("review")
        run_id = begin(replayed, base="v1", into="review")
        rewrite(replayed, run_id)
        publish(replayed, run_id, d=Side.OURS)
        replayed.put("d/z", b"later")
        replayed.merge("review")
        assert {"d/x": b"bad", "d/y": b"bad", "d/z": b"later"} == files(replayed, path="d")

    def test_what_was_put_back_by_hand_was_not_written_by_a_run(self, replayed: Repository) -> None:
        bad = begin(replayed)
        commit(replayed, replace("d", entries(replayed, {"x": b"worse"})), branch=f"run:{bad}")
        publish(replayed, bad)
        replayed.reset("v1")
        run_id = begin(replayed, base="v1")
        commit(replayed, replace("d", entries(replayed, {"x": b"better"})), branch=f"run:{run_id}")
        publish(replayed, run_id)
        assert {"d/x": b"better"} == files(replayed, path="d")

    def test_it_is_picked_as_it_was_written(self, replayed: Repository) -> None:
        run_id = begin(replayed, base="v1")
        wrote = rewrite(replayed, run_id)
        replayed.branch("same", base="v1")
        pick = replayed.catalog.merging.cherry_pick
        same = replayed.head("same")
        assert same == pick(replayed.name, [wrote.id], branch="same", author="ada")
        with pytest.raises(MergeConflictError):
            pick(replayed.name, [wrote.id], branch="main", author="ada")
        tip = replayed.head()
        assert tip == pick(replayed.name, [wrote.id], branch="main", author="ada", strategy=Side.OURS)
        made = pick(replayed.name, [wrote.id], branch="main", author="ada", strategy=Side.THEIRS)
        assert (("d",), {"d/x": b"good"}) == (made.replaced, files(replayed, path="d"))

    def test_to_take_something_back_goes_by_content_alone(self, replayed: Repository) -> None:
        bad = replayed.head()
        run_id = begin(replayed)
        commit(replayed, replace("d", entries(replayed, {"x": b"bad", "y": b"bad"})), branch=f"run:{run_id}")
        again = publish(replayed, run_id)
        assert again == replayed.revert(again.id)  # it changed nothing
        replayed.revert(bad.id)
        assert {"d/x": b"good"} == files(replayed, path="d")

    def test_what_is_staged_takes_the_place_of_what_a_run_wrote_as_it_was(self, repo: Repository) -> None:
        commit(repo, replace("d", entries(repo, GOOD)), put("e", entries(repo, {"": b"0"})))
        stage(repo, put("d/x", entries(repo, {"": b"mine"})), put("e", entries(repo, {"": b"1"})))
        run_id = begin(repo)
        rewrite(repo, run_id)
        publish(repo, run_id)
        commit_staged(repo, "e")
        assert {"d/x": b"good", "e": b"1"} == files(repo)
        commit_staged(repo)
        assert {"d/x": b"mine", "e": b"1"} == files(repo)

    def test_a_run_that_deletes_what_is_there_and_makes_it_again_has_written_it(
        self, replayed: Repository
    ) -> None:
        run_id = begin(replayed, base="v1")
        commit(replayed, delete("d"), branch=f"run:{run_id}")
        rewrite(replayed, run_id)
        with pytest.raises(MergeConflictError):
            publish(replayed, run_id)


def begin(repo: Repository, *, base: str | None = None, into: str | None = None) -> RunId:
    """Begins a run."""
    return repo.catalog.transactions.begin(repo.name, new_run_id(), base=base, into=into).run_id


def rewrite(repo: Repository, run_id: RunId) -> Commit:
    """Lets a run write `d` as it is good."""
    return commit(repo, replace("d", entries(repo, GOOD)), branch=f"run:{run_id}")


def publish(repo: Repository, run_id: RunId, *, strategy: Side | None = None, **picks: Side) -> Commit:
    """Publishes a run, and returns the commit by which it did."""
    done = repo.catalog.transactions.publish(repo.name, run_id, author="ada", picks=picks, strategy=strategy)
    assert done.published is not None
    return repo.head(done.published)


def state(repo: Repository, run_id: RunId) -> TransactionState:
    """Returns what has become of a run."""
    return repo.catalog.transactions.get_transaction(repo.name, run_id).state


def _partition(repo: Repository, name: str, content: bytes = b"0") -> Change:
    return replace(f"t/{name}", entries(repo, {"f": content}), dataset="t")
