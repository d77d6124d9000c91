"""What the stores in memory refuse, and the others take on trust."""

from collections.abc import Iterable
from datetime import UTC, datetime

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.commit import Commit, decode_commit, encode_commit
from lineageflow_core.model.ids import DIGEST_BYTES, parse_object_id, parse_run_id
from lineageflow_core.model.lineage import Io
from lineageflow_core.model.names import check_ref_name
from lineageflow_core.model.refs import RefKind, RefName, check_stage_name
from lineageflow_core.model.run import Transaction
from lineageflow_core.store.ports import NodeLocation, Publication, RunFacts, StoredEvent


def check_instant(instant: datetime | None) -> None:
    """Raises InvalidInputError unless `instant` is None or in UTC."""
    if instant is not None and instant.tzinfo is not UTC:
        raise InvalidInputError(f"{instant!r} is not in UTC")


def check_run_id(run_id: str | None) -> None:
    """Raises InvalidInputError unless `run_id` is None or a UUID in its canonical form."""
    if run_id is not None and parse_run_id(run_id) != run_id:
        raise InvalidInputError(f"{run_id!r} is not a run id in its canonical form")


def check_ref(ref: RefName) -> None:
    """Raises InvalidInputError unless a ref can have this name."""
    if ref.kind is RefKind.RUN:
        check_run_id(ref.name)
    elif ref.kind is RefKind.STAGE:
        if check_stage_name(ref.name) != ref.name:
            raise InvalidInputError(f"{ref.name!r} is not the name of staged changes in its one form")
    else:
        check_ref_name(ref.name)


def check_distinct(items: Iterable[object], what: str) -> None:
    """Raises InvalidInputError if an item is there twice."""
    seen = list(items)
    if len(set(seen)) != len(seen):
        raise InvalidInputError(f"the same {what} is given twice")


def check_commit(commit: Commit) -> None:
    """Raises InvalidInputError unless the commit by itself can be stored."""
    check_instant(commit.created_at)
    check_run_id(commit.run_id)
    if decode_commit(encode_commit(commit)) != commit:
        raise InvalidInputError(f"commit {commit.id} has not the digest of what it says")


def check_transaction(transaction: Transaction) -> None:
    """Raises InvalidInputError unless the transaction by itself can be stored."""
    check_run_id(transaction.run_id)
    for commit in (transaction.base, transaction.head, transaction.published):
        if commit is not None:
            parse_object_id(commit)
    check_instant(transaction.created_at)
    check_instant(transaction.expires_at)


def check_publication(publication: Publication) -> None:
    """Raises InvalidInputError unless the publication by itself makes sense."""
    if not publication.key or not publication.operation or not publication.actor:
        raise InvalidInputError("a publication has a key, an operation and an actor")
    check_instant(publication.at)
    check_distinct((update.ref for update in publication.updates), "ref")
    check_distinct((commit.id for commit in publication.commits), "commit")
    check_distinct((node.node_id for node in publication.nodes), "node")
    for update in publication.updates:
        check_ref(update.ref)
        for commit_id in (update.expected, update.new):
            if commit_id is not None:
                parse_object_id(commit_id)
    for commit in publication.commits:
        check_commit(commit)
    check_distinct((changes.commit for changes in publication.changes), "commit's changes")
    if {changes.commit for changes in publication.changes} - {commit.id for commit in publication.commits}:
        raise InvalidInputError("changes are recorded together with the commits that made them")
    for changes in publication.changes:
        check_distinct((dataset.path for dataset in changes.datasets), "dataset")
    for node in publication.nodes:
        _check_node(node)
    check_distinct(
        ((each.dataset, each.partition, each.snapshot) for each in publication.quarantines), "quarantine"
    )
    for held in publication.quarantines:
        check_instant(held.at)
        check_instant(held.lifted_at)
    check_distinct((each.run_id for each in publication.transactions), "transaction")
    for transaction in publication.transactions:
        check_transaction(transaction)


def check_event(event: StoredEvent) -> None:
    """Raises InvalidInputError unless the event can be stored."""
    if len(event.digest) != DIGEST_BYTES:
        raise InvalidInputError(f"{event.digest!r} is not a digest of {DIGEST_BYTES} bytes")
    check_run_id(event.run_id)
    check_instant(event.at)
    check_instant(event.received_at)


def check_facts(facts: RunFacts) -> None:
    """Raises InvalidInputError unless the facts are all about their run, each said once."""
    check_run_id(facts.run.id)
    check_run_id(facts.run.parent)
    check_instant(facts.run.started_at)
    check_instant(facts.run.ended_at)
    for ios, what in ((facts.reads, "read"), (facts.writes, "write")):
        _check_ios(facts, ios, what)


def _check_node(node: NodeLocation) -> None:
    if len(node.node_id) != DIGEST_BYTES or node.offset < 0 or node.length < 1:
        raise InvalidInputError(f"{node!r} is not where a node can be")


def _check_ios(facts: RunFacts, ios: tuple[Io, ...], what: str) -> None:
    check_distinct((io.version for io in ios), what)
    for io in ios:
        if io.run_id != facts.run.id:
            raise InvalidInputError(f"a {what} of run {io.run_id} stands among those of {facts.run.id}")
        if io.version.version == "":
            raise InvalidInputError(f"a {what} has the version '': None says that it is unknown")
