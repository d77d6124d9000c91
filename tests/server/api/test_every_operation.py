"""Every operation once, through a real server: it gives what the embedded lake gives."""

import copy
import dataclasses
import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_type_hints

import pytest

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import RepositoryNotFoundError
from lineageflow_core.model.change import delete, move, put, replace
from lineageflow_core.model.check import CheckState
from lineageflow_core.model.collection import ContentKind
from lineageflow_core.model.event import EventReceipt
from lineageflow_core.model.gaps import Gap
from lineageflow_core.model.ids import ObjectId, PlanId
from lineageflow_core.model.lineage import DatasetName, Direction, Evidence, IntakeReport
from lineageflow_core.model.live import LiveKind
from lineageflow_core.model.merge import Side, content, content_of
from lineageflow_core.model.page import TimeOrder
from lineageflow_core.model.plan import RollbackPlan, RollbackScope
from lineageflow_core.model.pruning import PruningPlan
from lineageflow_core.model.quality import Verdict
from lineageflow_core.model.refs import Ref, RefKind
from lineageflow_core.model.run import RunState, TransactionState
from lineageflow_core.model.settings import BranchRule, RepositorySettings, StaleReads
from lineageflow_core.model.table import Coverage
from lineageflow_core.model.token import NewToken, Scope, digest_of
from lineageflow_core.model.transfer import ImportMode
from lineageflow_core.remote.client import open_remote
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.store.memory import MemoryStores
from lineageflow_core.wire.routes import ROUTES, Route
from tests.docs.markdown import ROOT
from tests.server.flights import REPORT, make_repository, run_id
from tests.server.serving import TOKEN, served

