"""The table of routes: one row for each method of a catalog Protocol, and all that follows from it.

A row is a method, a verb, a path, and the scope that it needs: `_get` and `_ask` read, `_post` and `_delete`
write, unless they say otherwise. The rest comes from the method's signature:

- a parameter that the path names travels there, percent-encoded, in one segment;
- `key` travels in the header `Idempotency-Key`, percent-encoded;
- the others travel in the query (GET, DELETE) or as the members of a JSON object (POST); in the query, what
  holds several values travels as JSON.

A lake's paths hold '/', so they never travel in the path. The answer to every row is 200 and the JSON of
what the method returns. Invariant: a row may be called again with the same arguments and key, and then
changes nothing more that anybody would mind; so a client may always retry.

`Content.upload` and `Content.open` are not here: bytes stream (`OBJECT_PATH`).
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from urllib.parse import quote

import msgspec

from lineageflow_core.catalog import (
    Catalog,
    Checks,
    Collecting,
    Content,
    Events,
    History,
    Jobs,
    KnownDatasets,
    Lineage,
    Live,
    Merging,
    Objects,
    Operations,
    Overview,
    Plans,
    Quarantines,
    Refs,
    Repositories,
    Settings,
    Staging,
    Tables,
    Tokens,
    Transactions,
    Transfers,
    Upkeep,
)
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.token import Scope

API_PREFIX = "/api/v1"
OBJECT_PATH = "/repositories/{repository}/objects/{object_id}"
"""GET streams an object's bytes, PUT stores them."""
EVENTS_PATH = "/lineage"
"""POST takes an OpenLineage event as any producer sends it."""
EVENT_BATCH_PATH = "/lineage/batch"
"""POST takes many."""
KEY_HEADER = "Idempotency-Key"
REFERENCE_HEADER = "LineageFlow-Reference"
"""Stands with an object that is kept elsewhere: its id is no digest of the bytes."""

_COMMIT_ID = re.compile(r"[0-9a-f]{64}")
_PARAMETER = re.compile(r"\{(\w+)\}")


class Verb(StrEnum):
    """An HTTP method."""

    GET = "GET"
    POST = "POST"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation of a lake over HTTP."""

    member: str
    """The Catalog's member that has the operation: `refs`."""
    name: str
    """The method's name: `resolve`."""
    verb: Verb
    path: str
    """Below the prefix, with parameters in braces."""
    scope: Scope
    """What whoever calls it needs."""
    signature: inspect.Signature
    """The method's, with `self`."""
    documentation: str
    types: Mapping[str, Any]
    """The resolved type of every parameter."""
    returns: Any
    """The resolved type of the answer."""
    in_path: tuple[str, ...]
    in_rest: tuple[str, ...]
    """Parameters that travel in the query or in the body, by verb."""
    in_json: frozenset[str]
    """Of those in the query, the ones that hold several values."""
    has_key: bool
    fixed_by: tuple[str, ...]
    """Where all of these are commit ids, the answer never changes. Empty: it always may."""
    named: type[msgspec.Struct]
    """Decodes and checks the parameters in `in_path`."""
    rest: type[msgspec.Struct]
    """Decodes and checks the parameters in `in_rest`; a name that is not among them is an error."""

    def is_fixed(self, arguments: Mapping[str, str]) -> bool:
        """Tells whether the answer for these arguments, as text, never changes."""
        given = [arguments.get(name, "") for name in self.fixed_by]
        return bool(given) and all(map(_COMMIT_ID.fullmatch, given))

    def default(self, parameter: str) -> Any:
        """Returns a parameter's default, or `inspect.Parameter.empty`."""
        return self.signature.parameters[parameter].default

    def url(self, arguments: Mapping[str, Any]) -> str:
        """Returns the path for these arguments, below the host. Raises InvalidInputError."""
        return API_PREFIX + fill(self.path, arguments)


