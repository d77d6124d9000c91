"""A bare-bones git repository, driven through the real git: an oracle for what becomes of trees."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "oracle",
    "GIT_AUTHOR_EMAIL": "oracle@localhost",
    "GIT_COMMITTER_NAME": "oracle",
    "GIT_COMMITTER_EMAIL": "oracle@localhost",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
_SETTINGS = ["-c", "advice.detachedHead=false"]


@dataclass(frozen=True)
class GitMerge:
    """What git made of a merge, cherry-pick or revert."""

    tree: str | None
    """None if there were conflicts."""
    conflicts: frozenset[str]
    """Paths; those of file and folder clashes are git's own inventions."""


Command = Literal["cherry-pick", "revert"]
"""What git does or undoes commits with."""


class GitOracle:
    """Commits, merges, cherry-picks and reverts as git does them. Commits are named by git's ids."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._git("init", "--quiet", "--initial-branch=main")

    def commit(self, parents: list[str], files: dict[str, str]) -> str:
        """Commits exactly these files."""
        self._git("read-tree", "--empty")
        lines = [f"100644 blob {self._blob(text)}\t{path}" for path, text in sorted(files.items())]
        self._git("update-index", "--add", "--index-info", stdin="\n".join(lines) + "\n" if lines else "")
        return self._commit_tree(self._git("write-tree"), parents)

    def files(self, commit: str) -> dict[str, str]:
        """Returns the content of every file of a commit or tree."""
        listing = self._git("ls-tree", "-r", commit).splitlines()
        found = (line.split(maxsplit=3) for line in listing)
        return {path: self._git("cat-file", "blob", blob) for _, _, blob, path in found}

    def merge_bases(self, left: str, right: str) -> set[str]:
        """Returns the best common ancestors."""
        return set(self._git("merge-base", "--all", left, right, check=False).split())

    def merge(self, ours: str, theirs: str) -> GitMerge:
        """Merges as `git merge` does."""
        done = self._run("merge-tree", "--write-tree", "--name-only", "--no-messages", ours, theirs)
        lines = done.stdout.splitlines()
        if done.returncode == 0:
            return GitMerge(lines[0], frozenset())
        assert done.returncode == 1, done.stderr
        return GitMerge(None, frozenset(lines[1:]))

    def line(self, start: str, end: str) -> list[str]:
        """Returns the first parents of `end` that are not in the history of `start`, newest first."""
        return self._git("rev-list", "--first-parent", end, f"^{start}").split()

    def apply(self, command: Command, commit: str, *, tip: str, mainline: int | None) -> GitMerge:
        """Does or undoes a commit on top of `tip`; a merge against its parent number `mainline`."""
        self._git("checkout", "--quiet", "--force", "--detach", tip)
        self._git("clean", "-dffxq")
        parent = ["--mainline", str(mainline)] if mainline else []
        done = self._run(command, "--no-commit", *parent, commit)
        conflicts = frozenset(self._git("diff", "--name-only", "--diff-filter=U").split("\n")) - {""}
        assert done.returncode == 0 or conflicts, done.stderr
        if done.returncode == 0:
            tree = self._git("write-tree")
            self._git("reset", "--quiet", "--hard")
            return GitMerge(tree, frozenset())
        self._run(command, "--quit")
        self._git("reset", "--quiet", "--hard")
        self._git("clean", "-dffxq")
        return GitMerge(None, conflicts)

    def commit_tree(self, tree: str, parents: list[str]) -> str:
        """Commits a tree that is there."""
        return self._commit_tree(tree, parents)

    def _commit_tree(self, tree: str, parents: list[str]) -> str:
        self._count += 1  # equal content at one time must still give different commits
        arguments = [argument for parent in parents for argument in ("-p", parent)]
        return self._git("commit-tree", tree, *arguments, "-m", str(self._count))

    def _blob(self, text: str) -> str:
        return self._git("hash-object", "-w", "--stdin", stdin=text)

    def _git(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        done = self._run(*arguments, stdin=stdin)
        assert not check or done.returncode == 0, f"git {arguments}: {done.stderr}"
        return done.stdout.strip("\n")

    def _run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *_SETTINGS, *arguments],
            cwd=self._folder,
            env={**os.environ, **_ENVIRONMENT},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
