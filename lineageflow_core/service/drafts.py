"""Moving a draft: the one loop through which staged changes become durable.

Invariants: one person's calls on one branch take turns, and the draft's ref moves by compare-and-swap, so no
staged change is lost. A draft's only parent is the commit that it is based on; a draft that would equal its
base is none, and its ref goes. A call repeated with its key changes nothing and gives the first call's draft.
"""

from collections.abc import Callable, Iterable

from lineageflow_core.errors import IntegrityError, RefMovedError, RefNotFoundError, StateError
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.draft import DRAFT_MARK, Draft, draft_of, is_draft
from lineageflow_core.model.refs import RefKind, RefName, parse_stage_name
from lineageflow_core.service.opened import OpenRepository
from lineageflow_core.store.ports import Publication, RefUpdate
from lineageflow_core.tree.compare import new_nodes
from lineageflow_core.tree.source import NodeBuffer

_MAX_ATTEMPTS = 1000

Build = Callable[[Commit, NodeBuffer], Commit]
"""Makes the next draft of the one there is (the branch's tip, where nothing is staged), adding its new tree
nodes. An ordinary commit says that nothing is staged."""


def read_draft(opened: OpenRepository, ref: RefName) -> Commit:
    """Returns a draft; the branch's tip where nothing is staged. Raises RefNotFoundError."""
    found = opened.stores.refs.get(opened.info.id, ref)
    return opened.commit(found.commit) if found else _tip(opened, ref)


def existing_draft(opened: OpenRepository, ref: RefName) -> Commit:
    """Returns a draft that has changes. Raises StateError where nothing is staged."""
    draft = read_draft(opened, ref)
    if not is_draft(draft):
        branch, author = parse_stage_name(ref.name)
        raise StateError(
            f"{author} has nothing staged on {branch!r} of {opened.info.name!r}; `lineageflow add` stages "
            "files, `lineageflow status` shows what is staged"
        )
    return draft


def base_of(opened: OpenRepository, draft: Commit) -> Commit:
    """Returns the commit that a draft is based on; an ordinary commit is its own base."""
    return opened.commit(draft.parents[0]) if is_draft(draft) else draft


def make_draft(
    opened: OpenRepository, ref: RefName, *, base: Commit, root: str, replaced: Iterable[str]
) -> Commit:
    """Returns the draft that has `root` on top of `base`; `base` itself if that is the same."""
    if root == base.root:
        return base
    branch, author = parse_stage_name(ref.name)
    return make_commit(
        parents=[base],
        root=root,
        author=author,
        message=f"staged on {branch}",
        created_at=opened.clock(),
        metadata={DRAFT_MARK: branch},
        replaced=sorted(replaced),
    )


def move_draft(
    opened: OpenRepository, ref: RefName, operation: str, *, key: str | None, build: Build
) -> Draft:
    """Puts what `build` makes in the place of a draft, and returns it."""
    branch, author = parse_stage_name(ref.name)
    with opened.stores.refs.turn(opened.info.id, ref):
        for _ in range(_MAX_ATTEMPTS):
            if done := opened.published(key, operation, ref):
                return draft_of(branch, author, _draft_then(opened, ref, done))
            before = read_draft(opened, ref)
            nodes = NodeBuffer(opened.nodes)
            made = build(before, nodes)
            if made.id == before.id and key is None:
                return draft_of(branch, author, made)
            update = ref_update(ref, before, made)
            is_new = update.new not in {None, update.expected}
            try:
                opened.publish(
                    operation,
                    key=key,
                    actor=author,
                    updates=[update],
                    commits=[made] if is_new else [],
                    nodes=new_nodes(nodes, before.root, made.root) if is_new else {},
                )
            except RefMovedError:  # a commit took what was staged, or the branch was renamed
                continue
            return draft_of(branch, author, made)
    raise IntegrityError(f"{ref} moved {_MAX_ATTEMPTS} times during one turn")


def ref_update(ref: RefName, before: Commit, after: Commit) -> RefUpdate:
    """Returns the move of a draft's ref from one state to another; an ordinary commit is no draft."""
    expected, new = (commit.id if is_draft(commit) else None for commit in (before, after))
    return RefUpdate(ref=ref, expected=expected, new=new)


def _tip(opened: OpenRepository, ref: RefName) -> Commit:
    branch, _ = parse_stage_name(ref.name)
    found = opened.stores.refs.get(opened.info.id, RefName(kind=RefKind.BRANCH, name=branch))
    if found is None:
        raise RefNotFoundError(
            f"repository {opened.info.name!r} has no branch {branch!r}; "
            f"`lineageflow branch create {branch} -R {opened.info.name}` makes it",
            ref=branch,
        )
    return opened.commit(found.commit)


def _draft_then(opened: OpenRepository, ref: RefName, done: Publication) -> Commit:
    """Returns the draft that a publication left; its base, where that was none."""
    update = done.updates[0]
    if update.new is not None:
        return opened.commit(update.new)
    if update.expected is not None:
        return base_of(opened, opened.commit(update.expected))
    branch, _ = parse_stage_name(ref.name)
    then = opened.stores.refs.as_of(opened.info.id, RefName(kind=RefKind.BRANCH, name=branch), done.at)
    return opened.commit(then) if then else _tip(opened, ref)
