"""What every `ProfileStore` promises."""

from dataclasses import replace

from lineageflow_core.model.table import (
    Column,
    ColumnStatistics,
    TableFormat,
    TableId,
    TableProfile,
    TableSchema,
    ValueCount,
)
from lineageflow_core.store.ports import ProfileStore, Stores
from lineageflow_core.testing.signatures import assert_same_signatures
from lineageflow_core.testing.values import new_repository

TABLE = TableId("ab" * 32)
SCHEMA = TableSchema(
    id=TABLE,
    formats=(TableFormat.CSV, TableFormat.PARQUET),
    files=2,
    size=10,
    rows=3,
    columns=(Column(name="a", type="double", nullable=False),),
)
STATISTICS = ColumnStatistics(
    name="a",
    type="double",
    nulls=1,
    distinct=2,
    minimum=-0.5,
    maximum="inf",
    mean=1.25,
    deviation=0.1,
    quantiles=(0.5, 1.0),
    histogram=(1, 1),
    top=(ValueCount(value=[1, {"k": None}], count=1), ValueCount(value="☃", count=1)),
)
FULL = TableProfile(table=SCHEMA, sampled_rows=None, columns=(STATISTICS,))
SAMPLED = replace(FULL, sampled_rows=2)


class ProfileStoreContract:
    """Needs the fixture `stores`, which are empty."""

    def test_every_method_has_the_signature_of_the_protocol(self, stores: Stores) -> None:
        assert_same_signatures(ProfileStore, stores.profiles)

    def test_a_profile_is_kept_exactly(self, stores: Stores) -> None:
        repository = new_repository()
        stores.profiles.put(repository, FULL)
        assert FULL == stores.profiles.get(repository, TABLE)

    def test_what_nobody_found_out_is_none(self, stores: Stores) -> None:
        stores.profiles.put(new_repository(), FULL)
        assert stores.profiles.get(new_repository(), TABLE) is None

    def test_a_profile_of_all_rows_replaces_one_of_a_sample(self, stores: Stores) -> None:
        repository = new_repository()
        for profile in (SAMPLED, FULL):
            stores.profiles.put(repository, profile)
        assert FULL == stores.profiles.get(repository, TABLE)

    def test_a_profile_of_a_sample_replaces_none(self, stores: Stores) -> None:
        for first in (FULL, SAMPLED):
            repository = new_repository()
            for profile in (first, replace(SAMPLED, sampled_rows=1)):
                stores.profiles.put(repository, profile)
            assert first == stores.profiles.get(repository, TABLE)
