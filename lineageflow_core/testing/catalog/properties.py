"""What holds in every catalog for any content and any order of operations."""

from collections.abc import Mapping
from uuid import uuid4

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.change import delete, put
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.merge import Side
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract, commit, differences, files
from lineageflow_core.testing.strategies import contract_settings

Files = dict[str, bytes]
Edits = dict[str, bytes | None]
"""Content by path; None is to be removed."""

names = st.sampled_from(["a", "a-b", "a.b", "b", "ü"])
folders = st.lists(names, min_size=1, max_size=2).map("/".join)
paths = st.builds("{}/{}.leaf".format, st.sampled_from(["data", "loose"]), folders)
"""Files of the dataset `data`, and files that each are a dataset; none is a folder of another one."""
contents = st.sampled_from([b"", b"1", b"2"])
some_files = st.dictionaries(paths, contents, max_size=6)
some_edits = st.dictionaries(paths, st.none() | contents, min_size=1, max_size=6)
few = settings(contract_settings, max_examples=15)


class CatalogProperties(CatalogContract):
    """Needs the fixture `catalog`."""

    @few
    @given(some_files, st.lists(some_edits, max_size=3), st.data())
    def test_equal_content_has_one_root_however_it_came_about(
        self, catalog: Catalog, wanted: Files, detours: list[Edits], data: st.DataObject
    ) -> None:
        repo = new_repository(catalog, wanted)
        repo.branch("other", base="main~1" if wanted else "main")
        for detour in detours:
            edit(repo, detour, branch="other")
        there = files(repo, "other")
        steps = [*((path, None) for path in there.keys() - wanted.keys()), *wanted.items()]
        for path, content in data.draw(st.permutations(sorted(steps))):
            edit(repo, {path: content}, branch="other")
        assert wanted == files(repo, "other")
        assert repo.head("main").root == repo.head("other").root

    @few
    @given(some_files, some_edits, st.data())
    def test_merging_disjoint_changes_is_making_all_of_them_in_any_grouping(
        self, catalog: Catalog, before: Files, changes: Edits, data: st.DataObject
    ) -> None:
        repo = new_repository(catalog, before)
        shares: list[Edits] = [{}, {}, {}]
        for path, content in changes.items():
            shares[data.draw(st.integers(0, 2))][path] = content
        for branch in ("all", "left", "right"):
            repo.branch(branch)
        for number, share in enumerate(shares):
            repo.branch(f"b{number}")
            edit(repo, share, branch=f"b{number}")
            edit(repo, share, branch="all")
        repo.merge("b0", into="left")
        repo.merge("b1", into="left")
        repo.merge("b2", into="left")
        repo.merge("b2", into="b1")
        repo.merge("b1", into="right")
        repo.merge("b0", into="right")
        assert {repo.head("all").root} == {repo.head(branch).root for branch in ("left", "right")}

    @few
    @given(some_files, some_edits, some_edits)
    def test_a_reverted_commit_leaves_no_difference_at_its_paths(
        self, catalog: Catalog, before: Files, bad: Edits, later: Edits
    ) -> None:
        repo = new_repository(catalog, before)
        start, undone = repo.head(), edit(repo, bad)
        assume(start != undone)
        after = edit(repo, {path: content for path, content in later.items() if path not in bad})
        repo.catalog.merging.revert(repo.name, [undone.id], branch="main", author="ada")
        history = repo.catalog.history
        for path in bad:
            assert () == history.diff(repo.name, start.id, "main", path=path).items
        changed = {path for path, _, _ in differences(repo, after.id, "main")}
        assert changed == {path for path, _, _ in differences(repo, start.id, undone.id)}

    @few
    @given(some_files, st.lists(some_edits, min_size=1, max_size=4))
    def test_a_range_that_is_reverted_leaves_no_difference(
        self, catalog: Catalog, before: Files, steps: list[Edits]
    ) -> None:
        repo = new_repository(catalog, before)
        start = repo.head()
        for step in steps:
            edit(repo, step)
        assume(start != repo.head())
        repo.revert(f"{start.id}..main")
        assert start.root == repo.head().root

    @few
    @given(some_files, some_edits, some_edits)
    def test_a_commit_that_is_picked_and_reverted_leaves_no_difference(
        self, catalog: Catalog, before: Files, here: Edits, there: Edits
    ) -> None:
        repo = new_repository(catalog, before)
        repo.branch("topic")
        apart = {path: text for path, text in there.items() if path not in here}
        start, picked = repo.head(), edit(repo, apart, branch="topic")
        assume(start != picked)
        tip = edit(repo, here)
        made = repo.cherry_pick(picked.id)
        assert differences(repo, start.id, picked.id) == differences(repo, tip.id, made.id)
        repo.revert(made.id)
        assert tip.root == repo.head().root

    @few
    @given(some_files, st.lists(some_edits, min_size=1, max_size=3))
    def test_picking_all_of_a_branch_is_merging_it(
        self, catalog: Catalog, before: Files, steps: list[Edits]
    ) -> None:
        repo = new_repository(catalog, before)
        repo.branch("topic")
        for step in steps:
            edit(repo, step, branch="topic")
        assume(repo.head() != repo.head("topic"))
        repo.cherry_pick("main..topic")
        assert repo.head("topic").root == repo.head().root

    @few
    @given(some_files, st.lists(some_edits, max_size=3))
    def test_a_branch_that_is_reset_holds_what_the_state_holds(
        self, catalog: Catalog, before: Files, steps: list[Edits]
    ) -> None:
        repo = new_repository(catalog, before)
        start = repo.head()
        for step in steps:
            edit(repo, step)
        tip = repo.head()
        made = repo.reset(start.id)
        assert start.root == made.root
        assert (made == tip) == (start.root == tip.root)
        repo.reset(tip.id)
        assert tip.root == repo.head().root

    @few
    @given(some_files, some_edits, some_edits, st.sampled_from(Side))
    @example(
        {"data/a-b.leaf": b"1"}, {"b": b"1"}, {"data/a.leaf": b"1", "data/a-b.leaf": None}, Side.OURS
    )  # a move
    def test_a_strategy_decides_what_a_side_wins_and_a_preview_says_so_before(
        self, catalog: Catalog, before: Files, here: Edits, there: Edits, strategy: Side
    ) -> None:
        repo = new_repository(catalog, before)
        repo.branch("topic")
        edit(repo, there, branch="topic")
        edit(repo, here)
        ours, theirs = files(repo), files(repo, "topic")
        merging, tip = repo.catalog.merging, repo.head()
        preview = merging.preview_merge(repo.name, "topic", into="main", strategy=strategy)
        repo.merge("topic", strategy=strategy)
        winner, loser = (ours, theirs) if strategy is Side.OURS else (theirs, ours)
        assert files(repo) == {
            path: text
            for path in before.keys() | here.keys() | there.keys()
            if (text := (winner if winner.get(path) != before.get(path) else loser).get(path)) is not None
        }
        assert repo.catalog.history.diff_datasets(repo.name, tip.id, "main").items == preview.datasets

    @few
    @given(some_files, some_edits, st.sampled_from(["data", "data/a", "loose", "data/a/b.leaf"]) | paths)
    def test_a_restored_path_is_as_it_was_and_nothing_else_has_changed(
        self, catalog: Catalog, before: Files, changes: Edits, path: str
    ) -> None:
        repo = new_repository(catalog, before)
        start, tip = repo.head(), edit(repo, changes)
        inside = [name for name in before.keys() | changes.keys() if f"{name}/".startswith(f"{path}/")]
        assume(any(name in before or changes.get(name) is not None for name in inside))
        repo.catalog.merging.reset(repo.name, "main", to=start.id, path=path, author="ada")
        old, new = files(repo, start.id), files(repo, tip.id)
        expected = {name: text for name, text in new.items() if name not in inside}
        expected |= {name: text for name, text in old.items() if name in inside}
        assert expected == files(repo)

    @few
    @given(st.lists(some_edits, min_size=1, max_size=5))
    def test_a_commit_is_the_same_for_ever(self, catalog: Catalog, steps: list[Edits]) -> None:
        repo = new_repository(catalog, {})
        expected: dict[str, Files] = {}
        now: Files = {}
        for step in steps:
            made = edit(repo, step)
            now = {path: text for path, text in {**now, **step}.items() if text is not None}
            expected[made.id] = now
        repo.catalog.merging.revert(repo.name, ["main"], branch="main", author="ada")
        edit(repo, dict.fromkeys(now))
        assert expected == {commit_id: files(repo, commit_id) for commit_id in expected}

    @few
    @given(some_files, some_edits)
    def test_a_difference_is_what_has_to_be_changed(
        self, catalog: Catalog, before: Files, changes: Edits
    ) -> None:
        repo = new_repository(catalog, before)
        start, tip = repo.head(), edit(repo, changes)
        repo.branch("replayed", base=start.id)
        for path, _, after in differences(repo, start.id, tip.id):
            content = repo.read_bytes(path, ref=tip.id) if after else None
            edit(repo, {path: content}, branch="replayed")
        assert tip.root == repo.head("replayed").root


def new_repository(catalog: Catalog, content: Mapping[str, bytes]) -> Repository:
    """Returns a repository that holds this."""
    repo = Repository(catalog, f"repo-{uuid4().hex[:12]}", author="ada").create()
    edit(repo, content)
    return repo


def edit(repo: Repository, changes: Mapping[str, bytes | None], *, branch: str = "main") -> Commit:
    """Makes these changes as one commit; to remove what is not there changes nothing."""
    written = {path: content for path, content in changes.items() if content is not None}
    there = files(repo, branch)
    uploaded = repo.catalog.content.upload(repo.name, list(written.values()))
    puts = (
        put(path, [entry], dataset="data" if path.startswith("data/") else None)
        for path, entry in zip(written, uploaded, strict=True)
    )
    deletes = (delete(path) for path in changes if path not in written and path in there)
    return commit(repo, *deletes, *puts, branch=branch)
