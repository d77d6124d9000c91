"""Trying out what a storage lets us do."""

from typing import Any, cast

from lineageflow_core.model.storage import parse_storage
from lineageflow_core.store.buckets.failures import bucket_errors
from lineageflow_core.store.probe import probe


class _Refusing:
    url = parse_storage("s3://a-bucket")

    def create(self, name: str, content: bytes) -> bool:
        with bucket_errors(self.url, f"write {name}"):
            raise ConnectionError("no route to host")


def test_a_check_that_fails_does_not_advise_to_check() -> None:
    [write] = probe(cast(Any, _Refusing())).checks
    assert (False, True) == (write.ok, write.detail.endswith("(no route to host): try again"))
