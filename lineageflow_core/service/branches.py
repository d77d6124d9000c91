"""Branches as people look at them: how far each is from another one, and what happened on it last."""

from lineageflow_core.model.branch import BranchStatus
from lineageflow_core.model.page import Page
from lineageflow_core.model.refs import RefKind
from lineageflow_core.service.opened import OpenRepository


def list_branches(
    opened: OpenRepository, *, prefix: str, after: str | None, limit: int, against: str | None
) -> Page[BranchStatus]:
    """Returns branches by name. Costs what is on the page: its commits are read at once."""
    page = opened.stores.refs.list(
        opened.info.id, kind=RefKind.BRANCH, prefix=prefix, after=after, limit=limit
    )
    other = opened.resolve(against or opened.info.default_branch)
    tips = opened.commits([ref.commit for ref in page.items])
    distances = opened.graph.ahead_behind(tips, other)
    statuses = (
        BranchStatus(
            ref=ref,
            ahead=ahead,
            behind=behind,
            author=tip.author,
            message=tip.message,
            committed_at=tip.created_at,
            run_id=tip.run_id,
        )
        for ref, tip, (ahead, behind) in zip(page.items, tips, distances, strict=True)
    )
    return Page(items=tuple(statuses), next=page.next)