SOURCE = f"file://{ROOT / 'docs' / 'images'}"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def _arguments(embedded: Catalog, past: Catalog, name: str) -> dict[str, Arguments]:
    """Returns arguments for a call of each operation; many use what only escaping gets over HTTP."""
    night = f"run:{run_id('night', name)}"
    [entry] = embedded.content.upload(name, [b"new"])
    plan = embedded.plans.plan_rollback(name, night)
    other = run_id("other", name)
    embedded.transactions.begin(name, other)
    embedded.refs.create_branch(name, "lost", source="main", author="ada")
    embedded.refs.delete_branch(name, "lost", author="ada")
    [last] = embedded.operations.list_operations(name, limit=1).items
    gone = f"{name}-gone"
    embedded.repositories.create_repository(gone, author="ada")
    embedded.repositories.delete_repository(gone, author="ada")
    past.repositories.create_repository(f"{name}-old", author="ada")
    past.repositories.delete_repository(f"{name}-old", author="ada")
    by = {"author": "grace", "key": f"{name}/ü%"}
    now_instant = datetime.now(UTC)
    now = now_instant.isoformat()
    embedded.staging.stage(name, "main", [put("raw/staged", [entry])], author="ädä <a@b>")
    embedded.refs.create_branch(name, "tables", source="main", author="ada")
    for rows in (b"id,x\n1,1\n", b"id,x\n1,2\n"):
        [table] = embedded.content.upload(name, [rows])
        embedded.history.commit(name, "tables", [put("t.csv", [table])], author="ada", message="table")
    for number, side in enumerate(("ours", "theirs")):
        embedded.refs.create_branch(name, side, source="main", author="ada")
        [changed] = embedded.content.upload(name, [b"%d" % number])
        conflicts = [put(path, [changed]) for path in ("a b", "c", "d")]
        embedded.history.commit(name, side, conflicts, author="ada", message=side)
    [text] = embedded.content.upload(name, [b"a text"])
    embedded.history.commit(name, "tables", [put("t.txt", [text])], author="ada", message="text")
    bad = f"lf://{name}/@tables/t.csv"
    embedded.quarantine.quarantine(name, bad, reason="wrong", author="ada")
    started = embedded.transfers.start_import(name, "tables", SOURCE, "imported", author="ada")
    made = embedded.tokens.create_token(f"{name}-1", scopes=[Scope.READ], author="ada")
    # Each repository is asked one thing, and a plan that is applied is in the way of all others.
    undone = embedded.plans.apply_plan(plan.id, author="ada") if name.endswith("plan_undo") else plan
    tables = (name, "tables~2", "tables", "t.csv")
    job = embedded.lineage.get_run(run_id("night", name)).run.job
    event = {"eventType": "START", "eventTime": now, "producer": "https://producer.example/1"}
    [odd] = embedded.lineage.ingest([{**event, "run": name}]).receipts
    return {
        "create_repository": ((f"{name}-2",), by),
        "get_repository": ((name,), {}),
        "list_repositories": ((), {"limit": 1}),
        "check_storage": ((name,), {}),
        "list_deleted_repositories": ((), {"limit": 1}),
        "rename_repository": ((name, f"{name}-renamed"), by),
        "set_default_branch": ((name, "fix"), by),
        "preview_deletion": ((name,), {}),
        "delete_repository": ((name,), by),
        "restore_repository": ((gone,), by),
        "preview_purge": ((f"{name}-old",), {}),
        "purge_repository": ((f"{name}-old",), {"author": "grace"}),
        "record_check": (
            (name, night, "row-count"),
            {"state": CheckState.FAILED, "summary": "ünlü", "details": {"rows": "3"}, "run_id": None, **by},
        ),
        "list_checks": ((name, "main"), {}),
        "list_operations": ((name,), {"ref": "main", "since": datetime(2020, 1, 1, tzinfo=UTC), "limit": 1}),
        "get_operation": ((name, last.id), {}),
        "preview_undo": ((name, last.id), {}),
        "undo_operation": ((name, last.id), by),
        "rename_branch": ((name, "fix", "mended"), by),
        "restore_branch": ((name, "lost"), by),
        "get_settings": ((name,), {}),
        "update_settings": (
            (name, RepositorySettings(branch_rules=(BranchRule(pattern="release-*", merges_only=True),))),
            {"expected": RepositorySettings(), **by},
        ),
        "resolve": ((name, f"main@{{{now}}}"), {}),
        "create_branch": ((name, "topic"), {"source": "main~1", **by}),
        "delete_branch": ((name, "fix"), by),
        "create_tag": ((name, "v2"), {"source": "main", "message": "ünlü", **by}),
        "list_tags": ((name,), {"prefix": "v"}),
        "delete_tag": ((name, "v1"), by),
        "get_ref": ((name, "v1"), {"kind": RefKind.TAG}),
        "list_refs": ((name,), {"kind": RefKind.TAG, "prefix": "v"}),
        "commit": (
            (name, "main", [put("a b/ü", [entry]), replace("c", [entry]), delete(REPORT)]),
            {
                "message": "ünlü",
                "metadata": {"k": "v"},
                "run_id": run_id("night", name),
                "expected": None,
                **by,
            },
        ),
        "list_branches": ((name,), {"against": "v1", "prefix": "f"}),
        "graph": ((name, ["main", "fix"]), {"limit": 2}),
        "compare": ((name, "main", "fix"), {}),
        "list_versions": ((name, "main", REPORT), {"limit": 1}),
        "log": ((name, "main"), {"path": REPORT, "limit": 1}),
        "diff": ((name, "main~1", "main"), {"path": "reports"}),
        "diff_datasets": ((name, "main~1", "main"), {}),
        "merge_base": ((name, "main", "fix"), {}),
        "preview_merge": ((name, "theirs"), {"into": "ours", "picks": {"d": content([])}}),
        "merge": (
            (name, "theirs"),
            {
                "into": "ours",
                "picks": {"d": Side.THEIRS, "a b": content([entry]), "c": content_of("theirs")},
                "strategy": Side.OURS,
                "stale_reads": StaleReads.FAIL,
                **by,
            },
        ),
        "cherry_pick": ((name, ["main~1..main", "main"]), {"branch": "fix", "metadata": {"k": "v"}, **by}),
        "preview_cherry_pick": ((name, ["main"]), {"branch": "fix", "strategy": Side.THEIRS}),
        "revert": ((name, ["main"]), {"branch": "main", "message": "undo", **by}),
        "preview_revert": ((name, ["main"]), {"branch": "main"}),
        "reset": ((name, "main"), {"to": "main~1", "path": REPORT, **by}),
        "preview_reset": ((name, "main"), {"to": "v1"}),
        "stage": ((name, "main", [put("a b/ü", [entry]), move(REPORT, "ü")]), by),
        "get_draft": ((name, "main"), {"author": "ädä <a@b>"}),
        "list_drafts": ((name,), {"branch": "main"}),
        "diff_staged": ((name, "main"), {"author": "ädä <a@b>", "path": "raw"}),
        "diff_staged_datasets": ((name, "main"), {"author": "ädä <a@b>"}),
        "preview_staged": ((name, "main"), {"author": "ädä <a@b>"}),
        "discard_staged": ((name, "main"), {"paths": ["raw/staged"], "author": "ädä <a@b>", "key": "%"}),
        "update_draft": (
            (name, "main"),
            {"picks": {REPORT: Side.THEIRS}, "author": "ädä <a@b>", "key": "%"},
        ),
        "commit_staged": (
            (name, "main"),
            {"message": "ü", "metadata": {"k": "v"}, "paths": ["raw"], "author": "ädä <a@b>", "key": "%"},
        ),
        "schema": ((name, "tables", "t.csv"), {}),
        "head": ((name, "tables", "t.csv"), {"limit": 1}),
        "profile": ((name, "tables", "t.csv"), {"coverage": Coverage.FULL}),
        "profile_changes": ((name, "tables~1"), {}),
        "diff_schema": (tables, {}),
        "diff_rows": (tables, {"key_columns": ["id"], "limit": 1}),
        "diff_statistics": (tables, {"coverage": Coverage.FULL}),
        "diff_text": ((name, "tables~1", "tables", "t.txt"), {}),
        "blame_column": ((name, "tables", "t.csv", "x"), {}),
        "blame_row": ((name, "tables", "t.csv", {"id": "1"}), {"column": "x"}),
        "get_object": ((name, "main", f"{REPORT}/report.txt"), {}),
        "list_objects": ((name, night), {"path": "reports"}),
        "list_folder": ((name, "main"), {"after": "raw"}),
        "list_datasets": ((name, "v1"), {}),
        "get_dataset": ((name, "main", f"{REPORT}/report.txt"), {}),
        "get_snapshot": ((name, "main", REPORT), {}),
        "list_snapshots": ((name, "main", REPORT), {}),
        "blame_partitions": ((name, "main", REPORT), {"limit": 1}),
        "plan_undo": ((undone.id,), {}),
        "quarantine": ((name, f"lf://{name}/{REPORT}"), {"reason": "ünlü", **by}),
        "lift_quarantine": ((name, bad), by),
        "list_quarantines": ((name,), {"path": "t.csv"}),
        "get_quarantine": ((name, bad), {}),
        "check_reading": ((name, "tables", "t.csv"), {}),
        "plan_collection": ((name,), {}),
        "collect": ((name,), by),
        "explain": ((name, "main"), {}),
        "list_trash": ((name,), {"limit": 1}),
        "restore_trash": ((name,), {"dataset": REPORT, **by}),
        "usage": ((name,), {}),
        "preview_import": ((name, SOURCE, "in"), {"partition_depth": 0}),
        "start_import": ((name, "main", SOURCE, "in"), {"mode": ImportMode.COPY, "author": "ü"}),
        "continue_import": ((name, started.id), {"seconds": 60.0}),
        "get_import": ((name, started.id), {}),
        "list_imports": ((name,), {"limit": 1}),
        "cancel_import": ((name, started.id), {}),
        "verify_references": ((name, "main"), {"path": "raw"}),
        "create_token": (
            (f"{name} ü",),
            {"scopes": [Scope.READ, Scope.INGEST], "expires_at": datetime(2100, 1, 1, tzinfo=UTC), **by},
        ),
        "list_tokens": ((), {"limit": 1}),
        "revoke_token": ((made.token.id,), {"author": "ü"}),
        "recognize_tokens": (([digest_of(made.secret), "0" * 64],), {}),
        "missing": ((name, [entry.object_id, ObjectId("0" * 64)]), {}),
        "begin": ((name, run_id("third", name)), {"base": "v1", "into": "fix"}),
        "get_transaction": ((name, run_id("night", name)), {}),
        "list_transactions": ((name,), {"state": TransactionState.PUBLISHED}),
        "publish": ((name, other), {"author": "grace", "message": None, "metadata": {"dag": "ü"}}),
        "discard": ((name, other), {}),
        "expire": ((name,), {}),
        "ingest": (([event, event],), {}),
        "list_events": ((), {"run_id": run_id("night", name), "since": LONG_AGO, "limit": 1}),
        "get_event": ((odd.id,), {}),
        "replay_events": ((), {"limit": 1}),
        "replace_event": ((odd.id, {**event, "run": {"runId": other}, "job": {"name": "ünlü"}}), {}),
        "get_run": ((run_id("night", name),), {}),
        "list_runs": ((), {"job": "nightly", "state": RunState.COMPLETED, "parent": None}),
        "trace": ((f"lf://{name}/{REPORT}",), {"direction": Direction.UPSTREAM, "depth": 2, "limit": 10}),
        "list_lineage": ((), {"namespace": f"lf://{name}", "after": run_id("night", name), "limit": 1}),
        "trace_columns": ((f"lf://{name}/{REPORT}",), {"direction": Direction.UPSTREAM, "column": "ä b"}),
        "trace_ref": ((name, "main"), {"depth": 2, "limit": 20}),
        "diff_lineage": ((name, "main~1", "main"), {}),
        "paths": ((night, f"lf://{name}/{REPORT}"), {"depth": 3, "limit": 2}),
        "impact": (
            (night,),
            {
                "depth": 3,
                "evidence": [Evidence.EXPLICIT],
                "dataset_types": ["table"],
                "until": LONG_AGO,
                "limit": 1,
            },
        ),
        "plan_pruning": ((), {"older_than_days": 90, "keep_last": 2}),
        "prune": ((), {"older_than_days": 90, "keep_last": 2, "limit": 1}),
        "changes": (
            (),
            {"after": "0.0", "kinds": [LiveKind.REF, LiveKind.RUN], "repository": name, "limit": 1000},
        ),
        "blame": ((name, "main", REPORT), {}),
        "list_namespaces": ((), {"limit": 1}),
        "list_known_datasets": ((), {"namespace": f"lf://{name}", "limit": 1}),
        "get_known_dataset": ((f"lf://{name}", REPORT), {}),
        "list_dataset_versions": ((f"lf://{name}", REPORT), {"partition": "", "limit": 1}),
        "list_quality": (
            (),
            {"namespace": f"lf://{name}", "name": REPORT, "verdict": Verdict.FAILED, "limit": 1},
        ),
        "search": ((f'daily namespace:"lf://{name}" -tag:ü',), {"limit": 1}),
        "get_taint": ((f"lf://{name}/{REPORT}",), {}),
        "count_gaps": ((), {}),
        "list_gaps": ((Gap.OUTPUT_WITHOUT_SCHEMA,), {"limit": 1}),
        "verify_lineage": ((), {"most": 1000}),
        "rebuild_lineage": ((), {"most": 1000}),
        "list_jobs": ((), {"namespace": None, "limit": 1}),
        "get_job": ((job.namespace, job.name), {}),
        "list_job_runs": ((job.namespace, job.name), {"limit": 1}),
        "get_run_tree": ((run_id("night", name),), {"limit": 1}),
        "get_run_facets": ((run_id("night", name),), {}),
        "list_dataset_cards": (
            (),
            {"namespace": f"lf://{name}", "pattern": "%", "at": now_instant, "limit": 1},
        ),
        "get_dataset_cards": (([DatasetName(namespace=f"lf://{name}", name=REPORT)],), {}),
        "list_version_cards": ((f"lf://{name}", REPORT), {"offset": 0}),
        "list_job_cards": ((), {"pattern": "%", "states": [RunState.COMPLETED], "limit": 1}),
        "get_job_cards": (([job],), {"at": now_instant}),
        "list_run_cards": ((job.namespace, job.name), {"limit": 1}),
        "get_run_cards": (([run_id("night", name)],), {}),
        "wiring": ((), {"jobs": [job], "depth": 2}),
        "list_said": (("schema",), {}),
        "list_events_by_time": ((), {"until": now_instant, "order": TimeOrder.OLDEST_FIRST, "limit": 1}),
        "plan_rollback": (
            (name, night),
            {"branch": "main", "scope": RollbackScope.OUTPUTS, "outputs": (REPORT,)},
        ),
        "get_plan": ((plan.id,), {}),
        "list_plans": ((name,), {}),
        "apply_plan": ((plan.id,), {"author": "grace"}),
    }