def fill(path: str, arguments: Mapping[str, Any]) -> str:
    """Returns `path` with its parameters filled in, each in one segment. Raises InvalidInputError."""
    return _PARAMETER.sub(lambda match: _segment(match[1], str(arguments[match[1]])), path)


def _segment(parameter: str, value: str) -> str:
    # No name in a lake is one of these, and proxies rewrite paths that hold them.
    if value in {"", ".", ".."} or "/" in value:
        raise InvalidInputError(
            f"{value[:200]!r} cannot be a {parameter.replace('_', ' ')}: no name holds '/'"
        )
    return quote(value, safe="")


def _row(
    verb: Verb, method: Callable[..., Any], path: str, scope: Scope, fixed_by: tuple[str, ...] = ()
) -> Route:
    protocol, _, name = method.__qualname__.partition(".")
    signature = inspect.signature(method)
    types = get_type_hints(method)
    returns = types.pop("return")
    in_path = tuple(_PARAMETER.findall(path))
    in_rest = tuple(each for each in types if each not in {*in_path, "key"})
    return Route(
        member=_MEMBERS[protocol],
        name=name,
        verb=verb,
        path=path,
        scope=scope,
        signature=signature,
        documentation=inspect.getdoc(method) or "",
        types=types,
        returns=returns,
        in_path=in_path,
        in_rest=in_rest,
        in_json=frozenset(each for each in in_rest if _holds_several(types[each])),
        has_key="key" in types,
        fixed_by=fixed_by,
        named=msgspec.defstruct(name, [(each, types[each]) for each in in_path], kw_only=True),
        rest=msgspec.defstruct(
            name,
            [_field(each, types[each], signature.parameters[each].default) for each in in_rest],
            kw_only=True,
            forbid_unknown_fields=True,
        ),
    )


def _holds_several(kind: Any) -> bool:
    """Tells whether a parameter of this type, or of it or None, holds several values."""
    if get_origin(kind) in {Union, UnionType}:
        return any(map(_holds_several, get_args(kind)))
    return get_origin(kind) is not None


def _field(name: str, kind: Any, default: Any) -> tuple[str, Any] | tuple[str, Any, Any]:
    if default is inspect.Parameter.empty:
        return name, kind
    if isinstance(default, Mapping):
        return name, kind, msgspec.field(default_factory=lambda: dict(default))
    return name, kind, default


def _get(
    method: Callable[..., Any], path: str, *, fixed_by: tuple[str, ...] = (), scope: Scope = Scope.READ
) -> Route:
    return _row(Verb.GET, method, path, scope, fixed_by)


def _ask(method: Callable[..., Any], path: str) -> Route:
    """Returns a row for a question that is too large for an address: nothing changes."""
    return _row(Verb.POST, method, path, Scope.READ)


def _post(method: Callable[..., Any], path: str, *, scope: Scope = Scope.WRITE) -> Route:
    return _row(Verb.POST, method, path, scope)


def _delete(method: Callable[..., Any], path: str) -> Route:
    return _row(Verb.DELETE, method, path, Scope.WRITE)


_MEMBERS = {
    protocol.__name__: member
    for member, protocol in get_type_hints(Catalog).items()
    if isinstance(protocol, type)
}

_REPOSITORY = "/repositories/{repository}"
_COMMIT = _REPOSITORY + "/commits/{ref}"
_STAGED = _REPOSITORY + "/branches/{branch}/staged"
_IMPORT = _REPOSITORY + "/imports/{import_id}"
_TRANSACTION = _REPOSITORY + "/transactions/{run_id}"

