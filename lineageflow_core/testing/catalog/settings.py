"""What every catalog promises about settings."""

from dataclasses import replace

import pytest

from lineageflow_core.catalog import Catalog, Settings
from lineageflow_core.errors import ConflictError, InvalidInputError
from lineageflow_core.model.settings import BranchRule, RepositorySettings, RetentionRule
from lineageflow_core.repository import Repository
from lineageflow_core.testing.catalog.scene import CatalogContract
from lineageflow_core.testing.settings_store import DEFAULTS, OTHER, STRICT
from lineageflow_core.testing.signatures import assert_same_signatures

IMPOSSIBLE = {
    "matches no branch": RepositorySettings(branch_rules=(BranchRule(pattern=""),)),
    "'feature/\\*' matches no branch": RepositorySettings(branch_rules=(BranchRule(pattern="feature/*"),)),
    "'main' is given twice": RepositorySettings(
        branch_rules=(BranchRule(pattern="main", merges_only=True), BranchRule(pattern="main"))
    ),
    "writer is empty": RepositorySettings(branch_rules=(BranchRule(pattern="main", writers=(" ",)),)),
    "check 'a' is given twice": RepositorySettings(
        branch_rules=(BranchRule(pattern="main", checks=("a", "a")),)
    ),
    "nobody who may write to 'main'": RepositorySettings(
        branch_rules=(
            BranchRule(pattern="main", writers=("ada",)),
            BranchRule(pattern="m*", writers=("bob",)),
        )
    ),
    "says nothing": RepositorySettings(retention_rules=(RetentionRule(),)),
    "keep_days is -1": RepositorySettings(retention_rules=(RetentionRule(keep_days=-1),)),
    "keep_versions is 0": RepositorySettings(retention_rules=(RetentionRule(keep_versions=0),)),
    "the datasets \\*' is given": RepositorySettings(
        retention_rules=(RetentionRule(keep_days=1), RetentionRule(keep_days=2))
    ),
    "has no columns": RepositorySettings(key_columns={"sales": ()}),
    "column of 'sales' 'id' is given twice": RepositorySettings(key_columns={"sales": ("id", "id")}),
    "trash_days is -1": RepositorySettings(trash_days=-1),
    "grace_hours is 0": RepositorySettings(grace_hours=0),
}


class SettingsContract(CatalogContract):
    """Needs the fixture `catalog`."""

    def test_every_method_has_the_signature_of_the_protocol(self, catalog: Catalog) -> None:
        assert_same_signatures(Settings, catalog.settings)

    def test_a_new_repository_has_the_default_settings(self, repo: Repository) -> None:
        assert DEFAULTS == repo.catalog.settings.get_settings(repo.name)

    def test_settings_hold_from_when_they_are_changed(self, repo: Repository) -> None:
        settings = repo.catalog.settings
        assert STRICT == settings.update_settings(repo.name, STRICT, author="ada")
        assert STRICT == settings.get_settings(repo.name)
        assert OTHER == settings.update_settings(repo.name, OTHER, author="ada", expected=STRICT)
        assert OTHER == settings.get_settings(repo.name)

    def test_settings_that_others_changed_since_stay(self, repo: Repository) -> None:
        settings = repo.catalog.settings
        before = settings.get_settings(repo.name)
        settings.update_settings(repo.name, STRICT, author="bob")
        with pytest.raises(ConflictError, match="have changed since they were read"):
            settings.update_settings(repo.name, OTHER, author="ada", expected=before)
        assert STRICT == settings.get_settings(repo.name)

    def test_a_change_repeated_with_its_key_changes_nothing(self, repo: Repository) -> None:
        settings = repo.catalog.settings
        settings.update_settings(repo.name, STRICT, author="ada", expected=DEFAULTS, key="k")
        settings.update_settings(repo.name, OTHER, author="bob")
        assert STRICT == settings.update_settings(repo.name, STRICT, author="ada", expected=DEFAULTS, key="k")
        assert OTHER == settings.get_settings(repo.name)

    def test_a_key_is_for_one_thing(self, repo: Repository) -> None:
        settings, refs = repo.catalog.settings, repo.catalog.refs
        settings.update_settings(repo.name, STRICT, author="ada", key="settings")
        refs.create_branch(repo.name, "topic", source="main", author="ada", key="branch")
        with pytest.raises(InvalidInputError, match=f"used before, for update_settings on {repo.name}"):
            refs.create_branch(repo.name, "b", source="main", author="ada", key="settings")
        with pytest.raises(InvalidInputError, match="used before, for create_branch on topic"):
            settings.update_settings(repo.name, OTHER, author="ada", key="branch")

    @pytest.mark.parametrize("problem", IMPOSSIBLE)
    def test_settings_that_cannot_hold_are_refused(self, repo: Repository, problem: str) -> None:
        with pytest.raises(InvalidInputError, match=problem):
            repo.catalog.settings.update_settings(repo.name, IMPOSSIBLE[problem], author="ada")
        assert DEFAULTS == repo.catalog.settings.get_settings(repo.name)

    def test_rules_that_overlap_hold_together(self, repo: Repository) -> None:
        one = BranchRule(pattern="main", writers=("ada", "bob"))
        overlapping = replace(DEFAULTS, branch_rules=(one, BranchRule(pattern="*", writers=("bob", "eve"))))
        assert overlapping == repo.catalog.settings.update_settings(repo.name, overlapping, author="ada")