@pytest.fixture(scope="module")
def stores() -> MemoryStores:
    return MemoryStores()


@pytest.fixture(scope="module")
def embedded(stores: MemoryStores) -> Catalog:
    return open_embedded(stores)


@pytest.fixture(scope="module")
def past(stores: MemoryStores) -> Catalog:
    """The same lake, long ago."""
    return open_embedded(stores, clock=lambda: LONG_AGO)


@pytest.fixture(scope="module")
def remote(embedded: Catalog) -> Iterator[Catalog]:
    with served(embedded) as address:
        yield open_remote(address, TOKEN)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_an_operation_over_http_gives_what_the_lake_gives(
    route: Route, embedded: Catalog, past: Catalog, remote: Catalog
) -> None:
    make_repository(embedded, f"flights.{route.name}")
    args, kwargs = _arguments(embedded, past, f"flights.{route.name}")[route.name]
    over_http = getattr(getattr(remote, route.member), route.name)(*args, **kwargs)
    if route.name == "purge_repository":
        with pytest.raises(RepositoryNotFoundError):
            embedded.repositories.purge_repository(*args, **kwargs)
        return
    # Repeated with the same key, or where repeating means nothing, the lake answers the same.
    again = getattr(getattr(embedded, route.member), route.name)(*args, **kwargs)
    assert _settled(again) == _settled(over_http)
    assert type(again) is type(over_http)


