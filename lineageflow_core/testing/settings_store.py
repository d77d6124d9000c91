"""What every `SettingsStore` promises."""

from dataclasses import replace

import pytest

from lineageflow_core.errors import ConflictError
from lineageflow_core.model.settings import (
    BranchRule,
    QuarantinePolicy,
    RepositorySettings,
    RetentionRule,
    SettingsChange,
    StaleReads,
)
from lineageflow_core.store.ports import SettingsStore, Stores
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import MAIN, move, new_commit, new_repository, publication

DEFAULTS = RepositorySettings()
STRICT = RepositorySettings(
    branch_rules=(
        BranchRule(
            pattern="main",
            writers=("ada", "ünlü"),
            merges_only=True,
            checks=("row-count",),
            required_metadata=("ticket",),
            stale_reads=StaleReads.FAIL,
        ),
    ),
    retention_rules=(RetentionRule(branches="main", keep_days=30), RetentionRule(keep_versions=3)),
    quarantine=QuarantinePolicy.STOP,
    key_columns={"sales/*": ("id", "day")},
    trash_days=0,
    grace_hours=1,
)
OTHER = replace(STRICT, trash_days=1)
FIRST = new_commit("first")


class SettingsStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(SettingsStore, stores.settings)

    def test_settings_that_nobody_changed_are_the_defaults(self, stores: Stores) -> None:
        assert DEFAULTS == stores.settings.get(new_repository())

    def test_a_publication_changes_the_settings_of_its_repository(self, stores: Stores) -> None:
        repository, other = new_repository(), new_repository()
        change(stores, repository, DEFAULTS, STRICT)
        change(stores, repository, STRICT, OTHER)
        assert (OTHER, DEFAULTS) == (stores.settings.get(repository), stores.settings.get(other))

    @pytest.mark.parametrize("there", [DEFAULTS, STRICT])
    def test_settings_that_are_others_than_expected_stay(
        self, stores: Stores, there: RepositorySettings
    ) -> None:
        repository = new_repository()
        change(stores, repository, DEFAULTS, STRICT)
        change(stores, repository, STRICT, there)
        with pytest.raises(ConflictError, match="read them again"):
            change(stores, repository, OTHER, STRICT)
        assert there == stores.settings.get(repository)

    def test_settings_change_with_the_refs_or_not_at_all(self, stores: Stores) -> None:
        repository = new_repository()
        wrong = replace(
            publication("k", move(MAIN, None, FIRST), commits=[FIRST]),
            settings=SettingsChange(before=STRICT, after=OTHER),
        )
        with pytest.raises(ConflictError):
            stores.refs.publish(repository, wrong)
        assert stores.refs.get(repository, MAIN) is None
        stores.refs.publish(repository, replace(wrong, settings=SettingsChange(before=DEFAULTS, after=OTHER)))
        assert OTHER == stores.settings.get(repository)
        assert stores.refs.get(repository, MAIN) is not None

    def test_a_key_changes_settings_once_and_tells_how(self, stores: Stores) -> None:
        repository = new_repository()
        done = change(stores, repository, DEFAULTS, STRICT, key="k")
        change(stores, repository, STRICT, OTHER)
        assert done == change(stores, repository, DEFAULTS, STRICT, key="k")
        assert SettingsChange(before=DEFAULTS, after=STRICT) == done
        assert OTHER == stores.settings.get(repository)


def change(
    stores: Stores,
    repository: str,
    before: RepositorySettings,
    after: RepositorySettings,
    *,
    key: str | None = None,
) -> SettingsChange | None:
    """Changes settings; returns what the log says of it."""
    wanted = publication(key or new_repository())
    done = stores.refs.publish(
        repository, replace(wanted, settings=SettingsChange(before=before, after=after))
    )
    assert done == stores.refs.published(repository, done.key)
    return done.settings