ROUTES: tuple[Route, ...] = (
    _post(Repositories.create_repository, "/repositories"),
    _get(Repositories.get_repository, _REPOSITORY),
    _get(Repositories.list_repositories, "/repositories"),
    _post(Repositories.check_storage, _REPOSITORY + "/storage-checks"),
    _get(Repositories.list_deleted_repositories, "/deleted-repositories"),
    _post(Repositories.rename_repository, _REPOSITORY + "/name"),
    _post(Repositories.set_default_branch, _REPOSITORY + "/default-branch"),
    _get(Repositories.preview_deletion, _REPOSITORY + "/deletion-preview"),
    _delete(Repositories.delete_repository, _REPOSITORY),
    _post(Repositories.restore_repository, _REPOSITORY + "/restore"),
    _get(Repositories.preview_purge, _REPOSITORY + "/purge-preview"),
    _post(Repositories.purge_repository, _REPOSITORY + "/purge"),
    #
    _get(Settings.get_settings, _REPOSITORY + "/settings"),
    _post(Settings.update_settings, _REPOSITORY + "/settings"),
    #
    _get(Refs.resolve, _COMMIT, fixed_by=("ref",)),
    _post(Refs.create_branch, _REPOSITORY + "/branches"),
    _delete(Refs.delete_branch, _REPOSITORY + "/branches/{branch}"),
    _post(Refs.rename_branch, _REPOSITORY + "/branches/{branch}/name"),
    _post(Refs.restore_branch, _REPOSITORY + "/branches/{branch}/restore"),
    _post(Refs.create_tag, _REPOSITORY + "/tags"),
    _get(Refs.list_tags, _REPOSITORY + "/tags"),
    _delete(Refs.delete_tag, _REPOSITORY + "/tags/{tag}"),
    _get(Refs.get_ref, _REPOSITORY + "/refs/{name}"),
    _get(Refs.list_refs, _REPOSITORY + "/refs"),
    _get(Refs.list_branches, _REPOSITORY + "/branches"),
    #
    _post(Checks.record_check, _COMMIT + "/checks"),
    _get(Checks.list_checks, _COMMIT + "/checks"),
    #
    _get(Operations.list_operations, _REPOSITORY + "/operations"),
    _get(Operations.get_operation, _REPOSITORY + "/operations/{operation_id}"),
    _get(Operations.preview_undo, _REPOSITORY + "/operations/{operation_id}/undo-preview"),
    _post(Operations.undo_operation, _REPOSITORY + "/operations/{operation_id}/undo"),
    #
    _post(History.commit, _REPOSITORY + "/branches/{branch}/commits"),
    _get(History.log, _COMMIT + "/log", fixed_by=("ref",)),
    _get(History.list_versions, _COMMIT + "/versions", fixed_by=("ref",)),
    _get(History.graph, _REPOSITORY + "/graph"),
    _get(History.compare, _REPOSITORY + "/compare", fixed_by=("left", "right")),
    _get(History.diff, _REPOSITORY + "/diff", fixed_by=("left", "right")),
    _get(History.diff_datasets, _REPOSITORY + "/diff/datasets", fixed_by=("left", "right")),
    _get(History.merge_base, _REPOSITORY + "/merge-base", fixed_by=("left", "right")),
    #
    _post(Merging.merge, _REPOSITORY + "/branches/{into}/merges"),
    _ask(Merging.preview_merge, _REPOSITORY + "/branches/{into}/merges/preview"),
    _post(Merging.cherry_pick, _REPOSITORY + "/branches/{branch}/cherry-picks"),
    _ask(Merging.preview_cherry_pick, _REPOSITORY + "/branches/{branch}/cherry-picks/preview"),
    _post(Merging.revert, _REPOSITORY + "/branches/{branch}/reverts"),
    _ask(Merging.preview_revert, _REPOSITORY + "/branches/{branch}/reverts/preview"),
    _post(Merging.reset, _REPOSITORY + "/branches/{branch}/resets"),
    _ask(Merging.preview_reset, _REPOSITORY + "/branches/{branch}/resets/preview"),
    #
    _post(Staging.stage, _STAGED),
    _get(Staging.get_draft, _STAGED),
    _get(Staging.list_drafts, _REPOSITORY + "/drafts"),
    _get(Staging.diff_staged, _STAGED + "/diff"),
    _get(Staging.diff_staged_datasets, _STAGED + "/diff/datasets"),
    _ask(Staging.preview_staged, _STAGED + "/preview"),
    _post(Staging.discard_staged, _STAGED + "/discard"),
    _post(Staging.update_draft, _STAGED + "/update"),
    _post(Staging.commit_staged, _STAGED + "/commit"),
    #
    _get(Objects.get_object, _COMMIT + "/object", fixed_by=("ref",)),
    _get(Objects.list_objects, _COMMIT + "/objects", fixed_by=("ref",)),
    _get(Objects.list_folder, _COMMIT + "/folder", fixed_by=("ref",)),
    _get(Objects.list_datasets, _COMMIT + "/datasets", fixed_by=("ref",)),
    _get(Objects.get_dataset, _COMMIT + "/dataset", fixed_by=("ref",)),
    _get(Objects.get_snapshot, _COMMIT + "/snapshot", fixed_by=("ref",)),
    _get(Objects.list_snapshots, _COMMIT + "/snapshots", fixed_by=("ref",)),
    #
    _ask(Content.missing, _REPOSITORY + "/objects/missing"),
    #
    _post(Transactions.begin, _REPOSITORY + "/transactions"),
    _get(Transactions.get_transaction, _TRANSACTION),
    _get(Transactions.list_transactions, _REPOSITORY + "/transactions"),
    _post(Transactions.publish, _TRANSACTION + "/publish"),
    _post(Transactions.discard, _TRANSACTION + "/discard"),
    _post(Transactions.expire, _REPOSITORY + "/transactions/expire"),
    #
    _post(Lineage.ingest, "/lineage/events", scope=Scope.INGEST),
    _get(Events.list_events, "/lineage/events"),
    _post(Events.replay_events, "/lineage/events/replay"),
    _get(Events.plan_pruning, "/lineage/pruning-plan"),
    _post(Events.prune, "/lineage/prunings", scope=Scope.ADMIN),
    _get(Events.get_event, "/lineage/events/{event_id}"),
    _post(Events.replace_event, "/lineage/events/{event_id}/replacement"),
    _get(Lineage.get_run, "/runs/{run_id}"),
    _get(Lineage.list_runs, "/runs"),
    _get(Lineage.trace, "/lineage/graph"),
    _get(Lineage.list_lineage, "/lineage/parts"),
    _get(Lineage.trace_columns, "/lineage/columns"),
    _get(Lineage.trace_ref, _COMMIT + "/lineage"),
    _get(Lineage.diff_lineage, _REPOSITORY + "/diff/lineage"),
    _get(Lineage.paths, "/lineage/paths"),
    _get(Lineage.impact, "/lineage/impact"),
    _get(Live.changes, "/changes"),
    _get(Lineage.blame, _COMMIT + "/blame"),
    _get(Lineage.blame_partitions, _COMMIT + "/blame/partitions"),
    #
    # A dataset's and a job's name hold '/', so they travel in the query.
    _get(KnownDatasets.list_namespaces, "/lineage/namespaces"),
    _get(KnownDatasets.list_known_datasets, "/lineage/datasets"),
    _get(KnownDatasets.get_known_dataset, "/lineage/dataset"),
    _get(KnownDatasets.list_dataset_versions, "/lineage/dataset/versions"),
    _get(KnownDatasets.list_quality, "/lineage/quality"),
    _get(KnownDatasets.search, "/lineage/search"),
    _get(KnownDatasets.get_taint, "/lineage/taint"),
    #
    _get(Jobs.list_jobs, "/lineage/jobs"),
    _get(Jobs.get_job, "/lineage/job"),
    _get(Jobs.list_job_runs, "/lineage/job/runs"),
    _get(Jobs.get_run_tree, "/runs/{run_id}/tree"),
    _get(Jobs.get_run_facets, "/runs/{run_id}/facets"),
    #
    _get(Upkeep.count_gaps, "/lineage/gaps"),
    _get(Upkeep.list_gaps, "/lineage/gaps/{gap}"),
    # Both keep events waiting, so neither is for everybody who may read.
    _post(Upkeep.verify_lineage, "/lineage/verifications", scope=Scope.ADMIN),
    _post(Upkeep.rebuild_lineage, "/lineage/rebuilds", scope=Scope.ADMIN),
    #
    _get(Overview.list_dataset_cards, "/lineage/overview/datasets"),
    _ask(Overview.get_dataset_cards, "/lineage/overview/datasets"),
    _get(Overview.list_version_cards, "/lineage/overview/versions"),
    _get(Overview.list_job_cards, "/lineage/overview/jobs"),
    _ask(Overview.get_job_cards, "/lineage/overview/jobs"),
    _get(Overview.list_run_cards, "/lineage/overview/runs"),
    _ask(Overview.get_run_cards, "/lineage/overview/runs"),
    _ask(Overview.wiring, "/lineage/overview/wiring"),
    _get(Overview.list_said, "/lineage/overview/said"),
    _get(Overview.list_events_by_time, "/lineage/overview/events"),
    #
    _post(Plans.plan_rollback, _REPOSITORY + "/plans"),
    _get(Plans.get_plan, "/plans/{plan}"),
    _get(Plans.list_plans, _REPOSITORY + "/plans"),
    _post(Plans.plan_undo, "/plans/{plan}/undo"),
    _post(Plans.apply_plan, "/plans/{plan}/apply"),
    #
    _post(Quarantines.quarantine, _REPOSITORY + "/quarantines"),
    _post(Quarantines.lift_quarantine, _REPOSITORY + "/quarantines/lift"),
    _get(Quarantines.list_quarantines, _REPOSITORY + "/quarantines"),
    _get(Quarantines.get_quarantine, _REPOSITORY + "/quarantine"),
    _get(Quarantines.check_reading, _COMMIT + "/quarantine-notices"),
    _get(Collecting.plan_collection, _REPOSITORY + "/collection-plan"),
    _post(Collecting.collect, _REPOSITORY + "/collections"),
    _get(Collecting.explain, _REPOSITORY + "/explanation"),
    _get(Collecting.list_trash, _REPOSITORY + "/trash"),
    _post(Collecting.restore_trash, _REPOSITORY + "/trash/restore"),
    _get(Collecting.usage, _REPOSITORY + "/usage"),
    #
    _get(Tables.schema, _COMMIT + "/table", fixed_by=("ref",)),
    _get(Tables.head, _COMMIT + "/table/head"),
    _get(Tables.profile, _COMMIT + "/table/profile"),
    _get(Tables.blame_column, _COMMIT + "/blame/column"),
    _ask(Tables.blame_row, _COMMIT + "/blame/row"),
    _post(Tables.profile_changes, _COMMIT + "/profiles"),
    _get(Tables.diff_schema, _REPOSITORY + "/diff/schema", fixed_by=("left", "right")),
    _ask(Tables.diff_rows, _REPOSITORY + "/diff/rows"),
    _get(Tables.diff_statistics, _REPOSITORY + "/diff/statistics"),
    _get(Tables.diff_text, _REPOSITORY + "/diff/text"),
    #
    _ask(Transfers.preview_import, _REPOSITORY + "/imports/preview"),
    _post(Transfers.start_import, _REPOSITORY + "/imports"),
    _post(Transfers.continue_import, _IMPORT + "/continue"),
    _get(Transfers.get_import, _IMPORT),
    _get(Transfers.list_imports, _REPOSITORY + "/imports"),
    _post(Transfers.cancel_import, _IMPORT + "/cancel"),
    _get(Transfers.verify_references, _COMMIT + "/references"),
    #
    _post(Tokens.create_token, "/tokens", scope=Scope.ADMIN),
    _get(Tokens.list_tokens, "/tokens", scope=Scope.ADMIN),
    # Not by its id in the address: where somebody gives a secret instead, it would be in everybody's logs.
    _post(Tokens.revoke_token, "/revoked-tokens", scope=Scope.ADMIN),
    _post(Tokens.recognize_tokens, "/recognized-tokens", scope=Scope.ADMIN),
)
