"""What the stores in memory refuse, although others would take it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lineageflow_core.errors import InvalidInputError, ObjectMissingError
from lineageflow_core.model.ids import CommitId, RunId
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.refs import RefKind, RefName
from lineageflow_core.model.run import TransactionState
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.store.ports import NodeLocation, Publication, RunFacts, StoredEvent
from lineageflow_core.testing.values import (
    MAIN,
    NOON,
    branch,
    move,
    new_commit,
    new_facts,
    new_run,
    new_transaction,
    new_version,
    publication,
)

FIRST = new_commit("first")
CREATE = publication("k", move(MAIN, None, FIRST), commits=[FIRST])
ELSEWHERE = timezone(timedelta(hours=2))
NODE = NodeLocation(node_id=bytes(32), pack_id="ab" * 32, offset=0, length=3)


@pytest.fixture
def stores() -> MemoryStores:
    return MemoryStores()


@pytest.mark.parametrize(
    "wrong",
    [
        replace(CREATE, key=""),
        replace(CREATE, actor=""),
        replace(CREATE, at=NOON.replace(tzinfo=None)),
        replace(CREATE, at=NOON.astimezone(ELSEWHERE)),
        replace(CREATE, updates=CREATE.updates * 2),
        replace(CREATE, commits=CREATE.commits * 2),
        replace(CREATE, updates=(move(branch("a/b"), None, FIRST),)),
        replace(CREATE, updates=(move(RefName(kind=RefKind.RUN, name="main"), None, FIRST),)),
        replace(CREATE, commits=(replace(FIRST, message="another"),)),
        replace(CREATE, commits=(replace(FIRST, id=CommitId("1")),)),
        replace(CREATE, nodes=(replace(NODE, node_id=b"short"),)),
        replace(CREATE, nodes=(NODE, NODE)),
        replace(CREATE, transactions=(replace(new_transaction(1, FIRST), run_id=RunId("1")),)),
        replace(CREATE, transactions=(new_transaction(1, FIRST), new_transaction(1, FIRST))),
    ],
)
def test_a_publication_that_makes_no_sense_is_refused(stores: MemoryStores, wrong: Publication) -> None:
    with pytest.raises(InvalidInputError):
        stores.refs.publish("r", wrong)
    assert stores.commits.get("r", FIRST.id) is None


def test_a_node_lies_in_a_pack_that_is_written(stores: MemoryStores) -> None:
    with pytest.raises(ObjectMissingError):
        stores.content("r"), stores.refs.publish("r", replace(CREATE, nodes=(NODE,)))


def test_a_pack_does_not_change(stores: MemoryStores) -> None:
    stores.content("r").write_pack("ab" * 32, b"pack")
    with pytest.raises(InvalidInputError):
        stores.content("r").write_pack("ab" * 32, b"another")


def test_what_a_run_is_based_on_does_not_change(stores: MemoryStores) -> None:
    opened = new_transaction(1, FIRST)
    stores.transactions.add("r", opened)
    with pytest.raises(InvalidInputError):
        stores.transactions.move("r", replace(opened, into="other"), expected=TransactionState.OPEN)


@pytest.mark.parametrize(
    "wrong",
    [
        new_facts(new_run(1), reads=[new_version("a"), new_version("a")]),
        new_facts(new_run(1), writes=[Version(namespace="n", name="a", version="")]),
        replace(new_facts(new_run(1), writes=[new_version("a")]), run=new_run(2)),
        new_facts(new_run(1, started_at=datetime(2026, 1, 1, tzinfo=ELSEWHERE))),
        new_facts(new_run(1, parent=RunId("not a UUID"))),
    ],
)
def test_facts_that_make_no_sense_are_refused(stores: MemoryStores, wrong: RunFacts) -> None:
    with pytest.raises(InvalidInputError), stores.lineage.write() as writer:
        writer.put_facts(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        StoredEvent(digest=b"short", run_id=None, body=b""),
        StoredEvent(digest=bytes(32), run_id=RunId("A" * 32), body=b""),
    ],
)
def test_an_event_that_makes_no_sense_is_refused(stores: MemoryStores, wrong: StoredEvent) -> None:
    with pytest.raises(InvalidInputError), stores.lineage.write() as writer:
        writer.append([wrong])


def test_as_of_asks_for_an_instant_in_utc(stores: MemoryStores) -> None:
    with pytest.raises(InvalidInputError):
        stores.refs.as_of("r", MAIN, NOON.replace(tzinfo=None))
    assert stores.refs.as_of("r", MAIN, NOON.replace(tzinfo=UTC)) is None
