"""An asset is a dataset, whatever branch and connection its URI names; in OpenLineage it has its version."""

import pytest
from airflow.providers.openlineage.utils.utils import translate_airflow_asset
from airflow.sdk import Asset, ObjectStoragePath
from lineageflow_airflow.assets import create_asset, parse_uri
from openlineage.client.serde import Serde
from pydantic import JsonValue

from lineageflow_core import Lake
from lineageflow_core.openlineage.access import DatasetAccess
from lineageflow_core.openlineage.dataset_facets import dataset_facets


@pytest.mark.parametrize(
    "written, uri",
    [
        ("lf://sales/orders", "lf://sales/orders"),
        ("lf://conn@sales/@dev/orders", "lf://sales/orders"),
        ("lf://sales/@v1/raw/orders/", "lf://sales/raw/orders"),
        ("LF://sales/orders?a=b#c", "lf://sales/orders"),
        ("lf://sales", "lf://sales/"),
        ("lf:/sales/@dev/raw/orders", "lf://sales/raw/orders"),
        ("lf://conn@/sales/orders", "lf://sales/orders"),
        ("lf://sales/@dev", "lf://sales/"),
    ],
)
def test_the_uri_of_an_asset_names_the_dataset_and_neither_ref_nor_connection(written: str, uri: str) -> None:
    assert uri == Asset(uri=written, name="a").uri
    assert uri == Asset(uri=uri, name="a").uri


def test_an_asset_can_be_made_of_a_path_and_of_a_dataset() -> None:
    assert "lf://sales/x" == Asset(uri=ObjectStoragePath("lf://conn@sales/@dev/x"), name="x").uri
    assert Asset(uri="lf://sales/x") == create_asset(repository="sales", path="x")


def test_a_uri_that_names_no_repository_is_refused() -> None:
    with pytest.raises(ValueError, match="names no repository"):
        Asset(uri="lf:///", name="a")


def test_only_our_uris_are_datasets_of_ours() -> None:
    assert parse_uri("s3://sales/orders") is None
    assert parse_uri("lf://conn@sales/@dev/raw/orders") == parse_uri("lf://sales/raw/orders")


def test_in_openlineage_an_asset_is_the_dataset_that_the_lake_names_at_the_version_it_tells(
    lake: Lake,
) -> None:
    commit = lake.repository("sales").put("orders", b"1").id
    found = lake.objects.get_snapshot("sales", commit, "orders")
    told: JsonValue = {"repository": "sales", "ref": "main", "commit": commit, "snapshot": found.snapshot}
    dataset = translate_airflow_asset(Asset(uri="lf://sales/orders", extra={"lineageflow": told}), None)
    ours = DatasetAccess(repository="sales", snapshots=(found,), commit=commit, ref="main")
    assert dataset is not None
    assert ("lf://sales", "orders") == (dataset.namespace, dataset.name)
    told = {key: Serde.to_dict(facet) for key, facet in (dataset.facets or {}).items()}
    assert dataset_facets(ours) == told


def test_an_asset_without_a_version_is_named_all_the_same() -> None:
    dataset = translate_airflow_asset(Asset(uri="lf://sales/raw/orders"), None)
    assert dataset is not None
    assert ("lf://sales", "raw/orders", {}) == (dataset.namespace, dataset.name, dataset.facets)


def test_what_airflows_own_path_reports_of_a_file_is_left_to_us() -> None:
    path = ObjectStoragePath("lf://sales/orders/part-0")
    assert translate_airflow_asset(Asset(uri=str(path), name="a"), path) is None