@pytest.mark.parametrize(
    "route", [each for each in ROUTES if each.scope is Scope.READ], ids=lambda route: route.name
)
def test_what_only_reads_changes_nothing(
    route: Route, embedded: Catalog, past: Catalog, stores: MemoryStores
) -> None:
    name = f"read.{route.name}"
    make_repository(embedded, name)
    args, kwargs = _arguments(embedded, past, name)[route.name]
    before = _kept(stores)
    getattr(getattr(embedded, route.member), route.name)(*args, **kwargs)
    assert before == _kept(stores)


def _kept(stores: MemoryStores) -> dict[str, Any]:
    """Returns all that the stores keep, but for what is found out again when it is not there."""
    state = stores._state
    names = {each.name for each in dataclasses.fields(state)} - {"lock", "profiles", "contents"}
    kept = {name: copy.copy(getattr(state, name)) for name in names}
    stored = {
        (repository, each.id)
        for repository, content in state.contents.items()
        for kind in ContentKind
        for each in content.trash.list_stored(kind)
    }
    return {**kept, "stored": stored}


def _settled(answer: Any) -> Any:
    """Returns an answer without what differs from call to call."""
    match answer:
        case RollbackPlan():
            return dataclasses.replace(answer, id=PlanId(""), created_at=LONG_AGO)
        case IntakeReport():
            return dataclasses.replace(answer, duplicates=0, receipts=())
        case EventReceipt():
            return dataclasses.replace(answer, is_new=False)
        case Ref():
            return dataclasses.replace(answer, created_at=LONG_AGO, updated_at=LONG_AGO)
        case PruningPlan():
            return dataclasses.replace(answer, before=LONG_AGO)
        case NewToken():
            return dataclasses.replace(answer, secret="")
        case _:
            return answer


@pytest.mark.parametrize("member", sorted({route.member for route in ROUTES} | {"content"}))
def test_a_remote_member_has_the_protocols_signatures(member: str) -> None:
    protocol = get_type_hints(Catalog)[member]
    remote = getattr(open_remote("http://127.0.0.1"), member)
    names = [name for name, value in vars(protocol).items() if inspect.isfunction(value) and name[0] != "_"]
    expected = {name: inspect.signature(getattr(protocol, name)) for name in names}
    assert expected == {name: inspect.signature(getattr(type(remote), name)) for name in names}
