"""The same random history here and in git: trees, merge bases, merges, picks, reverts and conflicts agree.

Files are one line each, so that git, too, merges them whole, and no two paths ever have similar content, so
that git sees no renames (reverting looks for them whatever the settings say). Whether the files are datasets
of their own or objects of one dataset makes no difference to what is where.

In one thing we are stricter than git: what was written as one thing conflicts as one thing. Files are put and
deleted here, so only resets do that; after one, a conflict of units may stand where git merges.
"""

import shutil
import tempfile
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from lineageflow_core import connect
from lineageflow_core.errors import InvalidInputError, MergeConflictError
from lineageflow_core.model.change import Change, delete, put
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import CommitId
from lineageflow_core.model.merge import ConflictKind
from lineageflow_core.repository import Repository
from tests.stateful.git import Command, GitMerge, GitOracle

NAMES = st.sampled_from(["a", "b", "c", "a/x", "a/y", "b/x", "d/e/f", "d/e/g", "a-b", "d.txt"])
TEXTS = st.sampled_from(["one", "two", "three"])
BACK = st.integers(0, 3)
COMMANDS: st.SearchStrategy[Command] = st.sampled_from(["cherry-pick", "revert"])
EDITS = st.dictionaries(NAMES, st.none() | TEXTS, min_size=1, max_size=4)


def line(path: str, text: str) -> str:
    """Returns content that only this path ever has."""
    return blake3(f"{path} {text}".encode()).hexdigest()


class GitAgrees(RuleBasedStateMachine):
    """Every branch here has a twin in git."""

    branches = Bundle("branches")
    dataset: str | None = None
    has_units = False
    """Something was written as one thing."""

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
            self.check_conflicts(error, expected, source=theirs.id)
            return
        self.count += 1
        self.adopt(commit, expected, [ours, theirs])

    @rule(one=branches, other=branches)
    def cross(self, one: str, other: str) -> None:
        """Merges two branches into each other, both as they were: their histories criss-cross then."""
        old = self.branch(one)
        self.merge(other, one)
        self.merge(old, other)

    @rule(branch=branches, old=NAMES, new=NAMES)
    def rename(self, branch: str, old: str, new: str) -> None:
        if old in self.files(branch):
            self.edit(branch, {old: None, new: "one"})

    @rule(command=COMMANDS, branch=branches, source=branches, back=BACK, mainline=st.integers(1, 2))
    def apply_one(self, command: Command, branch: str, source: str, back: int, mainline: int) -> None:
        commit = self.back(source, back)
        self.apply(command, branch, [commit.id], [commit], mainline)

    @rule(command=COMMANDS, branch=branches, start=branches, end=branches, back=BACK)
    def apply_range(self, command: Command, branch: str, start: str, end: str, back: int) -> None:
        ends = self.back(start, back).id, self.repo.head(end).id
        commits = {twin: commit for commit, twin in self.twins.items()}
        line = [self.repo.head(commits[twin]) for twin in self.git.line(*(self.twins[end] for end in ends))]
        if line:
            self.apply(command, branch, ["..".join(ends)], line if command == "revert" else line[::-1], 1)
        else:
            with pytest.raises(InvalidInputError, match="holds no commits"):
                self.repo.revert("..".join(ends), branch=branch)

    @rule(branch=branches, to=branches, back=BACK)
    def reset(self, branch: str, to: str, back: int) -> None:
        tip, state = self.repo.head(branch), self.back(to, back)
        made = self.repo.reset(state.id, branch=branch)
        assert state.root == made.root
        if made != tip:
            self.has_units = True
            twin = self.git.commit_tree(f"{self.twins[state.id]}^{{tree}}", [self.twins[tip.id]])
            self.twins[made.id] = twin

    def back(self, ref: str, steps: int) -> Commit:
        """Returns a commit so many first parents back; not the first of all, unless it is the only one."""
        commit = self.repo.head(ref)
        for _ in range(steps):
            parent = self.repo.head(commit.parents[0]) if commit.parents else commit
            commit = parent if parent.parents else commit
        return commit

    def apply(
        self, command: Command, branch: str, refs: list[str], commits: list[Commit], mainline: int
    ) -> None:
        """Does or undoes commits in both, and agrees on each, or on the first that conflicts."""
        if any(len(commit.parents) < mainline for commit in commits):
            return
        tip = self.repo.head(branch)
        twin, made = self.twins[tip.id], list[str]()
        failed: tuple[Commit, GitMerge] | None = None
        for commit in commits:
            parent = mainline if len(commit.parents) > 1 else None
            done = self.git.apply(command, self.twins[commit.id], tip=twin, mainline=parent)
            if done.tree is None:
                failed = commit, done
                break
            if self.git.files(done.tree) != self.git.files(twin):
                twin = self.git.commit_tree(done.tree, [twin])
                made.append(twin)
        merging = self.repo.catalog.merging
        call = merging.cherry_pick if command == "cherry-pick" else merging.revert
        try:
            commit = call("data", refs, branch=branch, author="oracle", mainline=mainline)
        except MergeConflictError as error:
            source, expected = (failed[0].id, failed[1]) if failed else ("", GitMerge(twin, frozenset()))
            self.check_conflicts(error, expected, source=source)
            return
        assert failed is None, f"git finds conflicts: {failed}"
        for twin in reversed(made):
            self.twins[commit.id] = twin
            commit = self.repo.head(commit.parents[0])
        assert tip == commit

    @invariant()
    def trees_agree(self) -> None:
        for branch in self.repo.catalog.refs.list_refs("data").items if hasattr(self, "repo") else ():
            assert self.git.files(self.twins[branch.commit]) == self.files(branch.name)

    def adopt(self, commit: Commit, expected: GitMerge, parents: list[Commit]) -> None:
        assert expected.tree is not None, f"git finds conflicts: {expected.conflicts}"
        twin = self.git.commit_tree(expected.tree, [self.twins[parent.id] for parent in parents])
        self.twins[commit.id] = twin

    def is_stricter(self, error: MergeConflictError) -> bool:
        """Tells whether we may find conflicts where git finds none, or others."""
        kinds = {conflict["kind"] for conflict in error.details["conflicts"]}
        assert self.has_units or ConflictKind.UNIT not in kinds
        return ConflictKind.UNIT in kinds

    def check_conflicts(self, error: MergeConflictError, expected: GitMerge, *, source: str) -> None:
        if self.is_stricter(error):
            return
        assert expected.tree is None, f"git merges what we do not: {error.details}"
        assert source == error.details["conflicts"][0]["source"]
        conflicts = [conflict for conflict in error.details["conflicts"] if conflict["source"] == source]
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
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking costs minutes of git processes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestGitAgrees = GitAgrees.TestCase
TestGitAgrees.settings = _SETTINGS
TestGitAgreesInOneDataset = GitAgreesInOneDataset.TestCase
TestGitAgreesInOneDataset.settings = _SETTINGS
