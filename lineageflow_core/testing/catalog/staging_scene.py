"""Staging as the suites about it do it: short calls, and what is staged in a form to compare."""

from lineageflow_core.model.change import Change, put
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.diff import DiffKind
from lineageflow_core.model.draft import Draft
from lineageflow_core.model.merge import Side
from lineageflow_core.model.refs import stage_ref
from lineageflow_core.model.settings import BranchRule, RepositorySettings
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import entries, files, first_parents


def putting(repo: Repository, path: str, content: bytes, *, dataset: str | None = None) -> Change:
    """Returns a change that puts one object."""
    return put(path, entries(repo, {"": content}), dataset=dataset)


def stage(
    repo: Repository, *changes: Change, author: str = "ada", branch: str = "main", key: str | None = None
) -> Draft:
    """Stages changes."""
    return repo.catalog.staging.stage(repo.name, branch, changes, author=author, key=key)


def commit_staged(
    repo: Repository,
    *paths: str,
    author: str = "ada",
    branch: str = "main",
    key: str | None = None,
    **picks: Side,
) -> Commit:
    """Commits what is staged."""
    return repo.catalog.staging.commit_staged(
        repo.name, branch, author=author, message="staged", paths=paths, picks=picks, key=key
    )


def discard(repo: Repository, *paths: str, author: str = "ada", key: str | None = None) -> Draft:
    """Takes back what is staged."""
    return repo.catalog.staging.discard_staged(repo.name, "main", author=author, paths=paths, key=key)


def set_rules(repo: Repository, *rules: BranchRule) -> None:
    """Makes these the rules of the repository's branches."""
    settings = RepositorySettings(branch_rules=rules)
    repo.catalog.settings.update_settings(repo.name, settings, author="ada")


def staged(repo: Repository, path: str = "", *, author: str = "ada") -> dict[str, str]:
    """Returns what is staged: the kind of each path's change; of what moved, where from."""
    found = repo.catalog.staging.diff_staged(repo.name, "main", author=author, path=path).items
    return {
        each.path: f"moved from {each.left.path}"
        if each.kind is DiffKind.MOVED and each.left
        else each.kind.value
        for each in found
    }


def staged_files(repo: Repository, *, author: str = "ada") -> dict[str, bytes]:
    """Returns the content of the draft."""
    return files(repo, str(stage_ref("main", author)))


def state(repo: Repository) -> object:
    """Returns all that a repeated call must not change."""
    return repo.catalog.staging.list_drafts(repo.name), first_parents(repo), files(repo)
