"""Revisions, on real databases: they lead to what the code declares, and lose nothing on the way."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from lineageflow_server.sql import tables
from lineageflow_server.sql.database import Database
from lineageflow_server.sql.migrations import VERSIONS, known_revisions
from lineageflow_server.sql.revisions import bring_to, config_of, differences, script_between, steps
from lineageflow_server.sql.schema import check_schema, make_tables, schema_of
from lineageflow_server.sql.stores import SqlStores
from lineageflow_server.sql.tables import FORMAT, FORMAT_NEEDS
from sqlalchemy import Connection, MetaData, select, text

from lineageflow_core.errors import IncompatibleLakeError, InvalidInputError
from lineageflow_core.model.check import Check, CheckState
from lineageflow_core.model.collection import Collected, CollectedState, ContentKind
from lineageflow_core.model.commit import make_commit
from lineageflow_core.model.event import EventKind
from lineageflow_core.model.ids import SnapshotId
from lineageflow_core.model.repository import RepositoryChange, RepositoryInfo
from lineageflow_core.model.run import TransactionState
from lineageflow_core.model.settings import RepositorySettings, SettingsChange
from lineageflow_core.model.transfer import Reference
from lineageflow_core.openlineage.canonical import canonical_json, event_digest
from lineageflow_core.openlineage.parse import parse_event
from lineageflow_core.openlineage.record import say
from lineageflow_core.service.folding import ensure_folded, put
from lineageflow_core.service.renames import RepositoryNames
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.memory.turns import ThreadTurns
from lineageflow_core.store.ports import (
    CommitChanges,
    DatasetChange,
    NodeLocation,
    StoredEvent,
)
from lineageflow_core.testing.import_store import by_id, started
from lineageflow_core.testing.plan_store import new_plan
from lineageflow_core.testing.profile_store import FULL
from lineageflow_core.testing.quarantine_store import new_quarantine
from lineageflow_core.testing.quarantine_store import publish as publish_quarantines
from lineageflow_core.testing.token_store import digest, new_token
from lineageflow_core.testing.values import (
    MAIN,
    NOON,
    later,
    move,
    new_commit,
    new_event,
    new_transaction,
    publication,
    run_id,
)
from tests.core.openlineage.scenarios import dataset, event
from tests.server.sql.databases import DATABASES, description_of

FIRST, LAST = known_revisions()[0], known_revisions()[-1]
ROOT = new_commit("root")
FACTS = ("ios", "versions", "datasets", "runs", "jobs")
"""Tables that follow from the events: an earlier version has other ones."""


@pytest.fixture(params=list(DATABASES))
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with DATABASES[request.param](tmp_path) as database:
        yield database


def make_first_tables(connection: Connection) -> None:
    """Makes a lake as the first version did, but for the mark."""
    command.upgrade(config_of(connection=connection), FIRST)
    connection.execute(text("INSERT INTO lake (format, needs) VALUES (1, '0.1.0')"))


def stores_in(database: Database) -> SqlStores:
    return SqlStores(database, turns=ThreadTurns(), content=MemoryStores().content)


def seed(database: Database) -> None:
    """Fills every table."""
    stores = stores_in(database)
    info = RepositoryInfo(id="r", name="data", default_branch="main", created_at=NOON)
    stores.repositories.add(info)
    made = CommitChanges(commit=ROOT.id, datasets=(DatasetChange("a", None, SnapshotId(ROOT.root)),))
    first = publication("first", move(MAIN, None, ROOT), commits=[ROOT])
    stores.refs.publish("r", replace(first, changes=(made,)))
    stores.refs.publish("r", publication("gone", move(MAIN, ROOT, None), at=later(1)))
    node = NodeLocation(node_id=bytes(32), pack_id="pack", offset=0, length=1)
    stores.refs.publish("r", replace(publication("back", move(MAIN, None, ROOT), at=later(2)), nodes=(node,)))
    check = Check(
        name="c", state=CheckState.PASSED, root=ROOT.root, commit=ROOT.id, author="ada", at=NOON, run_id=None
    )
    settings = SettingsChange(before=RepositorySettings(), after=RepositorySettings(trash_days=9))
    renamed = RepositoryChange(before=info, after=replace(info, name="renamed"))
    stores.refs.publish("r", replace(publication("check"), check=check))
    stores.refs.publish("r", replace(publication("settings"), settings=settings))
    stores.refs.publish("r", replace(publication("rename"), repository=renamed))
    for number, state in enumerate(TransactionState):
        stores.transactions.add("r", new_transaction(number, ROOT, state=state))
    stores.plans.add("r", new_plan("p"))
    stores.profiles.put("r", FULL)
    publish_quarantines(stores, "r", new_quarantine("a"))
    reference = Reference(source="s3://b/f", name="n", size=1, version="etag:1")
    stores.references.add("r", dict([by_id(reference)]))
    stores.imports.add("r", started("i"))
    number = stores.collections.begin("r")
    taken = Collected(
        kind=ContentKind.OBJECT,
        id="ab" * 32,
        state=CollectedState.LEAVING,
        size=1,
        collection=number,
        reason="nothing names it",
    )
    stores.collections.condemn("r", [taken])
    stores.tokens.add(new_token("a"), digest=digest("a"), key="k")
    seed_lineage(stores)


def seed_lineage(stores: SqlStores) -> None:
    """Fills every table of lineage with what events say."""
    columns = {"fields": {"f": {"inputFields": [{"namespace": "s3://b", "name": "i", "field": "g"}]}}}
    names = {"identifiers": [{"namespace": "hive", "name": "o", "type": "TABLE"}]}
    before = {"job": {"namespace": "n", "name": "before"}}
    tests = {"assertions": [{"assertion": "unique", "success": True}]}
    raw = event(
        "COMPLETE",
        run=run_id(1),
        inputs=[dataset("i", namespace="s3://b")],
        outputs=[dataset("o", "1", columnLineage=columns, symlinks=names, dataQualityAssertions=tests)],
        run_facets={"jobDependencies": {"upstream": [before]}},
        job_facets={"sql": {"query": "SELECT 1"}},
    )
    declared = {"eventTime": raw["eventTime"], "job": raw["job"], "inputs": raw["inputs"]}
    called = RepositoryNames(stores.repositories)
    with stores.lineage.write() as writer:
        for each in (raw, declared):
            body, parsed = canonical_json(each), parse_event(each)
            writer.append([StoredEvent(digest=event_digest(body), run_id=parsed.run_id, body=body)])
            put(writer, say(parsed, event_digest(body)), called)
        writer.prune([run_id(2)])
        writer.keep_words({b"d" * 16: b"words"})


def rows_of(connection: Connection, columns: dict[str, list[str]] | None = None) -> dict[str, list[Any]]:
    """Returns all rows of all tables (but of the one that the revisions keep), or of some columns of them."""
    there = MetaData()
    there.reflect(connection)
    wanted = columns or {name: list(table.c.keys()) for name, table in there.tables.items()}
    return {
        name: sorted(map(tuple, connection.execute(select(*(there.tables[name].c[each] for each in some)))))
        for name, some in wanted.items()
        if name != "alembic_version"
    }


def test_all_revisions_together_give_the_tables_of_a_new_lake(database: Database) -> None:
    with database.migrate() as connection:
        make_first_tables(connection)
        bring_to(connection, LAST)
        migrated = description_of(connection)
        command.downgrade(config_of(connection=connection), "base")
        connection.execute(text("DROP TABLE alembic_version"))
        assert [] == [row for rows in description_of(connection).values() for row in rows]
        make_tables(connection)
        assert description_of(connection) == migrated


def test_each_revision_is_taken_back_exactly(database: Database) -> None:
    with database.migrate() as connection:
        make_first_tables(connection)
        found = []
        for revision in known_revisions():
            bring_to(connection, revision)
            found.append(description_of(connection))
        for revision in reversed(known_revisions()):
            bring_to(connection, revision)
            assert found.pop() == description_of(connection)


def test_what_is_stored_survives_the_way_back_and_forth(database: Database) -> None:
    with database.migrate() as connection:
        make_tables(connection, storage="/content")
    seed(database)
    with database.read() as connection:
        before = rows_of(connection)
    assert [] == [name for name, rows in before.items() if not rows]  # every table has some
    with database.migrate() as connection:
        bring_to(connection, FIRST)
        there = MetaData()
        there.reflect(connection)
        for table in FACTS:
            there.remove(there.tables[table])
        common = {name: list(table.c.keys()) for name, table in there.tables.items()}
        early = rows_of(connection, common)
    with database.migrate() as connection:
        bring_to(connection, LAST)
        late = rows_of(connection, common)
    assert [(1, "0.1.0")] == early.pop("lake")  # what made it in the first version, finds it as it was
    assert [(FORMAT, FORMAT_NEEDS)] == late.pop("lake")
    assert early == late
    stores = stores_in(database)
    ensure_folded(stores)
    with database.read() as connection:
        assert {name: before[name] for name in FACTS} == {name: rows_of(connection)[name] for name in FACTS}
    assert ROOT == stores.commits.get("r", ROOT.id)
    assert new_plan("p") == stores.plans.get(new_plan("p").id)
    assert ["1"] == [io.version.version for io in stores.lineage.writes([run_id(1)])]


def test_a_new_column_tells_of_old_rows_when_they_expire(database: Database) -> None:
    with database.migrate() as connection:
        make_tables(connection)
    seed(database)
    with database.migrate() as connection:
        bring_to(connection, "0001")
        bring_to(connection, "0002")
        expiring = select(tables.transactions.c.state, tables.transactions.c.expires_at)
        filled = {row.state for row in connection.execute(expiring) if row.expires_at}
    assert {TransactionState.OPEN, TransactionState.DISCARDED} == filled


def test_what_a_log_is_searched_by_is_told_of_old_commits(database: Database) -> None:
    with database.migrate() as connection:
        make_tables(connection)
    stores = stores_in(database)
    made = [
        new_commit("Ähm"),
        make_commit(parents=[ROOT], root="", author="b\0", message="x" * 3000, created_at=NOON),
        make_commit(parents=[ROOT], root="", author="", message="a\0", created_at=NOON, metadata={"k": "v"}),
    ]
    for repository in ("r", "s"):
        stores.refs.publish(repository, publication("k", commits=[ROOT, *made]))
    with database.read() as connection:
        before = rows_of(connection)["log_entries"]
    with database.migrate() as connection:
        bring_to(connection, FIRST)
        bring_to(connection, LAST)
        assert 8 == len(before)
        assert before == rows_of(connection)["log_entries"]
        assert {True} == set(connection.scalars(select(tables.commits.c.is_logged)))


def test_old_events_say_what_they_are_about_and_when(database: Database) -> None:
    with database.migrate() as connection:
        make_tables(connection)
    bodies = {
        '{"eventTime":"2026-05-01T12:00:00.123456","run":{}}': (EventKind.RUN, NOON),
        '{"dataset":{},"eventTime":"2026-05-01T13:00:00.123456+01:00"}': (EventKind.DATASET, NOON),
        '{"eventTime":7,"job":{}}': (EventKind.JOB, None),
        '{"eventTime":"0001-01-01T00:00:00+01:00","a":1}': (EventKind.UNKNOWN, None),
        "[]": (EventKind.UNKNOWN, None),
    }
    stores = stores_in(database)
    with stores.lineage.write() as writer:
        writer.append([new_event(body) for body in bodies])
    with database.migrate() as connection:
        bring_to(connection, "0002")
        bring_to(connection, "0003")
    everything: dict[str, Any] = dict.fromkeys(("run_id", "kind", "since", "until", "after"))
    found = stores.events.list_events(**everything, with_problems=False, limit=100).items
    assert bodies == {event.body.decode(): (event.kind, event.at) for event in found}


def test_what_an_older_version_began_expires(database: Database) -> None:
    with database.migrate() as connection:
        make_tables(connection)
    seed(database)
    with database.write() as connection:
        connection.execute(tables.transactions.update().values(expires_at=None))
    store, transaction = stores_in(database).transactions, new_transaction(0, ROOT)
    over = store.expiring("r", before=transaction.expires_at, limit=9)
    assert [TransactionState.OPEN, TransactionState.DISCARDED] == [each.state for each in over]
    assert [] == store.expiring("r", before=NOON, limit=9)


def test_a_revision_that_fails_changes_nothing(database: Database) -> None:
    with database.migrate() as connection:
        make_first_tables(connection)
        before = description_of(connection)
    with pytest.raises(ZeroDivisionError):
        fail_after_upgrade(database)
    with database.read() as connection:
        assert before == description_of(connection)


def fail_after_upgrade(database: Database) -> None:
    with database.migrate() as connection:
        bring_to(connection, LAST)
        raise ZeroDivisionError


def test_tables_of_an_earlier_version_are_refused_with_what_to_run(database: Database) -> None:
    with database.migrate() as connection:
        make_tables(connection)
        bring_to(connection, FIRST)
        schema = schema_of(connection)
    with pytest.raises(IncompatibleLakeError, match=r"`lineageflow db upgrade here`"):
        check_schema(schema, lake="here")


def test_tables_of_a_later_version_are_used_as_long_as_it_allows_that(database: Database) -> None:
    with database.migrate() as connection:
        make_tables(connection)
        expand(connection)
    with database.read() as connection:
        schema = schema_of(connection)
    check_schema(schema, lake="here")
    assert ("9999", ()) == (schema.revision, schema.pending)
    seed(database)
    with database.write() as connection:
        connection.execute(text("UPDATE lake SET format = 99, needs = '9.9.9'"))
        with pytest.raises(IncompatibleLakeError, match=r"9\.9\.9"):
            check_schema(schema_of(connection), lake="here")


def expand(connection: Connection) -> None:
    """Adds what a later version may add: a column to every table, and a table."""
    for number, table in enumerate(tables.metadata.tables):
        default = "DEFAULT 'x' NOT NULL" if number % 2 else ""
        connection.execute(text(f"ALTER TABLE {table} ADD COLUMN later_{number} TEXT {default}"))
    connection.execute(text("CREATE TABLE later (number INTEGER PRIMARY KEY)"))
    connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))


def test_tables_that_a_later_version_changed_are_not_changed_back(database: Database) -> None:
    with database.migrate() as connection:
        make_tables(connection)
        expand(connection)
        with pytest.raises(InvalidInputError):
            bring_to(connection, LAST)


def test_a_lake_from_before_there_were_revisions_is_at_the_first(database: Database) -> None:
    with database.migrate() as connection:
        make_first_tables(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        assert FIRST == schema_of(connection).revision
        bring_to(connection, LAST)
        assert LAST == schema_of(connection).revision


def test_new_tables_have_no_differences(database: Database) -> None:
    with database.migrate() as connection:
        make_tables(connection)
        assert [] == differences(connection)


def test_what_somebody_changed_by_hand_is_told(database: Database) -> None:
    with database.migrate() as connection:
        make_tables(connection)
        connection.execute(text("DROP INDEX plans_by_age"))
        connection.execute(text("ALTER TABLE jobs ADD COLUMN mood TEXT"))
        found = " ".join(differences(connection))
    assert "plans_by_age" in found
    assert "mood" in found


@pytest.mark.parametrize("dialect", list(DATABASES))
def test_the_way_is_written_as_a_script(dialect: str) -> None:
    assert "CREATE TABLE refs" in script_between(dialect, "base", LAST)
    assert "ADD COLUMN storage" in script_between(dialect, "0001", "0002")
    assert "DROP COLUMN storage" in script_between(dialect, "0002", "0001")


def test_revisions_follow_each_other_in_the_order_of_their_numbers() -> None:
    walked = ScriptDirectory(str(VERSIONS.parent)).walk_revisions()
    assert list(known_revisions()) == [script.revision for script in walked][::-1]
    assert all(step.summary.endswith(".") for step in steps(known_revisions()))
