"""What every catalog promises about runs as transactions."""

from datetime import timedelta

import pytest

from lineageflow_core.catalog import Catalog, Transactions
from lineageflow_core.errors import (
    InvalidInputError,
    MergeConflictError,
    RefMovedError,
    RefNotFoundError,
    RunNotFoundError,
    TransactionClosedError,
)
from lineageflow_core.model.change import delete, put, replace
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.merge import Side
from lineageflow_core.model.refs import RefKind
from lineageflow_core.model.run import Transaction, TransactionState
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.clock import StandingClock
from lineageflow_core.testing.catalog.scene import (
    Call,
    CatalogContract,
    commit,
    entries,
    files,
    first_parents,
    in_pages_of_one,
    new_run_id,
)
from lineageflow_core.testing.signatures import assert_same_signatures

OPEN, PUBLISHED, DISCARDED, EXPIRED = (
    TransactionState.OPEN, TransactionState.PUBLISHED, TransactionState.DISCARDED, TransactionState.EXPIRED,
)  # fmt: skip
SAID = {"dag": "nächtlich"}


class TransactionsContract(CatalogContract):
    """Needs the fixture `catalog`."""

    @pytest.fixture
    def run_id(self, repo: Repository) -> RunId:
        """Returns the id of a run whose transaction is open, on a repository that holds `d/x`."""
        repo.put("d", {"x": b"0"})
        return begin(repo).run_id

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Transactions, catalog.transactions)

    def test_a_run_reads_the_default_branch_as_it_is_now_and_publishes_there(self, repo: Repository) -> None:
        tip, run_id = repo.put("d", {"x": b"0"}), new_run_id()
        made = begin(repo, run_id)
        assert (run_id, repo.name, tip.id, "main", OPEN, None, None) == (
            made.run_id, made.repository, made.base, made.into, made.state, made.head, made.published,
        )  # fmt: skip
        assert timedelta(0) < made.expires_at - made.created_at
        assert made == repo.catalog.transactions.get_transaction(repo.name, run_id)
        repo.put("d/x", b"1")
        assert {"d/x": b"0"} == files(repo, f"run:{run_id}")

    def test_base_and_target_are_those_of_the_first_call(self, repo: Repository) -> None:
        base = repo.put("d", {"x": b"0"})
        repo.tag("v1")
        repo.put("d/x", b"1")
        repo.branch("staging")
        run_id = new_run_id()
        made = begin(repo, run_id, base="v1", into="staging")
        assert (base.id, "staging") == (made.base, made.into)
        assert made == begin(repo, run_id) == begin(repo, run_id, base="main", into="main")
        assert made == begin(repo, RunId(run_id.upper()))
        assert repo.head("staging").id == begin(repo, into="staging").base

    @pytest.mark.parametrize(
        "given, error",
        [
            ({"base": "nothing"}, RefNotFoundError),
            ({"into": "nothing"}, RefNotFoundError),
            ({"into": "v1"}, RefNotFoundError),
            ({"into": "main~1"}, InvalidInputError),
            ({"into": "run:00000000-0000-0000-0000-000000000001"}, RunNotFoundError),
        ],
    )
    def test_a_run_needs_a_base_and_a_branch_that_are_there(
        self, repo: Repository, given: dict[str, str], error: type[Exception]
    ) -> None:
        repo.tag("v1")
        run_id = new_run_id()
        with pytest.raises(error):
            begin(repo, run_id, **given)
        with pytest.raises(RunNotFoundError):
            repo.catalog.transactions.get_transaction(repo.name, run_id)

    @pytest.mark.parametrize("run_id", ["", "night", "run:00000000-0000-0000-0000-000000000001", "0" * 31])
    def test_what_is_no_run_id_is_refused(self, repo: Repository, run_id: str) -> None:
        transactions, name = repo.catalog.transactions, repo.name
        calls: list[Call] = [
            lambda: transactions.begin(name, RunId(run_id)),
            lambda: transactions.get_transaction(name, RunId(run_id)),
            lambda: transactions.publish(name, RunId(run_id), author="ada"),
            lambda: transactions.discard(name, RunId(run_id)),
        ]
        for call in calls:
            with pytest.raises(InvalidInputError):
                call()

    def test_a_run_that_nobody_began_is_not_found(self, repo: Repository) -> None:
        transactions, name, run_id = repo.catalog.transactions, repo.name, new_run_id()
        calls: list[Call] = [
            lambda: transactions.get_transaction(name, run_id),
            lambda: transactions.publish(name, run_id, author="ada"),
            lambda: transactions.discard(name, run_id),
            lambda: write(repo, run_id, "a", b"1"),
        ]
        for call in calls:
            with pytest.raises(RunNotFoundError, match=run_id):
                call()
        with pytest.raises(RefNotFoundError, match=run_id):
            repo.head(f"run:{run_id}")

    def test_the_first_commit_makes_the_branch_of_a_run(self, repo: Repository, run_id: RunId) -> None:
        base = repo.head(f"run:{run_id}")
        assert repo.head("main") == base
        assert () == repo.catalog.refs.list_refs(repo.name, kind=RefKind.RUN).items
        first = write(repo, run_id, "a", b"1")
        second = write(repo, run_id, "d/x", b"2")
        assert ((base.id,), (first.id,)) == (first.parents, second.parents)
        assert second == repo.head(f"run:{run_id}")
        assert second.id == repo.catalog.transactions.get_transaction(repo.name, run_id).head
        assert [second, first] == list(repo.catalog.history.log(repo.name, f"run:{run_id}", limit=2).items)
        assert ({"d/x": b"0"}, {"a": b"1", "d/x": b"2"}) == (files(repo), files(repo, f"run:{run_id}"))
        assert first == repo.head(f"run:{run_id}~1")

    def test_steps_of_a_run_do_not_overwrite_what_they_did_not_see(
        self, repo: Repository, run_id: RunId
    ) -> None:
        branch, base = f"run:{run_id}", repo.head()
        [entry] = entries(repo, {"x": b"1"})
        commit(repo, replace("one", [entry]), branch=branch, expected=base.id)
        commit(repo, replace("two", [entry]), branch=branch, expected=base.id)
        with pytest.raises(RefMovedError):
            commit(repo, replace("one", entries(repo, {"y": b"2"})), branch=branch, expected=base.id)
        assert {"d/x": b"0", "one/x": b"1", "two/x": b"1"} == files(repo, branch)

    def test_a_publication_is_one_commit_with_all_that_the_run_wrote(
        self, repo: Repository, run_id: RunId
    ) -> None:
        write(repo, run_id, "a", b"1")
        head = write(repo, run_id, "b", b"2")
        tip = repo.put("c", b"3")
        done = repo.catalog.transactions.publish(
            repo.name, run_id, author="grace", message="nächtlich", metadata=SAID
        )
        made = repo.head()
        assert (PUBLISHED, head.id, made.id) == (done.state, done.head, done.published)
        assert done == repo.catalog.transactions.get_transaction(repo.name, run_id)
        assert ((tip.id, head.id), run_id, "grace", "nächtlich", SAID) == (
            made.parents, made.run_id, made.author, made.message, made.metadata,
        )  # fmt: skip
        assert {"a": b"1", "b": b"2", "c": b"3", "d/x": b"0"} == files(repo)
        assert () == repo.catalog.refs.list_refs(repo.name, kind=RefKind.RUN).items

    def test_a_publication_goes_to_its_branch_alone(self, repo: Repository) -> None:
        tip = repo.put("d", {"x": b"0"})
        repo.branch("staging")
        run_id = begin(repo, into="staging").run_id
        write(repo, run_id, "a", b"1")
        publish(repo, run_id)
        assert tip == repo.head("main")
        assert {"a": b"1", "d/x": b"0"} == files(repo, "staging")

    def test_publishing_again_returns_the_published_transaction(
        self, repo: Repository, run_id: RunId
    ) -> None:
        write(repo, run_id, "a", b"1")
        done = publish(repo, run_id)
        repo.put("a", b"2")
        before = first_parents(repo)
        assert done == publish(repo, run_id) == publish(repo, RunId(run_id.upper())) == begin(repo, run_id)
        assert before == first_parents(repo)

    def test_a_run_id_can_be_written_in_any_of_its_forms(self, repo: Repository, run_id: RunId) -> None:
        upper, bare = RunId(run_id.upper()), RunId(run_id.replace("-", ""))
        head = write(repo, upper, "a", b"1")
        assert head == repo.head(f"run:{run_id}") == repo.head(f"run:{bare}")
        done = publish(repo, bare)
        assert (run_id, PUBLISHED, head.id) == (done.run_id, done.state, done.head)
        assert run_id == repo.head().run_id

    def test_a_run_that_wrote_nothing_publishes_nothing(self, repo: Repository, run_id: RunId) -> None:
        tip = repo.head()
        done = publish(repo, run_id)
        assert (PUBLISHED, None, None) == (done.state, done.head, done.published)
        assert tip == repo.head("main") == repo.head(f"run:{run_id}")
        assert done == publish(repo, run_id)
        with pytest.raises(TransactionClosedError):
            write(repo, run_id, "a", b"1")

    def test_a_conflict_leaves_the_transaction_open_and_the_target_as_it_is(
        self, repo: Repository, run_id: RunId
    ) -> None:
        head = commit(repo, replace("d", entries(repo, {"y": b"1"})), branch=f"run:{run_id}")
        tip = repo.put("d/z", b"2")
        before = repo.catalog.transactions.get_transaction(repo.name, run_id)
        with pytest.raises(MergeConflictError) as caught:
            publish(repo, run_id)
        assert ["d"] == [conflict["path"] for conflict in caught.value.details["conflicts"]]
        assert (tip, head) == (repo.head(), repo.head(f"run:{run_id}"))
        assert before == repo.catalog.transactions.get_transaction(repo.name, run_id)
        commit(repo, delete("d/z"))
        write(repo, run_id, "e", b"3")
        assert PUBLISHED is publish(repo, run_id).state
        assert {"d/y": b"1", "e": b"3"} == files(repo)

    def test_picks_and_a_strategy_decide_the_conflicts_of_a_publication(
        self, repo: Repository, run_id: RunId
    ) -> None:
        for path in ("d/x", "d/y"):
            write(repo, run_id, path, b"run")
            repo.put(path, b"main")
        published = repo.catalog.transactions.publish(
            repo.name, run_id, author="ada", picks={"d/x": Side.OURS}, strategy=Side.THEIRS
        )
        assert PUBLISHED is published.state
        assert {"d/x": b"main", "d/y": b"run"} == files(repo)

    def test_a_closed_transaction_takes_no_more_commits(self, repo: Repository) -> None:
        base = repo.put("d", {"x": b"0"})
        for close, state in ((publish, "published"), (discard, "discarded")):
            for written in (True, False):
                run_id = begin(repo).run_id
                if written:
                    write(repo, run_id, state, b"1")
                close(repo, run_id)
                before = repo.head(f"run:{run_id}")
                for change in (put("late", entries(repo, {"": b"1"})), put("d/x", entries(repo, {"": b"0"}))):
                    with pytest.raises(TransactionClosedError, match=f"run {run_id} is {state}") as caught:
                        commit(repo, change, branch=f"run:{run_id}")
                    assert {"run_id": run_id, "state": state} == caught.value.details
                with pytest.raises(TransactionClosedError):
                    commit(repo, branch=f"run:{run_id}")
                assert before == repo.head(f"run:{run_id}")
        assert base.id in first_parents(repo)
        assert "late" not in files(repo)

    def test_a_discarded_run_leaves_the_target_untouched_and_its_branch_to_be_looked_at(
        self, repo: Repository, run_id: RunId
    ) -> None:
        tip, head = repo.head(), write(repo, run_id, "a", b"1")
        done = discard(repo, run_id)
        assert (DISCARDED, head.id, None) == (done.state, done.head, done.published)
        assert tip == repo.head()
        assert {"a": b"1", "d/x": b"0"} == files(repo, f"run:{run_id}")
        assert [run_id] == [
            ref.name for ref in repo.catalog.refs.list_refs(repo.name, kind=RefKind.RUN).items
        ]
        assert done == discard(repo, run_id) == begin(repo, run_id)

    def test_what_is_closed_one_way_is_not_closed_another_way(self, repo: Repository) -> None:
        published, discarded = begin(repo).run_id, begin(repo).run_id
        publish(repo, published)
        discard(repo, discarded)
        with pytest.raises(TransactionClosedError, match=f"run {published} is published") as caught:
            discard(repo, published)
        assert {"run_id": published, "state": "published"} == caught.value.details
        with pytest.raises(TransactionClosedError, match=f"run {discarded} is discarded") as caught:
            publish(repo, discarded)
        assert {"run_id": discarded, "state": "discarded"} == caught.value.details

    def test_the_ref_of_a_run_can_be_read_while_it_lives_and_after(
        self, repo: Repository, run_id: RunId
    ) -> None:
        ref = f"run:{run_id}"
        base = repo.head()
        assert base == repo.head(ref)
        head = write(repo, run_id, "a", b"1")
        assert (head, base) == (repo.head(ref), repo.head(f"{ref}~1"))
        publish(repo, run_id)
        assert (head, base) == (repo.head(ref), repo.head(f"{ref}~1"))

    def test_the_branch_of_a_run_is_no_branch_of_people(self, repo: Repository, run_id: RunId) -> None:
        write(repo, run_id, "a", b"1")
        refs = repo.catalog.refs
        for name in (run_id, f"run:{run_id}"):
            with pytest.raises((RefNotFoundError, InvalidInputError)):
                refs.delete_branch(repo.name, name, author="ada")
        with pytest.raises(RefNotFoundError):
            repo.head(run_id)
        repo.branch("look", base=f"run:{run_id}")
        assert repo.head("look") == repo.head(f"run:{run_id}")

    def test_transactions_are_listed_newest_first_in_pages(self, repo: Repository) -> None:
        made = [begin(repo) for _ in range(5)]
        publish(repo, made[1].run_id)
        discard(repo, made[3].run_id)
        list_transactions = repo.catalog.transactions.list_transactions

        def listed(state: TransactionState | None) -> list[RunId]:
            return [
                each.run_id
                for each in in_pages_of_one(
                    lambda after, limit: list_transactions(repo.name, state=state, after=after, limit=limit)
                )
            ]

        newest_first = [each.run_id for each in reversed(made)]
        assert newest_first == listed(None)
        assert [newest_first[place] for place in (0, 2, 4)] == listed(OPEN)
        assert [made[1].run_id] == listed(PUBLISHED)
        assert [made[3].run_id] == listed(DISCARDED)
        assert [] == listed(EXPIRED)
        with pytest.raises(InvalidInputError):
            list_transactions(repo.name, after="nowhere")

    def test_one_run_may_write_to_several_repositories(self, repo: Repository, run_id: RunId) -> None:
        other = Repository(repo.catalog, f"{repo.name}-2", author="ada").create()
        begin(other, run_id)
        write(other, run_id, "a", b"1")
        write(repo, run_id, "b", b"1")
        publish(repo, run_id)
        discard(other, run_id)
        assert ({"b": b"1", "d/x": b"0"}, {}) == (files(repo), files(other))

    def test_nothing_expires_before_its_time(self, repo: Repository, run_id: RunId) -> None:
        write(repo, run_id, "a", b"1")
        assert [] == repo.catalog.transactions.expire(repo.name)
        assert repo.catalog.transactions.get_transaction(repo.name, run_id).state is OPEN


