"""The same random history here and in git: trees, merge bases, merges, conflicts and reverts agree.

Files are one line each, so that git, too, merges them whole, and no two paths ever have similar content, so
that git sees no renames (reverting looks for them whatever the settings say). Whether the files are datasets
of their own or objects of one dataset makes no difference to what is where.
"""

import shutil
import tempfile
from pathlib import Path

from blake3 import blake3
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from lineageflow_core import connect
from lineageflow_core.errors import MergeConflictError
from lineageflow_core.model.change import Change, delete, put
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.merge import ConflictKind
from lineageflow_core.repository import Repository
from tests.stateful.git import GitMerge, GitOracle

NAMES = st.sampled_from(["a", "b", "c", "a/x", "a/y", "b/x", "d/e/f", "d/e/g", "a-b", "d.txt"])
TEXTS = st.sampled_from(["one", "two", "three"])
EDITS = st.dictionaries(NAMES, st.none() | TEXTS, min_size=1, max_size=4)


def line(path: str, text: str) -> str:
    """Returns content that only this path ever has."""
    return blake3(f"{path} {text}".encode()).hexdigest()


class GitAgrees(RuleBasedStateMachine):
    """Every branch here has a twin in git."""

    branches = Bundle("branches")
    dataset: str | None = None

    @initialize(target=branches)
    def start(self) -> str:
        self.folder = Path(tempfile.mkdtemp(prefix="lineageflow-oracle-"))
        self.git = GitOracle(self.folder)
        self.repo = Repository(connect("memory:"), "data", author="oracle").create()
        self.twins: dict[CommitId, str] = {self.repo.head("main").id: self.git.commit([], {})}
        self.count = 1
        return "main"

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    @rule(target=branches, source=branches)
    def branch(self, source: str) -> str:
        name = f"b{self.count}"
        self.count += 1
        self.repo.branch(name, base=source)
        return name

    @rule(branch=branches, edits=EDITS)
    def edit(self, branch: str, edits: dict[str, str | None]) -> None:
        before = self.files(branch)
        wanted = {path: text and line(path, text) for path, text in edits.items()}
        after = {path: text for path, text in {**before, **wanted}.items() if text is not None}
        if after == before or any(other.startswith(f"{path}/") for path in after for other in after):
            return
        changes = [self.removal(path) for path in before if path not in after]
        changes += [self.addition(path, text) for path, text in after.items() if before.get(path) != text]
        tip = self.repo.head(branch)
        commit = self.repo.catalog.history.commit(
            "data", branch, changes, author="oracle", message=f"{self.count}"
        )
        self.count += 1
        self.twins[commit.id] = self.git.commit([self.twins[tip.id]], after)

    @rule(source=branches, into=branches)
    def merge(self, source: str, into: str) -> None:
        ours, theirs = self.repo.head(into), self.repo.head(source)
        bases = self.git.merge_bases(self.twins[ours.id], self.twins[theirs.id])
        base = self.repo.catalog.history.merge_base("data", into, source)
        assert base is not None
        assert self.twins[base] in bases
        if self.twins[theirs.id] in bases:
            assert ours == self.repo.merge(source, into=into)
            return
        expected = self.git.merge(self.twins[ours.id], self.twins[theirs.id])
        try:
            commit = self.repo.merge(source, into=into, message=f"{self.count}")
        except MergeConflictError as error:
            self.check_conflicts(error, expected)
            return
        self.count += 1
        self.adopt(commit, expected, [ours, theirs])

    @rule(branch=branches, back=st.integers(0, 3))
    def revert(self, branch: str, back: int) -> None:
        tip = undone = self.repo.head(branch)
        for _ in range(back):
            undone = self.repo.head(undone.parents[0]) if undone.parents else undone
        if not undone.parents:
            return
        is_merge = len(undone.parents) > 1
        expected = self.git.revert(self.twins[tip.id], self.twins[undone.id], is_merge=is_merge)
        try:
            commit = self.repo.catalog.merging.revert(
                "data", [undone.id], branch=branch, author="oracle", message=f"{self.count}"
            )
        except MergeConflictError as error:
            self.check_conflicts(error, expected)
            return
        self.count += 1
        if commit == tip:
            assert self.git.files(self.twins[tip.id]) == self.git.files(expected.tree or "")
        else:
            self.adopt(commit, expected, [tip])

    @invariant()
    def trees_agree(self) -> None:
        for branch in self.repo.catalog.refs.list_refs("data").items if hasattr(self, "repo") else ():
            assert self.git.files(self.twins[branch.commit]) == self.files(branch.name)

    def adopt(self, commit: Commit, expected: GitMerge, parents: list[Commit]) -> None:
        assert expected.tree is not None, f"git finds conflicts: {expected.conflicts}"
        twin = self.git.commit_tree(expected.tree, [self.twins[parent.id] for parent in parents])
        self.twins[commit.id] = twin

    def check_conflicts(self, error: MergeConflictError, expected: GitMerge) -> None:
        assert expected.tree is None, f"git merges what we do not: {error.details}"
        conflicts = error.details["conflicts"]
        if all(conflict["kind"] == ConflictKind.OBJECT for conflict in conflicts):
            assert expected.conflicts == {self.inside(conflict["path"]) for conflict in conflicts}

    def files(self, ref: str) -> dict[str, str]:
        entries = self.repo.catalog.objects.list_objects("data", ref, limit=1000).items
        return {
            self.inside(entry.path): self.repo.read_bytes(entry.path, ref=ref).decode() for entry in entries
        }

    def addition(self, path: str, text: str) -> Change:
        (entry,) = self.repo.catalog.content.upload("data", [text.encode()])
        return put(self.outside(path), [entry], dataset=self.dataset)

    def removal(self, path: str) -> Change:
        return delete(self.outside(path))

    def outside(self, path: str) -> str:
        return f"{self.dataset}/{path}" if self.dataset else path

    def inside(self, path: str) -> str:
        return path.removeprefix(f"{self.dataset}/") if self.dataset else path


class GitAgreesInOneDataset(GitAgrees):
    """The same, with all files in one dataset."""

    dataset = "files"


_SETTINGS = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking costs minutes of git processes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestGitAgrees = GitAgrees.TestCase
TestGitAgrees.settings = _SETTINGS
TestGitAgreesInOneDataset = GitAgreesInOneDataset.TestCase
TestGitAgreesInOneDataset.settings = _SETTINGS
