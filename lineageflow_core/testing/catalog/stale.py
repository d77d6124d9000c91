"""What every catalog promises about stale reads: what runs read, and the target has changed since."""

from typing import Any

import msgspec
import pytest

from lineageflow_core.errors import MergeConflictError, StaleReadError
from lineageflow_core.model.change import delete, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.merge import BranchPreview, StaleRead, changed_by
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.model.settings import BranchRule, RepositorySettings, StaleReads
from lineageflow_core.repository import Repository
from lineageflow_core.run import RunSession
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, entries, files, new_run_id
from lineageflow_core.testing.catalog.stories import session_of


class StaleReadContract(CatalogContract):
    """The stale reads of merges, cherry-picks and publications. Needs the fixture `catalog`."""

    @pytest.fixture
    def session(self, repo: Repository) -> RunSession:
        """Returns a run that made `clean` from `raw`, and has told so; it is not published."""
        repo.replace("raw", {"x": b"1"})
        repo.replace("other", {"x": b"1"})
        session = session_of(repo, "clean")
        session.read("raw")
        session.write("clean", {"x": b"1"})
        session.report()
        return session

    def test_what_a_run_read_and_others_changed_since_is_told(
        self, repo: Repository, session: RunSession
    ) -> None:
        read = repo.catalog.objects.get_snapshot(repo.name, "main", "raw").snapshot
        changed = repo.replace("raw", {"x": b"2"})
        repo.replace("other", {"x": b"2"})
        preview = preview_of(repo, session)
        assert (
            StaleRead(
                dataset="raw",
                partition="",
                read=read,
                now=repo.catalog.objects.get_snapshot(repo.name, "main", "raw").snapshot,
                readers=(session.run.id,),
                changed_by=changed_by(changed),
            ),
        ) == preview.stale_reads
        assert (StaleReads.WARN, (), ["clean"]) == (
            preview.stale_policy,
            preview.conflicts,
            [diff.path for diff in preview.datasets],
        )

    def test_a_publication_that_must_not_be_stale_is_refused_and_stays_open(
        self, repo: Repository, session: RunSession
    ) -> None:
        tip = repo.replace("raw", {"x": b"2"})
        with pytest.raises(StaleReadError, match=r"publish run .* read raw, ") as caught:
            publish(repo, session, StaleReads.FAIL)
        listed = msgspec.convert(caught.value.details["stale_reads"], tuple[StaleRead, ...])
        assert preview_of(repo, session).stale_reads == listed
        assert (tip, TransactionState.OPEN) == (repo.head(), session.transaction.state)
        assert TransactionState.PUBLISHED == publish(repo, session, StaleReads.ALLOW).state
        assert {} == repo.head().metadata

    def test_a_publication_warns_where_nobody_said_anything(
        self, repo: Repository, session: RunSession
    ) -> None:
        repo.replace("raw", {"x": b"2"})
        publish(repo, session)
        assert {"stale_reads": "raw"} == repo.head().metadata
        assert {"clean/x": b"1", "other/x": b"1", "raw/x": b"2"} == files(repo)

    def test_a_session_tells_what_it_read_before_it_publishes(self, repo: Repository) -> None:
        repo.replace("raw", {"x": b"1"})
        session = session_of(repo, "clean")
        session.read("raw")
        session.write("clean", {"x": b"1"})
        repo.replace("raw", {"x": b"2"})
        session.publish()
        assert {"stale_reads": "raw"} == repo.head().metadata

    @pytest.mark.parametrize("policy", [StaleReads.WARN, StaleReads.FAIL])
    def test_a_merge_of_the_run_obeys_too(
        self, repo: Repository, session: RunSession, policy: StaleReads
    ) -> None:
        repo.replace("raw", {"x": b"2"})

        def merge() -> Any:
            return repo.catalog.merging.merge(
                repo.name, session.ref, into="main", author="ada", stale_reads=policy
            )

        if policy is StaleReads.FAIL:
            with pytest.raises(StaleReadError):
                merge()
        else:
            assert {"stale_reads": "raw"} == merge().metadata

    def test_the_rules_of_the_target_say_what_becomes_of_stale_reads(
        self, repo: Repository, session: RunSession
    ) -> None:
        tip = repo.replace("raw", {"x": b"2"})
        rule(repo, "m*", StaleReads.FAIL)
        assert StaleReads.FAIL is preview_of(repo, session).stale_policy
        with pytest.raises(StaleReadError):
            publish(repo, session)
        with pytest.raises(StaleReadError):
            repo.merge(session.ref)
        assert tip == repo.head()
        rule(repo, "main", StaleReads.ALLOW)
        preview = preview_of(repo, session)
        assert (StaleReads.ALLOW, ["raw"]) == (
            preview.stale_policy,
            [read.path for read in preview.stale_reads],
        )
        publish(repo, session)
        assert {} == repo.head().metadata

    def test_what_a_call_says_goes_before_the_rules(self, repo: Repository, session: RunSession) -> None:
        repo.replace("raw", {"x": b"2"})
        rule(repo, "main", StaleReads.FAIL)
        publish(repo, session, StaleReads.WARN)
        assert {"stale_reads": "raw"} == repo.head().metadata

    def test_a_repository_that_was_renamed_is_still_the_one_that_was_read(
        self, repo: Repository, session: RunSession
    ) -> None:
        repo.replace("raw", {"x": b"2"})
        name = f"{repo.name}-renamed"
        repo.catalog.repositories.rename_repository(repo.name, name, author="ada")
        renamed = Repository(repo.catalog, name, author="ada")
        assert ["raw"] == [read.path for read in preview_of(renamed, session).stale_reads]

    def test_a_branch_that_took_in_runs_is_checked_for_what_they_read(
        self, repo: Repository, session: RunSession
    ) -> None:
        repo.branch("dev")
        repo.merge(session.ref, into="dev")
        repo.replace("raw", {"x": b"2"})
        [read] = repo.catalog.merging.preview_merge(repo.name, "dev", into="main").stale_reads
        assert "raw" == read.path

    def test_what_the_steps_beside_the_writer_read_counts(self, repo: Repository) -> None:
        repo.replace("raw", {"x": b"1"})
        pipeline = new_run_id()
        reader, writer = (session_of(repo, name, pipeline=pipeline) for name in ("read", "write"))
        reader.read("raw")
        reader.complete()
        writer.write("clean", {"x": b"1"})
        writer.complete()
        repo.replace("raw", {"x": b"2"})
        [read] = preview_of(repo, writer).stale_reads
        assert (reader.run.id,) == read.readers

    def test_partitions_are_read_and_changed_by_themselves(self, repo: Repository) -> None:
        for partition in ("p", "q"):
            repo.replace(f"raw/{partition}", {"x": b"1"}, dataset="raw")
        session = session_of(repo, "clean")
        session.read("raw", partitions=("p",))
        session.write("clean", {"x": b"1"})
        session.report()
        repo.replace("raw/q", {"x": b"2"}, dataset="raw")
        assert () == preview_of(repo, session).stale_reads
        repo.replace("raw/p", {"x": b"2"}, dataset="raw")
        assert ["raw/p"] == [read.path for read in preview_of(repo, session).stale_reads]

    def test_a_partition_that_came_since_is_told_where_all_were_read(self, repo: Repository) -> None:
        for partition in ("p", "q"):
            repo.replace(f"raw/{partition}", {"x": b"1"}, dataset="raw")
        whole, some = session_of(repo, "clean"), session_of(repo, "some")
        whole.read("raw")
        some.read("raw", partitions=("p",))
        for session in (whole, some):
            session.write(session.run.job.name, {"x": b"1"})
            session.report()
        changed = repo.replace("raw/r", {"x": b"1"}, dataset="raw")
        now = repo.catalog.objects.get_snapshot(repo.name, "main", "raw/r").snapshot
        assert (
            StaleRead(
                dataset="raw",
                partition="r",
                read=None,
                now=now,
                readers=(whole.run.id,),
                changed_by=changed_by(changed),
            ),
        ) == preview_of(repo, whole).stale_reads
        assert () == preview_of(repo, some).stale_reads
        with pytest.raises(StaleReadError, match="raw/r"):
            publish(repo, whole, StaleReads.FAIL)

    def test_a_partition_that_was_left_out_is_not_new(self, repo: Repository) -> None:
        repo.replace("raw/p", {"x": b"1"}, dataset="raw")
        repo.branch("dev")
        repo.replace("raw/q", {"x": b"1"}, dataset="raw")
        session = session_of(repo, "clean")
        session.read("raw", partitions=("p",))
        session.write("clean", {"x": b"1"})
        session.report()
        repo.put("dev", b"1", branch="dev")
        repo.merge(session.ref, into="dev")
        repo.put("main", b"1")
        assert () == repo.catalog.merging.preview_merge(repo.name, "dev", into="main").stale_reads

    def test_outputs_by_the_partitions_of_their_inputs_do_not_miss_a_new_one(self, repo: Repository) -> None:
        repo.replace("raw/p", {"x": b"1"}, dataset="raw")
        session = session_of(repo, "clean")
        session.read("raw")
        session.write("clean", {"x": b"1"}, partition="p")
        session.report()
        repo.replace("raw/q", {"x": b"1"}, dataset="raw")
        assert () == preview_of(repo, session).stale_reads

    def test_what_a_run_read_before_it_is_picked_counts_on_the_branch(
        self, repo: Repository, session: RunSession
    ) -> None:
        made = repo.head(session.ref)
        repo.branch("same")
        changed = repo.replace("raw", {"x": b"2"})
        preview = repo.catalog.merging.preview_cherry_pick(repo.name, [made.id], branch="main")
        [read] = preview.stale_reads
        assert ("raw", (session.run.id,), changed_by(changed), StaleReads.WARN) == (
            read.path,
            read.readers,
            read.changed_by,
            preview.stale_policy,
        )
        with pytest.raises(StaleReadError, match="cherry-pick"):
            pick(repo, made.id, StaleReads.FAIL)
        assert changed == repo.head()
        rule(repo, "main", StaleReads.FAIL)
        with pytest.raises(StaleReadError):
            pick(repo, made.id)
        assert "raw" == pick(repo, made.id, StaleReads.WARN).metadata["stale_reads"]
        assert "stale_reads" not in pick(repo, made.id, StaleReads.FAIL, branch="same").metadata

    def test_inputs_that_are_picked_before_their_outputs_are_not_stale(self, repo: Repository) -> None:
        repo.replace("raw", {"x": b"1"})
        repo.branch("dev")
        raw = repo.replace("raw", {"x": b"2"}, branch="dev")
        session = session_of(repo, "clean")
        session.read("raw", ref="dev")
        session.write("clean", {"x": b"1"})
        session.report()
        head = repo.head(session.ref)
        made = repo.cherry_pick(head.id, branch="dev")
        [read] = repo.catalog.merging.preview_cherry_pick(repo.name, [made.id], branch="main").stale_reads
        assert ("raw", None) == (read.path, read.changed_by)
        picked = repo.catalog.merging.cherry_pick(
            repo.name, [raw.id, made.id], branch="main", author="ada", stale_reads=StaleReads.FAIL
        )
        assert "stale_reads" not in picked.metadata

    def test_what_is_gone_is_stale_too(self, repo: Repository, session: RunSession) -> None:
        commit(repo, delete("raw"))
        [read] = preview_of(repo, session).stale_reads
        assert ("raw", None) == (read.path, read.now)

    def test_what_changed_and_changed_back_is_not_stale(self, repo: Repository, session: RunSession) -> None:
        repo.replace("raw", {"x": b"2"})
        repo.replace("raw", {"x": b"1"})
        assert () == preview_of(repo, session).stale_reads

    def test_an_old_version_that_was_read_on_purpose_is_not_stale(self, repo: Repository) -> None:
        repo.replace("raw", {"x": b"1"})
        repo.tag("v1")
        repo.replace("raw", {"x": b"2"})
        session = session_of(repo, "clean")
        session.read("raw", ref="v1")
        session.write("clean", {"x": b"1"})
        session.report()
        repo.replace("raw", {"x": b"3"})
        assert () == preview_of(repo, session).stale_reads

    def test_what_the_run_wrote_itself_is_an_ordinary_conflict(self, repo: Repository) -> None:
        repo.replace("raw", {"x": b"1"})
        session = session_of(repo, "clean")
        session.read("raw")
        session.write("raw", {"x": b"3"})
        session.read("raw")
        session.report()
        repo.replace("raw", {"x": b"2"})
        preview = preview_of(repo, session)
        assert ((), ["raw"]) == (preview.stale_reads, [conflict.path for conflict in preview.conflicts])
        with pytest.raises(MergeConflictError):
            publish(repo, session, StaleReads.FAIL)

    def test_merging_the_target_first_does_not_make_outputs_any_fresher(
        self, repo: Repository, session: RunSession
    ) -> None:
        repo.replace("raw", {"x": b"2"})
        repo.branch("dev", base=session.ref)
        repo.merge("main", into="dev")
        [read] = repo.catalog.merging.preview_merge(repo.name, "dev", into="main").stale_reads
        assert "raw" == read.path

    def test_a_merge_of_what_people_did_is_never_stale(self, repo: Repository) -> None:
        repo.replace("raw", {"x": b"1"})
        repo.branch("topic")
        commit(repo, replace("clean", entries(repo, {"x": b"1"})), branch="topic")
        repo.replace("raw", {"x": b"2"})
        made = repo.catalog.merging.merge(
            repo.name, "topic", into="main", author="ada", stale_reads=StaleReads.FAIL
        )
        assert {} == made.metadata


def rule(repo: Repository, pattern: str, policy: StaleReads) -> None:
    """Makes this the rule of the repository."""
    rules = (BranchRule(pattern=pattern, stale_reads=policy),)
    repo.catalog.settings.update_settings(repo.name, RepositorySettings(branch_rules=rules), author="ada")


def preview_of(repo: Repository, session: RunSession) -> BranchPreview:
    """Returns what publishing a run would do."""
    return repo.catalog.merging.preview_merge(repo.name, session.ref, into="main")


def publish(repo: Repository, session: RunSession, policy: StaleReads | None = None) -> Transaction:
    """Publishes a run."""
    return repo.catalog.transactions.publish(repo.name, session.run.id, author="ada", stale_reads=policy)


def pick(repo: Repository, ref: str, policy: StaleReads | None = None, *, branch: str = "main") -> Commit:
    """Cherry-picks a commit."""
    return repo.catalog.merging.cherry_pick(repo.name, [ref], branch=branch, author="ada", stale_reads=policy)