class ExpiryContract(CatalogContract):
    """Needs the fixtures `catalog` and `clock`, a StandingClock that tells that catalog the time."""

    def test_unpublished_branches_are_removed_when_their_time_is_over(
        self, repo: Repository, clock: StandingClock
    ) -> None:
        still_open, discarded, empty, published = (begin(repo).run_id for _ in range(4))
        for run_id in (still_open, discarded, published):
            write(repo, run_id, run_id, b"1")
        discard(repo, discarded)
        publish(repo, published)
        tip = repo.head()
        clock.move_on(timedelta(days=7))
        late = begin(repo)
        write(repo, late.run_id, "late", b"1")
        assert [] == repo.catalog.transactions.expire(repo.name)
        clock.move_on(timedelta(days=7))
        expired = repo.catalog.transactions.expire(repo.name)
        assert {still_open, discarded, empty} == {each.run_id for each in expired}
        assert {EXPIRED} == {each.state for each in expired}
        assert [] == repo.catalog.transactions.expire(repo.name)
        for run_id in (still_open, discarded, empty):
            assert EXPIRED is repo.catalog.transactions.get_transaction(repo.name, run_id).state
            with pytest.raises(RefNotFoundError, match="expired"):
                repo.head(f"run:{run_id}")
            assert EXPIRED is discard(repo, run_id).state
            with pytest.raises(TransactionClosedError, match="is expired"):
                publish(repo, run_id)
            with pytest.raises(TransactionClosedError, match="is expired"):
                write(repo, run_id, "zombie", b"1")
        [left] = repo.catalog.refs.list_refs(repo.name, kind=RefKind.RUN).items
        assert late.run_id == left.name
        assert tip == repo.head()
        assert PUBLISHED is repo.catalog.transactions.get_transaction(repo.name, published).state

    def test_a_new_run_removes_what_abandoned_ones_left(self, repo: Repository, clock: StandingClock) -> None:
        run_id = begin(repo).run_id
        write(repo, run_id, "a", b"1")
        clock.move_on(timedelta(days=14))
        assert OPEN is begin(repo, run_id).state
        new = begin(repo)
        assert [EXPIRED, OPEN] == [
            repo.catalog.transactions.get_transaction(repo.name, each).state for each in (run_id, new.run_id)
        ]
        assert () == repo.catalog.refs.list_refs(repo.name, kind=RefKind.RUN).items

    def test_a_commit_of_an_expired_run_can_still_be_named_by_its_id(
        self, repo: Repository, clock: StandingClock
    ) -> None:
        run_id = begin(repo).run_id
        head = write(repo, run_id, "a", b"1")
        clock.move_on(timedelta(days=15))
        repo.catalog.transactions.expire(repo.name)
        assert b"1" == repo.read_bytes("a", ref=head.id)


def begin(
    repo: Repository, run_id: RunId | None = None, *, base: str | None = None, into: str | None = None
) -> Transaction:
    """Begins the transaction of a run."""
    return repo.catalog.transactions.begin(repo.name, run_id or new_run_id(), base=base, into=into)


def write(repo: Repository, run_id: RunId, path: str, content: bytes) -> Commit:
    """Commits an object to the branch of a run."""
    return commit(repo, put(path, entries(repo, {"": content})), branch=f"run:{run_id}")


def publish(repo: Repository, run_id: RunId) -> Transaction:
    """Publishes a run."""
    return repo.catalog.transactions.publish(repo.name, run_id, author="ada")


def discard(repo: Repository, run_id: RunId) -> Transaction:
    """Discards a run."""
    return repo.catalog.transactions.discard(repo.name, run_id)
