"""What holds for staged changes, whatever they are and in whatever order they are dealt with."""

from hypothesis import assume, given
from hypothesis import strategies as st

from lineageflow_core.catalog import Catalog
from lineageflow_core.errors import StateError
from lineageflow_core.model.change import Change, delete, put
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.properties import (
    Edits,
    Files,
    edit,
    few,
    new_repository,
    some_edits,
    some_files,
)
from lineageflow_core.testing.catalog.scene import CatalogContract, differences, files
from lineageflow_core.testing.catalog.staging_scene import commit_staged, discard, stage, staged, staged_files


class StagingProperties(CatalogContract):
    """Needs the fixture `catalog`."""

    @few
    @given(some_files, st.lists(some_edits, min_size=1, max_size=3))
    def test_staging_then_committing_is_committing(
        self, catalog: Catalog, before: Files, steps: list[Edits]
    ) -> None:
        repo = new_repository(catalog, before)
        repo.branch("direct")
        for step in steps:
            stage_edits(repo, step)
            edit(repo, step, branch="direct")
        assert files(repo, "direct") == staged_files(repo)
        commit_all(repo)
        assert repo.head("direct").root == repo.head().root

    @few
    @given(some_files, some_edits, some_edits, st.data())
    def test_committing_path_by_path_in_any_order_is_committing_all(
        self, catalog: Catalog, before: Files, edits: Edits, others: Edits, data: st.DataObject
    ) -> None:
        repo = new_repository(catalog, before)
        stage_edits(repo, edits)
        expected = staged_files(repo)
        theirs = {path: text for path, text in others.items() if path not in edits}
        assume(not theirs.keys() & edits.keys())
        edit(repo, theirs)
        for path, content in theirs.items():
            expected.pop(path, None)
            expected |= {path: content} if content is not None else {}
        for path in data.draw(st.permutations(sorted(edits))):
            if path in touched(repo):
                commit_staged(repo, path)
        assert {} == staged(repo)
        assert expected == files(repo)

    @few
    @given(some_files, some_edits, st.data())
    def test_what_is_discarded_is_as_before_and_the_rest_as_staged(
        self, catalog: Catalog, before: Files, edits: Edits, data: st.DataObject
    ) -> None:
        repo = new_repository(catalog, before)
        stage_edits(repo, edits)
        wanted = staged_files(repo)
        for path in data.draw(st.permutations(sorted(edits))):
            if path in touched(repo):
                rest = touched(repo)
                discard(repo, path)
                back = rest - touched(repo)
                assert path in back
                wanted = {each: text for each, text in wanted.items() if each not in back}
                wanted |= {each: before[each] for each in back if each in before}
                assert wanted == staged_files(repo)
        assert () == repo.catalog.staging.list_drafts(repo.name).items
        assert before == files(repo)

    @few
    @given(some_files, some_edits, some_edits)
    def test_two_people_who_stage_other_paths_commit_in_any_order(
        self, catalog: Catalog, before: Files, mine: Edits, others: Edits
    ) -> None:
        repo = new_repository(catalog, before)
        theirs = {path: text for path, text in others.items() if path not in mine}
        for branch, order in (("one", ("ada", "bob")), ("other", ("bob", "ada"))):
            repo.branch(branch, base="main")
            stage_edits(repo, mine, author="ada", branch=branch)
            stage_edits(repo, theirs, author="bob", branch=branch)
            for author in order:
                commit_all(repo, author=author, branch=branch)
        edit(repo, mine)
        edit(repo, theirs)
        assert repo.head("main").root == repo.head("one").root == repo.head("other").root


def stage_edits(repo: Repository, edits: Edits, *, author: str = "ada", branch: str = "main") -> None:
    """Stages edits; to remove what is not there changes nothing."""
    there = files(repo, f"stage:{branch}:{author}")
    changes: list[Change] = []
    for path, content in edits.items():
        if content is not None:
            dataset = "data" if path.startswith("data/") else None
            changes.append(put(path, repo.catalog.content.upload(repo.name, [content]), dataset=dataset))
        elif path in there:
            changes.append(delete(path))
    stage(repo, *sorted(changes, key=lambda change: change.kind), author=author, branch=branch)


def commit_all(repo: Repository, *, author: str = "ada", branch: str = "main") -> None:
    """Commits what is staged, if anything is."""
    try:
        commit_staged(repo, author=author, branch=branch)
    except StateError:
        return


def touched(repo: Repository) -> set[str]:
    """Returns all paths that differ from the base of the draft."""
    draft = repo.catalog.staging.get_draft(repo.name, "main", author="ada").draft
    return {path for path, _, _ in differences(repo, draft.base, draft.commit)}
