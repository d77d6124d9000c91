"""Where the lake's page shows what: addresses only, nothing is asked. Without a page, there is no address."""

from urllib.parse import quote


def commit_url(page: str | None, repository: str, commit: str) -> str | None:
    """Returns where a commit is shown: its message, its maker, and what it changed."""
    return _url(page, "r", repository, "commit", commit)


def branch_url(page: str | None, repository: str, ref: str) -> str | None:
    """Returns where the data at a ref is shown."""
    return _url(page, "r", repository, "tree", ref)


def data_url(page: str | None, repository: str, ref: str, path: str) -> str | None:
    """Returns where a dataset or partition is shown."""
    return _url(page, "r", repository, "tree", ref, *path.split("/"))


def plan_url(page: str | None, plan: str) -> str | None:
    """Returns where a rollback plan is shown."""
    return _url(page, "plans", plan)


def run_url(page: str | None, run_id: str) -> str | None:
    """Returns where a run is shown: what it read and wrote."""
    return _url(page, "runs", run_id)


def _url(page: str | None, *segments: str) -> str | None:
    if not page:
        return None
    return "/".join((page.rstrip("/"), *(quote(segment, safe="") for segment in segments)))
