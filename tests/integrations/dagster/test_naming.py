"""Names of Dagster as names of LineageFlow."""

import unicodedata
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lineageflow_dagster.naming import dataset_path, partition_key, path_segment, step_job, step_run_id

from lineageflow_core import Job
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.names import check_path

RUN = "0d9f3b1e-6f1c-4b57-8f0e-2b6e3b9d4c11"


def test_an_asset_key_with_a_prefix_is_a_path_of_as_many_segments() -> None:
    assert dataset_path(["shop", "orders"]) == "shop/orders"


def test_a_slash_in_an_asset_key_does_not_make_a_folder() -> None:
    assert dataset_path(["shop/orders"]) == "shop%2Forders"


def test_an_asset_key_that_starts_like_a_ref_is_escaped() -> None:
    assert dataset_path(["@main", "orders"]) == "%40main/orders"


@pytest.mark.parametrize(
    "key,segment",
    [
        ("2013-07", "2013-07"),
        ("2013-07-01|eu", "2013-07-01|eu"),
        ("a/b", "a%2Fb"),
        ("50%", "50%25"),
        ("..", "%2E%2E"),
        ("C:\\x", "C:%5Cx"),
        ("a\nb", "a%0Ab"),
    ],
)
def test_a_partition_key_is_escaped_where_a_segment_could_not_hold_it(key: str, segment: str) -> None:
    assert path_segment(key) == segment


@given(st.text(min_size=1, max_size=20))
def test_any_partition_key_is_one_valid_segment_and_comes_back(key: str) -> None:
    segment = path_segment(key)
    assert check_path(f"dataset/{segment}") == f"dataset/{segment}"
    assert segment.count("/") == 0
    assert partition_key(segment) == key


def test_two_spellings_of_one_character_stay_two_partitions() -> None:
    composed = "\u00e9"
    assert path_segment(composed) != path_segment(unicodedata.normalize("NFD", composed))


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_no_segment_can_hold_is_refused(key: str) -> None:
    with pytest.raises(InvalidInputError):
        path_segment(key)


def test_each_attempt_at_a_step_has_an_id_that_any_process_can_compute() -> None:
    first, again = step_run_id(RUN, "orders", 0), step_run_id(RUN, "orders", 1)
    assert first == step_run_id(RUN, "orders", 0)
    assert first != again
    assert UUID(first).version == 5


def test_a_step_has_a_job_of_its_own() -> None:
    assert step_job("nightly", "orders") == Job(namespace="dagster", name="nightly.orders")
