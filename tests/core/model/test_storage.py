import pytest

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.storage import Provider, StorageCheck, StorageReport, StorageUrl, parse_storage

SECRET = "hunter2"


@pytest.mark.parametrize(
    "url, meant",
    [
        ("s3://bucket", StorageUrl(provider=Provider.S3, bucket="bucket")),
        ("s3a://bucket/a/b/", StorageUrl(provider=Provider.S3, bucket="bucket", path="a/b")),
        ("gcs://bucket/a", StorageUrl(provider=Provider.GCS, bucket="bucket", path="a")),
        ("az://container/a", StorageUrl(provider=Provider.AZURE, bucket="container", path="a")),
        (
            "abfss://container@account.dfs.core.windows.net/a",
            StorageUrl(provider=Provider.AZURE, bucket="container", path="a", account="account"),
        ),
        ("file:///srv/lake/", StorageUrl(provider=Provider.FOLDER, path="/srv/lake")),
        (
            "s3://bucket/a?endpoint_url=https://minio.example:9000&region=eu-1",
            StorageUrl(
                provider=Provider.S3,
                bucket="bucket",
                path="a",
                endpoint_url="https://minio.example:9000",
                region="eu-1",
            ),
        ),
    ],
)
def test_a_url_means_a_folder_in_a_bucket(url: str, meant: StorageUrl) -> None:
    assert meant == parse_storage(url)
    assert meant == parse_storage(str(meant))


@pytest.mark.parametrize(
    "url",
    [
        f"s3://user:{SECRET}@bucket/a",
        f"s3://{SECRET}@bucket/a",
        f"az://container/a?sv=2022&sig={SECRET}",
        f"gs://bucket/a?token={SECRET}",
        f"s3://bucket/a?X-Amz-Signature={SECRET}",
        f"s3://bucket/a?endpoint_url=https://user:{SECRET}@minio.example",
        f"abfs://container:{SECRET}@account.dfs.core.windows.net/a",
        f"file:///srv?password={SECRET}",
        f"s3://bucket/a#{SECRET}",
        f"ftp://user:{SECRET}@host/a?key={SECRET}",
    ],
)
def test_a_secret_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_storage(url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bucket",
        "s3:",
        "s3://",
        "s3://b/../c",
        "gs://b//c",
        "file://host/srv",
        "file:srv",
        "s3://[/",
        "s3://a b",
        "s3://bucket/a?region=evil.example/",
        "s3://bucket/a?region=",
    ],
)
def test_what_names_no_place_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_storage(url)


@pytest.mark.parametrize(
    "url, below", [("s3://bb", "s3://bb/x"), ("gs://bb/a", "gs://bb/a/x"), ("file:///srv", "file:///srv/x")]
)
def test_a_folder_in_a_folder_is_below_it(url: str, below: str) -> None:
    assert below == str(parse_storage(url).below("x"))


def test_a_storage_can_be_used_without_what_is_not_needed() -> None:
    fails = StorageCheck(name="delete", ok=False, needed=False)
    works = StorageCheck(name="write", ok=True)
    assert StorageReport(storage="x", checks=(works, fails)).usable
    assert not StorageReport(storage="x", checks=(works, StorageCheck(name="read", ok=False))).usable
