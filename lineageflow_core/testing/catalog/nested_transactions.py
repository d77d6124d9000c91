"""What every catalog promises about runs that are parts of other runs: tries of tasks, say."""

import pytest

from lineageflow_core.errors import MergeConflictError, RunNotFoundError, TransactionClosedError
from lineageflow_core.model.change import replace
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import TransactionState
from lineageflow_core.model.settings import BranchRule, RepositorySettings, StaleReads
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, entries, files, new_run_id
from lineageflow_core.testing.catalog.transactions import begin, discard, publish, write


class NestedTransactionsContract(CatalogContract):
    """Needs the fixture `catalog`."""

    @pytest.fixture
    def whole(self, repo: Repository) -> RunId:
        """Returns the id of a run whose transaction is open, on a repository that holds `d/x`."""
        repo.put("d", {"x": b"0"})
        return begin(repo).run_id

    def test_a_part_is_seen_by_its_whole_once_it_has_published_and_by_others_with_the_whole(
        self, repo: Repository, whole: RunId
    ) -> None:
        tip = repo.head()
        part = part_of(repo, whole)
        write(repo, part, "a", b"1")
        write(repo, part, "b", b"2")
        assert {"a": b"1", "b": b"2", "d/x": b"0"} == files(repo, f"run:{part}")
        assert {"d/x": b"0"} == files(repo, f"run:{whole}")
        done = publish(repo, part)
        assert (TransactionState.PUBLISHED, f"run:{whole}") == (done.state, done.into)
        assert done.published == repo.head(f"run:{whole}").id
        assert done.published == repo.catalog.transactions.get_transaction(repo.name, whole).head
        assert {"a": b"1", "b": b"2", "d/x": b"0"} == files(repo, f"run:{whole}")
        assert tip == repo.head()
        publish(repo, whole)
        assert {"a": b"1", "b": b"2", "d/x": b"0"} == files(repo)

    def test_a_part_begins_with_what_the_whole_holds_then(self, repo: Repository, whole: RunId) -> None:
        write(repo, whole, "a", b"1")
        repo.put("d/x", b"later")
        part = part_of(repo, whole)
        write(repo, whole, "b", b"2")
        assert {"a": b"1", "d/x": b"0"} == files(repo, f"run:{part}")

    def test_parts_at_the_same_time_each_bring_what_they_wrote(self, repo: Repository, whole: RunId) -> None:
        parts = [part_of(repo, whole) for _ in range(3)]
        for number, part in enumerate(parts):
            write(repo, part, f"of-{number}", b"1")
        for part in parts:
            publish(repo, part)
        publish(repo, whole)
        assert {"d/x": b"0", "of-0": b"1", "of-1": b"1", "of-2": b"1"} == files(repo)

    def test_parts_that_wrote_the_same_conflict(self, repo: Repository, whole: RunId) -> None:
        first, second = part_of(repo, whole), part_of(repo, whole)
        for part, content in ((first, b"1"), (second, b"2")):
            commit(repo, replace("d", entries(repo, {"x": content})), branch=f"run:{part}")
        publish(repo, first)
        with pytest.raises(MergeConflictError):
            publish(repo, second)
        assert TransactionState.OPEN is repo.catalog.transactions.get_transaction(repo.name, second).state
        publish(repo, whole)
        assert {"d/x": b"1"} == files(repo)

    def test_what_a_part_wrote_that_does_not_publish_is_no_part_of_the_whole(
        self, repo: Repository, whole: RunId
    ) -> None:
        killed, discarded, again = (part_of(repo, whole) for _ in range(3))
        for part in (killed, discarded):
            write(repo, part, "half", b"1")
        discard(repo, discarded)
        write(repo, again, "done", b"2")
        publish(repo, again)
        publish(repo, whole)
        assert {"d/x": b"0", "done": b"2"} == files(repo)

    def test_a_part_that_is_late_is_refused_whatever_became_of_the_whole(
        self, repo: Repository, whole: RunId
    ) -> None:
        discarded = begin(repo).run_id
        for ended, end in ((whole, publish), (discarded, discard)):
            part = part_of(repo, ended)
            write(repo, part, "late", b"1")
            end(repo, ended)
            with pytest.raises(TransactionClosedError, match=ended):
                publish(repo, part)
            with pytest.raises(TransactionClosedError, match=ended):
                part_of(repo, ended)
            assert TransactionState.OPEN is repo.catalog.transactions.get_transaction(repo.name, part).state
        assert {"d/x": b"0"} == files(repo)

    def test_a_part_that_wrote_nothing_leaves_the_whole_as_it_is(
        self, repo: Repository, whole: RunId
    ) -> None:
        before = repo.catalog.transactions.get_transaction(repo.name, whole)
        assert publish(repo, part_of(repo, whole)).published is None
        assert before == repo.catalog.transactions.get_transaction(repo.name, whole)

    def test_publishing_a_part_again_changes_nothing(self, repo: Repository, whole: RunId) -> None:
        part = part_of(repo, whole)
        write(repo, part, "a", b"1")
        done = publish(repo, part)
        write(repo, whole, "a", b"2")
        assert done == publish(repo, part)
        assert {"a": b"2", "d/x": b"0"} == files(repo, f"run:{whole}")

    def test_parts_have_parts(self, repo: Repository, whole: RunId) -> None:
        part = part_of(repo, whole)
        smaller = part_of(repo, part)
        write(repo, smaller, "a", b"1")
        for run in (smaller, part, whole):
            assert {"d/x": b"0"} == files(repo)
            publish(repo, run)
        assert {"a": b"1", "d/x": b"0"} == files(repo)

    def test_rules_for_people_do_not_bind_parts(self, repo: Repository, whole: RunId) -> None:
        rule = BranchRule(pattern="*", writers=("grace",), stale_reads=StaleReads.FAIL)
        settings = RepositorySettings(branch_rules=(rule,))
        repo.catalog.settings.update_settings(repo.name, settings, author="ada")
        part = part_of(repo, whole)
        write(repo, part, "a", b"1")
        publish(repo, part)
        assert {"a": b"1", "d/x": b"0"} == files(repo, f"run:{whole}")

    def test_a_run_that_is_not_there_has_no_parts(self, repo: Repository, whole: RunId) -> None:
        with pytest.raises(RunNotFoundError):
            part_of(repo, new_run_id())


def part_of(repo: Repository, whole: RunId) -> RunId:
    """Begins a run that publishes into another one."""
    return begin(repo, into=f"run:{whole}").run_id
