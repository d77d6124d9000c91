"""Which code a run executes, as git knows it.

Best effort: a run is never stopped because its code could not be told. The git executable is asked, without
taking locks, and only for as long as `TIMEOUT`.
"""

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from lineageflow_core.model.run import CodeVersion

TIMEOUT = 5.0
"""Seconds that one question to git may take."""
CHANGED = "+changes"
"""Ends a revision that the work tree differs from."""

_BRANCH = "# branch.head "
_DETACHED = "(detached)"

_SCP_URL = re.compile(r"(?:(?P<user>[^@/:]+)@)?(?P<host>[^/:@]{2,}):(?P<path>.+)")
"""git's short form of an SSH address, `git@host:path`. A host of one letter would be a drive."""


def code_version(path: Path) -> CodeVersion | None:
    """Returns the version of the code at `path`, a file or folder.

    None where it is in no git work tree, the repository has no commit, or git cannot be asked. Files that git
    does not track do not count as changes, unless `path` is one.
    """
    path = path.absolute()
    folder = path if path.is_dir() else path.parent
    found = _git(folder, "rev-parse", "HEAD", "--show-prefix")
    if found is None:
        return None
    revision, _, prefix = found.partition("\n")
    relative = prefix.removesuffix("\n") + (path.name if path != folder else "")
    changes, branch = _state(folder)
    # What git cannot say in time counts as changed: the revision alone may not be the code that ran.
    itself = _git(folder, "status", "--porcelain", "--ignored", "--", path.name) if path != folder else ""
    return CodeVersion(
        revision=revision if changes == itself == "" else revision + CHANGED,
        repository_url=_remote(folder),
        branch=branch,
        path=relative.rstrip("/") or None,
    )


def without_credentials(url: str) -> str | None:
    """Returns a remote's URL without user, password and query; None for a place on this machine only."""
    short = None if "://" in url else _SCP_URL.fullmatch(url)
    if short:
        return f"{short['user']}@{short['host']}:{short['path']}" if short["user"] else url
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname or parts.scheme == "file":
        return None
    # With SSH the user is part of the address ('git') and no secret; a password never is.
    user = f"{parts.username}@" if parts.scheme.endswith("ssh") and parts.username else ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, user + host, parts.path, "", ""))


def _state(folder: Path) -> tuple[str | None, str | None]:
    """Returns what has changed in the work tree, and its branch; None for what is not known, or not there."""
    told = _git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    if told is None:
        return None, None
    lines = told.splitlines()
    branch = next((line.removeprefix(_BRANCH) for line in lines if line.startswith(_BRANCH)), _DETACHED)
    changes = "\n".join(line for line in lines if not line.startswith("# "))
    return changes, None if branch == _DETACHED else branch


def _remote(folder: Path) -> str | None:
    lines = (_git(folder, "config", "--get-regexp", r"^remote\..*\.url$") or "").splitlines()
    urls = dict(line.split(" ", 1) for line in lines if " " in line)
    url = urls.get("remote.origin.url") or next(iter(urls.values()), None)
    return without_credentials(url) if url else None


def _git(folder: Path, *arguments: str) -> str | None:
    """Returns what git prints; None where it fails, takes too long, or is not there."""
    # Where git itself runs this process (a hook), its variables name a repository that need not be this one.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ("git", "-C", str(folder), *arguments),
            env={**environment, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
