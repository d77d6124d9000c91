"""Lists cost what they show, however many runs and operations there are: each is one walk of an index."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lineageflow_server.embedded import open_stores
from lineageflow_server.sql.sqlite import SqliteDatabase
from lineageflow_server.sql.stores import SqlStores
from sqlalchemy import event

from lineageflow_core.model.commit_filter import CommitFilter
from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.search import FoundKind, parse_search
from lineageflow_core.store.ports import CommitPlace
from lineageflow_core.testing.facts import ETL
from lineageflow_core.testing.values import MAIN, NOON, new_commit, new_repository, publish_commit, run_id

REPOSITORY = new_repository()
TAG = RefName(kind=RefKind.TAG, name="v1")


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[SqlStores]:
    stores = open_stores(tmp_path / "lake")
    publish_commit(stores.refs, REPOSITORY, new_commit("first"))
    yield stores
    stores.close()


def operations(stores: SqlStores, **wanted: Any) -> object:
    everything: dict[str, Any] = {"actor": None, "operation": None, "refs": (), "since": None, "until": None}
    return stores.operations.list(REPOSITORY, **everything | wanted, after="7", limit=100)


def events(stores: SqlStores, **wanted: Any) -> object:
    everything: dict[str, Any] = dict.fromkeys(("run_id", "kind", "since", "until"))
    everything["with_problems"] = False
    return stores.events.list_events(**everything | wanted, after="7", limit=100)


def candidates(stores: SqlStores, wanted: CommitFilter) -> object:
    after = CommitPlace(7, CommitId("0" * 64))
    return stores.commits.candidates(REPOSITORY, wanted, after=after, limit=100)


LISTS: dict[str, tuple[str, Callable[[SqlStores], object]]] = {
    "branches": (
        "SEARCH refs USING PRIMARY KEY (repository=? AND kind=? AND name>?)",
        lambda stores: stores.refs.list(REPOSITORY, kind=RefKind.BRANCH, prefix="", after="a", limit=100),
    ),
    "the drafts of a branch": (
        "SEARCH refs USING PRIMARY KEY (repository=? AND kind=? AND name>? AND name<?)",
        lambda stores: stores.refs.list(REPOSITORY, kind=RefKind.STAGE, prefix="a:", after=None, limit=100),
    ),
    "the log of people": (
        "SEARCH operations USING INDEX operations_by_age (repository=? AND listed=? AND seq<?)",
        operations,
    ),
    "the log of a ref": (
        "SEARCH ref_moves USING INDEX ref_moves_by_ref (repository=? AND kind=? AND name=?)",
        lambda stores: operations(stores, refs=[MAIN, TAG]),
    ),
    "a log of an author": (
        "SEARCH log_entries USING PRIMARY KEY (repository=? AND (generation,commit)<(?,?))",
        lambda stores: candidates(stores, CommitFilter(author="ada")),
    ),
    "a log by a text": (
        "SEARCH commits USING INDEX commits_unlogged (repository=? AND (generation,id)<(?,?))",
        lambda stores: candidates(stores, CommitFilter(message="text", since=NOON)),
    ),
    "a log of a path by a text": (
        "SEARCH log_entries USING PRIMARY KEY (repository=? AND generation=? AND commit=?) LEFT-JOIN",
        lambda stores: candidates(stores, CommitFilter(path="a", message="text")),
    ),
    "a repository's settings": (
        "SEARCH settings USING INTEGER PRIMARY KEY (rowid=?)",
        lambda stores: stores.settings.get(REPOSITORY),
    ),
    "the log of events": ("SEARCH events USING INTEGER PRIMARY KEY (rowid<?)", events),
    "events of a run": (
        "SEARCH events USING INDEX events_by_run (run_id=? AND seq<?)",
        lambda stores: events(stores, run_id=run_id(1)),
    ),
    "events about jobs": (
        "SEARCH events USING INDEX events_by_kind (kind=? AND seq<?)",
        lambda stores: events(stores, kind=EventKind.JOB),
    ),
    "events with problems": (
        "SEARCH events USING INDEX events_with_problems (seq<?)",
        lambda stores: events(stores, with_problems=True),
    ),
    "datasets": (
        "SEARCH datasets USING INDEX datasets_in_order ((namespace,name)>(?,?))",
        lambda stores: stores.datasets.list_datasets(namespace=None, after='["a", "b"]', limit=100),
    ),
    "datasets of a namespace": (
        "SEARCH datasets USING INDEX datasets_in_order (namespace=? AND name>?)",
        lambda stores: stores.datasets.list_datasets(namespace="a", after='["a", "b"]', limit=100),
    ),
    "jobs": (
        "SEARCH jobs USING INDEX jobs_in_order ((namespace,name)>(?,?))",
        lambda stores: stores.jobs.list_jobs(namespace=None, after='["a", "b"]', limit=100),
    ),
    "runs of a job": (
        "SEARCH runs USING INDEX runs_by_job (job=? AND (placed_at,id)<(?,?))",
        lambda stores: stores.jobs.list_runs(ETL, after=f"7.{run_id(1)}", limit=100),
    ),
    "runs without an end": (
        "SEARCH runs USING INDEX runs_going ((placed_at,id)>(?,?))",
        lambda stores: stores.jobs.list_unended(after=f"7.{run_id(1)}", limit=100),
    ),
    "the checks of a content": (
        "SEARCH checks USING INDEX sqlite_autoindex_checks_1 (repository=? AND root=?)",
        lambda stores: stores.checks.list(REPOSITORY, "0" * 64),
    ),
}


def plans_of(stores: SqlStores, read: Callable[[SqlStores], object]) -> list[str]:
    """Returns how SQLite goes about what a question asks."""
    database = stores._database
    assert isinstance(database, SqliteDatabase)
    asked: list[tuple[str, Any]] = []
    listener = lambda *call: asked.append((call[2], call[3]))  # noqa: E731 - SQLAlchemy keeps it by identity
    event.listen(database._engine, "before_cursor_execute", listener)
    read(stores)
    event.remove(database._engine, "before_cursor_execute", listener)
    with database.read() as connection:
        return [
            row.detail
            for statement, parameters in asked
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


def test_a_search_for_several_words_goes_once_through_what_has_any(stores: SqlStores) -> None:
    words = parse_search("warehouse daily orders")
    plans = plans_of(stores, lambda stores: stores.datasets.search(words, now=NOON, after=None, limit=9))
    assert ["SCAN word", "SCAN words"] * len(FoundKind) == [step for step in plans if step.startswith("SCAN")]


@pytest.mark.parametrize("what", LISTS)
def test_a_list_is_read_from_an_index_and_never_sorted(stores: SqlStores, what: str) -> None:
    expected, read = LISTS[what]
    plans = plans_of(stores, read)
    assert expected in plans
    assert [] == [step for step in plans if step.startswith("SCAN") or "TEMP B-TREE" in step]
