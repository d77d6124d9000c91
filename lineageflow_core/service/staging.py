"""Staging changes, looking at them, and committing them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from lineageflow_core.model.change import Change, check_change
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.diff import DatasetDiff, DiffEntry
from lineageflow_core.model.draft import Draft, DraftStatus, draft_of, is_draft
from lineageflow_core.model.merge import BranchPreview, Pick, Side
from lineageflow_core.model.names import check_folder, check_path, check_ref_name
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.refs import Ref, RefKind, RefName, parse_stage_name, stage_ref
from lineageflow_core.service.conflicts import decide, publishable
from lineageflow_core.service.drafts import (
    base_of,
    existing_draft,
    make_draft,
    move_draft,
    read_draft,
    ref_update,
)
from lineageflow_core.service.merging import preview_of
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.paging import page_of
from lineageflow_core.service.staged import Chosen, all_of, bring, choose, is_in, paths_of, rest_of
from lineageflow_core.service.three_way import Facts, Outcome
from lineageflow_core.service.writing import Beside, check_uploaded, move_branch, writable
from lineageflow_core.tree.changes import RootEdit
from lineageflow_core.tree.compare import Counts, count_changes, diff_datasets
from lineageflow_core.tree.moves import datasets_with_moves, diff_with_moves
from lineageflow_core.tree.source import NodeBuffer
from lineageflow_core.tree.transplant import transplant


class StagingService:
    """Implements `catalog.Staging` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        # Of two roots, which never change: a page of a long list does not look for moves anew.
        self._counts = lru_cache(maxsize=256)(_count)

    def stage(
        self,
        repository: str,
        branch: str,
        changes: Sequence[Change],
        *,
        author: str,
        key: str | None = None,
    ) -> Draft:
        opened, ref = self._open(repository, branch, author)
        checked = [check_change(change) for change in changes]
        check_uploaded(opened, [entry for change in checked for entry in change.objects])

        def build(draft: Commit, nodes: NodeBuffer) -> Commit:
            edit = RootEdit(nodes, draft.root)
            edit.apply(checked)
            base = base_of(opened, draft)
            replaced = edit.replaced.union(draft.replaced if draft.id != base.id else ())
            root = edit.finish()
            if root == draft.root and replaced == {*draft.replaced}:
                return draft
            return make_draft(opened, ref, base=base, root=root, replaced=replaced)

        return move_draft(opened, ref, "stage", key=key, build=build)

    def get_draft(self, repository: str, branch: str, *, author: str) -> DraftStatus:
        opened, ref = self._open(repository, branch, author)
        return self._status(opened, ref, read_draft(opened, ref))

    def list_drafts(
        self,
        repository: str,
        *,
        branch: str | None = None,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DraftStatus]:
        opened = self._lake.repository(repository)
        prefix = f"{check_ref_name(branch)}:" if branch is not None else ""
        page = opened.stores.refs.list(
            opened.info.id, kind=RefKind.STAGE, prefix=prefix, after=after, limit=limit
        )
        return Page(items=tuple(self._status_of(opened, ref) for ref in page.items), next=page.next)

    def diff_staged(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DiffEntry]:
        opened, left, right = self._roots(repository, branch, author)
        path = check_folder(path)
        moves = opened.moves(left, right)
        shown = diff_with_moves(opened.nodes, left, right, moves, path=path, after=after or "")
        return page_of(shown, limit, lambda entry: entry.path)

    def diff_staged_datasets(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        path: str = "",
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[DatasetDiff]:
        opened, left, right = self._roots(repository, branch, author)
        path = check_folder(path)
        entries = diff_datasets(opened.nodes, left, right, path=path, after=after or "")
        shown = datasets_with_moves(opened.moves(left, right), entries, path=path)
        return page_of(shown, limit, lambda entry: entry.path)

    def preview_staged(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        paths: Sequence[str] = (),
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
    ) -> BranchPreview:
        opened, ref = self._open(repository, branch, author)
        named = [check_path(path) for path in paths]

        def attempt(tip: Commit, nodes: NodeBuffer) -> Outcome:
            draft = read_draft(opened, ref)
            if not is_draft(draft):
                return Outcome(tip=tip, root=tip.root, base=tip.id)
            chosen = choose(opened, nodes, draft, named)
            outcome = bring(opened, nodes, tip, draft, chosen, decide(opened, picks, strategy))
            return replace(outcome, base=chosen.base.id)

        return preview_of(opened, branch, "commit_staged", attempt)

    def discard_staged(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        paths: Sequence[str] = (),
        key: str | None = None,
    ) -> Draft:
        opened, ref = self._open(repository, branch, author)
        named = [check_path(path) for path in paths]

        def build(draft: Commit, nodes: NodeBuffer) -> Commit:
            base = base_of(opened, draft)
            if not named:
                return base
            paths = paths_of(opened, base, draft, named)
            root = transplant(nodes, draft.root, base.root, paths)
            replaced = [unit for unit in draft.replaced if not is_in(unit, paths)]
            return make_draft(opened, ref, base=base, root=root, replaced=replaced)

        return move_draft(opened, ref, "discard_staged", key=key, build=build)

    def update_draft(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        key: str | None = None,
    ) -> Draft:
        opened, ref = self._open(repository, branch, author)

        def build(draft: Commit, nodes: NodeBuffer) -> Commit:
            tip, base = opened.ref(writable(branch)), base_of(opened, draft)
            if base.id in {tip.id, draft.id}:
                return draft
            decisions = decide(opened, picks, strategy)
            outcome = bring(opened, nodes, tip, draft, all_of(base, draft), decisions)
            publishable(outcome, f"update what {draft.author} staged on {branch} to {tip.id[:8]}")
            return make_draft(opened, ref, base=tip, root=outcome.root, replaced=draft.replaced)

        return move_draft(opened, ref, "update_draft", key=key, build=build)

    def commit_staged(
        self,
        repository: str,
        branch: str,
        *,
        author: str,
        message: str,
        metadata: Mapping[str, str] = {},
        paths: Sequence[str] = (),
        picks: Mapping[str, Pick] = {},
        strategy: Side | None = None,
        key: str | None = None,
    ) -> Commit:
        opened, ref = self._open(repository, branch, author)
        named = [check_path(path) for path in paths]
        _, name = parse_stage_name(ref.name)
        draft: Commit
        chosen: Chosen
        tip: Commit

        def build(current: Commit, nodes: NodeBuffer) -> Sequence[Commit]:
            nonlocal draft, chosen, tip
            draft, tip = existing_draft(opened, ref), current
            chosen = choose(opened, nodes, draft, named)
            facts = Facts(author=name, message=message, metadata=metadata)
            decisions = decide(opened, picks, strategy)
            outcome = bring(opened, nodes, tip, draft, chosen, decisions, facts=facts)
            return publishable(outcome, f"commit what {name} staged on {branch}")

        def settle(commit: Commit, nodes: NodeBuffer) -> Beside:
            rest = rest_of(opened, nodes, ref, draft, chosen, tip=tip, commit=commit)
            update = ref_update(ref, draft, rest)
            return Beside(updates=(update,), commits=(rest,) if update.new is not None else ())

        return move_branch(
            opened, writable(branch), "commit_staged", actor=name, key=key, build=build, settle=settle
        )

    def _open(self, repository: str, branch: str, author: str) -> tuple[OpenRepository, RefName]:
        return self._lake.repository(repository), stage_ref(branch, author)

    def _roots(self, repository: str, branch: str, author: str) -> tuple[OpenRepository, str, str]:
        opened, ref = self._open(repository, branch, author)
        draft = read_draft(opened, ref)
        return opened, base_of(opened, draft).root, draft.root

    def _status_of(self, opened: OpenRepository, ref: Ref) -> DraftStatus:
        return self._status(opened, RefName(kind=ref.kind, name=ref.name), opened.commit(ref.commit))

    def _status(self, opened: OpenRepository, ref: RefName, draft: Commit) -> DraftStatus:
        branch, author = parse_stage_name(ref.name)
        base = base_of(opened, draft)
        found = opened.stores.refs.get(opened.info.id, RefName(kind=RefKind.BRANCH, name=branch))
        counts = self._counts(opened, base.root, draft.root)
        moves = opened.moves(base.root, draft.root)
        return DraftStatus(
            draft=draft_of(branch, author, draft),
            tip=found.commit if found else None,
            behind=opened.graph.ahead_behind([opened.commit(found.commit)], base)[0][0] if found else 0,
            datasets=counts.datasets - len(moves.datasets),
            added=counts.added - moves.count,
            changed=counts.changed,
            removed=counts.removed - moves.count,
            moved=moves.count,
            size_change=counts.size_change,
        )


def _count(opened: OpenRepository, left: str, right: str) -> Counts:
    return count_changes(opened.nodes, left, right)
